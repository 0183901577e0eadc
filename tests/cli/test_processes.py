"""Several processes of one command: what they are told, who is heard, and that they end together."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cnndsl.cli.processes import launch

MEMBER = """
import json, os, signal, sys, time
from pathlib import Path
rank, folder = int(os.environ["RANK"]), Path(sys.argv[1])
names = "RANK LOCAL_RANK WORLD_SIZE LOCAL_WORLD_SIZE MASTER_ADDR MASTER_PORT CNNDSL_LAUNCHED".split()
(folder / f"{rank}.json").write_text(json.dumps({name: os.environ[name] for name in names}))
print("out", rank)
signals = []
signal.signal(signal.SIGINT, lambda number, frame: signals.append(number))
def wait(seconds=60):
    for _ in range(int(seconds * 100)):
        time.sleep(0.01)
        if signals:
            time.sleep(0.1)
            (folder / f"{rank}.signals").write_text(str(len(signals)))
            sys.exit(130)
"""


def together(tmp_path: Path, then: str, count: int = 2) -> int:
    """Launch `count` of MEMBER, which then do what `then` says."""
    script = tmp_path / "member.py"
    script.write_text(MEMBER + then)
    return launch([str(tmp_path)], count, (sys.executable, str(script)))


def test_each_is_told_who_it_is_and_the_first_one_speaks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert together(tmp_path, "print('err', rank, file=sys.stderr)", 3) == 0
    told = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(3)]
    assert [one["RANK"] for one in told] == [one["LOCAL_RANK"] for one in told] == ["0", "1", "2"]
    assert {one["WORLD_SIZE"] for one in told} == {"3"}
    assert len({(one["MASTER_ADDR"], one["MASTER_PORT"]) for one in told}) == 1
    assert capfd.readouterr() == ("out 0\n", "err 0\n")


@pytest.mark.parametrize(
    ("then", "status", "said"),
    [
        ("wait() if rank == 0 else sys.exit('cnndsl: it broke')", 1, "cnndsl: it broke\n"),
        ("wait() if rank else sys.exit(2)", 2, ""),
        (
            "wait() if rank == 0 else os.kill(os.getpid(), 9)",
            1,
            "cnndsl: process 1 of 2 was ended by SIGKILL, and the others with it; `--resume` goes on\n",
        ),
        ("wait(0.3); sys.exit(75 if rank == 0 else 'the cause')", 1, "the cause\n"),
        (
            "sys.exit(75)",
            1,
            "cnndsl: process 0 of 2 ended with status 75, and the others with it\n",
        ),
        ("sys.exit(2 if rank == 0 else (print('the same', file=sys.stderr), 75)[1])", 2, ""),
    ],
    ids=["other", "first", "killed", "cause", "lost", "both"],
)
def test_one_that_fails_ends_all_and_is_heard_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], then: str, status: int, said: str
) -> None:
    assert together(tmp_path, then) == status
    assert capfd.readouterr() == ("out 0\n", said)


def test_ctrl_c_reaches_each_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def press() -> None:
        while not all((tmp_path / f"{rank}.json").exists() for rank in range(2)):
            time.sleep(0.01)
        time.sleep(0.3)
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    threading.Thread(target=press).start()
    assert together(tmp_path, "wait()") == 130
    assert [(tmp_path / f"{rank}.signals").read_text() for rank in range(2)] == ["1", "1"]
    assert signal.getsignal(signal.SIGINT) is before
    assert capfd.readouterr().err == ""


def test_how_many(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "cnndsl", "train", "-e", "input 2 -> linear 2"]
    for more, message in (
        (["--processes", "0"], "--processes: 0 are too few, expected at least 1"),
        (["--processes", "2", "-"], "several processes cannot read the spec from standard input"),
        (["--processes", "2", "--data", "x.csv", "-e", "input 2 -> liner 2"], "unknown-layer"),
    ):
        ended = subprocess.run([*words, *more], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert ended.returncode in (1, 2)
        assert message in ended.stderr
