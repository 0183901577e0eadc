"""Whole runs: what is learnt, what is written, and what is left after each way to end."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import cnndsl
from cnndsl.training import (
    SGD,
    AdamW,
    Data,
    DataError,
    DataMismatch,
    Epoch,
    RunFolderError,
    SettingError,
    TrainingError,
    TrainResult,
    loop,
    train,
)
from cnndsl.training.data import from_arrays
from cnndsl.training.plan import bounds
from cnndsl.training.progress import Silent
from cnndsl.training.randomness import ORDER, generator
from cnndsl.training.records import RunFolder

from .conftest import SPEC, bars

FILES = {
    "spec.cnn", "config.json", "metrics.csv", "metrics.json", "best.safetensors", "last.ckpt",
    "confusion.csv", "confusion.png", "curves.png", "previous.ckpt",
}  # fmt: skip

# Everything that keeps a state: a momentum, a schedule, dropout, batch norm, augmentation.
LIVELY: dict[str, Any] = {
    "optimizer": AdamW(lr=0.01),
    "schedule": "onecycle",
    "augment": {"shift": 1},
    "batch": 16,
    "device": "cpu",
}


def go(data: Data, out: Path | None = None, **settings: Any) -> TrainResult:
    return train(SPEC, data, out=out, **{"epochs": 2, **LIVELY, **settings})


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than these runs; it has tests of its own."""
    monkeypatch.setattr("cnndsl.training.records.draw_curves", lambda *arguments: None)
    monkeypatch.setattr("cnndsl.training.records.draw_confusion", lambda *arguments: None)


class Stop(KeyboardInterrupt):
    """Ctrl-C at a known place."""


def stop_in_epoch(monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    original = loop.Loop.train_epoch

    def train_epoch(self: loop.Loop, watch: Any, after_step: Any) -> tuple[float, float]:
        if self.epoch + 1 == epoch:
            # in the middle: the model has moved on, nothing was written
            original(self, watch, after_step)
            raise Stop
        return original(self, watch, after_step)

    monkeypatch.setattr(loop.Loop, "train_epoch", train_epoch)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(folder / "last.ckpt", weights_only=True)["loop"]["model"]
    return state


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_a_run_learns_and_writes_what_it_promises(data: Data, tmp_path: Path) -> None:
    result = go(data, tmp_path / "run", epochs=8)
    assert result.accuracy >= 0.9
    assert {path.name for path in result.folder.iterdir()} == FILES
    assert (result.folder / "spec.cnn").read_text() == SPEC

    metrics = json.loads((result.folder / "metrics.json").read_text())
    assert metrics == result.metrics()
    assert list(metrics["epochs"][0]) == [
        "epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "seconds", "samples_per_second",
    ]  # fmt: skip
    assert [row["epoch"] for row in metrics["epochs"]] == list(range(1, 9))
    best = max(metrics["epochs"], key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    assert metrics["best_epoch"] == best["epoch"]
    assert metrics["test_on"] == "held-out"
    assert metrics["test"]["accuracy"] == pytest.approx(best["val_accuracy"])
    assert metrics["test"]["loss"] == pytest.approx(best["val_loss"], abs=1e-5)
    confusion = metrics["test"]["confusion"]
    assert sum(map(sum, confusion)) == 24
    assert (confusion[0][0] + confusion[1][1]) / 24 == pytest.approx(metrics["test"]["accuracy"])
    assert (metrics["parameters"], metrics["device"], metrics["world_size"]) == (122, "cpu", 1)

    with (result.folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_loss"]) for row in rows] == [row["val_loss"] for row in metrics["epochs"]]
    with (result.folder / "confusion.csv").open() as file:
        table = list(csv.reader(file))
    assert table[0] == ["true \\ predicted", "0", "1"]
    assert [[int(cell) for cell in row[1:]] for row in table[1:]] == confusion
    assert same(load_file(result.folder / "best.safetensors"), dict(result.model.state_dict()))


def test_the_config_says_how_to_begin_again(data: Data, tmp_path: Path) -> None:
    labelled = from_arrays(bars(40)[0], bars(40)[1] + 3, (1, 6, 6), "digits")
    config = RunFolder(go(labelled, tmp_path / "run", seed=5).folder).read_config()
    assert config.data.label_mapping == {"3": 0, "4": 1}
    assert (config.data.train, config.data.val, config.data.test) == (32, 8, None)
    assert config.data.notes[1] == "labels mapped to classes: 3 -> 0, 4 -> 1"
    assert (config.input, config.outputs, config.settings.seed) == ((1, 6, 6), 2, 5)
    assert config.settings.optimizer == AdamW(lr=0.01)


def test_the_seed_decides_everything_and_the_callers_randomness_is_left_alone(
    data: Data, tmp_path: Path
) -> None:
    torch.manual_seed(42)
    before = torch.get_rng_state()
    first, second = go(data, tmp_path / "a"), go(data, tmp_path / "b")
    assert torch.equal(torch.get_rng_state(), before)
    assert same(weights(first.folder), weights(second.folder))
    assert not same(weights(first.folder), weights(go(data, tmp_path / "c", seed=1).folder))


@pytest.mark.parametrize("settings", [{}, {"optimizer": SGD(lr=0.05, momentum=0.9), "schedule": "step"}])
@pytest.mark.parametrize("epoch", [2, 4])
def test_a_resumed_run_ends_as_if_it_had_never_stopped(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int, settings: dict[str, Any]
) -> None:
    whole = go(data, tmp_path / "whole", epochs=4, **settings)
    with monkeypatch.context() as patch:
        stop_in_epoch(patch, epoch)
        with pytest.raises(Stop):
            go(data, tmp_path / "cut", epochs=4, **settings)
    assert len(json.loads((tmp_path / "cut" / "metrics.json").read_text())["epochs"]) == epoch - 1
    torch.rand(5)
    resumed = train(SPEC, data, resume=tmp_path / "cut")
    assert same(weights(whole.folder), weights(resumed.folder))
    for name in ("best.safetensors", "confusion.csv"):
        assert (whole.folder / name).read_bytes() == (resumed.folder / name).read_bytes()
    numbers = [(e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy) for e in resumed.epochs]
    assert numbers == [(e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy) for e in whole.epochs]
    assert resumed.best_epoch == whole.best_epoch


def test_a_finished_run_can_go_on_for_more_epochs(data: Data, tmp_path: Path) -> None:
    constant = {"schedule": "none"}
    whole = go(data, tmp_path / "whole", epochs=3, **constant)
    go(data, tmp_path / "short", epochs=2, **constant)
    longer = train(SPEC, data, resume=tmp_path / "short", epochs=3)
    assert same(weights(whole.folder), weights(longer.folder))


def test_what_a_run_cannot_go_on_with(data: Data, tmp_path: Path) -> None:
    run = go(data, tmp_path / "run").folder
    with pytest.raises(SettingError, match="seed cannot change in a run that goes on"):
        train(SPEC, data, resume=run, seed=3)
    with pytest.raises(SettingError, match="optimizer cannot change"):
        train(SPEC, data, resume=run, optimizer="sgd")
    with pytest.raises(TrainingError, match="has changed since the run in"):
        train(SPEC, from_arrays(*bars(120, seed=9), (1, 6, 6)), resume=run)
    with pytest.raises(RunFolderError, match="another network"):
        train(SPEC.replace("conv 4", "conv 5"), data, resume=run)
    with pytest.raises(RunFolderError, match=r"is no run folder: it holds no config\.json"):
        train(SPEC, data, resume=tmp_path)
    (run / "config.json").write_text('{"version": 1}')
    with pytest.raises(RunFolderError, match=r"config\.json is damaged: \w+: field required"):
        train(SPEC, data, resume=run)


def test_a_stop_before_the_first_epoch_leaves_nothing(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_in_epoch(monkeypatch, 1)
    with pytest.raises(Stop):
        go(data, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_best(data: Data, tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match="the loss is no longer a finite number in epoch 1, batch 2 of 6: "
    ):
        go(data, tmp_path / "run", optimizer=SGD(lr=1e38))
    assert not (tmp_path / "run").exists()


def test_the_best_weights_are_judged_and_given_back(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = loop.Loop.train_epoch

    def train_epoch(self: loop.Loop, watch: Any, after_step: Any) -> tuple[float, float]:
        done = original(self, watch, after_step)
        if self.epoch >= 6:
            with torch.no_grad():
                for weight in self.model.parameters():
                    weight.zero_()
        return done

    monkeypatch.setattr(loop.Loop, "train_epoch", train_epoch)
    result = go(data, tmp_path / "run", epochs=8)
    assert result.best_epoch <= 6
    best, last = result.epochs[result.best_epoch - 1], result.epochs[-1]
    assert last.val_accuracy == 0.5 < best.val_accuracy == result.accuracy
    assert result.loss == pytest.approx(best.val_loss)
    assert same(load_file(result.folder / "best.safetensors"), dict(result.model.state_dict()))
    assert all(bool(weight.any()) for weight in result.model.parameters())


def test_a_folder_with_something_in_it_is_left_alone(data: Data, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("mine")
    with pytest.raises(RunFolderError, match="is not empty: name a new folder"):
        go(data, tmp_path)
    assert (tmp_path / "config.json").read_text() == "mine"
    run = go(data, tmp_path / "run").folder
    with pytest.raises(RunFolderError, match="holds a run already"):
        go(data, run)


def test_runs_are_numbered(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [str(go(data, epochs=1).folder) for _ in range(2)] == ["runs/spec-1", "runs/spec-2"]


def test_the_datas_own_parts_are_used(tmp_path: Path) -> None:
    whole = from_arrays(*bars(60), (1, 6, 6))
    part = from_arrays(*bars(10, seed=1), (1, 6, 6)).train
    own = Data(whole.train, whole.classes, "x", val=part)
    result = go(own, tmp_path / "val")
    assert (result.test.on, result.test.samples) == ("val", 10)
    assert RunFolder(result.folder).read_config().data.train == 60
    both = Data(whole.train, whole.classes, "x", test=part)
    result = go(both, tmp_path / "test")
    assert (result.test.on, result.test.samples) == ("test", 10)
    assert RunFolder(result.folder).read_config().data.val == 12


@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_every_loss_learns(data: Data, tmp_path: Path, loss: str, outputs: int) -> None:
    spec = SPEC.replace("linear 2", f"linear {outputs}")
    result = train(spec, data, out=tmp_path / "run", loss=loss, lr=0.02, batch=16, epochs=10, device="cpu")
    assert result.accuracy >= 0.9
    assert len(result.test.confusion) == max(outputs, 2)


def test_precision_and_a_device_that_is_not_there(data: Data, tmp_path: Path) -> None:
    assert len(go(data, tmp_path / "bf16", precision="bf16").epochs) == 2
    assert len(go(data, tmp_path / "fp32").epochs) == 2
    if not torch.cuda.is_available():
        with pytest.raises(SettingError, match="device cuda: PyTorch finds no CUDA device"):
            go(data, tmp_path / "cuda", device="cuda")
        with pytest.raises(SettingError, match="precision fp16 needs a GPU"):
            go(data, tmp_path / "fp16", precision="fp16")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bf16", "fp32"]


def test_a_module_made_by_hand(data: Data, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 2))
    result = train(model, bars(60), out=tmp_path / "run", epochs=3, lr=0.02, input=(1, 6, 6), device="cpu")
    assert result.model is model
    assert not (result.folder / "spec.cnn").exists()
    assert result.accuracy > 0.5
    with pytest.raises(SettingError, match="give the shape of a sample"):
        train(model, "x.csv")
    with pytest.raises(DataMismatch, match="the model does not take a batch of 3x6x6"):
        train(model, (torch.rand(4, 3, 6, 6), torch.tensor([0, 1, 0, 1])), out=tmp_path / "no")
    assert cnndsl.train is train


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("input 1x6x6 -> conv 2 k3", "the network gives 2x4x4, training wants one number a class: 2"),
        ("input 1x6x6 -> flatten -> linear 1", "the labels are of 2 classes, the network has 1 output"),
    ],
)
def test_a_network_that_does_not_fit_is_a_mismatch(
    data: Data, tmp_path: Path, spec: str, message: str
) -> None:
    with pytest.raises(DataMismatch, match=message) as caught:
        train(spec, data, out=tmp_path / "run")
    assert caught.value.about == "output"
    assert not (tmp_path / "run").exists()


def test_augmentation_needs_images(tmp_path: Path) -> None:
    spec = "input 36 -> linear 2\ntrain { augment shift=1 }"
    with pytest.raises(DataMismatch, match="augment changes images, the network takes 36"):
        train(spec, bars(20), out=tmp_path / "run")


def test_a_rest_of_one_sample_joins_the_batch_before_it(tmp_path: Path) -> None:
    assert list(bounds(7, 3)) == [(0, 3), (3, 7)]
    assert list(bounds(8, 3)) == [(0, 3), (3, 6), (6, 8)]
    assert list(bounds(2, 1)) == [(0, 1), (1, 2)]
    assert list(bounds(1, 64)) == [(0, 1)]
    # a batch norm on a vector could not train on the 33rd sample alone
    spec = "input 1x6x6 -> flatten -> bn -> linear 2"
    assert len(train(spec, bars(41), out=tmp_path / "run", batch=8, val=0.2, epochs=1).epochs) == 1


def test_data_of_another_shape_and_a_network_without_weights(data: Data, tmp_path: Path) -> None:
    with pytest.raises(DataMismatch, match="the images are 1x6x6, the network takes 1x8x8"):
        train(SPEC.replace("1x6x6", "1x8x8"), data, out=tmp_path / "run")
    with pytest.raises(TrainingError, match="spec has no weights to train"):
        train("input 1x6x6 -> flatten", data, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_too_little_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too few to hold out"):
        go(from_arrays(*bars(2), (1, 6, 6)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_loop_is_the_plain_loop(data: Data) -> None:
    """Same batches, same weights as a loop written by hand."""
    from cnndsl.training.device import make_engine
    from cnndsl.training.settings import TrainSettings

    settings = TrainSettings(optimizer=SGD(lr=0.1, momentum=0.9), device="cpu", batch=32)
    torch.manual_seed(0)
    ours = loop.Loop(cnndsl.compile(SPEC), settings, data.train, make_engine(settings))
    ours.train_epoch(Silent())
    torch.manual_seed(0)
    model = cnndsl.compile(SPEC)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    order = torch.randperm(120, generator=generator(0, ORDER, 0))
    for start in range(0, 120, 32):
        indices = order[start : start + 32]
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(data.images[indices]), data.labels[indices]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert same(dict(ours.model.state_dict()), dict(model.state_dict()))


def test_epochs_compare_by_accuracy_then_loss() -> None:
    first = Epoch(1, 0, 0, val_loss=0.5, val_accuracy=0.9, seconds=1, samples_per_second=1)
    assert Epoch(2, 0, 0, 0.9, 0.95, 1, 1).better_than(first)
    assert Epoch(2, 0, 0, 0.4, 0.9, 1, 1).better_than(first)
    assert not Epoch(2, 0, 0, 0.5, 0.9, 1, 1).better_than(first)
