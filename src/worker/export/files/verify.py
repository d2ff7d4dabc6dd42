"""Compares this student with certificate.json:  python3 verify.py

The certificate holds drawn pictures and what the student made of them in the browser that trained it. Needs PyTorch;
where onnxruntime is installed, the ONNX files are compared too. Ends with 0 if all agree, else with 1.
"""

import base64
import json
import sys
from pathlib import Path

import torch

from model import load_student, preprocess, read_config

HERE = Path(__file__).resolve().parent


def difference(found, expected):
    """The largest difference, as a share of the largest value where that is more than 1."""
    expected = torch.tensor(expected)
    return ((found - expected).abs().max() / max(1.0, expected.abs().max().item())).item()


def with_torch(pictures, config):
    student = load_student(HERE)
    worst = 0.0
    with torch.no_grad():
        for picture, pixels in pictures:
            features = student(preprocess(pixels, config))
            worst = max(worst, difference(features[0], picture["features"]))
            if "embedding" in picture and hasattr(student, "fc"):
                worst = max(worst, difference(student.fc(features)[0], picture["embedding"]))
    yield "model.safetensors", f"PyTorch {torch.__version__}", worst


def with_onnx(pictures, config):
    try:
        import onnxruntime
    except ImportError:
        print("onnxruntime is not installed: the ONNX files were not compared here (the browser did that)")
        return
    for name in ("model.onnx", "model-uint8.onnx"):
        if not (HERE / name).exists():
            continue
        session = onnxruntime.InferenceSession(str(HERE / name), providers=["CPUExecutionProvider"])
        outputs = [output.name for output in session.get_outputs()]
        worst = 0.0
        for picture, pixels in pictures:
            if name == "model.onnx":
                given = {"pixel_values": preprocess(pixels, config).numpy()}
            else:
                given = {"pixels": pixels.permute(1, 2, 0)[None].contiguous().numpy()}
            values = dict(zip(outputs, session.run(outputs, given)))
            worst = max(worst, difference(torch.from_numpy(values["pooler_output"][0]), picture["features"]))
            if "image_embeds" in values and "embedding" in picture:
                worst = max(worst, difference(torch.from_numpy(values["image_embeds"][0]), picture["embedding"]))
        yield name, f"onnxruntime {onnxruntime.__version__}", worst


def main():
    config = read_config(HERE)
    certificate = json.loads((HERE / "certificate.json").read_text())
    side, tolerance = certificate["side"], certificate["tolerance"]
    pictures = []
    for picture in certificate["pictures"]:
        flat = torch.frombuffer(bytearray(base64.b64decode(picture["rgb"])), dtype=torch.uint8)
        pictures.append((picture, flat.reshape(side, side, 3).permute(2, 0, 1)))
    agrees = True
    for compare in (with_torch, with_onnx):
        for name, runtime, worst in compare(pictures, config):
            agrees = agrees and worst <= tolerance
            verdict = "agrees" if worst <= tolerance else "DIFFERS"
            print(f"{name} {verdict}: {runtime}, {len(pictures)} pictures, largest difference {worst:.1e}, tolerance {tolerance:.0e}")
    sys.exit(0 if agrees else 1)


if __name__ == "__main__":
    main()
