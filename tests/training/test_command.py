"""`cnndsl train`: what it prints, what it leaves, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from cnndsl.cli import main

from .conftest import SPEC, bars, write_csv

FAST = ("--epochs", "2", "--lr", "0.02", "--batch", "16", "--device", "cpu")


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    status: int
    out: str
    err: str


class Command:
    """Runs command lines in an empty folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: object) -> Ended:
        status = main(["train", *map(str, words)])
        captured = self.capsys.readouterr()
        return Ended(status, captured.out, captured.err)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return Command(capsys)


def test_train_prints_a_table_and_writes_a_run(command: Command, spec: Path, csv_path: Path) -> None:
    ended = command(spec, "--data", csv_path, *FAST)
    assert ended.status == 0, ended.err
    head, rule, row, last = ended.out.splitlines()
    assert head.split() == ["network", "parameters", "loss", "accuracy", "best", "epoch", "seconds", "run"]
    assert set(rule) == {"─"}
    name, parameters, _, accuracy, *_ = row.split()
    assert (name, parameters) == ("bars", "122")
    assert row.endswith("runs/bars-1")
    assert last == "loss and accuracy: the best epoch's weights on the 24 held-out samples"
    metrics = json.loads(Path("runs/bars-1/metrics.json").read_text())
    assert f"{metrics['test']['accuracy']:.4f}" == accuracy
    assert "values 0..255 brought to 0..1\n" in ended.err
    assert "flat rows of 36 numbers reshaped to 1x6x6\n" in ended.err
    assert "bars: 96 images of 2 classes to train with and 24 to watch, on cpu; the run is" in ended.err
    assert "epoch 2/2  train loss" in ended.err


def test_settings_and_data_of_the_spec(command: Command, tmp_path: Path, csv_path: Path) -> None:
    path = tmp_path / "net.cnn"
    path.write_text(SPEC + f'train {{\n  data "{csv_path.name}"\n  epochs 3\n  seed 4\n  device cpu\n}}\n')
    assert command(path, "--epochs", "1").status == 0
    settings = json.loads(Path("runs/net-1/config.json").read_text())["settings"]
    assert (settings["epochs"], settings["seed"], settings["data"]) == (1, 4, str(csv_path))
    path.write_text(SPEC + 'train {\n  data "gone.csv"\n}\n')
    ended = command(path)
    assert ended.status == 1
    assert "net.cnn:5:8: error[train-setting]: cannot read" in ended.err
    assert "gone.csv: no such file or directory" in ended.err


def test_several_specs_in_one_table(command: Command, spec: Path, tmp_path: Path, csv_path: Path) -> None:
    other = tmp_path / "flat.cnn"
    other.write_text("input 1x6x6 -> flatten -> linear 2\ntrain { seed 9 }\n")
    ended = command(spec, other, spec, "--data", csv_path, *FAST, "--out", "all")
    assert ended.status == 0, ended.err
    rows = [line.split() for line in ended.out.splitlines()[2:5]]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("bars", "122", "all/bars"),
        ("flat", "74", "all/flat"),
        ("bars-2", "122", "all/bars-2"),
    ]
    assert rows[0][2:5] == rows[2][2:5]
    assert "flat: val 0.2 and seed 0, as in the first spec" in ended.err
    one, two = (json.loads(Path(f"all/{name}/config.json").read_text()) for name in ("bars", "flat"))
    assert one["data"] == two["data"]


def test_nothing_trains_where_one_of_several_is_wrong(command: Command, spec: Path, csv_path: Path) -> None:
    ended = command(spec, "-e", "input 1x6x6 -> flatten -> linear 1", "--data", csv_path, *FAST)
    assert ended.status == 1
    assert "<text>:1:27: error[data-mismatch]:" in ended.err
    assert "the labels are of 2 classes, the network has 1 output" in ended.err
    assert "help: end with `linear 2`" in ended.err
    ended = command(spec, "-e", "input 1x6x6 -> flaten", "--data", csv_path, *FAST)
    assert ended.status == 1
    assert "error[unknown-layer]" in ended.err
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--data", "gone.csv"], 2, "cannot read gone.csv: no such file or directory"),
        ([], 2, "no data: give --data, or a `data` line in the spec's train section"),
        (["--data", "DATA", "--optimizer", "sdg"], 2, "unknown optimizer `sdg`, expected sgd, adam or adamw"),
        (["--data", "DATA", "--epochs", "0"], 2, "--epochs: `epochs` is 0, expected at least 1"),
        (["--data", "DATA", "--epochs", "ten"], 2, "argument --epochs: invalid int value: 'ten'"),
        (["--data", "DATA", "--val", "1"], 2, "--val: `val` is 1, expected less than 1"),
        (["--data", "DATA", "--epoch", "1"], 2, "no option `--epoch`; did you mean `--epochs`?"),
        (["--data", "DATA", "--out", "DATA"], 2, "cannot write"),
        (["--data", "DATA", "--lr", "1e38", "--optimizer", "sgd"], 1, "no longer a finite number in epoch 1"),
        (["--data", "BAD"], 1, "bad.csv:3: column `pixel1`: expected a number, found `oops`"),
        (["--data", "DATA", "--set", "width=3"], 1, "unknown-parameter"),
        (["--data", "DATA", "--input", "3x6x6"], 1, "error[data-mismatch]"),
        (
            ["--data", "DATA", "--resume", "runs/x"],
            2,
            "--resume takes spec, --input, --set and folder from the run",
        ),
    ],
)
def test_how_it_ends_when_something_is_wrong(
    command: Command, spec: Path, csv_path: Path, words: list[str], status: int, message: str
) -> None:
    bad = csv_path.with_name("bad.csv")
    lines = csv_path.read_text().splitlines()
    bad.write_text("\n".join([*lines[:2], ",".join(["0", "1", "oops", *lines[2].split(",")[3:]])]))
    given = [{"DATA": str(csv_path), "BAD": str(bad)}.get(word, word) for word in words]
    ended = command(spec, *given)
    assert ended.status == status, ended.err
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert "a defect of cnndsl" not in ended.err
    assert ended.out == ""
    assert not Path("runs").exists() or not list(Path("runs").iterdir())


def test_resume(command: Command, spec: Path, csv_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command(spec, "--data", os.path.relpath(csv_path), "--input", "1x6x6", *FAST).status == 0
    run = Path("runs/bars-1").absolute()
    monkeypatch.chdir("/")
    ended = command("--resume", run, "--epochs", "3")
    assert ended.status == 0, ended.err
    assert ended.out.splitlines()[2].split()[0] == "bars"
    assert [line[:9] for line in ended.err.splitlines() if line.startswith("epoch")] == ["epoch 3/3"]
    ended = command("--resume", run.parent)
    assert ended.status == 2
    assert "is no run folder" in ended.err
    ended = command("--resume", run, "--seed", "3")
    assert ended.status == 2
    assert "seed cannot change in a run that goes on" in ended.err
    write_csv(csv_path, *bars(120, seed=8))
    ended = command("--resume", run, "--epochs", "4")
    assert ended.status == 1
    assert "has changed since the run" in ended.err


@pytest.mark.skipif(os.name == "nt", reason="signals are sent as POSIX has them")
def test_an_interrupted_run_keeps_what_is_finished_and_goes_on(
    command: Command, spec: Path, csv_path: Path
) -> None:
    words = [
        sys.executable,
        "-m",
        "cnndsl",
        "train",
        spec,
        "--data",
        csv_path,
        "--out",
        "run",
        "--device",
        "cpu",
    ]
    process = subprocess.Popen(
        [*map(str, words), "--epochs", "100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite that a shell runs in the background ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not Path("run/metrics.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == (
        "cnndsl: interrupted; `cnndsl train --resume run` goes on from its last checkpoint"
    )
    assert not [path for path in Path("run").iterdir() if ".part" in path.name]
    done = len(json.loads(Path("run/metrics.json").read_text())["epochs"])
    ended = command("--resume", "run", "--epochs", done + 2)
    assert ended.status == 0, ended.err
    assert len(json.loads(Path("run/metrics.json").read_text())["epochs"]) >= done + 2


def test_the_command_line_is_declared_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['pydantic'] = None\n"
        "from cnndsl.cli import main; raise SystemExit(main(['train', '--help']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "--resume RUN" in ended.stdout
