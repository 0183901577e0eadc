"""Each kind of data broken in ways that happen: a message that says where, exit 1, and no run folder."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnndsl.cli import main

from . import idx, torchvision_data
from .conftest import SPEC, bars

IMAGES, LABELS = bars(12)
Break = Callable[[Path], str]


def csv_bytes(images: np.ndarray = IMAGES, labels: np.ndarray = LABELS) -> bytes:
    names = ["label", *(f"p{index}" for index in range(36))]
    rows = [
        [label, *row] for label, row in zip(labels.tolist(), images.reshape(-1, 36).tolist(), strict=True)
    ]
    return ("\n".join(",".join(map(str, row)) for row in [names, *rows]) + "\n").encode()


def npz_bytes(**arrays: object) -> bytes:
    content = io.BytesIO()
    np.savez(content, **({"x_train": IMAGES, "y_train": LABELS} | arrays))  # type: ignore[arg-type]
    return content.getvalue()


def png_bytes(size: tuple[int, int] = (6, 6)) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, size[::-1], np.uint8)).save(content, "png")
    return content.getvalue()


def file(name: str, content: bytes) -> Break:
    """One file, which is the data."""

    def write(folder: Path) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    return write


def pair(ending: str = "", **contents: bytes) -> Break:
    """A file of images and one of labels."""

    def write(folder: Path) -> str:
        whole = {"images": idx.encoded(IMAGES), "labels": idx.encoded(LABELS.astype(np.uint8))} | contents
        packed = gzip.compress if ending == ".gz" else bytes
        idx.write(folder, ending, whole["images"], whole["labels"], packed)
        return str(folder / f"train-images-idx3-ubyte{ending}")

    return write


def tree(*contents: tuple[str, bytes]) -> Break:
    """A folder with two classes of images, and what breaks it; empty content is left out."""

    def write(folder: Path) -> str:
        files = {f"{kind}/{number}.png": png_bytes() for kind in ("cat", "dog") for number in range(4)}
        for name, content in (files | dict(contents)).items():
            if content != GONE:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        return str(folder)

    return write


GONE = b"gone"


def module(text: str, name: str = "load") -> Break:
    """A module with a function that gives the data."""

    def write(folder: Path) -> str:
        # each test's module has a name of its own: Python keeps those that it imported
        stem = f"data_{abs(hash((text, str(folder))))}"
        (folder / "work" / f"{stem}.py").write_text(text)
        return f"python:{stem}:{name}"

    return write


def endless(name: str) -> bytes:
    """An archive whose one array would fill the memory."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        head = io.BytesIO()
        shape = (1 << 20, 1 << 20) if name == "claims" else (80 << 20,)
        np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for array in ("x_train", "y_train"):
            archive.writestr(
                f"{array}.npy", head.getvalue() + (b"\0" * (80 << 20) if name == "packed" else b"")
            )
    return content.getvalue()


def pickled() -> bytes:
    content = io.BytesIO()
    np.savez(content, x_train=np.array([{"a": 1}] * 12, object), y_train=LABELS)
    return content.getvalue()


ZEROS = "import numpy as np\ndef zeros(count): return np.zeros((count, 1, 6, 6))\n"
CSV = csv_bytes()
ROWS = CSV.splitlines()
NPZ = npz_bytes()
PACKED = gzip.compress(CSV)
IDX = idx.encoded(IMAGES)

BROKEN: dict[str, list[tuple[Break, str]]] = {
    "csv": [
        (file("x.csv", b""), "x.csv: the file is empty"),
        (file("x.csv", CSV[: len(CSV) - 60]), "x.csv:13: expected 37 columns, as in line 1, found"),
        (file("x.csv", CSV.replace(b"255", b"bright", 1)), "expected a number, found `bright`"),
        (file("x.csv", b"\n".join([*ROWS[:4], b"1,2,3", *ROWS[4:]])), "x.csv:5: expected 37 columns"),
        (file("x.csv", png_bytes()), "x.csv"),
        (file("x.csv", b"\n".join(ROWS[1:])), "expected column names, one of them `label`; found numbers"),
        (file("x.csv", csv_bytes(labels=LABELS * 0)), "all 12 labels are 0: there is nothing to tell apart"),
        (file("x.csv", csv_bytes(labels=LABELS + 5) + CSV.splitlines()[1] + b"\n"), "3 classes"),
    ],
    "csv.gz": [
        (file("x.csv.gz", b""), "x.csv.gz: the file is empty"),
        (file("x.csv.gz", PACKED[:-20]), "x.csv.gz: the gzip file is damaged or cut short"),
        (file("x.csv.gz", PACKED[:60] + bytes(8) + PACKED[68:]), "the gzip file is damaged or cut short"),
        (file("x.csv.gz", gzip.compress(b"")), "x.csv.gz: the file is empty"),
        (file("x.csv.gz", gzip.compress(CSV[:-60])), "x.csv.gz:13: expected 37 columns"),
        (file("x.csv.gz", gzip.compress(b"label,a\n" + b"0,0\n" * (20 << 20))), "never that small"),
        (file("x.csv.gz", gzip.compress(CSV.replace(b"255", b"nan", 1))), "a finite number, found `nan`"),
    ],
    "npz": [
        (file("x.npz", b""), "x.npz: the file is empty"),
        (file("x.npz", NPZ[:200]), "x.npz: not an .npz file"),
        (file("x.npz", b"PK" + bytes(100)), "x.npz: not an .npz file"),
        (file("x.npz", NPZ.replace(IMAGES.tobytes()[:20], bytes(20), 1)), "`x_train` is damaged"),
        (file("x.npz", pickled()), "`x_train` holds pickled Python objects, which are never loaded"),
        (file("x.npz", endless("claims")), "`x_train` is damaged: 1048576x1048576 numbers take"),
        (file("x.npz", endless("packed")), "`x_train`: "),
        (file("x.npz", npz_bytes(y_train=LABELS[:5])), "the images are 12x6x6, the labels 5"),
        (file("x.npz", npz_bytes(x_train=IMAGES.astype(str))), "`x_train`: expected numbers, found <U3"),
        (file("x.npz", npz_bytes(y_train=LABELS + 0.5)), "expected whole numbers or words, label 0 is 0.5"),
        (file("x.npz", npz_bytes(y_train=np.arange(12))), "the labels are of 12 classes, the network has 2"),
        (file("x.npz", npz_bytes(x_train=IMAGES[:, :5])), "the images are 5x6, the network takes 1x6x6"),
    ],
    "idx": [
        (pair(images=b""), "train-images-idx3-ubyte: the file is empty"),
        (pair(images=IDX[:-10]), "ubyte: cut short: 12x6x6 numbers take 432 bytes, found 422"),
        (pair(images=IDX + b"more"), "longer than it says"),
        (pair(images=b"\0\0\1\3" + IDX[4:]), "not an IDX file: it begins with the bytes 00 00 01 03"),
        (pair(images=b"\0\0\x08\3" + b"\xff" * 12 + IDX[16:]), "cut short: 4294967295x4294967295x4294967295"),
        (pair(images=png_bytes()), "not an IDX file: it begins with the bytes 89 50 4e 47"),
        (pair(labels=GONE), "stands alone: expected train-labels-idx1-ubyte beside it"),
        (pair(labels=idx.encoded(np.arange(12, dtype=np.uint8))), "the labels are of 12 classes"),
        (pair(labels=idx.encoded(LABELS[:9].astype(np.uint8))), "the images are 12x6x6, the labels 9"),
        (pair(labels=idx.encoded(LABELS + 0.5)), "expected whole numbers or words, label 0 is 0.5"),
    ],
    "idx.gz": [
        (pair(".gz", images=b""), "train-images-idx3-ubyte.gz: the file is empty"),
        (pair(".gz", images=IDX[:-10]), "cut short: 12x6x6 numbers take 432 bytes, found 422"),
        (pair(".gz", labels=b"\0\0\x08"), "train-labels-idx1-ubyte.gz: not an IDX file"),
        (pair(".gz", labels=b"\0\0\x08\1\0"), "cut short: the sizes of 1 axes are missing"),
        (pair(".gz", images=IDX + bytes(70 << 20)), "packed data are never that small"),
        (pair(".gz", labels=GONE), "stands alone: expected train-labels-idx1-ubyte.gz beside it"),
        (pair(".gz", images=idx.encoded(IMAGES[:, :5])), "the images are 5x6, the network takes 1x6x6"),
    ],
    "folder": [
        (tree(("cat/bad.png", b"")), "bad.png is no image that can be read"),
        (tree(("cat/bad.png", png_bytes()[:50])), "bad.png is a broken image"),
        (tree(("cat/bad.jpg", b"text")), "bad.jpg is no image that can be read"),
        (tree(("cat/big.png", png_bytes((9, 8)))), "9x8 (width x height), the network takes 6x6"),
        (tree(*((f"dog/{number}.png", GONE) for number in range(4))), "found only `cat`"),
        (lambda folder: str(folder), "expected a folder of images for each class, found no folder"),
        (tree(("cow/notes.txt", b"none yet")), "cow: the folder of this class holds no image"),
        (tree(("cow/1.png", png_bytes())), "the labels are of 3 classes, the network has 2 outputs"),
        (tree(("train/a/1.png", png_bytes()), ("train/b/1.png", png_bytes()), ("val/c/1.png", png_bytes())),
         "no training images of a class `c`"),
    ],
    "python": [
        (lambda folder: "python:nowhere_at_all:load", "no module nowhere_at_all in"),
        (module("def other(): ..."), "has no `load`"),
        (module("import nothing_like_it\ndef load(): ..."), "cannot be imported: ModuleNotFoundError: No"),
        (module("def load(:"), "cannot be imported: SyntaxError"),
        (module("def load():\n  return 1 / 0"), "fails: ZeroDivisionError: division by zero (line 2 of"),
        (module("def load(): return 3"), "found int, 3; expected a pair (images, labels)"),
        (module("load = 3"), "`load` is of type int, expected a function without arguments"),
        (module("def load(): return [[[1, 2], [3]], [[1, 2]]], [0, 1]"), "the rows are of different lengths"),
        (module(f"{ZEROS}def load(): return zeros(4), [0, 1, 0]"), "the labels 3"),
        (module(f"{ZEROS}def load(): return zeros(2), [0, 'a']"), "too few to hold out 0.2"),
        (module(f"{ZEROS}def load(): return {{'x_train': zeros(2)}}"), "`x_train` stands alone"),
        (module("import sys\nsys.exit(3)"), "cannot be imported: SystemExit: 3"),
        (module("class D:\n def __len__(self): return 2\n def __getitem__(self, i): 1 / i\nload = D"),
         "item 0 cannot be read: ZeroDivisionError: division by zero"),
        (lambda folder: "python:os", "expected python:MODULE:FUNCTION"),
    ],
    "torchvision": [
        (lambda folder: "torchvision:MNITS", "torchvision has no data set `MNITS`"),
        (lambda folder: f"torchvision:MNIST?root={folder}", "no files of MNIST in"),
        (lambda folder: "torchvision:FakeData?sizes=3", "FakeData has no argument `sizes`"),
        (lambda folder: "torchvision:", "expected torchvision:NAME"),
        (lambda folder: "torchvision:FakeData?download=maybe", "download is `maybe`, expected yes or no"),
        (lambda folder: "torchvision:FakeData?size=8&num_classes=2", "the image is 224x224 (width x height)"),
        (torchvision_data.broken_mnist, "MNIST cannot be read"),
        (lambda folder: f"torchvision:CocoDetection?root={folder}", "cannot be read: TypeError"),
    ],
}  # fmt: skip
CASES = [
    pytest.param(kind, write, message, id=f"{kind}-{number}")
    for kind, breaks in BROKEN.items()
    for number, (write, message) in enumerate(breaks)
]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to run in, below one for data."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    yield tmp_path
    import sys

    sys.path[:] = [path for path in sys.path if path != str(tmp_path / "work")]


@pytest.mark.parametrize(("kind", "write", "message"), CASES)
def test_broken_data_are_refused(
    workplace: Path, capsys: pytest.CaptureFixture[str], kind: str, write: Break, message: str
) -> None:
    if kind == "torchvision":
        torchvision_data.datasets()
    data = workplace / "data"
    data.mkdir()
    (data / "work").symlink_to(workplace / "work")
    (workplace / "spec.cnn").write_text(SPEC)
    address = write(data if kind != "folder" else folder_of(data))
    status = main(
        ["train", str(workplace / "spec.cnn"), "--data", address, "--epochs", "1", "--device", "cpu"]
    )
    printed = capsys.readouterr()
    assert status == 1, printed.err
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert "a defect of cnndsl" not in printed.err
    assert printed.out == ""
    assert not (workplace / "work" / "runs").exists()


def folder_of(data: Path) -> Path:
    (data / "images").mkdir()
    return data / "images"


def test_every_kind_is_broken_in_five_ways() -> None:
    assert {kind for kind, breaks in BROKEN.items() if len(breaks) >= 5} == {
        "csv", "csv.gz", "npz", "idx", "idx.gz", "folder", "torchvision", "python",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "npz", "folder"])
def test_what_may_not_be_read_is_said(
    workplace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """As when the permission lacks, which a test that root runs cannot arrange."""
    write = {"csv": file("x.csv", CSV), "npz": file("x.npz", NPZ), "folder": tree()}[kind]
    data = workplace / "data"
    data.mkdir()
    address = write(data)
    (workplace / "spec.cnn").write_text(SPEC)

    def refuse(self: Path, *arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(
        Path, "read_bytes" if kind == "csv" else "open" if kind == "npz" else "iterdir", refuse
    )
    status = main(["train", "-e", SPEC, "--data", address, "--epochs", "1", "--device", "cpu"])
    printed = capsys.readouterr()
    assert status == 2
    assert "cannot read" in printed.err
    assert "permission denied" in printed.err
    monkeypatch.undo()
    assert not list((workplace / "work").iterdir())
