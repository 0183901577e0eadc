"""The networks of the examples as one writes them by hand in PyTorch: what cnndsl is measured against.

Written for this purpose from the papers' tables. The names of the modules are the specs' labels, so that
weights can be copied from one to the other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["BasicBlock", "Bottleneck", "ResNet", "minimal_mnist", "resnet18", "resnet50", "two_block_mnist"]


def minimal_mnist() -> nn.Module:
    """`examples/minimal_mnist.cnn`."""
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 14 * 14, 10),
    )


def two_block_mnist() -> nn.Module:
    """`examples/two_block_mnist.cnn`."""
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 10),
    )


def shortcut(arriving: int, leaving: int, stride: int) -> nn.Module | None:
    """What brings the arriving value to the block's shape; None where it has it already."""
    if stride == 1 and arriving == leaving:
        return None
    return nn.Sequential(
        nn.Conv2d(arriving, leaving, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(leaving)
    )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    widening = 1

    def __init__(self, arriving: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(arriving, channels, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.downsample = shortcut(arriving, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.downsample is not None:
            x = self.downsample(x)
        added: Tensor = self.relu(y + x)
        return added


class Bottleneck(nn.Module):
    """A 1x1, a 3x3 and a widening 1x1 convolution beside a shortcut."""

    widening = 4

    def __init__(self, arriving: int, channels: int, stride: int) -> None:
        super().__init__()
        leaving = channels * self.widening
        self.conv1 = nn.Conv2d(arriving, channels, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, leaving, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(leaving)
        self.relu = nn.ReLU()
        self.downsample = shortcut(arriving, leaving, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        if self.downsample is not None:
            x = self.downsample(x)
        added: Tensor = self.relu(y + x)
        return added


class ResNet(nn.Module):
    """A residual network for images of 3 channels; `depths` are the blocks of its four stages."""

    def __init__(
        self, block: type[BasicBlock | Bottleneck], depths: tuple[int, int, int, int], classes: int
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._stage(block, 64, 64, depths[0], 1)
        self.layer2 = self._stage(block, 64 * block.widening, 128, depths[1], 2)
        self.layer3 = self._stage(block, 128 * block.widening, 256, depths[2], 2)
        self.layer4 = self._stage(block, 256 * block.widening, 512, depths[3], 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512 * block.widening, classes)

    @staticmethod
    def _stage(
        block: type[BasicBlock | Bottleneck], arriving: int, channels: int, depth: int, stride: int
    ) -> nn.Sequential:
        first = block(arriving, channels, stride)
        rest = [block(channels * block.widening, channels, 1) for _ in range(depth - 1)]
        return nn.Sequential(first, *rest)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        logits: Tensor = self.fc(torch.flatten(self.avgpool(x), 1))
        return logits


def resnet18(classes: int = 1000) -> nn.Module:
    """`examples/resnet18.cnn`."""
    return ResNet(BasicBlock, (2, 2, 2, 2), classes)


def resnet50(classes: int = 1000) -> nn.Module:
    """`examples/resnet50.cnn`."""
    return ResNet(Bottleneck, (3, 4, 6, 3), classes)
