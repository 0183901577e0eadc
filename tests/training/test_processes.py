"""Two processes that train together do what one does."""

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from .children import SPEC, member, run, start
from .conftest import bars, write_csv

# No dropout and no mixup, whose random numbers are each process' own; batch norms see all of a batch.
SAME: dict[str, Any] = {
    "optimizer": "sgd",
    "lr": 0.1,
    "momentum": 0.9,
    "schedule": "cosine",
    "clip": 1.0,
    "ema": 0.8,
    "augment": {"shift": 1},
    "rates": {"0": 0.05},
    "batch": 7,
    "accumulate": 2,
    "epochs": 2,
}
COUNT = 100


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pair(folder: Path, settings: dict[str, Any], resume: bool = False) -> None:
    port = free_port()
    processes = [start(member, rank, 2, port, folder, resume, COUNT, settings) for rank in range(2)]
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return found


def test_two_processes_measure_what_one_does(tmp_path: Path) -> None:
    settings = {**SAME, "spec": SPEC.replace("dropout 0.2 -> ", "")}
    alone = start(run, tmp_path / "one", False, COUNT, settings)
    alone.join(120)
    assert alone.exitcode == 0
    pair(tmp_path / "two", settings)
    one, two = metrics(tmp_path / "one"), metrics(tmp_path / "two")
    assert (one["world_size"], two["world_size"]) == (1, 2)
    for first, second in zip(one["epochs"], two["epochs"], strict=True):
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
            assert second[name] == pytest.approx(first[name], abs=1e-4), name
    assert one["test"]["confusion"] == two["test"]["confusion"]
    weights = [load_file(tmp_path / name / "best.safetensors") for name in ("one", "two")]
    for key, value in weights[0].items():
        assert torch.allclose(value, weights[1][key], atol=1e-4), key
    # each sample in each epoch once, half in either process
    seen = [json.loads((tmp_path / f"two-{rank}.json").read_text()) for rank in range(2)]
    for first, second in zip(*seen, strict=True):
        assert sorted(first + second) == list(range(80))
        assert abs(len(first) - len(second)) <= 20
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two", "two-0.json", "two-1.json"}


def test_two_processes_are_taken_up_bit_for_bit(tmp_path: Path) -> None:
    pair(tmp_path / "whole", {**SAME, "schedule": "none"})
    pair(tmp_path / "cut", {**SAME, "schedule": "none", "epochs": 1})
    pair(tmp_path / "cut", {"epochs": 2}, resume=True)
    weights = [
        torch.load(tmp_path / name / "last.ckpt", weights_only=True)["loop"]["model"]
        for name in ("whole", "cut")
    ]
    assert all(torch.equal(value, weights[1][key]) for key, value in weights[0].items())
    # and by one process, with other random numbers
    alone = start(run, tmp_path / "cut", True, COUNT, {"epochs": 3})
    alone.join(120)
    assert alone.exitcode == 0
    assert metrics(tmp_path / "cut")["world_size"] == 1


@pytest.mark.parametrize(
    "program",
    [
        ("-m", "cnndsl", "train", "--processes", "2"),
        pytest.param(
            (
                "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines",
                "1", "--mixed_precision", "no", "--dynamo_backend", "no", "-m", "cnndsl", "train",
            ),
            marks=pytest.mark.long,
        ),
        pytest.param(
            ("-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "cnndsl", "train"),
            marks=pytest.mark.long,
        ),
    ],
    ids=["processes", "accelerate", "torchrun"],
)  # fmt: skip
def test_the_commands(tmp_path: Path, program: tuple[str, ...]) -> None:
    (tmp_path / "bars.cnn").write_text(SPEC)
    write_csv(tmp_path / "bars.csv", *bars(COUNT))
    words = [sys.executable, *program, "bars.cnn", "--data", "bars.csv", "--epochs", "1", "--device", "cpu"]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200)
    assert ended.returncode == 0, ended.stderr
    assert len(re.findall(r"^epoch 1/1 ", ended.stderr, re.MULTILINE)) == 1
    assert "on cpu in 2 processes; the run is written to runs/bars-1" in ended.stderr
    assert ended.stdout.count("bars ") == 1
    assert metrics(tmp_path / "runs" / "bars-1")["world_size"] == 2
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["bars-1"]


@pytest.mark.long
def test_a_killed_process_ends_the_run_with_one_message(tmp_path: Path) -> None:
    (tmp_path / "bars.cnn").write_text(SPEC)
    write_csv(tmp_path / "bars.csv", *bars(COUNT))
    words = [sys.executable, "-m", "cnndsl", "train", "--processes", "2", "bars.cnn", "--data", "bars.csv"]
    process = subprocess.Popen(
        [*words, "--epochs", "100000", "--device", "cpu"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "runs" / "bars-1" / "last.ckpt").exists():
        time.sleep(0.1)
        assert process.poll() is None
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    subprocess.run(["kill", "-9", children[1]], check=True)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    said = [line for line in err.splitlines() if line.startswith("cnndsl")]
    assert said == ["cnndsl: process 1 of 2 was ended by SIGKILL, and the others with it; `--resume` goes on"]
