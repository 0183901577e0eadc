"""Bringing each channel to mean 0 and standard deviation 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from cnndsl.training.data import DataMismatch, Part
from cnndsl.training.data_settings import Channels, Given, ImageNet, Normalize, Unchanged

__all__ = ["Normalization", "normalization_of", "require_channels", "statistics"]

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Images are looked at so many at once, and of those on disk at most so many in all, spread evenly.
AT_ONCE, MOST_STORED = 512, 4096
# A channel in which all values are the same is left as it is.
SMALLEST_STD = 1e-6


class Normalization(NamedTuple):
    """Mean and standard deviation of each channel, (C,)."""

    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, mean: Sequence[float], std: Sequence[float]) -> Normalization:
        """That of numbers."""
        return cls(torch.tensor(mean), torch.tensor(std))

    def to(self, device: torch.device) -> Normalization:
        """The same on a device."""
        return Normalization(self.mean.to(device), self.std.to(device))

    def apply(self, images: Tensor) -> Tensor:
        """(N, C, ...) normalised.

        >>> found = Normalization(torch.tensor([0.5]), torch.tensor([0.25]))
        >>> found.apply(torch.ones(1, 1, 2)).tolist()
        [[[2.0, 2.0]]]
        """
        shape = (1, -1, *[1] * (images.ndim - 2))
        return (images - self.mean.view(shape)) / self.std.view(shape)


def normalization_of(settings: Normalize, train: Part) -> Normalization | None:
    """What `settings` ask for, with the training part where it is counted; None where nothing is changed.

    Errors: DataMismatch where there are numbers for another count of channels; DataError and OSError for
    images on disk that cannot be read.
    """
    if isinstance(settings, Unchanged):
        return None
    if isinstance(settings, Channels):
        return statistics(train)
    require_channels(settings, train.images.shape[1])
    numbers = _numbers(settings)
    assert numbers is not None, "what remains has numbers"
    return Normalization.of(*numbers)


def require_channels(settings: Normalize, channels: int) -> None:
    """Raise DataMismatch where the numbers are for another count of channels."""
    numbers = _numbers(settings)
    if numbers is not None and len(numbers[0]) != channels:
        taken = "1 channel" if channels == 1 else f"{channels} channels"
        found = f"normalize {settings.name} has {len(numbers[0])} means"
        raise DataMismatch(f"{found}, the network takes {taken}", "input")


def _numbers(settings: Normalize) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """The means and standard deviations that do not depend on the data."""
    if isinstance(settings, ImageNet):
        return IMAGENET_MEAN, IMAGENET_STD
    return (settings.mean, settings.std) if isinstance(settings, Given) else None


def statistics(part: Part) -> Normalization:
    """Mean and standard deviation of each channel over all images; of many images on disk, over some."""
    count = len(part)
    if isinstance(part.images, Tensor) or count <= MOST_STORED:
        chosen = torch.arange(count)
    else:
        chosen = torch.linspace(0, count - 1, MOST_STORED).long()
    channels = part.images.shape[1]
    total = torch.zeros(channels, dtype=torch.float64)
    squares = torch.zeros(channels, dtype=torch.float64)
    numbers = 0
    for indices in torch.split(chosen, AT_ONCE):
        images = part.images[indices].double().transpose(0, 1).flatten(1)
        total += images.sum(1)
        squares += images.square().sum(1)
        numbers += images.shape[1]
    mean = total / numbers
    std = (squares / numbers - mean.square()).clamp(min=0).sqrt()
    std[std < SMALLEST_STD] = 1.0
    return Normalization(mean.float(), std.float())
