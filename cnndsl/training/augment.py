"""Changing training images, a whole batch at once."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor
from torch.nn import functional as F

from cnndsl.dims import Shape
from cnndsl.training.data_settings import Augment

__all__ = ["Augmentation"]

# Noise is taken from anywhere in a stretch of so many random numbers, drawn anew each epoch.
NOISE = 1 << 20


class Augmentation:
    """The changes that `settings` ask for, to images of the shape (C, H, W).

    What happens to which image is drawn once an epoch, from one generator and for all images of the data: an
    epoch depends on the generator's state alone, and not on how the images are spread over batches, workers
    and processes.
    """

    def __init__(self, settings: Augment, count: int, shape: Shape, device: torch.device) -> None:
        self.settings = settings
        self.count = count
        self.shape = shape
        self.device = device
        self.drawn: dict[str, Tensor] = {}
        self.noise = torch.empty(0)

    def draw(self, generator: torch.Generator) -> None:
        """Draw what happens in an epoch."""
        settings, (_, height, width) = self.settings, self.shape
        drawn: dict[str, Tensor] = {}

        def whole(name: str, *ends: int) -> None:
            """Whole numbers from 0, below each end, for every image."""
            columns = [torch.randint(end, (self.count,), generator=generator) for end in ends]
            drawn[name] = torch.stack(columns)

        def between(name: str, most: float) -> None:
            """A number from -most to most for every image."""
            drawn[name] = (torch.rand(self.count, generator=generator) * 2 - 1) * most

        for name in ("shift", "crop"):
            if pixels := getattr(settings, name):
                whole(name, 2 * pixels + 1, 2 * pixels + 1)
        for name in ("flip", "vflip"):
            if getattr(settings, name):
                whole(name, 2)
        for name in ("rotate", "scale", "brightness", "contrast"):
            if most := getattr(settings, name):
                between(name, most)
        if settings.erase:
            whole("erase", height, width)
        if settings.noise:
            self.noise = torch.randn(NOISE + prod(self.shape), generator=generator).to(self.device)
            whole("noise", NOISE)
        self.drawn = {name: values.to(self.device) for name, values in drawn.items()}

    def apply(self, images: Tensor, indices: Tensor) -> Tensor:
        """The images, (B, C, H, W), which are those at `indices` of the data, changed."""
        steps: tuple[tuple[str, Callable[[Tensor, Tensor], Tensor]], ...] = (
            ("shift", self._shift),
            ("crop", self._crop),
            ("flip", lambda images, chosen: _mirrored(images, chosen, 3)),
            ("vflip", lambda images, chosen: _mirrored(images, chosen, 2)),
        )
        for name, change in steps:
            if name in self.drawn:
                images = change(images, self.drawn[name][:, indices])
        if "rotate" in self.drawn or "scale" in self.drawn:
            images = self._turned(images, indices)
        if "brightness" in self.drawn:
            images = images + _a_number_each(self.drawn["brightness"][indices])
        if "contrast" in self.drawn:
            mean = images.mean((1, 2, 3), keepdim=True)
            images = mean + (images - mean) * (1 + _a_number_each(self.drawn["contrast"][indices]))
        if "noise" in self.drawn:
            starts = self.drawn["noise"][0, indices]
            noise = self.noise.unfold(0, prod(self.shape), 1)[starts]
            images = images + self.settings.noise * noise.view_as(images)
        if "erase" in self.drawn:
            images = self._erased(images, self.drawn["erase"][:, indices])
        return images

    def _shift(self, images: Tensor, offsets: Tensor) -> Tensor:
        return _moved(F.pad(images, [self.settings.shift] * 4, mode="replicate"), offsets, self.shape)

    def _crop(self, images: Tensor, offsets: Tensor) -> Tensor:
        return _moved(F.pad(images, [self.settings.crop] * 4), offsets, self.shape)

    def _turned(self, images: Tensor, indices: Tensor) -> Tensor:
        """Turned around the centre and scaled; behind the image comes its edge again."""
        _, height, width = self.shape
        zero = torch.zeros(len(indices), device=self.device)
        angles = torch.deg2rad(self.drawn["rotate"][indices]) if "rotate" in self.drawn else zero
        # a grid that is finer shows the image larger
        step = 1 / (1 + self.drawn["scale"][indices]) if "scale" in self.drawn else zero + 1
        cosine, sine = step * angles.cos(), step * angles.sin()
        # the grid counts both axes from -1 to 1, whatever their lengths
        rows = [
            torch.stack([cosine, -sine * height / width, zero], 1),
            torch.stack([sine * width / height, cosine, zero], 1),
        ]
        grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
        return F.grid_sample(
            images, grid.to(images.dtype), mode="bilinear", padding_mode="border", align_corners=False
        )

    def _erased(self, images: Tensor, centres: Tensor) -> Tensor:
        side = self.settings.erase
        _, height, width = self.shape
        rows, columns = (torch.arange(length, device=self.device) for length in (height, width))
        first = centres - side // 2
        in_rows = (rows >= first[0, :, None]) & (rows < first[0, :, None] + side)
        in_columns = (columns >= first[1, :, None]) & (columns < first[1, :, None] + side)
        square = (in_rows[:, :, None] & in_columns[:, None, :])[:, None]
        return torch.where(square, images.mean((1, 2, 3), keepdim=True), images)


def _moved(padded: Tensor, offsets: Tensor, shape: Shape) -> Tensor:
    """The part of each padded image that begins at its offset."""
    windows = padded.unfold(2, shape[1], 1).unfold(3, shape[2], 1)
    return windows[torch.arange(len(padded), device=padded.device), :, offsets[0], offsets[1]]


def _mirrored(images: Tensor, chosen: Tensor, axis: int) -> Tensor:
    return torch.where(chosen[0].bool()[:, None, None, None], images.flip(axis), images)


def _a_number_each(values: Tensor) -> Tensor:
    return values[:, None, None, None]
