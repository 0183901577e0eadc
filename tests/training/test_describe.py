"""`cnndsl data`: what a data set is like."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnndsl.cli import main

from . import torchvision_data
from .conftest import bars, write_csv


def described(capsys: pytest.CaptureFixture[str], *words: object) -> list[str]:
    assert main(["data", *map(str, words)]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_csv(csv_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = described(capsys, csv_path)
    assert lines[:3] == [str(csv_path), "  samples  120 to train with", "  input    `input 1x6x6` fits them"]
    values = bars(120)[0] / 255
    assert f"  mean     {values.mean():.4f}" in lines
    assert f"  std      {values.std():.4f}" in lines
    assert "  mended   values 0..255 brought to 0..1" in lines
    assert lines[-2:] == [f"{name}          60   50.0%  {'█' * 24}" for name in "01"]


def test_json_and_the_shares_of_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, _ = bars(20)
    np.savez(
        tmp_path / "x.npz",
        x_train=images[:, :, :, None].repeat(3, 3), y_train=np.where(np.arange(20) < 15, "many", "few"),
        x_test=images[:4, :, :, None].repeat(3, 3), y_test=np.array(["many", "few", "few", "few"]),
    )  # fmt: skip
    record = json.loads("\n".join(described(capsys, tmp_path / "x.npz", "--json")))
    assert record["input"] == [3, 6, 6]
    assert record["parts"] == {"train": 20, "test": 4}
    assert record["classes"] == [
        {"name": "few", "train": 5, "test": 3},
        {"name": "many", "train": 15, "test": 1},
    ]
    assert record["values"]["mean"] == pytest.approx([images.mean() / 255] * 3, abs=1e-5)
    assert "channels last brought to channels first: 3x6x6" in record["notes"]
    lines = described(capsys, tmp_path / "x.npz")
    assert lines[-2:] == [
        f"few         5       3   25.0%  {'█' * 8}",
        f"many       15       1   75.0%  {'█' * 24}",
    ]


def test_a_folder_of_images_of_several_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / "set" / kind).mkdir(parents=True)
        for number, size in enumerate([(8, 6), (8, 6), (20, 10)]):
            Image.new("RGB", size, "red").save(tmp_path / "set" / kind / f"{number}.png")
    lines = described(capsys, tmp_path / "set", "-o", tmp_path / "batch.png")
    assert lines[2:4] == [
        "  input    `input 3x6x8` fits them all, with `--resize crop`",
        "  sizes    2, width x height: 8x6 (4), 20x10 (2)",
    ]
    assert "  mean     1.0000 0.0000 0.0000" in lines
    with Image.open(tmp_path / "batch.png") as picture:
        colors = {color for _, color in picture.convert("RGB").getcolors(1 << 20) or []}
    assert (255, 0, 0) in colors
    assert "  input    `input 1x4x4` fits them all, with `--resize crop`" in described(
        capsys, tmp_path / "set", "--input", "1x4x4"
    )


def test_of_many_sizes_a_usual_one_is_proposed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / kind).mkdir()
        for number in range(3):
            Image.new("L", (70 + number, 130 + number)).save(tmp_path / kind / f"{number}.png")
    assert "  input    `input 1x64x64` fits them all, with `--resize crop`" in described(capsys, tmp_path)


def test_pictures_of_torchvision(capsys: pytest.CaptureFixture[str]) -> None:
    torchvision_data.datasets()
    lines = described(capsys, "torchvision:FakeData?size=6&num_classes=2&random_offset=1")
    assert "  input    `input 3x224x224` fits them" in lines


def test_many_classes_are_cut_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_csv(tmp_path / "x.csv", np.zeros((150, 2, 2), np.uint8), np.arange(150) % 60)
    lines = described(capsys, path)
    assert "  classes  60" in lines
    assert len(lines) < 60
    assert "... 20 more" in lines


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["gone.csv"], 2, "cannot read gone.csv: no such file or directory"),
        (["."], 1, "expected a folder of images for each class, found no image"),
        (["DATA", "--input", "1x5x5"], 1, "a row has 36 pixels, the network takes 1x5x5 = 25"),
        (["DATA", "--input", "left=1x6x6"], 2, "expected a shape like 1x28x28"),
        (["DATA", "-o", "batch.gif"], 2, "expected a file that ends in .png, .svg, .pdf"),
        (["DATA", "-o", "nowhere/batch.png"], 2, "cannot write nowhere"),
        (["DATA", "--input", "36", "-o", "batch.png"], 1, "a picture needs images, the samples are 36"),
        (["python:nowhere_at_all:load"], 1, "no module nowhere_at_all"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, csv_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: list[str], status: int, message: str,
) -> None:  # fmt: skip
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert main(["data", *(str(csv_path) if word == "DATA" else word for word in words)]) == status
    printed = capsys.readouterr()
    assert message in printed.err
    assert "defect" not in printed.err
    assert not list(Path.cwd().iterdir())
