"""Layouts, scales and labels that are mended, and what is said about it."""

from typing import Any

import numpy as np
import pytest

from cnndsl.training import Data, DataMismatch
from cnndsl.training.data import from_arrays
from cnndsl.training.data.mend import fit
from cnndsl.training.data.model import Raw, RawPart

LABELS = np.arange(4) % 2


def fitted(images: np.ndarray, shape: tuple[int, ...], labels: Any = LABELS) -> Data:
    return from_arrays(images, np.asarray(labels), shape)


def test_layouts_are_recognised() -> None:
    values = np.random.default_rng(0).random((4, 3, 5, 6), dtype=np.float32)
    same = fitted(values, (3, 5, 6))
    assert (same.images.numpy() == values).all()
    assert same.notes == ()
    last = fitted(values.transpose(0, 2, 3, 1), (3, 5, 6))
    assert (last.images.numpy() == values).all()
    assert last.notes == ("channels last brought to channels first: 3x5x6",)
    missing = fitted(values[:, 0], (1, 5, 6))
    assert (missing.images.numpy()[:, 0] == values[:, 0]).all()
    assert missing.notes == ("the missing channel axis put in: 5x6 is 1x5x6",)
    flat = fitted(values.reshape(4, -1), (3, 5, 6))
    assert (flat.images.numpy() == values).all()
    vector = fitted(values, (90,))
    assert vector.images.shape == (4, 90)
    assert vector.notes == ("images of 3x5x6 flattened to 90 numbers",)
    sequence = fitted(values.reshape(4, 3, 30).transpose(0, 2, 1), (3, 30))
    assert (sequence.images.numpy() == values.reshape(4, 3, 30)).all()


@pytest.mark.parametrize(
    ("size", "shape", "help"),
    [
        ((32, 32, 3), (1, 28, 28), "`input 3x32x32` fits them"),
        ((28, 28), (3, 28, 28), "`input 1x28x28` fits them"),
        ((784,), (1, 32, 32), "`input 1x28x28` fits them"),
        ((3072,), (1, 28, 28), "`input 3x32x32` fits them"),
        ((10,), (1, 28, 28), "`input 10` fits them"),
        ((3, 8, 8), (3, 8, 9), "`input 3x8x8` fits them"),
        # as many numbers, but in another form: nothing is guessed
        ((2, 8, 4), (1, 8, 8), "`input 2x8x4` fits them"),
    ],
)
def test_what_fits_in_no_way_is_a_mismatch(size: tuple[int, ...], shape: tuple[int, ...], help: str) -> None:
    with pytest.raises(DataMismatch) as caught:
        fitted(np.zeros((4, *size)), shape)
    assert caught.value.about == "input"
    assert caught.value.help == (help,)


@pytest.mark.parametrize(
    ("values", "highest", "note"),
    [
        (np.array([0, 200], np.uint8), 200 / 255, "values 0..255 brought to 0..1"),
        (np.array([0, 3], np.uint8), 3 / 255, "values 0..255 brought to 0..1"),
        (np.array([0, 1], np.uint8), 1, ""),
        (np.array([0.0, 255.0]), 1, "values 0..255 brought to 0..1"),
        (np.array([0, 16]), 16, "values from 0 to 16 used as they are"),
        (np.array([0, 0.5]), 0.5, ""),
        (np.array([-1.5, 2.0]), 2, "values from -1.5 to 2 used as they are"),
        (np.array([0, 65535], np.uint16), 1, "values 0..65535 brought to 0..1"),
        (np.array([False, True]), 1, ""),
    ],
)
def test_brightness_is_scaled_only_where_it_is_brightness(values: Any, highest: float, note: str) -> None:
    data = fitted(np.tile(values, 2).reshape(4, 1, 1, 1), (1, 1, 1))
    assert data.images.max().item() == pytest.approx(highest)
    assert data.notes == ((note,) if note else ())


def test_all_parts_are_scaled_alike() -> None:
    train = RawPart(np.array([[[0.0]], [[255.0]]]), LABELS[:2])
    dark = RawPart(np.array([[[0.0]], [[1.0]]]), LABELS[:2])
    data = fit(Raw(train, test=dark), (1, 1, 1), "x")
    assert data.test is not None
    assert data.test.images.max().item() == pytest.approx(1 / 255)


@pytest.mark.parametrize(
    ("labels", "classes", "numbers"),
    [
        ([1, 2, 3, 1], ("1", "2", "3"), [0, 1, 2, 0]),
        ([0, 10, 9, 0], ("0", "9", "10"), [0, 2, 1, 0]),
        (["dog", "cat", "dog", "cat"], ("cat", "dog"), [1, 0, 1, 0]),
        (["10", "9", "9", "10"], ("9", "10"), [1, 0, 0, 1]),
        (["2.0", "1", "1.0", "2"], ("1", "2"), [1, 0, 0, 1]),
        ([-1, 1, -1, 1], ("-1", "1"), [0, 1, 0, 1]),
    ],
)
def test_labels_are_mapped_and_the_mapping_is_said(
    labels: Any, classes: tuple[str, ...], numbers: Any
) -> None:
    data = fitted(np.zeros((4, 1)), (1,), labels)
    assert data.classes == classes
    assert data.labels.tolist() == numbers
    assert data.mapping == {word: index for index, word in enumerate(classes)}
    assert data.notes[0].startswith(f"labels mapped to classes: {classes[0]} -> 0, {classes[1]} -> 1")


def test_labels_from_0_need_no_mapping() -> None:
    data = fitted(np.zeros((4, 1)), (1,), [2, 1, 0, 2])
    assert data.classes == ("0", "1", "2")
    assert data.mapping is None
    assert data.notes == ()


def test_a_class_without_training_images_is_said() -> None:
    train, test = RawPart(np.zeros((2, 1)), np.array([0, 1])), RawPart(np.zeros((2, 1)), np.array([1, 2]))
    data = fit(Raw(train, test=test), (1,), "x")
    assert data.classes == ("0", "1", "2")
    assert data.notes == ("no training images have the label 2",)
