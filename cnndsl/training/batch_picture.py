"""A picture of a batch: images in a grid, each with its class."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cnndsl.dims import format_shape
from cnndsl.training.data import Data, DataError

__all__ = ["draw_batch"]

COLUMNS = 8
# A name longer than this is cut: it would run into its neighbour's.
LONGEST = 14


def draw_batch(data: Data, path: Path, count: int = 40, seed: int = 0) -> int:
    """Draw `count` training images, drawn by `seed`, as a PNG, SVG or PDF, and say how many there are.

    Errors: DataError where the samples are no images; OSError.
    """
    shape = tuple(data.images.shape[1:])
    if len(shape) != 3 or shape[0] not in (1, 3, 4):
        raise DataError(f"{data.name}: a picture needs images, the samples are {format_shape(shape)}")
    from matplotlib.figure import Figure

    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(data.train), generator=generator)[:count].sort().values
    images, labels = data.images[chosen], data.labels[chosen].tolist()
    columns = min(COLUMNS, len(chosen))
    rows = ceil(len(chosen) / columns)
    figure = Figure(figsize=(columns * 1.25, rows * 1.45), layout="constrained")
    grid: Any = figure.subplots(rows, columns, squeeze=False)
    low, high = float(images.min()), float(images.max())
    for index, axes in enumerate(grid.flat):
        axes.set_axis_off()
        if index < len(chosen):
            axes.imshow(
                _pixels(images[index], low, high), cmap="gray", vmin=0, vmax=1, interpolation="nearest"
            )
            name = data.classes[labels[index]]
            axes.set_title(name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…", fontsize=8)
    figure.savefig(path, dpi=150)
    return len(chosen)


def _pixels(image: Tensor, low: float, high: float) -> Any:
    """An image as matplotlib takes it, its values brought to 0..1 where they are others."""
    if low < 0 or high > 1:
        image = (image - low) / max(high - low, 1e-12)
    return image[0].numpy() if len(image) == 1 else image.permute(1, 2, 0).numpy()
