"""`python -m tests.agreement --cases N --seed S`: the checker against eager PyTorch.

Half of the cases are single layers, shared out among all of them, half are whole specs. Each disagreement
is printed with the options that repeat it; the exit status is 1 where there was one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from random import Random

import torch

from cnndsl.layers import find, layers
from tests.agreement.compare import compare
from tests.layers.oracle import run_case, run_cases

WORDS = ("accepted", "refused", "stricter", "disagreement")


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    torch.set_num_threads(1)
    if options.layer is not None and find(options.layer) is None:
        print(f"there is no layer {options.layer}", file=sys.stderr)
        return 2
    if options.case is not None:
        return repeat(options)
    started = time.perf_counter()
    kinds = ("layers",) if options.layer else (options.only,) if options.only else ("layers", "specs")
    share = options.cases // len(kinds)
    total: Counter[str] = Counter()
    for kind in kinds:
        count = draw_layers if kind == "layers" else draw_specs
        total += count(share, options)
    seconds = time.perf_counter() - started
    print(f"{total.total():,} cases, seed {options.seed}, {seconds:.0f} s: {shown(total)}")
    return 1 if total["disagreement"] else 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.agreement", description=__doc__)
    made.add_argument("--cases", type=int, default=4000, help="how many, layers and specs together")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--only", choices=("layers", "specs"), help="these only")
    made.add_argument("--layer", metavar="NAME", help="this layer only")
    made.add_argument("--case", type=int, metavar="N", help="repeat one case, of `--layer` or of the specs")
    made.add_argument("--verbose", action="store_true", help="a line for each layer")
    return made


def shown(counts: Counter[str]) -> str:
    """The counts in words, the disagreements always among them."""
    return ", ".join(f"{counts[word]:,} {word}" for word in WORDS)


def draw_layers(cases: int, options: argparse.Namespace) -> Counter[str]:
    """Cases of every layer, or of one."""
    chosen = layers() if options.layer is None else (found.layer,) if (found := find(options.layer)) else ()
    total: Counter[str] = Counter()
    for index, layer in enumerate(chosen):
        share = cases // len(chosen) + (index < cases % len(chosen))
        counts, wrong = run_cases(layer, options.seed, share)
        total += counts
        if options.verbose:
            print(f"{layer.name:20} {shown(counts)}", flush=True)
        for line in wrong:
            print(line, flush=True)
    print(f"layers: {shown(total)}", flush=True)
    return total


def draw_specs(cases: int, options: argparse.Namespace) -> Counter[str]:
    """Whole specs, each compiled and its values compared too."""
    total: Counter[str] = Counter()
    for case in range(cases):
        outcome = compare(Random(f"{options.seed}.{case}"))
        total[outcome.word] += 1
        if outcome.word == "disagreement":
            print(f"--seed {options.seed} --case {case}: {outcome.detail}\n{outcome.text}", flush=True)
    print(f"specs: {shown(total)}", flush=True)
    return total


def repeat(options: argparse.Namespace) -> int:
    """One case again, printed whole."""
    if options.layer is None:
        spec = compare(Random(f"{options.seed}.{options.case}"))
        print(spec.text, spec.word, spec.detail, sep="\n")
        return 1 if spec.word == "disagreement" else 0
    found = find(options.layer)
    assert found is not None, "looked up before"
    x, given, outcome = run_case(found.layer, f"{options.seed}.{options.case}")
    print(f"{found.layer.name} {given} on {x}", outcome.word, outcome.detail, sep="\n")
    return 1 if outcome.word == "disagreement" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
