"""Changing training images, a whole batch at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["shift"]


def shift(images: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Images (B, C, H, W), each moved by up to `pixels` up or down and left or right; the edge is repeated.

    How far each moves is drawn from `generator`, on the CPU.
    """
    count, _, height, width = images.shape
    windows = F.pad(images, [pixels] * 4, mode="replicate").unfold(2, height, 1).unfold(3, width, 1)
    rows, columns = torch.randint(2 * pixels + 1, (2, count), generator=generator).to(images.device)
    return windows[torch.arange(count, device=images.device), :, rows, columns]
