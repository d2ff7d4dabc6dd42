"""Prints the embedding of an image file:  python3 load.py example.png

Needs PyTorch and Pillow. With --json the whole embedding, without only its beginning.
"""

import argparse
import json

import torch

from model import load_student, preprocess, read_config


def read_pixels(path):
    """RGB bytes [3, H, W], turned as the camera says, transparency on white."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise SystemExit("Pillow reads the image files and is not installed: python3 -m pip install pillow")
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    flat = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return flat.reshape(image.height, image.width, 3).permute(2, 0, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--json", action="store_true", help="the whole embedding, as JSON")
    arguments = parser.parse_args()
    student = load_student()
    with torch.no_grad():
        embedding = student(preprocess(read_pixels(arguments.image), read_config()))[0]
    if arguments.json:
        print(json.dumps(embedding.tolist()))
    else:
        print(f"{embedding.shape[0]} dimensions: {[round(value, 4) for value in embedding[:8].tolist()]} ...")


if __name__ == "__main__":
    main()
