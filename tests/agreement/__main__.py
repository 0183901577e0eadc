"""`python -m tests.agreement --cases N --seed S`: random specs against eager PyTorch.

Prints each disagreement with the line that repeats it; the exit status is 1 where there was one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from random import Random

import torch

from tests.agreement.compare import compare


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.agreement", description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, help="repeat this one and print it")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    if options.case is not None:
        outcome = compare(Random(f"{options.seed}.{options.case}"))
        print(outcome.text, outcome.word, outcome.detail, sep="\n")
        return 1 if outcome.word == "disagreement" else 0
    counts: Counter[str] = Counter()
    started = time.perf_counter()
    for case in range(options.cases):
        outcome = compare(Random(f"{options.seed}.{case}"))
        counts[outcome.word] += 1
        if outcome.word == "disagreement":
            print(f"--seed {options.seed} --case {case}: {outcome.detail}\n{outcome.text}")
    seconds = time.perf_counter() - started
    print(f"{options.cases} specs, seed {options.seed}, {seconds:.0f} s: {dict(sorted(counts.items()))}")
    return 1 if counts["disagreement"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
