"""Packs labelled images into one small .npz file: JPEGs one after another, deflated together, or raw pixels.

    python3 tools/pretrain/pack.py cifar10.zip cifar.npz               JPEGs in class folders, taken as they are
    python3 tools/pretrain/pack.py demo.npy demo.npz [--quality 85]    drawn pictures, encoded as JPEG
    python3 tools/pretrain/pack.py demo.npy demo.npz --lossless        drawn pictures, as they are

Small JPEGs are mostly headers, all alike, so that 50 000 of CIFAR-10's become 13 MB. `images.py` reads packs.
"""

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from images import demo_labels


def jpeg_of(pixels: np.ndarray, quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=0)
    return file.getvalue()


def pack_jpegs(jpegs: list[bytes], labels: np.ndarray, out: Path) -> None:
    sizes = np.array([len(jpeg) for jpeg in jpegs], np.uint32)
    np.savez_compressed(out, jpegs=np.frombuffer(b"".join(jpegs), np.uint8), sizes=sizes, labels=labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--quality", type=int, default=85)
    parser.add_argument("--lossless", action="store_true")
    args = parser.parse_args()
    if args.source.suffix == ".zip":
        with zipfile.ZipFile(args.source) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
            classes = sorted({name.split("/")[-2] for name in names})
            labels = np.array([classes.index(name.split("/")[-2]) for name in names], np.int64)
            pack_jpegs([archive.read(name) for name in names], labels, args.out)
    else:
        pixels = np.load(args.source)
        labels = demo_labels(len(pixels))
        if args.lossless:
            np.savez_compressed(args.out, pixels=pixels, labels=labels)
        else:
            pack_jpegs([jpeg_of(image, args.quality) for image in pixels], labels, args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
