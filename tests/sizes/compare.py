"""One network's claimed sizes, held against all sizes from 1 to 300, an axis after the other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import NamedTuple

import torch

import cnndsl
from cnndsl.dims import Shape
from cnndsl.layers.declaration import Join, Layer
from cnndsl.report import Report
from tests.agreement.drawing import draw_spec
from tests.agreement.trees import spec_text
from tests.sizes.brute_force import MOST_NUMBERS, Concrete, concrete, eager

__all__ = ["LARGEST", "Outcome", "compare", "drawn", "opened"]

LARGEST = 300


class Outcome(NamedTuple):
    """What was compared, by kind, and the first disagreement; empty where there is none."""

    counts: Counter[str]
    wrong: str = ""


def drawn(seed: str) -> str | None:
    """A random spec that PyTorch accepts, with an axis to look at; None where the draw gives none."""
    spec, truth, _, _ = draw_spec(Random(seed))
    return spec_text(spec) if truth is not None and len(spec.shape) > 1 else None


def compare(
    spec: str | Path, shape: Shape | None = None, largest: int = LARGEST, with_torch: bool = True
) -> Outcome:
    """Hold what `--sizes` says of a spec against the rules on numbers and against PyTorch."""
    report = cnndsl.check(spec, shape, sizes=True)
    counts: Counter[str] = Counter()
    if not report.ok:
        return Outcome(Counter({"refused": 1}))
    graph = report.graph
    bases: dict[int, Shape] = {id: graph.nodes[id].output_shape or () for id in graph.inputs}
    axes = [(id, axis) for id in graph.inputs for axis in range(1, len(bases[id]))]
    # What exists in training alone has to fit too.
    training = any(node.training_only for node in report.graph.nodes)
    model = cnndsl.compile(spec, shape).train(training) if with_torch else None
    for (id, axis), claim in zip(axes, report.sizes, strict=True):
        if claim.valid is None:
            counts["not determined"] += 1
            continue
        counts["axes"] += 1
        for n in range(1, largest + 1):
            now = bases | {id: (*bases[id][:axis], n, *bases[id][axis + 1 :])}
            truth = concrete(graph, now)
            said = n in claim
            what = f"{claim.axis} = {n}, said: {claim.text}"
            if said != truth.accepted:
                return Outcome(counts, f"{what}; the rules on numbers: {truth.refused or 'accepted'}")
            counts["sizes"] += 1
            if model is not None:
                wrong = against_torch(report, model, now, truth, said, counts)
                if wrong:
                    return Outcome(counts, f"{what}; PyTorch: {wrong}")
    return Outcome(counts)


def against_torch(
    report: Report,
    model: torch.nn.Module,
    shapes: dict[int, Shape],
    truth: Concrete,
    said: bool,
    counts: Counter[str],
) -> str:
    """What PyTorch makes of inputs of these shapes, where that is something else than was said."""
    if truth.numbers > MOST_NUMBERS:
        counts["too large for PyTorch here"] += 1
        return ""
    found = eager(model, lambda: tuple(torch.zeros(2, *shapes[id]) for id in report.graph.inputs))
    if said == (not found):
        counts["accepted by both" if said else "refused by both"] += 1
        return ""
    if not said and truth.layer is not None and is_stricter(truth.layer, truth.refused):
        counts["stricter on purpose"] += 1
        return ""
    return found or "accepted"


def is_stricter(layer: Layer | Join, refused: str) -> bool:
    """Whether a layer refuses on purpose what PyTorch takes: nothing is spread over axes that do not agree,
    neither the branches of a join nor a learned tensor, and what declarations say."""
    spread = isinstance(layer, Layer) and "nn.Parameter" in layer.pytorch and "weights" in refused
    return isinstance(layer, Join) or bool(layer.stricter) or spread


def opened(spec: str, seed: str, pairs: int = 40) -> Outcome:
    """The spec with all axes behind the channels open, held against PyTorch at random sizes."""
    first, _, rest = spec.partition("\n")
    channels, *others = first.removeprefix("input ").split("x")
    letters = "XYZ"[: len(others)]
    text = f"input {'x'.join([channels, *letters])}\n{rest}"
    report = cnndsl.check(text)
    counts: Counter[str] = Counter()
    if not report.ok:
        rules = {one.rule for one in report.diagnostics if one.severity == "error"}
        counts["open: " + "free-size" if rules == {"free-size"} else "open: other errors"] += 1
        return Outcome(counts)
    if any(one.valid is None for one in report.sizes):
        counts["open: not determined"] += 1
        return Outcome(counts)
    model = cnndsl.compile(text).eval()
    random = Random(seed)
    for _ in range(pairs):
        sizes = [random.choice((random.randint(1, 12), random.randint(1, 70))) for _ in letters]
        shape = (int(channels), *sizes)
        truth = concrete(report.graph, {0: shape})
        said = all(size in claim for size, claim in zip(sizes, report.sizes, strict=True))
        what = f"{'x'.join(map(str, shape))}, said: {' and '.join(one.text for one in report.sizes)}"
        if said != truth.accepted:
            return Outcome(counts, f"{what}; the rules on numbers: {truth.refused or 'accepted'}\n{text}")
        counts["open: sizes"] += 1
        wrong = against_torch(report, model, {0: shape}, truth, said, counts)
        if wrong:
            return Outcome(counts, f"{what}; PyTorch: {wrong}\n{text}")
    return Outcome(counts)
