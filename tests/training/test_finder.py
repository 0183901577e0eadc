"""The learning-rate finder: a curve, a suggestion that trains, and nothing else changed."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from cnndsl.training import SGD, Data, TrainingError, TrainSettings, train
from cnndsl.training.finder import find_rate
from cnndsl.training.network import from_module, from_report

from .conftest import SPEC, bars, write_csv


def curve_of(data: Data, spec: str = SPEC, **settings: object) -> float:
    import cnndsl

    chosen = TrainSettings.model_validate({"device": "cpu", "batch": 16, **settings})
    return find_rate(from_report(cnndsl.check(spec)), data, chosen).suggestion


def test_the_suggested_rate_trains(data: Data, tmp_path: Path) -> None:
    rate = curve_of(data, optimizer=SGD(lr=1e-9))
    assert 0.005 <= rate <= 2
    settings = {"batch": 16, "epochs": 12, "device": "cpu"}
    good = train(SPEC, data, out=tmp_path / "good", optimizer=SGD(lr=rate), **settings)  # type: ignore[arg-type]
    assert good.accuracy >= 0.9
    assert curve_of(data, optimizer=SGD(lr=1.0)) == rate


def test_the_model_and_the_callers_randomness_are_left_alone(data: Data) -> None:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 2))
    before, random = model[1].weight.detach().clone(), torch.get_rng_state()
    found = find_rate(from_module(model, (1, 6, 6)), data, TrainSettings(device="cpu"))
    assert torch.equal(model[1].weight, before)
    assert torch.equal(torch.get_rng_state(), random)
    assert len(found.rates) == len(found.losses) == len(found.smooth)
    assert list(found.rates) == sorted(found.rates)


def test_a_network_that_never_gives_a_number(data: Data) -> None:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 2))
    torch.nn.init.constant_(model[1].weight, torch.nan)
    with pytest.raises(TrainingError, match="no learning rate can be found"):
        find_rate(from_module(model, (1, 6, 6)), data, TrainSettings(device="cpu"))


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "bars.cnn").write_text(SPEC)
    write_csv(tmp_path / "bars.csv", *bars(120))
    words = [sys.executable, "-m", "cnndsl", "train", "bars.cnn", "--data", "bars.csv", "--find-lr"]
    ended = subprocess.run(
        [*words, "--device", "cpu"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    first, second = ended.stdout.splitlines()
    rate = first.split()[2].rstrip(",")
    assert first == (
        f"learning rate {rate}, at which the loss falls fastest: "
        f"`--lr {rate}`, or `lr {rate}` in the train section"
    )
    assert second.startswith("  runs/bars-lr-1/lr.png shows")
    folder = tmp_path / "runs" / "bars-lr-1"
    assert {path.name for path in folder.iterdir()} == {"lr.png", "lr.csv"}
    with (folder / "lr.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert any(float(f"{float(row['learning_rate']):.2g}") == float(rate) for row in rows)
    with Image.open(folder / "lr.png") as image:
        assert image.size == (1050, 630)
