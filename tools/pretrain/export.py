"""A state dict as a half-precision safetensors file, the layout the page reads."""

import json
from pathlib import Path

import torch
from torch import Tensor, nn


def half_state(network: nn.Module) -> dict[str, Tensor]:
    """Everything in float16, which is what is shipped; BatchNorm's counters stay whole numbers."""
    return {
        name: value.detach().cpu().half() if value.dtype.is_floating_point else value.detach().cpu()
        for name, value in network.state_dict().items()
    }


def write_safetensors(path: Path, state: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Header length (8 bytes, little-endian), JSON header padded to a multiple of 8, then the tensors one after another."""
    header: dict[str, object] = {"__metadata__": metadata}
    parts: list[bytes] = []
    offset = 0
    for name, value in state.items():
        data = value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        dtype = {torch.float16: "F16", torch.float32: "F32", torch.int64: "I64"}[value.dtype]
        header[name] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))

