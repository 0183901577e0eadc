"""What the settings of training do, and that all of them together can be interrupted anywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import cnndsl
from cnndsl.training import SGD, AdamW, Cosine, Data, Plateau, TrainResult, TrainSettings, train
from cnndsl.training.device import make_engine
from cnndsl.training.loop import Loop
from cnndsl.training.progress import Silent
from cnndsl.training.recipe import Mixed
from cnndsl.training.schedule import rate_factor
from cnndsl.training.stopping import Interrupted, Pauses

from .conftest import SPEC

PLAIN = "input 1x6x6 -> flatten -> fc1: linear 8 -> tanh -> fc2: linear 2"


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnndsl.training.records.draw_curves", lambda *arguments: None)
    monkeypatch.setattr("cnndsl.training.records.draw_confusion", lambda *arguments: None)


def go(data: Data, out: Path, spec: str = SPEC, **settings: Any) -> TrainResult:
    return train(spec, data, out=out, **{"epochs": 2, "batch": 16, "device": "cpu", **settings})


def looped(data: Data, spec: str = PLAIN, **settings: Any) -> Loop:
    """A loop that has trained for an epoch."""
    torch.manual_seed(0)
    own = TrainSettings(device="cpu", **settings)
    loop = Loop(cnndsl.compile(spec), own, data.train, make_engine(own))
    loop.train_epoch(Silent())
    return loop


def weights(loop: Loop) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in loop.weights])


EVERYTHING: dict[str, Any] = {
    "augment": {"shift": 1},
    "accumulate": 2,
    "mixup": 0.3,
    "ema": 0.9,
    "clip": 0.5,
    "warmup": 0.5,
    "label_smoothing": 0.1,
}


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": AdamW(lr=0.01), "schedule": "onecycle", **EVERYTHING},
        {
            "optimizer": SGD(lr=0.1, momentum=0.9, nesterov=True),
            "schedule": Plateau(patience=1),
            **EVERYTHING,
        },
        {"optimizer": "adam", "schedule": "cosine", "precision": "bf16", "memory_format": "channels_last"},
        {"schedule": "step", "rates": {"0": 0.5}, "freeze": ["1"], "early_stopping": 9},
    ],
    ids=["adamw", "sgd", "bf16", "frozen"],
)
@pytest.mark.parametrize("step", [1, 5, 8])
def test_a_run_that_is_stopped_at_any_step_ends_the_same(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, settings: dict[str, Any]
) -> None:
    whole = go(data, tmp_path / "whole", epochs=3, **settings)
    original: Callable[[Pauses], None] = Pauses.after_step
    steps = 0

    def after_step(self: Pauses) -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            raise Interrupted
        original(self)

    with monkeypatch.context() as patch:
        patch.setattr(Pauses, "after_step", after_step)
        with pytest.raises(Interrupted):
            go(data, tmp_path / "cut", epochs=3, **settings)
    assert steps == step
    torch.rand(3)
    resumed = train(SPEC, data, resume=tmp_path / "cut")
    for name in ("best.safetensors", "last.ckpt"):
        first, second = (load(run.folder / name) for run in (whole, resumed))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first), name
    assert [(e.train_loss, e.val_loss) for e in whole.epochs] == [
        (e.train_loss, e.val_loss) for e in resumed.epochs
    ]


def load(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        return load_file(path)
    state = torch.load(path, weights_only=True)["loop"]
    found = {**state["model"]}
    for number, of in state["optimizer"]["state"].items():
        found |= {f"{number}.{key}": value for key, value in of.items() if isinstance(value, Tensor)}
    return found


def test_accumulated_batches_are_one_large_batch(data: Data) -> None:
    large = looped(data, batch=40, optimizer=SGD(lr=0.5))
    small = looped(data, batch=10, accumulate=4, optimizer=SGD(lr=0.5))
    assert torch.allclose(weights(large), weights(small), atol=1e-6)
    other = looped(data, batch=10, accumulate=3, optimizer=SGD(lr=0.5))
    assert not torch.allclose(weights(large), weights(other), atol=1e-4)


def test_gradients_are_clipped(data: Data) -> None:
    clipped = looped(data, batch=120, clip=1e-3, optimizer=SGD(lr=1.0))
    free = looped(data, batch=120, optimizer=SGD(lr=1.0))
    torch.manual_seed(0)
    began = torch.cat([weight.detach().flatten() for weight in cnndsl.compile(PLAIN).parameters()])
    assert float((weights(clipped) - began).norm()) == pytest.approx(1e-3, rel=1e-3)
    assert float((weights(free) - began).norm()) > 1e-2


def test_weight_decay_spares_biases_and_norms(data: Data) -> None:
    spec = "input 1x6x6 -> conv 2 k3 -> bn -> flatten -> linear 2"
    loop = looped(data, spec, optimizer=SGD(lr=0.1, weight_decay=0.3))
    decayed = {
        name: group["weight_decay"]
        for group in loop.optimizer.param_groups
        for weight in group["params"]
        for name, of in loop.inner.named_parameters()
        if of is weight
    }
    assert decayed == {"0.weight": 0.3, "0.bias": 0, "1.weight": 0, "1.bias": 0, "3.weight": 0.3, "3.bias": 0}
    loop = looped(data, spec, optimizer=SGD(lr=0.1, weight_decay=0.3, decay_all=True))
    assert {group["weight_decay"] for group in loop.optimizer.param_groups} == {0.3}


def test_the_average_is_validated_and_kept(data: Data, tmp_path: Path) -> None:
    run = go(data, tmp_path / "run", PLAIN, epochs=1, ema=0.5)
    saved = torch.load(run.folder / "last.ckpt", weights_only=True)["loop"]
    kept = load_file(run.folder / "best.safetensors")
    averages = {average.shape: average for average in saved["average"]["weights"]}
    assert len(averages) == len(kept) == 4
    for name, live in saved["model"].items():
        assert torch.equal(kept[name], averages[live.shape])
        assert not torch.equal(kept[name], live)


def test_early_stopping(data: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # nothing is learnt: no epoch is better than the first
    run = go(
        data, tmp_path / "run", PLAIN, epochs=9, early_stopping=3, optimizer=SGD(lr=1e-20), progress=True
    )
    assert [epoch.epoch for epoch in run.epochs] == [1, 2, 3, 4]
    assert "ended early: no epoch of the last 3 was better than epoch 1" in capsys.readouterr().err


def test_memory_format(data: Data) -> None:
    results = {}
    for name in ("contiguous", "channels_last"):
        settings = TrainSettings(device="cpu", memory_format=name, optimizer=SGD(lr=0.1))
        torch.manual_seed(0)
        layout = torch.channels_last if name == "channels_last" else torch.contiguous_format
        loop = Loop(cnndsl.compile(SPEC), settings, data.train, make_engine(settings), layout)
        loop.train_epoch(Silent())
        results[name] = weights(loop)
    assert torch.allclose(results["contiguous"], results["channels_last"], atol=1e-5)


def test_compile(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []

    def fake(function: Any, **arguments: Any) -> Any:
        compiled.append(function)
        return function

    plain = go(data, tmp_path / "plain")
    monkeypatch.setattr(torch, "compile", fake)
    run = go(data, tmp_path / "run", compile=True)
    assert len(compiled) == 1
    assert run.loss == plain.loss
    assert run.model._compiled_call_impl is None


def test_a_network_that_cannot_be_compiled(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._dynamo.exc import TorchDynamoException

    def fake(function: Any, **arguments: Any) -> Any:
        def fail(*values: Any) -> None:
            raise TorchDynamoException("no compiler\nand much more")

        return fail

    monkeypatch.setattr(torch, "compile", fake)
    with pytest.raises(
        RuntimeError, match=r"torch\.compile cannot compile spec: no compiler\n  help: it needs"
    ):
        go(data, tmp_path / "run", compile=True)


@pytest.mark.long
def test_compiled_for_real(data: Data, tmp_path: Path) -> None:
    plain, run = go(data, tmp_path / "plain"), go(data, tmp_path / "run", compile=True)
    assert run.loss == pytest.approx(plain.loss, abs=1e-2)


def test_mixed_images_and_their_losses() -> None:
    images = torch.arange(12.0).reshape(4, 3)
    labels = torch.tensor([0, 1, 0, 1])
    shares = set()
    for seed in range(30):
        mixed, target = Mixed.of(images, labels, 0.4, torch.Generator().manual_seed(seed))
        assert 0.5 <= target.share <= 1
        shares.add(round(target.share, 3))
        for image, own, one, other in zip(mixed, images, target.labels, target.others, strict=True):
            partners = [index for index in range(4) if torch.allclose(
                target.share * own + (1 - target.share) * images[index], image, atol=1e-5)]  # fmt: skip
            assert int(one) == int(labels[images.tolist().index(own.tolist())])
            assert int(other) in {int(labels[index]) for index in partners}
    assert len(shares) > 20
    alone, target = Mixed.of(images[:1], labels[:1], 0.4, torch.Generator().manual_seed(0))
    assert torch.allclose(alone, images[:1])
    assert torch.equal(target.others, labels[:1])


def test_warm_up_and_plateau() -> None:
    warm = TrainSettings(epochs=5, warmup=1.5)
    assert [rate_factor(warm, step, 4) for step in range(7)] == pytest.approx(
        [1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1, 1]
    )
    last = rate_factor(TrainSettings(epochs=5, warmup=1, schedule=Cosine()), 19, 4)
    assert 0 < last < 0.02

    def drops(*losses: float) -> float:
        return rate_factor(TrainSettings(schedule=Plateau(factor=0.5, patience=2)), 0, 1, losses)

    assert drops() == drops(1.0) == drops(1.0, 2.0) == drops(1.0, 2.0, 0.5, 0.6) == 1
    assert drops(1.0, 2.0, 1.0) == drops(1.0, 2.0, 1.0, 2.0) == 0.5
    assert drops(1.0, 2.0, 1.0, 2.0, 2.0) == 0.25


def test_plateau_is_pytorchs() -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    # PyTorch's patience counts the epochs that are forgiven
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, threshold=0)
    settings = TrainSettings(schedule=Plateau(factor=0.5, patience=3))
    losses: list[float] = []
    for loss in torch.rand(60, generator=torch.Generator().manual_seed(3)).tolist():
        losses.append(loss)
        scheduler.step(loss)
        assert rate_factor(settings, 0, 1, losses) == optimizer.param_groups[0]["lr"]
