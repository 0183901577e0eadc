"""Python objects as data: pairs of arrays, mappings of them, and datasets as PyTorch has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cnndsl.backends.images import GREY, MODES, ImageSizeError, values_of
from cnndsl.dims import Shape, format_shape
from cnndsl.training.data.arrays import check_part, named_parts
from cnndsl.training.data.folder import Mended
from cnndsl.training.data.model import Array, Raw, RawPart
from cnndsl.training.data.options import Reading
from cnndsl.training.data.stored import too_large
from cnndsl.training.errors import DataError, DataMismatch

__all__ = ["raw_from_object"]

PARTS = ("train", "val", "test")
EXPECTED = (
    "a pair (images, labels), a pair of such pairs (train, test), a mapping from x_train, y_train and the "
    "like to arrays, a dataset whose items are (image, label), or a mapping from train, val and test to "
    "pairs or datasets"
)


def raw_from_object(value: Any, name: str, input_shape: Shape, reading: Reading) -> Raw:
    """The data that an object holds; `name` stands for it in messages.

    Without an `input_shape`, (), pictures are taken in the size of the first one.

    Errors: DataError where it is none of what is known, or its samples are broken; DataMismatch for images
    of another size.

    >>> raw = raw_from_object(([[[0, 1], [1, 0]], [[1, 1], [0, 0]]], [0, 1]), "mine", (1, 2, 2), Reading())
    >>> raw.train.images.shape
    (2, 2, 2)
    """
    maker = _Maker(name, input_shape, reading)
    parts = maker.parts(value)
    if "train" not in parts:
        raise DataError(f"{name}: expected a part `train`, found {', '.join(parts) or 'nothing'}")
    if 0 < maker.pictures < len(parts):
        raise DataError(f"{name}: some parts hold pictures of Pillow's and some arrays: expected one kind")
    notes = tuple(maker.mended.notes()) if maker.pictures else ()
    names = maker.names if _numbered(parts, maker.names) else None
    return Raw(parts["train"], parts.get("val"), parts.get("test"), notes, names, fitted=maker.pictures > 0)


def _numbered(parts: Mapping[str, RawPart], names: tuple[str, ...]) -> bool:
    """Whether the labels are numbers that the names stand for."""
    return bool(names) and all(
        part.labels.dtype.kind in "ui" and part.labels.min() >= 0 and part.labels.max() < len(names)
        for part in parts.values()
    )


class _Maker:
    """Makes parts from objects, and remembers what it saw."""

    def __init__(self, name: str, input_shape: Shape, reading: Reading) -> None:
        self.name = name
        self.input_shape = input_shape
        self.reading = reading
        self.mended = Mended(input_shape if len(input_shape) == 3 else (1, 1, 1))
        self.names: tuple[str, ...] = ()
        self.pictures = 0

    def parts(self, value: Any) -> dict[str, RawPart]:
        """The parts of a whole data set."""
        if isinstance(value, Mapping):
            if value.keys() & set(PARTS):
                if unknown := [str(key) for key in value if key not in PARTS]:
                    raise DataError(f"{self.name}: unknown part `{unknown[0]}`, expected train, val and test")
                return {key: self.part(of, key) for key, of in value.items() if of is not None}
            arrays = {str(key): _array(of, f"{self.name}: `{key}`") for key, of in value.items()}
            return named_parts(arrays, self.name)
        several = isinstance(value, tuple | list) and len(value) in (2, 3)
        if several and (all(map(_is_pair, value)) or all(map(_is_dataset, value))):
            names = ("train", "test") if len(value) == 2 else PARTS
            return {key: self.part(of, key) for key, of in zip(names, value, strict=True)}
        return {"train": self.part(value, "train")}

    def part(self, value: Any, part: str) -> RawPart:
        """One part: a pair of arrays, or a dataset."""
        called = f"{self.name}: {part}"
        if _is_pair(value):
            images, labels = _array(value[0], f"{called}: images"), _array(value[1], f"{called}: labels")
            return check_part(RawPart(images, labels), f"{called}: images", f"{called}: labels")
        if _is_dataset(value):
            return self.dataset(value, called)
        raise DataError(f"{called}: found {_described(value)}; expected {EXPECTED}")

    def dataset(self, dataset: Any, called: str) -> RawPart:
        """A dataset: its arrays as a whole where it has them, else item by item."""
        names = getattr(dataset, "classes", None)
        if isinstance(names, list | tuple) and all(isinstance(word, str) for word in names):
            self.names = tuple(names)
        part = _whole(dataset) or self.items(dataset, called)
        return check_part(part, f"{called}: images", f"{called}: labels")

    def items(self, dataset: Any, called: str) -> RawPart:
        """The samples of a dataset, one by one."""
        count = len(dataset)
        if not count:
            raise DataError(f"{called}: the dataset is empty")
        images, labels = [], []
        pictures = 0
        for index in range(count):
            image, label = self.item(dataset, index, called)
            if hasattr(image, "getexif"):
                pictures += 1
                image = self.picture(image, f"{called}: image {index}")
            images.append(_array(image, f"{called}: image {index}"))
            labels.append(
                label.item() if isinstance(label, Tensor | np.generic) and np.ndim(label) == 0 else label
            )
        if pictures:
            self.pictures += 1
        shapes = {image.shape for image in images}
        if len(shapes) > 1:
            found = " and ".join(format_shape(shape) for shape in sorted(shapes)[:2])
            raise DataMismatch(f"{called}: the images are of different sizes, such as {found}", "input")
        return RawPart(np.stack(images), _array(labels, f"{called}: labels"))

    def item(self, dataset: Any, index: int, called: str) -> tuple[Any, Any]:
        """One sample."""
        try:
            item = dataset[index]
        except Exception as error:
            # somebody else's code: it may raise anything
            raise DataError(
                f"{called}: item {index} cannot be read: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise DataError(f"{called}: item {index} is {_described(item)}, expected (image, label)")
        return item[0], item[1]

    def picture(self, image: Any, called: str) -> Array:
        """A picture of Pillow's."""
        if not self.input_shape:
            # nobody said what the network takes: the first picture does
            self.input_shape = (1 if image.mode in GREY else 3, image.size[1], image.size[0])
            self.mended = Mended(self.input_shape)
        if len(self.input_shape) != 3 or self.input_shape[0] not in MODES:
            taken = format_shape(self.input_shape)
            raise DataMismatch(f"{called} is a picture, the network takes {taken}", "input")
        try:
            decoded = values_of(image, self.input_shape, self.reading.resize)
        except ImageSizeError as error:
            raise too_large(ImageSizeError(f"{called}: {error}", error.size), self.input_shape) from error
        except (OSError, ValueError, SyntaxError) as error:
            raise DataError(f"{called} is broken: {error}") from error
        self.mended.count(decoded.mode, decoded.size, decoded.turned, decoded.clear)
        return decoded.values


def _whole(dataset: Any) -> RawPart | None:
    """Images and labels of a dataset that holds them as arrays and changes nothing."""
    if any(
        getattr(dataset, name, None) is not None for name in ("transform", "target_transform", "transforms")
    ):
        return None
    labels = next(
        (found for name in ("targets", "labels") if (found := getattr(dataset, name, None)) is not None), None
    )
    images = getattr(dataset, "data", None)
    if not isinstance(images, np.ndarray | Tensor) or not isinstance(labels, np.ndarray | Tensor | list):
        return None
    if len(images) != len(labels) or len(images) != len(dataset) or images.ndim < 3:
        return None
    return RawPart(_array(images, "images"), _array(labels, "labels"))


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(map(_is_arrays, value))
        and not _is_items(value)
    )


def _is_arrays(value: Any) -> bool:
    return isinstance(value, np.ndarray | Tensor | list)


def _is_items(value: Any) -> bool:
    """Whether a pair of lists is two pairs: ([images, labels], [images, labels])."""
    return all(
        isinstance(one, list) and len(one) == 2 and all(isinstance(of, np.ndarray | Tensor) for of in one)
        for one in value
    )


def _is_dataset(value: Any) -> bool:
    if isinstance(value, torch.utils.data.Dataset):
        return hasattr(value, "__len__") and hasattr(value, "__getitem__")
    known = isinstance(value, str | bytes | tuple | list | Mapping | np.ndarray | Tensor)
    return not known and hasattr(value, "__len__") and hasattr(value, "__getitem__")


def _array(value: Any, called: str) -> Array:
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise DataError(f"{called}: the rows are of different lengths") from error
    if array.dtype.kind == "O":
        raise DataError(f"{called}: expected numbers, found objects")
    return array


def _described(value: Any) -> str:
    shown = " ".join(repr(value).split())
    kind = type(value).__name__
    return f"{kind}" if len(shown) > 40 else f"{kind}, {shown}"
