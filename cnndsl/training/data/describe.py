"""What a data set is like, for someone who is about to train on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from cnndsl.backends.images import GREY, ImageError, peek
from cnndsl.backends.resizing import Resize
from cnndsl.dims import Shape
from cnndsl.training.address import is_path
from cnndsl.training.data import Data, read
from cnndsl.training.data.folder import ENDINGS
from cnndsl.training.data.idx import is_idx
from cnndsl.training.data.mend import fit, likely_input
from cnndsl.training.data.options import Reading
from cnndsl.training.errors import DataError

__all__ = ["Description", "describe_data"]

# Of images on disk, so many are looked at for their values.
MOST_STORED = 4096
# Usual sizes of inputs: the largest is proposed that is no larger than most images.
SIDES = (224, 128, 96, 64, 32)


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """A data set: the input that fits it, and what is in it.

    `classes` gives for each class how many samples it has in each part. `low`, `high`, `mean` and `std` are
    those of the training images as a network gets them, mean and standard deviation by channel.
    """

    data: Data
    input_shape: Shape
    sizes: Mapping[tuple[int, int], int]
    parts: Mapping[str, int]
    classes: Mapping[str, Mapping[str, int]]
    low: float
    high: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "data": self.data.name,
            "input": list(self.input_shape),
            "sizes": [{"width": w, "height": h, "images": count} for (w, h), count in self.sizes.items()],
            "parts": dict(self.parts),
            "classes": [{"name": name, **counts} for name, counts in self.classes.items()],
            "values": {
                "min": self.low,
                "max": self.high,
                "mean": [round(value, 6) for value in self.mean],
                "std": [round(value, 6) for value in self.std],
            },
            "notes": list(self.data.notes),
        }


def describe_data(data: str, input_shape: Shape | None = None, workers: int = 2) -> Description:
    """Read a data set and look at it, as a network would get it that takes `input_shape`, if it is given.

    Without it, it is the one that the samples are likely meant for; images of several sizes are brought to
    the most frequent one, if it is that of most of them, else to a usual one.

    Errors: DataError where the data are broken, DataMismatch where they do not fit; OSError.
    """
    sizes: Mapping[tuple[int, int], int] = {}
    shape, resize = input_shape, "none"
    path = Path(data)
    if is_path(data) and path.is_dir() and not is_idx(path):
        natural, sizes = _look(path)
        shape = shape or natural
        resize = "crop" if set(sizes) != {(shape[-1], shape[-2])} else "none"
    fitted = _fitted(data, shape, "crop" if resize == "crop" else "none", workers)
    images = fitted.images
    some = images[:] if isinstance(images, Tensor) else images[_spread(len(fitted.train))]
    channels = some.transpose(0, 1).flatten(1).double()
    return Description(
        data=fitted,
        input_shape=tuple(images.shape[1:]),
        sizes=sizes,
        parts={name: len(part) for name, part in fitted.parts()},
        classes=_counts(fitted),
        low=float(some.min()),
        high=float(some.max()),
        mean=tuple(channels.mean(1).tolist()) if some.ndim > 2 else (float(some.mean()),),
        std=tuple(channels.std(1, correction=0).tolist())
        if some.ndim > 2
        else (float(some.std(correction=0)),),
    )


def _fitted(data: str, shape: Shape | None, resize: Resize, workers: int) -> Data:
    raw = read(data, shape or (), Reading(workers, resize))
    if shape is None:
        own = tuple(raw.train.images.shape[1:])
        shape = own if raw.fitted else likely_input(own)
    return fit(raw, shape, data)


def _spread(count: int) -> Tensor:
    return torch.linspace(0, count - 1, min(count, MOST_STORED)).long()


def _counts(data: Data) -> dict[str, dict[str, int]]:
    counts = {
        name: torch.bincount(part.labels, minlength=len(data.classes)).tolist() for name, part in data.parts()
    }
    return {word: {name: of[index] for name, of in counts.items()} for index, word in enumerate(data.classes)}


def _look(root: Path) -> tuple[Shape, dict[tuple[int, int], int]]:
    """The shape that most images below a folder have, and how many have which width and height."""
    sizes: Counter[tuple[int, int]] = Counter()
    modes: Counter[str] = Counter()
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() not in ENDINGS or path.name.startswith("."):
            continue
        try:
            mode, size = peek(path)
        except ImageError as error:
            raise DataError(str(error)) from error
        sizes[size] += 1
        modes[mode] += 1
    if not sizes:
        raise DataError(
            f"{root}: expected a folder of images for each class, found no image",
            help=("either root/cat/1.png, root/dog/1.png or root/train/cat/1.png, root/val/cat/1.png",),
        )
    channels = 1 if modes.keys() <= GREY else 3
    (width, height), frequent = sizes.most_common(1)[0]
    if 2 * frequent <= sizes.total():
        shorter = median(min(size) for size in sizes.elements())
        width = height = next((side for side in SIDES if side <= shorter), SIDES[-1])
    return (channels, height, width), dict(sizes.most_common())
