"""Prints the embedding of an image file by ONNX Runtime:  python3 load_onnx.py example.png

Needs onnxruntime and Pillow. model-uint8.onnx takes the picture as it is: it crops, resizes and normalises it itself.
"""

import sys
from pathlib import Path

import numpy
import onnxruntime
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent


def main():
    if len(sys.argv) != 2:
        sys.exit("Say which image: python3 load_onnx.py example.png")
    image = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")
    session = onnxruntime.InferenceSession(str(HERE / "model-uint8.onnx"), providers=["CPUExecutionProvider"])
    (embedding,) = session.run(["pooler_output"], {"pixels": numpy.asarray(image)[None]})[0]
    print(f"{len(embedding)} dimensions: {[round(float(value), 4) for value in embedding[:8]]} ...")


if __name__ == "__main__":
    main()
