"""What the examples promise, done: a folder of images from nothing, transfer, a CNN against an MLP."""

import runpy
from pathlib import Path

import pytest

import cnndsl
from cnndsl.training.data.folder import folders

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnndsl.training.records.draw_curves", lambda *arguments: None)
    monkeypatch.setattr("cnndsl.training.records.draw_confusion", lambda *arguments: None)


def test_a_folder_of_colour_images_is_learnt(tmp_path: Path) -> None:
    make = runpy.run_path(str(EXAMPLES / "data" / "make_shapes.py"))["make"]
    make(tmp_path / "shapes")
    found = {folder.name: len(list(folder.glob("*.png"))) for folder in folders(tmp_path / "shapes")}
    assert found == dict.fromkeys(("circle", "cross", "ring", "square", "triangle"), 400)
    result = cnndsl.train(EXAMPLES / "shapes.cnn", tmp_path / "shapes", device="cpu", out=tmp_path / "run")
    assert result.test.samples == 400
    assert result.accuracy >= 0.97
    run = cnndsl.load_run(result.folder, device="cpu")
    assert run.evaluate().accuracy == result.accuracy
    ring = tmp_path / "shapes" / "ring" / "0002.png"
    assert run.predict(ring).classes == ["ring"]


def test_the_same_seed_makes_the_same_images(tmp_path: Path) -> None:
    make = runpy.run_path(str(EXAMPLES / "data" / "make_shapes.py"))["make"]
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        make(tmp_path / name, 5, seed)
    one, two, other = ((tmp_path / name / "ring" / "0002.png").read_bytes() for name in "abc")
    assert one == two != other


def test_transfer_makes_few_images_suffice(tmp_path: Path) -> None:
    before, head, tuned, scratch = runpy.run_path(str(EXAMPLES / "transfer.py"))["main"](tmp_path).values()
    assert before > 0.95
    assert head > scratch + 0.15
    assert tuned > scratch + 0.15


def test_a_cnn_is_ahead_of_an_mlp(tmp_path: Path) -> None:
    found = runpy.run_path(str(EXAMPLES / "cnn_against_mlp.py"))["main"](tmp_path, epochs=2, seeds=1)
    parameters, accuracy = found["mlp_mnist"]
    assert parameters == 79_510
    for name in ("minimal_mnist", "two_block_mnist"):
        assert found[name][0] < parameters
        assert found[name][1] > accuracy
