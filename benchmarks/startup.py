"""Whole processes: `cnndsl check` and `cnndsl fmt` on ResNet-50 against the import of PyTorch alone."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from benchmarks.pairs import Sample, in_turn
from benchmarks.results import Line, Part, Target, compared

__all__ = ["command_line", "measure", "process"]

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "examples" / "resnet50.cnn"
AT_MOST = Target("at most", 0.10)

# The command without the package that only cnndsl's developers install, and that lark imports where it is.
WITHOUT_INTEREGULAR = (
    "import sys; sys.modules['interegular'] = None; sys.argv[0] = 'cnndsl'; "
    "from cnndsl.cli import run_process; sys.exit(run_process())"
)


def measure(rounds: int | None, quick: bool) -> Part:
    """Start processes in turn."""
    command = command_line()
    samples = {
        "check": process([*command, "check", str(SPEC)]),
        "fmt": process([*command, "fmt", "--check", str(SPEC)]),
        "torch": process([sys.executable, "-c", "import torch"]),
        "python": process([sys.executable, "-c", "pass"]),
    }
    has_interegular = find_spec("interegular") is not None
    if has_interegular:
        samples["user"] = process([sys.executable, "-c", WITHOUT_INTEREGULAR, "check", str(SPEC)])
    found = in_turn(samples, rounds or (1 if quick else 20))
    torch = found["torch"]
    lines: list[Line] = [
        compared("`cnndsl check resnet50.cnn`", "`import torch`", found["check"], torch, AT_MOST)
    ]
    lines.append(compared("`cnndsl fmt --check resnet50.cnn`", "`import torch`", found["fmt"], torch))
    remarks = ["Wall-clock time of whole processes, byte code and parse table cached; the aim is 0.07."]
    if has_interegular:
        name = "the same, without development tools"
        lines.append(compared(name, "`import torch`", found["user"], torch, AT_MOST))
        remarks.append(
            "lark imports `interegular` where it is installed; here it is, for lark's strict mode in the "
            "tests. A user's installation has none: the second line."
        )
    lines.append(compared("bare `python -c pass`, for scale", "`import torch`", found["python"], torch))
    return Part("A check as a whole process", tuple(lines), tuple(remarks))


def command_line() -> list[str]:
    """The command that a user types, where it is installed beside this Python."""
    script = Path(sys.executable).with_name("cnndsl")
    return [str(script)] if script.exists() else [sys.executable, "-m", "cnndsl"]


def process(command: list[str]) -> Sample:
    """The measurement of the seconds that a command takes as a process; RuntimeError where it fails."""
    environment = {**os.environ, "NO_COLOR": "1"}
    # An installed package has its byte code beside it; a checkout gets it in the warm-up.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def sample() -> float:
        started = perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
        seconds = perf_counter() - started
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode(errors='replace')}")
        return seconds

    return sample
