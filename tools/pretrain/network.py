"""ResNet-18 with a 3x3 stem, of any width, with MoCo-v2's projection head: torchvision's names, the head under `fc`."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class BasicBlock(nn.Module):
    def __init__(self, channels: int, planes: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = None
        if stride != 1 or channels != planes:
            shortcut = nn.Conv2d(channels, planes, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(planes))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu_()))
        return (y + (x if self.downsample is None else self.downsample(x))).relu_()


class Encoder(nn.Module):
    """Forward gives features [N, 8·width] and the embedding [N, dim], not normalised."""

    def __init__(self, width: int, hidden: int, dim: int):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        for stage in range(4):
            planes = width * 2**stage
            first = BasicBlock(channels, planes, 1 if stage == 0 else 2)
            self.add_module(f"layer{stage + 1}", nn.Sequential(first, BasicBlock(planes, planes, 1)))
            channels = planes
        self.fc = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, dim))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.bn1(self.conv1(x)).relu_()
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        features = x.mean((2, 3))
        return features, self.fc(features)


def running_statistics(network: nn.Module) -> list[Tensor]:
    return [buffer for buffer in network.buffers() if buffer.dtype.is_floating_point]


@torch.no_grad()
def calibrate(network: nn.Module, batches: Iterable[Tensor], anew: bool = True) -> None:
    """BatchNorm's running statistics as the plain average over `batches`, after those counted before unless `anew`.

    Leaves the network in train mode.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # cumulative
        if anew:
            norm.reset_running_stats()
    network.train()
    for batch in batches:
        network(batch)
    for norm in norms:
        norm.momentum = 0.1
