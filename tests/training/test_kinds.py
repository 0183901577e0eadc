"""What data may be: IDX files, torchvision's data sets, functions; and where their files lie."""

import gzip
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import cnndsl
from cnndsl.cli import main
from cnndsl.training import DataError, DataMismatch, load
from cnndsl.training.address import absolute, beside
from cnndsl.training.data import Known, from_arrays

from . import idx, torchvision_data
from .conftest import SPEC, bars

SHAPE = (1, 6, 6)
IMAGES, LABELS = bars(20)


def write_idx(folder: Path, part: str, count: int, ending: str = "", seed: int = 0) -> None:
    images, labels = bars(count, seed)
    packed = gzip.compress if ending == ".gz" else bytes
    idx.write(folder, ending, idx.encoded(images), idx.encoded(labels.astype(np.uint8)), packed, part)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_are_found_together(tmp_path: Path, ending: str) -> None:
    write_idx(tmp_path, "train", 20, ending)
    write_idx(tmp_path, "t10k", 8, ending, seed=1)
    for name in ("", "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"):
        data = load(tmp_path / f"{name}{ending}" if name else tmp_path, SHAPE)
        assert data.test is not None
        assert (len(data.train), len(data.test)) == (20, 8)
        assert np.allclose(data.images[:].numpy()[:, 0] * 255, IMAGES)
        assert data.labels.tolist() == LABELS.tolist()
        assert "values 0..255 brought to 0..1" in data.notes
    assert f"train: 20 images of train-images-idx3-ubyte{ending}" in data.notes[0]


def test_of_several_data_sets_one_is_named(tmp_path: Path) -> None:
    write_idx(tmp_path, "t10k", 8)
    assert len(load(tmp_path, SHAPE).train) == 8
    write_idx(tmp_path, "digits-train", 6)
    assert len(load(tmp_path, SHAPE).train) == 6
    write_idx(tmp_path, "letters-train", 10)
    write_idx(tmp_path, "letters-test", 4)
    with pytest.raises(DataError, match=r"holds several data sets, .*: name one of the files"):
        load(tmp_path, SHAPE)
    letters = load(tmp_path / "letters-train-images-idx3-ubyte", SHAPE)
    assert letters.test is not None
    assert (len(letters.train), len(letters.test)) == (10, 4)


@pytest.mark.parametrize("kind", list(idx.CODES))
def test_idx_of_every_type(tmp_path: Path, kind: str) -> None:
    values = (np.arange(4 * 36).reshape(4, 6, 6) % 100).astype(kind)
    for name, content in (("images", values), ("labels", np.array([0, 1, 0, 1], "u1"))):
        (tmp_path / f"train-{name}-idx3-ubyte").write_bytes(idx.encoded(content))
    data = load(tmp_path, SHAPE)
    highest = data.images[:].max().item()
    assert np.allclose(data.images[:].numpy()[:, 0] / highest * 99, values)


def test_mnist_of_torchvision(tmp_path: Path) -> None:
    torchvision_data.datasets()
    torchvision_data.write_mnist(tmp_path)
    data = load(f"torchvision:MNIST?root={tmp_path}", SHAPE)
    assert data.test is not None
    assert (len(data.train), len(data.test)) == (60, 20)
    assert np.allclose(data.images[:].numpy()[:, 0] * 255, bars(60)[0])
    # torchvision's own names, and its numbers
    assert len(data.classes) == 10
    assert data.labels.tolist() == bars(60)[1].tolist()
    only = load(f"torchvision:MNIST?root={tmp_path}&train=false", SHAPE)
    assert (len(only.train), only.test) == (20, None)


def test_pictures_of_torchvision() -> None:
    torchvision_data.datasets()
    address = "torchvision:FakeData?size=10&num_classes=3&random_offset=4"
    data = load(address, (3, 32, 32), resize="crop")
    assert data.images.shape == (10, 3, 32, 32)
    assert "10 images of 224x224 (width x height) brought to 32x32" in data.notes
    assert 0 <= float(data.images[:].min()) <= float(data.images[:].max()) <= 1
    assert load(f"{address}&image_size=(3, 8, 9)", (3, 8, 9)).images.shape == (10, 3, 8, 9)


def test_without_torchvision_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    with pytest.raises(DataError, match="torchvision is not installed") as caught:
        load("torchvision:MNIST", SHAPE)
    assert "install the torchvision that goes with your PyTorch" in str(caught.value)


def test_nothing_is_fetched_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = torchvision_data.datasets()
    asked = []
    monkeypatch.setattr(datasets.MNIST, "download", lambda self: asked.append(self.root))
    with pytest.raises(DataError, match="no files of MNIST in") as caught:
        load(f"torchvision:MNIST?root={tmp_path}", SHAPE)
    assert asked == []
    assert f"`torchvision:MNIST?root={tmp_path}&download` fetches them" in str(caught.value)
    with pytest.raises(DataError, match="MNIST cannot be read"):
        load(f"torchvision:MNIST?root={tmp_path}&download", SHAPE)
    assert asked == [str(tmp_path)]


PICTURES = [Image.fromarray(image) for image in IMAGES]


class Items(torch.utils.data.Dataset[Any]):
    """A dataset as PyTorch has them."""

    def __init__(self, images: Any, labels: Any) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Any:
        return self.images[index], self.labels[index]


class Named(Items):
    """One whose labels are numbers of names."""

    classes = ("lying", "upright", "bent")


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ((IMAGES, LABELS), (20, 0, 0)),
        ((torch.from_numpy(IMAGES), torch.from_numpy(LABELS)), (20, 0, 0)),
        ((IMAGES.tolist(), LABELS.tolist()), (20, 0, 0)),
        (((IMAGES, LABELS), (IMAGES[:4], LABELS[:4])), (20, 0, 4)),
        (((IMAGES, LABELS), (IMAGES[:6], LABELS[:6]), (IMAGES[:4], LABELS[:4])), (20, 6, 4)),
        ({"x_train": IMAGES, "y_train": LABELS, "x_val": IMAGES[:2], "y_val": LABELS[:2]}, (20, 2, 0)),
        ({"train": (IMAGES, LABELS), "test": (IMAGES[:3], LABELS[:3]), "val": None}, (20, 0, 3)),
        (Items(torch.from_numpy(IMAGES)[:, None] / 255, LABELS), (20, 0, 0)),
        (Items(PICTURES, LABELS.tolist()), (20, 0, 0)),
        ({"train": Items(PICTURES, LABELS), "val": Items(PICTURES[:5], LABELS[:5])}, (20, 5, 0)),
        ((Items(PICTURES, LABELS), Items(PICTURES[:5], LABELS[:5])), (20, 0, 5)),
        ([IMAGES, LABELS], (20, 0, 0)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_function_may_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: Any, parts: tuple[int, int, int]
) -> None:
    data = own(tmp_path, monkeypatch, value)
    assert tuple(0 if part is None else len(part) for part in (data.train, data.val, data.test)) == parts
    assert np.allclose(data.images[:].numpy()[:, 0] * 255, IMAGES, atol=1e-4)
    assert data.labels.tolist() == LABELS.tolist()


def own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: Any, shape: Any = SHAPE, **options: Any
) -> Any:
    """What becomes of a value that a function gives."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    (tmp_path / "own_data.py").write_text("VALUE = []\ndef load():\n    return VALUE[0]\n")
    monkeypatch.delitem(sys.modules, "own_data", raising=False)
    sys.path.insert(0, str(tmp_path))
    import importlib

    importlib.invalidate_caches()
    module = importlib.import_module("own_data")
    module.VALUE.append(value)
    return load("python:own_data:load", shape, **options)


def test_names_of_classes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = own(tmp_path, monkeypatch, Named(PICTURES, LABELS.tolist()))
    assert data.classes == ("lying", "upright", "bent")
    assert data.labels.tolist() == LABELS.tolist()
    assert "no training images have the label bent" in data.notes


def test_pictures_are_mended_as_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = [picture.convert("RGB") if index % 2 else picture for index, picture in enumerate(PICTURES)]
    data = own(tmp_path, monkeypatch, Items(mixed, LABELS))
    assert "10 images in the mode RGB brought to grey" in data.notes
    with pytest.raises(
        DataMismatch, match=r"train: image 0: the image is 6x6 \(width x height\), the network"
    ):
        own(tmp_path, monkeypatch, Items(PICTURES, LABELS), (1, 8, 8))
    assert (
        own(tmp_path, monkeypatch, Items(PICTURES, LABELS), (1, 8, 8), resize="stretch").images.shape[2] == 8
    )


def test_transparency_of_arrays_is_laid_over_white() -> None:
    clear = np.zeros((4, 5, 5, 4), np.uint8)
    clear[..., 3] = [[[0]], [[255]], [[51]], [[255]]]
    labels = np.array([0, 1, 0, 1])
    data = from_arrays(clear, labels, (3, 5, 5))
    assert data.notes[1] == "transparency laid over white: 5x5x4 is 3x5x5"
    assert data.images[:, 2, 0, 0].tolist() == pytest.approx([1, 0, 0.8, 0])
    first = from_arrays(clear.transpose(0, 3, 1, 2), labels, (3, 5, 5))
    assert torch.equal(first.images[:], data.images[:])
    assert from_arrays(clear, labels, (4, 5, 5)).images.shape == (4, 4, 5, 5)


def test_what_a_network_knows_decides() -> None:
    known = Known(("3", "7"), 255)
    dark = (np.ones((2, 6, 6)) * 3).astype(np.uint8)
    data = from_arrays(dark, np.array([7, 7]), SHAPE, known=known)
    assert data.labels.tolist() == [1, 1]
    assert data.images[:].max().item() == pytest.approx(3 / 255)
    with pytest.raises(DataError, match="the label `4` is none that the network knows: 3, 7"):
        from_arrays(dark, np.array([7, 4]), SHAPE, known=known)


def test_addresses_move_with_the_spec_and_the_run(tmp_path: Path) -> None:
    folder = Path("specs")
    assert beside("a.csv", folder) == os.path.join("specs", "a.csv")
    assert beside("python:a:b", folder) == absolute("python:a:b") == "python:a:b"
    assert beside("torchvision:MNIST", folder) == "torchvision:MNIST?root=specs/data"
    assert (
        absolute("torchvision:MNIST?root=x&download")
        == f"torchvision:MNIST?root={os.path.abspath('x')}&download"
    )
    assert absolute("torchvision:No such") == "torchvision:No such"


def test_a_run_on_a_function_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own(tmp_path, monkeypatch, (IMAGES, LABELS))
    result = cnndsl.train(SPEC, "python:own_data:load", epochs=1, device="cpu", out=tmp_path / "run")
    again = cnndsl.train(SPEC, resume=result.folder, epochs=2)
    assert len(again.epochs) == 2


def test_images_of_other_sizes_are_brought_to_the_networks(tmp_path: Path) -> None:
    half = Image.new("L", (12, 6))
    half.paste(255, (0, 0, 6, 6))
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        half.save(tmp_path / kind / "1.png")
    # the middle; all of it; all of it with black above and below
    cut, squeezed, padded = (
        load(tmp_path, SHAPE, resize=how).images[0, 0] for how in ("crop", "stretch", "pad")
    )
    assert cut.round().tolist() == squeezed.round().tolist() == [[1, 1, 1, 0, 0, 0]] * 6
    assert padded.round().tolist() == [*[[0] * 6] * 2, *[[1, 1, 1, 0, 0, 0]] * 3, [0] * 6]


def test_a_check_runs_no_code_that_a_spec_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "must_not_run.py").write_text("raise SystemExit('imported')")
    (tmp_path / "net.cnn").write_text(f'{SPEC}train {{\n  data "python:must_not_run:load"\n}}\n')
    assert main(["check", "net.cnn"]) == 0
    assert main(["show", "net.cnn"]) == 0
    assert "must_not_run" not in sys.modules
    # and training does, and says what came of it
    assert main(["train", "net.cnn", "--device", "cpu"]) == 1
