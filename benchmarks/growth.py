"""How the time and the memory of a check grow with the spec."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.machine import peak_memory
from benchmarks.pairs import in_turn, timed
from benchmarks.results import Line, Part, Target, compared
from cnndsl.api import check
from cnndsl.parser import parse
from cnndsl.text import Source

__all__ = ["measure"]

ROOT = Path(__file__).resolve().parent.parent
SMALL, LARGE = 100, 10_000
CYCLE = ("conv 16 k3 p1 nobias", "bn", "relu", "conv 16 k=3 p=1", "relu")


def written(layers: int) -> str:
    """A spec of so many layers, each on a line of its own."""
    body = (CYCLE[index % len(CYCLE)] for index in range(layers))
    return "\n".join(["input 16x32x32", *body, ""])


def repeated(layers: int) -> str:
    """A spec of so many layers in one line."""
    return f"input 16x32x32\n[{' -> '.join(CYCLE)}] x {layers // len(CYCLE)}\n"


def measure(rounds: int | None, quick: bool) -> Part:
    """Check, and only parse, a small and a large spec in turn."""
    large = 1_000 if quick else LARGE
    rounds = rounds or (1 if quick else 9)
    factor = large // SMALL
    target = Target("at most", float(factor))
    lines: list[Line] = []
    for name, make, work in (
        ("check", written, _check),
        ("check of one repeat", repeated, _check),
        ("parse only", written, _parse),
    ):
        small = timed(partial(work, make(SMALL)), 5)
        found = in_turn({"small": small, "large": timed(partial(work, make(large)))}, rounds)
        title = f"{name}, {large:,} layers"
        lines.append(compared(title, f"{SMALL} layers", found["large"], found["small"], target))
    small_peak, large_peak = _peak(SMALL), _peak(large)
    if small_peak and large_peak:
        lines.append(
            compared(
                "peak memory of the process", f"{SMALL} layers", [large_peak], [small_peak], unit="bytes"
            )
        )
    remarks = (
        f"In one process. The ratio is {large:,} layers by {SMALL}: {factor} is linear growth.",
        "Layers stand on lines of their own, but for the one repeat, where the text stays as short as it is.",
    )
    return Part("Growth with the number of layers", tuple(lines), remarks)


def _check(text: str) -> None:
    report = check(text)
    assert report.ok, str(report)


def _parse(text: str) -> None:
    parse(Source(text))


def _peak(layers: int) -> float:
    """The peak memory of a fresh process that checks a spec of so many layers."""
    command = [sys.executable, "-m", "benchmarks.growth", str(layers)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    _check(written(int(sys.argv[1])))
    print(peak_memory())
