"""A benchmark job's numbers, drawn as tools/bench/jobData.ts draws them: equal to the last bit or two of float32.

    u(list, i) = mix(mix(i + 1) ^ mix(SEED ^ fnv1a(list))) / 2^32        mix: Murmur3's finaliser, modulo 2^32
    n(list, i) = sqrt(-2 ln(1 - u(list, 2i))) cos(2 pi u(list, 2i + 1))
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SEED = 1
WORD = 0xFFFFFFFF


def mix(h: Tensor) -> Tensor:
    """`h` holds unsigned 32-bit words as int64; a product's low 32 bits survive the overflow."""
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & WORD
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & WORD
    return h ^ (h >> 16)


def fnv1a(text: str) -> int:
    h = 0x811C9DC5
    for byte in text.encode("ascii"):
        h = ((h ^ byte) * 0x01000193) & WORD
    return h


def uniforms(name: str, index: Tensor) -> Tensor:
    """[0, 1), float64."""
    return mix(mix(index + 1) ^ mix(torch.tensor(SEED ^ fnv1a(name)))).double() / 2**32


def normals(name: str, shape: Sequence[int]) -> Tensor:
    """Standard normal, float64."""
    index = torch.arange(math.prod(shape))
    radius = (-2 * torch.log(1 - uniforms(name, 2 * index))).sqrt()
    return (radius * torch.cos(2 * math.pi * uniforms(name, 2 * index + 1))).reshape(shape)


def fill(network: nn.Module, owner: str, trained: bool) -> None:
    """Weights as an initialiser draws them; running statistics of a trained network, or those of a new one."""
    norms = {name for name, part in network.named_modules() if isinstance(part, nn.BatchNorm2d)}
    for name, tensor in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        module, part = name.rsplit(".", 1)
        stream = f"{owner}.{name}"
        if part == "running_var":
            value = 0.5 + uniforms(stream, torch.arange(tensor.numel())) if trained else torch.ones(tensor.shape)
        elif part == "running_mean":
            value = 0.1 * normals(stream, tensor.shape) if trained else torch.zeros(tensor.shape)
        elif module in norms:
            value = 0.1 * normals(stream, tensor.shape) + (1 if part == "weight" else 0)
        elif part == "bias":
            value = 0.01 * normals(stream, tensor.shape)
        elif module.split(".")[-1] in ("fc1", "fc2") or tensor.dim() == 2:  # linear layers, two stored as 1x1
            value = normals(stream, tensor.shape) / math.sqrt(tensor.shape[1])
        else:
            out, _, height, width = tensor.shape
            value = math.sqrt(2 / (out * height * width)) * normals(stream, tensor.shape)
        tensor.copy_(value)


def views(batch: int, size: int) -> tuple[Tensor, Tensor]:
    """Two, [batch, 3, size, size]; the numbers are drawn with channels last."""
    shape = (batch, size, size, 3)
    first = normals("view 1", shape).float()
    second = (0.8 * first.double() + 0.6 * normals("view 2", shape)).float()
    return first.permute(0, 3, 1, 2), second.permute(0, 3, 1, 2)


def queue(rows: int, dim: int) -> Tensor:
    """[rows, dim], each of length 1."""
    return F.normalize(normals("queue", (rows, dim)).float().double(), dim=1).float()
