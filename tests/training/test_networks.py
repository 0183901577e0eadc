"""Training networks of several files, and networks with outputs that training alone has."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from cnndsl import check
from cnndsl.training import Data, RunFolderError, train
from cnndsl.training.recipe import AUXILIARY_WEIGHT, Objective
from cnndsl.training.settings import CrossEntropy

BLOCKS = "block head(classes) { gap -> flatten -> linear classes }\n"
SPEC = 'use "parts/blocks.cnn"\ninput 1x6x6\nconv 4 k3 p1 -> relu -> head 2\n'
AUXILIARY = """
input 1x6x6
conv 4 k3 p1 -> relu
output early when training { gap -> flatten -> aux: linear 2 }
conv 4 k3 -> relu -> gap -> flatten -> linear 2
"""


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnndsl.training.records.draw_curves", lambda *arguments: None)
    monkeypatch.setattr("cnndsl.training.records.draw_confusion", lambda *arguments: None)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec that uses a file in a folder beside it."""
    (tmp_path / "specs" / "parts").mkdir(parents=True)
    (tmp_path / "specs" / "parts" / "blocks.cnn").write_text(BLOCKS)
    path = tmp_path / "specs" / "net.cnn"
    path.write_text(SPEC)
    return path


def test_a_run_keeps_the_files_that_its_spec_uses(data: Data, tmp_path: Path, spec: Path) -> None:
    result = train(spec, data, out=tmp_path / "run", epochs=1, device="cpu")
    assert (result.folder / "parts" / "blocks.cnn").read_text() == BLOCKS
    assert check(result.folder / "spec.cnn").ok


def test_a_run_that_is_taken_back_takes_them_along(
    data: Data, tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cnndsl.training.loop.Loop.train_epoch", stop)
    with pytest.raises(KeyboardInterrupt):
        train(spec, data, out=tmp_path / "run", epochs=1, device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_used_file_cannot_take_the_place_of_the_spec(data: Data, tmp_path: Path, spec: Path) -> None:
    (spec.parent / "spec.cnn").write_text(BLOCKS)
    spec.write_text(SPEC.replace("parts/blocks.cnn", "spec.cnn"))
    with pytest.raises(RunFolderError, match=r"uses a file spec\.cnn"):
        train(spec, data, out=tmp_path / "run", epochs=1, device="cpu")
    assert not (tmp_path / "run").exists()


def test_auxiliary_outputs_are_trained_too(data: Data, tmp_path: Path) -> None:
    result = train(AUXILIARY, data, out=tmp_path / "run", epochs=1, lr=0.01, seed=3, device="cpu")
    torch.manual_seed(3)
    state = torch.load(result.folder / "last.ckpt", weights_only=True)["loop"]["model"]
    untrained = train(AUXILIARY, data, out=tmp_path / "again", epochs=1, lr=1e-12, seed=3, device="cpu")
    before = torch.load(untrained.folder / "last.ckpt", weights_only=True)["loop"]["model"]
    assert (state["aux.weight"] - before["aux.weight"]).abs().max() > 1e-3


def test_their_losses_count_less() -> None:
    outputs, other, labels = torch.randn(4, 3), torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    loss, main = Objective(CrossEntropy()).training_loss((outputs, other), labels)
    assert main is outputs
    wanted = F.cross_entropy(outputs, labels) + AUXILIARY_WEIGHT * F.cross_entropy(other, labels)
    assert torch.isclose(loss, wanted)
