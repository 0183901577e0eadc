"""`python -m tests.sizes --cases N --seed S`: claimed sizes against every size from 1 to 300.

Random specs, or with `--files` those of a folder. Each disagreement is printed with what repeats it; the exit
status is 1 where there was one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import torch

from tests.sizes.compare import LARGEST, Outcome, compare, drawn, opened


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sizes", description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, metavar="N", help="repeat one case")
    parser.add_argument("--files", nargs="*", metavar="SPEC", help="these specs, no random ones")
    parser.add_argument("--input", help="the shape of their input, which should be small for large networks")
    parser.add_argument("--rules-only", action="store_true", help="not against PyTorch")
    parser.add_argument("--largest", type=int, default=LARGEST)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    started = time.perf_counter()
    total: Counter[str] = Counter()
    wrong = 0
    with_torch = not options.rules_only
    if options.files:
        for name in options.files:
            file = name if name.startswith("zoo:") else Path(name)
            shape = tuple(map(int, options.input.split("x"))) if options.input else None
            outcome = compare(file, shape, largest=options.largest, with_torch=with_torch)
            wrong += told(f"{file}", outcome, total)
            print(f"{file}: {dict(outcome.counts)}, {time.perf_counter() - started:.0f} s", flush=True)
    else:
        for case in range(options.cases) if options.case is None else [options.case]:
            name = f"{options.seed}.{case}"
            text = drawn(name)
            if text is None:
                total["not drawn"] += 1
                continue
            if options.case is not None:
                print(text)
            total["specs"] += 1
            repeat = f"--seed {options.seed} --case {case}"
            wrong += told(repeat, compare(text, largest=options.largest, with_torch=with_torch), total)
            if with_torch:
                wrong += told(f"{repeat} (open)", opened(text, name), total)
    counts = ", ".join(f"{count:,} {what}" for what, count in sorted(total.items()))
    print(f"{wrong} disagreements; {counts}; {time.perf_counter() - started:.0f} s")
    return 1 if wrong else 0


def told(name: str, outcome: Outcome, total: Counter[str]) -> int:
    """Count what was compared and print a disagreement; how many there are."""
    total += outcome.counts
    if outcome.wrong:
        print(f"{name}: {outcome.wrong}", flush=True)
    return int(bool(outcome.wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
