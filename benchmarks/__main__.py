"""`python -m benchmarks`: measure, print a table, write results.json and the README's results."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.report import as_text, read, write

__all__ = ["PARTS", "main", "run"]

HERE = Path(__file__).resolve().parent

# The parts by their names, each with its module. The first two run before anything imports PyTorch.
PARTS = {
    "check": "benchmarks.startup",
    "growth": "benchmarks.growth",
    "module": "benchmarks.modules",
    "training": "benchmarks.training",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line: 0 when every target is met or nothing was to be judged, else 1."""
    options = _parser().parse_args(argv)
    if options.quick:
        # Threads that wait for each other are slow where other work is going on, as in a test run.
        os.environ["OMP_NUM_THREADS"] = "1"
    parts = run(options.only, options.repeats, options.quick)
    print(as_text(parts))
    folder = options.into if options.into is not None else None if options.quick else HERE
    if folder is not None:
        known = {**read(folder), **parts}
        write(folder, {name: known[name] for name in PARTS if name in known})
        print(f"written: {folder / 'results.json'}, {folder / 'README.md'}")
    missed = [line["name"] for part in parts.values() for line in part["lines"] if line["met"] is False]
    if missed and not options.quick:
        print(f"targets missed: {'; '.join(missed)}", file=sys.stderr)
        return 1
    return 0


def run(only: Sequence[str], repeats: int | None = None, quick: bool = False) -> dict[str, Any]:
    """Measure the parts called `only`, in their order; each with the machine it was measured on."""
    found: dict[str, Any] = {}
    for name in PARTS:
        if name in only:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            part = import_module(PARTS[name]).measure(repeats, quick)
            found[name] = {**part.to_json(), "quick": quick, "machine": describe_machine()}
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        type=_names,
        default=tuple(PARTS),
        metavar="PART,...",
        help=f"which parts, of {', '.join(PARTS)}; the results of the others stay",
    )
    parser.add_argument(
        "--quick", action="store_true", help="a few small rounds, to see that it works; nothing is written"
    )
    parser.add_argument("--repeats", type=_count, metavar="N", help="how many pairs of each measurement")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="the folder with README.md to write to")
    return parser


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return names


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
