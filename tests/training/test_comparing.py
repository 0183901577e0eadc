"""Several networks and seeds: one folder, one table, and going on with what is left of it."""

import csv
import json
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from cnndsl.cli import main
from cnndsl.training import Epoch
from cnndsl.training.comparing.outcome import Outcome, grouped
from cnndsl.training.comparing.plan import distinct_names
from cnndsl.training.comparing.plot import draw_comparison
from cnndsl.training.comparing.tables import comparison, comparison_markdown

from .conftest import bars, write_csv

WIDE = "input 1x6x6\nparam hidden = 4\nflatten -> linear hidden -> relu -> linear 2\n"
FAST = ("--epochs", "2", "--batch", "16", "--device", "cpu")
Train = Callable[..., tuple[int, str, str]]


@pytest.fixture
def train(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Runs command lines in a folder with two specs and data."""
    for name in ("draw_curves", "draw_confusion"):
        monkeypatch.setattr(f"cnndsl.training.records.{name}", lambda *arguments: None)
    monkeypatch.chdir(tmp_path)
    Path("wide.cnn").write_text(WIDE)
    Path("flat.cnn").write_text("input 1x6x6 -> flatten -> linear 2\n")
    write_csv(Path("bars.csv"), *bars(80))

    def run(*words: object) -> tuple[int, str, str]:
        status = main(["train", *map(str, words)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def table(folder: Path) -> list[dict[str, str]]:
    """The rows of comparison.csv."""
    return list(csv.DictReader((folder / "comparison.csv").read_text().splitlines()))


def test_seeds_and_a_grid(train: Train) -> None:
    status, out, err = train(
        "wide.cnn", "--data", "bars.csv", "--seeds", 2, "--seed", 5, "--set-grid", "hidden=3,8", *FAST
    )
    assert status == 0, err
    root = Path("runs/comparison-1")
    places = [f"wide-hidden={size}/seed-{seed}" for seed in (5, 6) for size in (3, 8)]
    rows = table(root)
    assert [row["folder"] for row in rows] == places
    record = json.loads((root / "comparison.json").read_text())
    assert record["on"] == "held-out"
    assert record["samples"] == 16
    for place, run in zip(places, record["runs"], strict=True):
        metrics = json.loads((root / place / "metrics.json").read_text())
        config = json.loads((root / place / "config.json").read_text())
        assert run["accuracy"] == metrics["test"]["accuracy"]
        assert run["loss"] == metrics["test"]["loss"]
        assert config["settings"]["seed"] == run["seed"]
        assert config["params"] == {"hidden": int(place.split("=")[1].split("/")[0])}
    head, _, *lines, on, over = out.splitlines()
    assert head.split()[:5] == ["network", "parameters", "runs", "loss", "accuracy"]
    assert on == "loss and accuracy: the best epoch's weights on the 16 held-out samples"
    assert over == "mean ± sample standard deviation over the seeds 5, 6"
    for line, size in zip(lines, (3, 8), strict=True):
        losses = [run["loss"] for run in record["runs"] if run["network"] == f"wide-hidden={size}"]
        mean, deviation = statistics.mean(losses), statistics.stdev(losses)
        # a layer of 36 inputs, one of two outputs, each with its biases
        assert line.split()[:3] == [f"wide-hidden={size}", str(37 * size + 2 * size + 2), "2"]
        assert f"{mean:.4f} ± {deviation:.4f}" in line
        told = next(one for one in record["networks"] if one["network"] == f"wide-hidden={size}")
        assert told["loss"] == pytest.approx({"mean": mean, "deviation": deviation}, abs=2e-6)
    with Image.open(root / "comparison.png") as picture:
        assert picture.width > 1500
    assert "run 3 of 4: wide-hidden=3, seed 6" in err
    # the same seed is the same run, whatever else is compared
    assert (
        train("wide.cnn", "--data", "bars.csv", "--seed", 6, "--set", "hidden=8", *FAST, "--out", "one")[0]
        == 0
    )
    alone = json.loads(Path("one/metrics.json").read_text())
    assert alone["test"] == json.loads((root / places[3] / "metrics.json").read_text())["test"]


def test_it_goes_on_with_what_is_left(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnndsl.training.comparing import running

    original = running.run
    began: list[tuple[str, int, bool]] = []

    def run(*arguments: object) -> object:
        network, _, settings, *_, resume = arguments
        began.append((network.name, settings.seed, resume))  # type: ignore[attr-defined]
        result = original(*arguments)  # type: ignore[arg-type]
        if len(began) == 2:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(running, "run", run)
    monkeypatch.setattr("cnndsl.training.comparing.folder.draw_comparison", lambda *arguments: None)
    words = ("wide.cnn", "flat.cnn", "--data", "bars.csv", "--seeds", 2, *FAST, "--out", "both")
    status, out, err = train(*words)
    assert status == 130
    assert err.splitlines()[-1] == (
        "cnndsl: interrupted; `cnndsl train --resume both` goes on with what is left of the comparison"
    )
    assert out.splitlines()[2].startswith("wide")
    # one that was begun and not ended
    metrics = json.loads(Path("both/flat/seed-0/metrics.json").read_text())
    Path("both/flat/seed-0/metrics.json").write_text(json.dumps({**metrics, "test": None}))
    # and what a kill before the first epoch leaves
    Path("both/wide/seed-1").mkdir()
    Path("both/wide/seed-1/spec.cnn").write_text("")
    Path("wide.cnn").write_text("not what it was")
    began.clear()
    monkeypatch.setattr(
        running,
        "run",
        lambda *words: began.append((words[0].name, words[2].seed, words[-1])) or original(*words),
    )
    status, out, err = train("--resume", "both")
    assert status == 0, err
    assert began == [("flat", 0, True), ("wide", 1, False), ("flat", 1, False)]
    assert "run 1 of 4: wide, seed 0: finished before" in err
    assert [line.split()[2] for line in out.splitlines()[2:4]] == ["2", "2"]
    # on other data it is another comparison
    before = Path("bars.csv").read_text()
    write_csv(Path("bars.csv"), *bars(80, seed=9))
    status, out, err = train("--resume", "both")
    assert (status, out) == (1, "")
    assert "bars.csv has changed since the comparison in both began" in err
    Path("bars.csv").write_text(before)
    # more epochs for all of them
    began.clear()
    assert train("--resume", "both", "--epochs", 3)[0] == 0
    assert len(began) == 4
    assert {row["epochs"] for row in table(Path("both"))} == {"3"}
    Path("damaged").mkdir()
    Path("damaged/plan.json").write_text('{"version": 1, "seeds": [0]}')
    for words, message in (
        (("--resume", "both", "--lr", 1), "optimizer cannot change in a comparison that goes on"),
        (("--resume", "damaged"), "plan.json is damaged: networks: field required"),
        (("--resume", "both", "--seeds", 3), "--resume takes seeds and grid from the comparison"),
        (("wide.cnn", "--out", "both", "--seeds", 3), "both holds a comparison already: resume it"),
    ):
        Path("wide.cnn").write_text(WIDE)
        status, _, err = train(*words, *(() if words[0] == "--resume" else ("--data", "bars.csv")))
        assert status == 2
        assert message in err


def test_a_run_that_fails_is_told_and_the_others_go_on(train: Train) -> None:
    Path("bad.cnn").write_text(WIDE + "train { optimizer sgd lr=1e30 }\n")
    words = ("bad.cnn", "flat.cnn", "--data", "bars.csv", "--optimizer", "sgd", *FAST)
    status, out, err = train(*words, "--out", "both")
    assert status == 1
    assert "bad, seed 0: the loss is no longer a finite number in epoch 1" in err
    assert out.splitlines()[2].split() == ["bad", "-", "failed", "failed", "-", "-", "both/bad"]
    assert out.splitlines()[3].split()[:2] == ["flat", "74"]
    rows = table(Path("both"))
    assert [bool(row["error"]) for row in rows] == [True, False]
    # where nothing comes of any, nothing is left
    assert (
        train("bad.cnn", "--seeds", 2, "--data", "bars.csv", "--optimizer", "sgd", *FAST, "--out", "none")[0]
        == 1
    )
    assert not Path("none").exists()


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("--set-grid", "hidden"), 2, "--set-grid hidden: expected NAME=A,B,..."),
        (("--set-grid", "hidden=8,,9"), 2, "expected NAME=A,B,..."),
        (("--set-grid", "hidden=8,9,8"), 2, "--set-grid hidden=8,9,8: 8 is given twice"),
        (("--set-grid", "hidden=8", "--set", "hidden=9"), 2, "hidden is given twice"),
        (("--seeds", "0"), 2, "--seeds: 0 are too few"),
        (("--set-grid", "hiden=8,9"), 1, "error[unknown-parameter]"),
        (("--set-grid", "hidden=8,-1"), 1, "wide.cnn with hidden=-1:"),
    ],
)
def test_what_is_wrong_is_said_before_anything_trains(
    train: Train, words: tuple[str, ...], status: int, message: str
) -> None:
    ended, out, err = train("wide.cnn", "--data", "bars.csv", *words, *FAST)
    assert (ended, out) == (status, ""), err
    assert message in err
    # what is wrong with all of a grid is said once
    assert err.count("error[") <= 1
    assert not Path("runs").exists()


def test_names() -> None:
    names = distinct_names(["specs", "a b/c", "a b/c", ".."], [{}, {"r": 0.5}, {"r": "x y"}, {}])
    assert names == ["specs-2", "a_b_c-r=0.5", "a_b_c-r=x_y", "network"]


def outcome(network: str, seed: int, epochs: int = 4, **other: object) -> Outcome:
    records = [
        Epoch(n, 1 / n, 0.5, (1 + seed) / n, 0.5 + 0.1 * seed, 2.0, 100.0) for n in range(1, epochs + 1)
    ]
    values = {
        "parameters": len(network) * 100,
        "best_epoch": epochs,
        "loss": 0.5,
        "accuracy": 0.5 + 0.1 * seed,
    }
    return Outcome(network, seed, Path("all", network), epochs=tuple(records), **{**values, **other})  # type: ignore[arg-type]


def test_table() -> None:
    runs = [
        outcome("net|a", 0),
        outcome("net|a", 1),
        outcome("b", 0),
        outcome("b", 1, epochs=0, error="broke"),
    ]
    lines = comparison(runs).splitlines()
    # by hand: 0.5 and 0.6 have the mean 0.55 and the deviation 0.1 / sqrt(2)
    assert "0.5500 ± 0.0707" in lines[2]
    assert lines[3].split()[:5] == ["b", "100", "1", "of", "2"]
    assert "| net\\|a | 500 | 2 | 0.5000 ± 0.0000 | 0.5500 ± 0.0707 | 4.0 ± 0.0 | 8.0 ± 0.0 |" in (
        comparison_markdown(runs).splitlines()
    )
    assert "±" not in comparison([outcome("a", 0), outcome("b", 0)])


@pytest.mark.parametrize("networks", [1, 12])
def test_plot(tmp_path: Path, networks: int) -> None:
    # one ended early, and one of the seeds is missing
    runs = [outcome("n" * (at + 1), seed, 4 - seed) for at in range(networks) for seed in range(3)][:-1]
    draw_comparison(grouped(runs), tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as picture:
        assert picture.width == (1980 if networks > 1 else 1320)
        colors = {color for _, color in picture.convert("RGB").getcolors(1 << 20) or []}
    # Okabe and Ito's blue, or the first of a scale
    assert ((0x00, 0x72, 0xB2) if networks == 1 else (0x44, 0x01, 0x54)) in colors
