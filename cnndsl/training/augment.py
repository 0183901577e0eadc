"""Changing training images, a whole batch at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["Shift"]


class Shift:
    """Moves each image by up to `pixels` up or down and left or right; the edge is repeated.

    `images` is (N, C, H, W). How far each image moves is drawn once an epoch from `generator`, so that
    an epoch depends on the generator's state alone.
    """

    def __init__(self, images: Tensor, pixels: int) -> None:
        padded = F.pad(images, [pixels] * 4, mode="replicate")
        # (N, C, 2p + 1, 2p + 1, H, W): every shift of every image, as a view of the padded ones
        self.windows = padded.unfold(2, images.shape[2], 1).unfold(3, images.shape[3], 1)
        self.offsets = torch.empty(0)

    def draw(self, generator: torch.Generator) -> None:
        """Draw the shifts of an epoch."""
        count, _, rows, columns = self.windows.shape[:4]
        pairs = torch.stack([torch.randint(size, (count,), generator=generator) for size in (rows, columns)])
        self.offsets = pairs.to(self.windows.device)

    def take(self, indices: Tensor) -> Tensor:
        """The images at `indices`, shifted: (B, C, H, W)."""
        rows, columns = self.offsets[:, indices]
        return self.windows[indices, :, rows, columns]
