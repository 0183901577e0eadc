"""Bringing images into the network's layout and labels to 0, 1, 2 …, and saying so."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cnndsl.dims import Shape, format_shape
from cnndsl.training.data.model import Array, Data, Part, Raw
from cnndsl.training.data.options import Known
from cnndsl.training.data.stored import StoredImages
from cnndsl.training.errors import DataError, DataMismatch

__all__ = ["fit", "fit_images", "likely_input"]

# Whole numbers up to 255 are taken for 8-bit brightness only where some are clearly too large for
# counts: the 0..16 of small digit sets are left alone.
BRIGHT = 100


def fit(raw: Raw, input_shape: Shape, name: str, known: Known | None = None) -> Data:
    """The data as the network takes them; `name` stands for them in messages.

    Mended are flat rows, a missing channel axis, channels last, transparency, an image for a network on
    vectors, brightness 0..255, and labels that are words, have gaps or do not begin at 0. `known` are the
    classes that labels are held against, and what values were divided by when the network was trained.

    Errors: DataMismatch where the layout fits in no such way; DataError where all labels are the same, or
    one is of no class that is known.
    """
    notes = list(raw.notes)
    parts = dict(raw.parts())
    arrays = [part.images for part in parts.values() if not isinstance(part.images, StoredImages)]
    scale = _Scale(1, "") if raw.fitted else _scale(arrays, 1 if known is None else known.divisor)
    if scale.note:
        notes.append(scale.note)
    labels = [part.labels for part in parts.values()]
    numbers = (
        _number(labels, name, raw.names) if known is None else _recognise(labels, name, raw.names, known)
    )
    if numbers.note:
        notes.append(numbers.note)
    fitted = {}
    for (part_name, part), classes in zip(parts.items(), numbers.labels, strict=True):
        if isinstance(part.images, StoredImages):
            fitted[part_name] = Part(part.images, torch.from_numpy(classes))
            continue
        images, note = (part.images, "") if raw.fitted else _layout(part.images, input_shape, scale, name)
        if note and note not in notes:
            notes.append(note)
        fitted[part_name] = Part(torch.from_numpy(scale.apply(images)), torch.from_numpy(classes))
    untrained = set(range(len(numbers.classes))) - set(fitted["train"].labels.tolist())
    if untrained and known is None:
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
        divisor=scale.divisor,
    )


class _Scale(NamedTuple):
    divisor: int
    note: str
    # whether the values lie between 0 and 1 then
    bright: bool = True

    def apply(self, images: Array) -> Array:
        values: Array = np.ascontiguousarray(images, np.float32)
        return values if self.divisor == 1 else values / np.float32(self.divisor)


def fit_images(images: Array, input_shape: Shape, name: str, divisor: int) -> tuple[Tensor, tuple[str, ...]]:
    """Images without labels as a trained network takes them, and what was done to them.

    `divisor` is what values were divided by when it was trained. Errors: as in `fit`.
    """
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise DataError(f"{name}: a value is not a finite number")
    scale = _scale([images], divisor)
    fitted, note = _layout(images, input_shape, scale, name)
    return torch.from_numpy(scale.apply(fitted)), tuple(text for text in (scale.note, note) if text)


def _layout(images: Array, wanted: Shape, scale: _Scale, name: str) -> tuple[Array, str]:
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
    if len(shape) == 3 and len(wanted) == 3 and wanted[0] == 3 and scale.bright:
        for axis, colours in ((1, (4, *wanted[1:])), (-1, (*wanted[1:], 4))):
            if shape == colours:
                over = f"transparency laid over white: {format_shape(shape)} is {format_shape(wanted)}"
                return _over_white(np.moveaxis(images, axis, 1), scale.divisor), over
    if fitted is not None and len(wanted) == 1:
        return fitted, f"images of {format_shape(shape)} flattened to {wanted[0]} numbers"
    raise _misfit(shape, wanted, name)


def _misfit(shape: Shape, wanted: Shape, name: str) -> DataMismatch:
    likely = likely_input(shape)
    help = (f"`input {format_shape(likely)}` fits them",) if len(likely) <= 4 else ()
    if len(shape) == 1:
        message = f"{name}: a row has {shape[0]} pixels, the network takes {_product(wanted)}"
    else:
        message = f"{name}: the images are {format_shape(shape)}, the network takes {format_shape(wanted)}"
    return DataMismatch(message, "input", help)


def likely_input(shape: Shape) -> Shape:
    """The input that samples of a shape are likely meant for.

    >>> likely_input((28, 28)), likely_input((32, 32, 3)), likely_input((784,)), likely_input((7,))
    ((1, 28, 28), (3, 32, 32), (1, 28, 28), (7,))
    """
    if len(shape) == 1:
        for channels in (1, 3):
            side = round((shape[0] / channels) ** 0.5)
            if side > 1 and channels * side * side == shape[0]:
                return (channels, side, side)
        return shape
    if len(shape) == 2:
        return (1, *shape)
    if shape[-1] in (1, 3, 4) and shape[0] > 4:
        return (shape[-1], *shape[:-1])
    return shape


def _product(shape: Shape) -> str:
    return format_shape(shape) + (f" = {prod(shape)}" if len(shape) > 1 else "")


def _over_white(images: Array, white: int) -> Array:
    """Images of red, green, blue and opacity, (N, 4, H, W) from 0 to `white`, as one sees them on white."""
    colours, opacity = images[:, :3].astype(np.float32), images[:, 3:].astype(np.float32) / np.float32(white)
    seen: Array = colours * opacity + np.float32(white) * (1 - opacity)
    return seen


def _scale(images: Sequence[Array], trained: int) -> _Scale:
    """How the values come to lie between 0 and 1, decided on all parts together.

    `trained` is what the values were divided by when a network was trained: few images may all be dark.
    """
    low = min(float(part.min()) for part in images)
    high = max(float(part.max()) for part in images)
    kinds = {part.dtype for part in images}
    stored_whole = all(kind.kind in "bui" for kind in kinds)
    if trained > 1 and low >= 0 and high <= trained and (stored_whole or high > 1):
        return _Scale(trained, f"values 0..{trained} brought to 0..1")
    if low >= 0 and high <= 1:
        return _Scale(1, "")
    whole = stored_whole or all(bool((part == np.floor(part)).all()) for part in images)
    if kinds == {np.dtype(np.uint8)} or (whole and low >= 0 and BRIGHT <= high <= 255):
        return _Scale(255, "values 0..255 brought to 0..1")
    if kinds == {np.dtype(np.uint16)} and high > 255:
        return _Scale(65535, "values 0..65535 brought to 0..1")
    return _Scale(1, f"values from {low:g} to {high:g} used as they are", bright=False)


class _Numbers(NamedTuple):
    labels: list[Array]
    classes: tuple[str, ...]
    mapping: dict[str, int] | None
    note: str


def _number(labels: Sequence[Array], name: str, names: tuple[str, ...] | None) -> _Numbers:
    """The classes 0, 1, 2 … for labels of all parts: in their order, words in alphabetical order.

    With `names` the labels are such numbers already.
    """
    words = _words(labels)
    values, classes = np.unique(words, return_inverse=True)
    if len(values) < 2:
        raise DataError(f"{name}: all {len(words)} labels are {values[0]}: there is nothing to tell apart")
    if names is not None:
        mapping = {word: index for index, word in enumerate(names)}
        return _Numbers([part.astype(np.int64) for part in labels], names, mapping, "")
    found = tuple(map(str, values))
    numbered = _split(classes.astype(np.int64), labels)
    if found == tuple(map(str, range(len(found)))):
        return _Numbers(numbered, found, None, "")
    mapping = {word: index for index, word in enumerate(found)}
    shown = [f"{word} -> {index}" for word, index in mapping.items()]
    if len(shown) > 12:
        shown[8:-1] = ["..."]
    return _Numbers(numbered, found, mapping, f"labels mapped to classes: {', '.join(shown)}")


def _recognise(labels: Sequence[Array], name: str, names: tuple[str, ...] | None, known: Known) -> _Numbers:
    """The numbers of classes that are known."""
    words = _words(labels).astype(str)
    if names is not None:
        words = np.array(names)[np.concatenate(labels).astype(np.int64)]
    place = {word: index for index, word in enumerate(known.classes)}
    strange = [word for word in dict.fromkeys(words.tolist()) if word not in place]
    if strange:
        shown = ", ".join(known.classes[:12]) + (", ..." if len(known.classes) > 12 else "")
        raise DataError(f"{name}: the label `{strange[0]}` is none that the network knows: {shown}")
    classes = np.array([place[word] for word in words.tolist()], np.int64)
    return _Numbers(_split(classes, labels), known.classes, None, "")


def _words(labels: Sequence[Array]) -> Array:
    """The labels of all parts behind each other: whole numbers where all are, else words."""
    together = np.concatenate([part.astype(str) for part in labels])
    whole = _as_whole(together)
    return together if whole is None else whole


def _split(classes: Array, labels: Sequence[Array]) -> list[Array]:
    return np.split(classes, np.cumsum([len(part) for part in labels])[:-1])


def _as_whole(words: Array) -> Array | None:
    """Labels as whole numbers, where every one is written as one (`3`, `3.0`)."""
    try:
        numbers = words.astype(np.float64)
    except ValueError:
        return None
    if not np.isfinite(numbers).all() or (numbers != np.floor(numbers)).any() or abs(numbers).max() >= 2**53:
        return None
    return numbers.astype(np.int64)
