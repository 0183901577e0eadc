"""Runs that are killed at random moments, and end as if nothing had happened."""

import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from cnndsl.training.records import RunFolder

from .children import run, start

# Everything that keeps a state or draws, and a checkpoint after every few steps.
LIVELY: dict[str, Any] = {
    "optimizer": "adamw",
    "lr": 0.01,
    "schedule": "onecycle",
    "augment": {"shift": 1},
    "batch": 8,
    "accumulate": 2,
    "mixup": 0.4,
    "ema": 0.9,
    "clip": 1.0,
    "checkpoint": 0.0005,
}
COUNT = 400


def ended(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], list[tuple[float, ...]]]:
    """The last weights, the best ones, and what was measured in each epoch."""
    saved = torch.load(folder / "last.ckpt", weights_only=True)
    numbers = [
        (row["train_loss"], row["train_accuracy"], row["val_loss"], row["val_accuracy"])
        for row in saved["epochs"]
    ]
    return dict(saved["loop"]["model"]), load_file(folder / "best.safetensors"), numbers


def same(first: Path, second: Path) -> bool:
    (last, best, numbers), (other, other_best, other_numbers) = ended(first), ended(second)
    return (
        all(torch.equal(last[key], other[key]) for key in last)
        and all(torch.equal(best[key], other_best[key]) for key in best)
        and numbers == other_numbers
    )


def kill_and_resume(tmp_path: Path, rounds: int, epochs: int, seed: int) -> int:
    """Kill a run at so many random moments, and let each go on: how often it was alive then."""
    settings = {**LIVELY, "epochs": epochs}
    began = time.monotonic()
    whole = start(run, tmp_path / "whole", False, COUNT, settings)
    whole.join(120)
    took = time.monotonic() - began
    assert whole.exitcode == 0
    draw, killed = random.Random(seed), 0
    for number in range(4 * rounds):
        if killed == rounds:
            break
        folder = tmp_path / f"cut-{number}"
        process = start(run, folder, False, COUNT, settings)
        moment = draw.uniform(0, took)
        process.join(moment)
        process.kill()
        process.join()
        if process.exitcode == 0:
            # it was faster than the first one
            took = min(took, moment)
            continue
        assert process.exitcode == -signal.SIGKILL
        killed += 1
        resumable = (folder / "config.json").exists()
        again = start(run, folder if resumable else tmp_path / f"new-{number}", resumable, COUNT, settings)
        again.join(120)
        where = f"seed {seed}, round {number}, killed after {moment:.3f} of {took:.3f} s"
        assert again.exitcode == 0, where
        result = folder if resumable else tmp_path / f"new-{number}"
        assert same(tmp_path / "whole", result), where
        assert not list(result.glob(".*")), where
        assert RunFolder(result).load_best(), where
    return killed


def test_a_killed_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    assert kill_and_resume(tmp_path, rounds=2, epochs=4, seed=1) == 2


@pytest.mark.long
def test_twenty_killed_runs_go_on_bit_for_bit(tmp_path: Path) -> None:
    assert kill_and_resume(tmp_path, rounds=20, epochs=12, seed=2) == 20


def test_another_seed_would_be_seen(tmp_path: Path) -> None:
    settings = {**LIVELY, "epochs": 1}
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        process = start(run, tmp_path / name, False, COUNT, {**settings, "seed": seed})
        process.join(120)
        assert process.exitcode == 0
    assert same(tmp_path / "one", tmp_path / "two")
    assert not same(tmp_path / "one", tmp_path / "three")
