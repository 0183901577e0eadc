"""What TensorBoard is given."""

import json
import sys
from pathlib import Path

import pytest

from cnndsl.cli import main
from cnndsl.training import train

SPEC = "input 1x6x6 -> flatten -> linear 2"


def test_scalars_of_each_epoch_and_of_a_run_that_goes_on(
    tmp_path: Path, csv_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    for name in ("draw_curves", "draw_confusion"):
        monkeypatch.setattr(f"cnndsl.training.records.{name}", lambda *arguments: None)
    out = tmp_path / "run"
    words = ["--tensorboard", "--device", "cpu"]
    assert (
        main(["train", "-e", SPEC, "--data", str(csv_path), "--out", str(out), "--epochs", "2", *words]) == 0
    )
    assert "epoch 2/2" in capsys.readouterr().err
    # what was told of an epoch that was killed before its checkpoint
    with SummaryWriter(str(out / "tensorboard")) as killed:
        killed.add_scalar("loss/training", 99.0, 3)
    train(SPEC, str(csv_path), resume=out, epochs=3, tensorboard=True)
    events = EventAccumulator(str(out / "tensorboard"))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {
        "loss/training",
        "loss/validation",
        "accuracy/training",
        "accuracy/validation",
        "speed/samples a second",
        "speed/seconds an epoch",
    }
    epochs = json.loads((out / "metrics.json").read_text())["epochs"]
    for tag, name in (("loss/training", "train_loss"), ("accuracy/validation", "val_accuracy")):
        told = [(one.step, one.value) for one in events.Scalars(tag)]
        assert told == [(record["epoch"], pytest.approx(record[name], abs=1e-5)) for record in epochs]


def test_where_tensorboard_is_missing_nothing_begins(
    tmp_path: Path, csv_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    out = tmp_path / "run"
    assert main(["train", "-e", SPEC, "--data", str(csv_path), "--out", str(out), "--tensorboard"]) == 2
    assert "`pip install 'cnndsl[tensorboard]'`" in capsys.readouterr().err
    assert not out.exists()
