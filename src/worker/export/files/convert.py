"""Converts the student for LiteRT (Android) or Core ML (Apple):  python3 convert.py litert | coreml

UNTESTED: the browser that wrote this file cannot run either tool. What it calls is documented by their makers:
  pip install litert-torch     https://github.com/google-ai-edge/litert-torch
  pip install coremltools      https://apple.github.io/coremltools
Compare what comes out with certificate.json before you rely on it.
"""

import sys

import torch

from model import load_student, read_config


def main():
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    config = read_config()
    student = load_student()
    example = torch.zeros(1, 3, config["image_size"], config["image_size"])
    if kind == "litert":
        import litert_torch

        litert_torch.convert(student, (example,)).export("student.tflite")
        print("student.tflite written: compare it with certificate.json")
    elif kind == "coreml":
        import coremltools

        traced = torch.jit.trace(student, example)
        inputs = [coremltools.TensorType(name="pixel_values", shape=example.shape)]
        coremltools.convert(traced, inputs=inputs).save("student.mlpackage")
        print("student.mlpackage written: compare it with certificate.json")
    else:
        sys.exit("Say which: python3 convert.py litert, or python3 convert.py coreml")


if __name__ == "__main__":
    main()
