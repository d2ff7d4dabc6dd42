"""Builds the student that config.json describes from PyTorch alone, and loads its weights.

    from model import load_student, read_config
    student = load_student()            # in eval mode; student(images) -> features [N, D]

Parameter names are torchvision's (of ResNet-9, which torchvision has not, David Page's).
"""

import json
import math
import struct
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent


def read_config(folder=HERE):
    """The description of the student: architecture, width, stem, image size, normalisation, head."""
    return json.loads((Path(folder) / "config.json").read_text())["student"]


def load_student(folder=HERE):
    """The student with its weights, ready to embed. With head.safetensors beside it, `student.fc` is the head."""
    folder = Path(folder)
    weights = read_safetensors(folder / "model.safetensors")
    head_file = folder / "head.safetensors"
    if head_file.exists():
        weights |= read_safetensors(head_file)
    student = build_student(read_config(folder), with_head=head_file.exists())
    student.load_state_dict(weights)
    return student.eval()


def build_student(config, with_head=False):
    """An untrained student of this description."""
    name, width, stride = config["architecture"], config["width"], 1 if config["stem"] == "cifar" else 2
    if name == "resnet9":
        student = ResNet9(width, stride)
    elif name.startswith("resnet"):
        student = ResNet(*RESNETS[name], config["stem"], width)
    elif name.startswith("mobilenetV3"):
        student = MobileNetV3(MOBILENETS[name], width / 64, stride)
    elif name.startswith("efficientnet"):
        student = EfficientNet(EFFICIENTNETS[name], width / 64, stride)
    else:
        raise ValueError(f"config.json names an architecture that is not known here: {name}")
    if with_head:
        student.fc = build_head(config["head"], config["feature_dim"])
    return student


def preprocess(pixels, config):
    """RGB bytes [3, H, W] -> what the student takes, [1, 3, S, S]: the square in the middle, resized, normalised."""
    height, width = pixels.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    image = pixels[None, :, top : top + side, left : left + side].float() / 255
    size = config["image_size"]
    if side != size:
        image = F.interpolate(image, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    mean = torch.tensor(config["image_mean"]).view(1, 3, 1, 1)
    std = torch.tensor(config["image_std"]).view(1, 3, 1, 1)
    return (image - mean) / std


def read_safetensors(path):
    """The tensors of a safetensors file by name; the format is a JSON header and the bytes behind it."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    types = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=types[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def build_head(head, features):
    """What stood on the features in training: its output is what was matched with the teacher's embedding."""
    if head["kind"] == "linear":
        return nn.Linear(features, head["out"])
    if head["kind"] == "mlp":
        return nn.Sequential(nn.Linear(features, head["hidden"]), nn.ReLU(), nn.Linear(head["hidden"], head["out"]))
    if head["kind"] == "simReg":
        wide = 2 * features
        return nn.Sequential(
            *(nn.Linear(features, wide), nn.BatchNorm1d(wide), nn.ReLU(), nn.Linear(wide, features)),
            *(nn.Linear(features, wide), nn.BatchNorm1d(wide), nn.ReLU(), nn.Linear(wide, head["out"])),
        )
    raise ValueError(f"config.json names a head that is not known here: {head['kind']}")


# ResNet (He et al. 2015): https://arxiv.org/abs/1512.03385


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = shortcut(inputs, 4 * width, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def shortcut(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


RESNETS = {
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
}


class ResNet(nn.Module):
    """`stem` "cifar": 3x3 of stride 1, no pooling; "imagenet": as published. `width` 64 is published."""

    def __init__(self, block, depths, stem, width):
        super().__init__()
        if stem == "cifar":
            self.conv1, self.maxpool = nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.Identity()
        else:
            self.conv1, self.maxpool = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.MaxPool2d(3, 2, 1)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage, depth in enumerate(depths):
            inner = width * 2**stage
            blocks = []
            for index in range(depth):
                blocks.append(block(inputs, inner, 2 if stage > 0 and index == 0 else 1))
                inputs = inner * block.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.mean((2, 3))


# ResNet-9 (David Page 2018, DAWNBench)


class Unit(nn.Module):
    """Convolution, pooling if any, BatchNorm, ReLU; behind it a residual of two more, if any."""

    def __init__(self, inputs, outputs, stride=1, pool=False, residual=False):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()
        self.bn = nn.BatchNorm2d(outputs)
        self.residual = Residual(outputs) if residual else None

    def forward(self, x):
        x = F.relu(self.bn(self.pool(self.conv(x))))
        return x if self.residual is None else self.residual(x)


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.res1 = Unit(width, width)
        self.res2 = Unit(width, width)

    def forward(self, x):
        return x + self.res2(self.res1(x))


class ResNet9(nn.Module):
    def __init__(self, width, stride):
        super().__init__()
        self.prep = Unit(3, width, stride)
        self.layer1 = Unit(width, 2 * width, pool=True, residual=True)
        self.layer2 = Unit(2 * width, 4 * width, pool=True)
        self.layer3 = Unit(4 * width, 8 * width, pool=True, residual=True)

    def forward(self, x):
        return self.layer3(self.layer2(self.layer1(self.prep(x)))).amax((2, 3))


# MobileNetV3 (Howard et al. 2019): https://arxiv.org/abs/1905.02244


def multiple_of_8(channels):
    """The nearest multiple of 8 that is not more than a tenth below, at least 8."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def unit(inputs, outputs, kernel, norm, stride=1, depthwise=False, activation=None):
    """Convolution, BatchNorm, activation if any."""
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=inputs if depthwise else 1, bias=False),
        nn.BatchNorm2d(outputs, **norm),
    ]
    return nn.Sequential(*layers, *([] if activation is None else [activation()]))


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeezed, inner, outer):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.inner, self.outer = inner(), outer()

    def forward(self, x):
        return x * self.outer(self.fc2(self.inner(self.fc1(x.mean((2, 3), keepdim=True)))))


class InvertedBlock(nn.Module):
    def __init__(self, layers, has_shortcut):
        super().__init__()
        self.block = nn.Sequential(*layers)
        self.has_shortcut = has_shortcut

    def forward(self, x):
        return x + self.block(x) if self.has_shortcut else self.block(x)


# Kernel, expanded width, output width, squeeze-excite, activation, stride.
RELU, SWISH = nn.ReLU, nn.Hardswish
MOBILENETS = {
    "mobilenetV3Small": (
        (3, 16, 16, True, RELU, 2),
        (3, 72, 24, False, RELU, 2),
        (3, 88, 24, False, RELU, 1),
        (5, 96, 40, True, SWISH, 2),
        (5, 240, 40, True, SWISH, 1),
        (5, 240, 40, True, SWISH, 1),
        (5, 120, 48, True, SWISH, 1),
        (5, 144, 48, True, SWISH, 1),
        (5, 288, 96, True, SWISH, 2),
        (5, 576, 96, True, SWISH, 1),
        (5, 576, 96, True, SWISH, 1),
    ),
    "mobilenetV3Large": (
        (3, 16, 16, False, RELU, 1),
        (3, 64, 24, False, RELU, 2),
        (3, 72, 24, False, RELU, 1),
        (5, 72, 40, True, RELU, 2),
        (5, 120, 40, True, RELU, 1),
        (5, 120, 40, True, RELU, 1),
        (3, 240, 80, False, SWISH, 2),
        (3, 200, 80, False, SWISH, 1),
        (3, 184, 80, False, SWISH, 1),
        (3, 184, 80, False, SWISH, 1),
        (3, 480, 112, True, SWISH, 1),
        (3, 672, 112, True, SWISH, 1),
        (5, 672, 160, True, SWISH, 2),
        (5, 960, 160, True, SWISH, 1),
        (5, 960, 160, True, SWISH, 1),
    ),
}


class MobileNetV3(nn.Module):
    """`factor` multiplies every channel count; 1 is published."""

    def __init__(self, rows, factor, stem_stride):
        super().__init__()
        norm = {"eps": 1e-3, "momentum": 0.01}
        channels = multiple_of_8(16 * factor)
        features = [unit(3, channels, 3, norm, stem_stride, activation=SWISH)]
        for kernel, expanded, out, has_gate, activation, stride in rows:
            expanded, out = multiple_of_8(expanded * factor), multiple_of_8(out * factor)
            layers = []
            if expanded != channels:
                layers.append(unit(channels, expanded, 1, norm, activation=activation))
            layers.append(unit(expanded, expanded, kernel, norm, stride, depthwise=True, activation=activation))
            if has_gate:
                layers.append(SqueezeExcite(expanded, multiple_of_8(expanded // 4), nn.ReLU, nn.Hardsigmoid))
            layers.append(unit(expanded, out, 1, norm))
            features.append(InvertedBlock(layers, stride == 1 and out == channels))
            channels = out
        features.append(unit(channels, 6 * channels, 1, norm, activation=SWISH))
        self.features = nn.Sequential(*features)

    def forward(self, x):
        return self.features(x).mean((2, 3))


# EfficientNet (Tan & Le 2019): https://arxiv.org/abs/1905.11946, without stochastic depth

# Expansion, kernel, stride, output width, blocks.
EFFICIENTNET_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
# How many times as many blocks.
EFFICIENTNETS = {"efficientnetB0": 1.0, "efficientnetB1": 1.1}


class EfficientNet(nn.Module):
    """`factor` multiplies every channel count; 1 is published for B0 and B1."""

    def __init__(self, depth, factor, stem_stride):
        super().__init__()
        norm = {"eps": 1e-5, "momentum": 0.1}
        channels = multiple_of_8(32 * factor)
        features = [unit(3, channels, 3, norm, stem_stride, activation=nn.SiLU)]
        for expansion, kernel, first_stride, out, blocks in EFFICIENTNET_STAGES:
            out = multiple_of_8(out * factor)
            stage = []
            for index in range(math.ceil(blocks * depth)):
                stride = first_stride if index == 0 else 1
                expanded = multiple_of_8(channels * expansion)
                layers = []
                if expanded != channels:
                    layers.append(unit(channels, expanded, 1, norm, activation=nn.SiLU))
                layers.append(unit(expanded, expanded, kernel, norm, stride, depthwise=True, activation=nn.SiLU))
                layers.append(SqueezeExcite(expanded, max(1, channels // 4), nn.SiLU, nn.Sigmoid))
                layers.append(unit(expanded, out, 1, norm))
                stage.append(InvertedBlock(layers, stride == 1 and out == channels))
                channels = out
            features.append(nn.Sequential(*stage))
        features.append(unit(channels, 4 * channels, 1, norm, activation=nn.SiLU))
        self.features = nn.Sequential(*features)

    def forward(self, x):
        return self.features(x).mean((2, 3))
