"""Labelled images as bytes: from the packs that pack.py writes, or straight from what they were packed from."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

DEMO_CLASSES = 12


class Images(NamedTuple):
    pixels: np.ndarray
    """uint8 [N, H, W, 3]"""
    labels: np.ndarray
    """int64 [N]"""

    def take(self, rows: np.ndarray) -> "Images":
        return Images(self.pixels[rows], self.labels[rows])


def demo_labels(count: int) -> np.ndarray:
    """In a drawn set classes take turns."""
    return np.arange(count, dtype=np.int64) % DEMO_CLASSES


def load_images(path: Path) -> Images:
    """A pack (.npz), drawn pictures (.npy), or a zip of class folders with images of one size."""
    if path.suffix == ".npy":
        pixels = np.load(path)
        return Images(pixels, demo_labels(len(pixels)))
    if path.suffix == ".npz":
        with np.load(path) as pack:
            labels = pack["labels"].astype(np.int64)
            if "pixels" in pack:
                return Images(pack["pixels"], labels)
            ends = np.cumsum(pack["sizes"].astype(np.int64))
            data = pack["jpegs"].tobytes()
            return Images(decode([data[end - size : end] for end, size in zip(ends, pack["sizes"])]), labels)
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith((".jpg", ".png")))
        classes = sorted({name.split("/")[-2] for name in names})
        labels = np.array([classes.index(name.split("/")[-2]) for name in names], np.int64)
        return Images(decode([archive.read(name) for name in names]), labels)


def decode(files: list[bytes]) -> np.ndarray:
    """All of one size → [N, H, W, 3]."""

    def pixels_of(file: bytes) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))

    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(pixels_of, files, chunksize=256)))


def hold_out(images: Images, count: int, seed: int) -> tuple[Images, Images]:
    """The images to train on, and `count` others, as many of each class, to judge by."""
    random = np.random.default_rng(seed)
    classes = np.unique(images.labels)
    kept = np.concatenate(
        [
            random.permutation(np.flatnonzero(images.labels == label))[: count // len(classes)]
            for label in classes
        ]
    )
    is_kept = np.zeros(len(images.labels), bool)
    is_kept[kept] = True
    return images.take(np.flatnonzero(~is_kept)), images.take(np.flatnonzero(is_kept))
