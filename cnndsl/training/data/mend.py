"""Bringing images into the network's layout and labels to 0, 1, 2 …, and saying so."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
import torch

from cnndsl.dims import Shape, format_shape
from cnndsl.training.data.model import Array, Data, Part, Raw
from cnndsl.training.errors import DataError, DataMismatch

__all__ = ["fit"]

# Whole numbers up to 255 are taken for 8-bit brightness only where some are clearly too large for
# counts: the 0..16 of small digit sets are left alone.
BRIGHT = 100


def fit(raw: Raw, input_shape: Shape, name: str) -> Data:
    """The data as the network takes them; `name` stands for them in messages.

    Mended are flat rows, a missing channel axis, channels last, an image for a network on vectors,
    brightness 0..255, and labels that are words, have gaps or do not begin at 0.

    Errors: DataMismatch where the layout fits in no such way; DataError where all labels are the same.
    """
    notes = list(raw.notes)
    parts = dict(raw.parts())
    scale = _scale([part.images for part in parts.values()])
    if scale.note:
        notes.append(scale.note)
    numbers = _number([part.labels for part in parts.values()], name)
    if numbers.note:
        notes.append(numbers.note)
    fitted = {}
    for (part_name, part), labels in zip(parts.items(), numbers.labels, strict=True):
        images, note = _layout(part.images, input_shape, name)
        if note and note not in notes:
            notes.append(note)
        values = np.ascontiguousarray(images, np.float32)
        if scale.divisor != 1:
            values = values / np.float32(scale.divisor)
        fitted[part_name] = Part(torch.from_numpy(values), torch.from_numpy(labels))
    untrained = set(range(len(numbers.classes))) - set(fitted["train"].labels.tolist())
    if untrained:
        words = ", ".join(numbers.classes[index] for index in sorted(untrained)[:5])
        notes.append(f"no training images have the label {words}")
    return Data(
        train=fitted["train"],
        val=fitted.get("val"),
        test=fitted.get("test"),
        classes=numbers.classes,
        mapping=numbers.mapping,
        notes=tuple(notes),
        name=name,
    )


def _layout(images: Array, wanted: Shape, name: str) -> tuple[Array, str]:
    """`images` as (N, *wanted), and what was done to them."""
    shape = images.shape[1:]
    if shape == wanted:
        return images, ""
    fitted = images.reshape(len(images), *wanted) if prod(shape) == prod(wanted) else None
    if fitted is not None and len(shape) == 1:
        return fitted, f"flat rows of {shape[0]} numbers reshaped to {format_shape(wanted)}"
    if wanted == (1, *shape):
        return images[
            :, None
        ], f"the missing channel axis put in: {format_shape(shape)} is {format_shape(wanted)}"
    if len(shape) > 1 and wanted == (shape[-1], *shape[:-1]):
        return np.moveaxis(images, -1, 1), f"channels last brought to channels first: {format_shape(wanted)}"
    if fitted is not None and len(wanted) == 1:
        return fitted, f"images of {format_shape(shape)} flattened to {wanted[0]} numbers"
    raise _misfit(shape, wanted, name)


def _misfit(shape: Shape, wanted: Shape, name: str) -> DataMismatch:
    if len(shape) == 1:
        return DataMismatch(
            f"{name}: a row has {shape[0]} pixels, the network takes {_product(wanted)}",
            "input",
            _square(shape[0]),
        )
    likely = shape
    if len(shape) == 2:
        likely = (1, *shape)
    elif shape[-1] in (1, 3, 4) and shape[0] > 4:
        likely = (shape[-1], *shape[:-1])
    return DataMismatch(
        f"{name}: the images are {format_shape(shape)}, the network takes {format_shape(wanted)}",
        "input",
        (f"`input {format_shape(likely)}` fits them",) if len(likely) <= 4 else (),
    )


def _product(shape: Shape) -> str:
    return format_shape(shape) + (f" = {prod(shape)}" if len(shape) > 1 else "")


def _square(pixels: int) -> tuple[str, ...]:
    for channels in (1, 3):
        side = round((pixels / channels) ** 0.5)
        if side > 1 and channels * side * side == pixels:
            return (f"`input {channels}x{side}x{side}` fits them",)
    return (f"`input {pixels}` fits them",)


class _Scale(NamedTuple):
    divisor: int
    note: str


def _scale(images: Sequence[Array]) -> _Scale:
    """How the values come to lie between 0 and 1, decided on all parts together."""
    low = min(float(part.min()) for part in images)
    high = max(float(part.max()) for part in images)
    if low >= 0 and high <= 1:
        return _Scale(1, "")
    kinds = {part.dtype for part in images}
    whole = all(part.dtype.kind in "bui" or bool((part == np.floor(part)).all()) for part in images)
    if kinds == {np.dtype(np.uint8)} or (whole and low >= 0 and BRIGHT <= high <= 255):
        return _Scale(255, "values 0..255 brought to 0..1")
    if kinds == {np.dtype(np.uint16)} and high > 255:
        return _Scale(65535, "values 0..65535 brought to 0..1")
    return _Scale(1, f"values from {low:g} to {high:g} used as they are")


class _Numbers(NamedTuple):
    labels: list[Array]
    classes: tuple[str, ...]
    mapping: dict[str, int] | None
    note: str


def _number(labels: Sequence[Array], name: str) -> _Numbers:
    """The classes 0, 1, 2 … for labels of all parts: in their order, words in alphabetical order."""
    together = _as_whole(np.concatenate([part.astype(str) for part in labels]))
    if together is None:
        together = np.concatenate([part.astype(str) for part in labels])
    values, classes = np.unique(together, return_inverse=True)
    if len(values) < 2:
        raise DataError(f"{name}: all {len(together)} labels are {values[0]}: there is nothing to tell apart")
    words = tuple(map(str, values))
    ends = np.cumsum([len(part) for part in labels])[:-1]
    numbered = np.split(classes.astype(np.int64), ends)
    if words == tuple(map(str, range(len(words)))):
        return _Numbers(numbered, words, None, "")
    mapping = {word: index for index, word in enumerate(words)}
    shown = [f"{word} -> {index}" for word, index in mapping.items()]
    if len(shown) > 12:
        shown[8:-1] = ["..."]
    return _Numbers(numbered, words, mapping, f"labels mapped to classes: {', '.join(shown)}")


def _as_whole(words: Array) -> Array | None:
    """Labels as whole numbers, where every one is written as one (`3`, `3.0`)."""
    try:
        numbers = words.astype(np.float64)
    except ValueError:
        return None
    if not np.isfinite(numbers).all() or (numbers != np.floor(numbers)).any() or abs(numbers).max() >= 2**53:
        return None
    return numbers.astype(np.int64)
