"""The oracle for layers: eager PyTorch on the CPU, which accepts and refuses, and gives the true shapes.

    python -m tests.layers.oracle --cases 20000 --seed 1 [--layer maxpool]

draws cases for every layer and prints each disagreement with the line that repeats it. The exit status is 1
where there was one.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnndsl.diagnostics import RULES
from cnndsl.dims import Shape, Value
from cnndsl.layers import layers
from cnndsl.layers.declaration import Args, Layer, LayerError, Module, Raw, SameAs, no_macs
from cnndsl.layers.kinds import Invalid, PerAxis
from tests.layers.drawing import draw_arguments, draw_value, lenient

__all__ = ["Outcome", "compare", "normal_form", "run_cases"]

BATCH = 2


@dataclass(frozen=True)
class Outcome:
    """What a case came to: `accepted`, `refused`, `stricter`, or `disagreement` with what it is."""

    word: str
    detail: str = ""


# Where we refuse on purpose what PyTorch takes, exactly; the declaration says so in its `stricter`.
Predicate = Callable[[Value, Mapping[str, Any]], bool]


def names_batch(x: Value, given: Mapping[str, Any]) -> bool:
    """Whether an argument names axis 0, counted from the front or from the back."""
    for name in ("dim", "dims", "start_dim", "end_dim", "dim0", "dim1"):
        value = given.get(name)
        axes = value if isinstance(value, tuple) else (value,)
        if any(axis in (0, -len(x.shape) - 1, -len(x.shape) - 2) for axis in axes):
            return True
    return False


def crops_all(x: Value, given: Mapping[str, Any]) -> bool:
    numbers = given["padding"] * (1 if len(given["padding"]) > 1 else 2 * x.rank)
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return given.get("mode", "constant") != "constant" and any(
        n + min(before, 0) + min(after, 0) < 1
        for n, (before, after) in zip(reversed(x.spatial), pairs, strict=False)
    )


# Arguments that PyTorch's layer does not have: what they may be is ours to say.
OURS = {("layernorm", "axes"), ("dwconv", "mult"), ("linear", "last")}


def crops_as_padding(x: Value, given: Mapping[str, Any]) -> bool:
    padding = spread(given.get("padding", 0))
    return given.get("padding_mode", "zeros") != "zeros" and any(
        p < 0 for p in padding if p not in ("same", "valid")
    )


STRICTER: dict[str, Predicate] = {
    **dict.fromkeys(
        ("softmax", "logsoftmax", "softmin", "glu", "flatten", "unflatten", "permute", "transpose"),
        names_batch,
    ),
    "unsqueeze": names_batch,
    "narrow": names_batch,
    "linear": lambda x, given: x.channels_first and x.rank > 0 and not given.get("last"),
    "mean": lambda x, given: names_batch(x, given) or len(given["dim"]) == len(x.shape),
    "squeeze": lambda x, given: (
        names_batch(x, given) or x.shape[given["dim"] - (given["dim"] > 0)] != 1 or x.rank == 0
    ),
    "pad": crops_all,
    **dict.fromkeys(("conv", "dwconv"), crops_as_padding),
    "upconv": lambda x, given: 0 in spread(given.get("dilation", 1)),
}


def spread(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def normal_form(layer: Layer, given: Mapping[str, Any], rank: int, strict: bool = True) -> dict[str, Any]:
    """Arguments in the form that shape rules read, defaults filled in; LayerError where one is not taken."""
    result: dict[str, Any] = {}
    for argument in layer.arguments:
        kind = argument.kind if strict else lenient(argument.kind)
        if argument.name in given:
            try:
                result[argument.name] = kind.accept(given[argument.name], rank)
            except Invalid as error:
                raise LayerError(error.rule, error.message, argument=argument.name) from None
        elif isinstance(argument.default, SameAs):
            result[argument.name] = result[argument.default.argument]
        elif isinstance(argument.kind, PerAxis) and argument.default is not None:
            result[argument.name] = argument.kind.accept(argument.default, rank)
        else:
            result[argument.name] = argument.default
    return result


class Bare(nn.Module):
    """A parameter that stands for itself, as the code generator writes it."""

    def __init__(self, parameter: nn.Parameter, expression: str) -> None:
        super().__init__()
        self.bare = parameter
        self.expression = expression.format(x="x", self="bare")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return eval(self.expression, {"x": x, "bare": self.bare})


def build(module: Module) -> nn.Module:
    """The module that the constructor describes, made from its source as a person would run it."""
    scope: dict[str, Any] = {"torch": torch, "nn": nn}
    exec(module.helper, scope)
    values = [value.code if isinstance(value, Raw) else repr(value) for _, value in module.positional]
    values += [f"{name}={value!r}" for name, value in module.keywords]
    made = eval(f"{module.name}({', '.join(values)})", scope)
    return Bare(made, module.apply) if module.apply else made


@dataclass(frozen=True)
class Truth:
    """What PyTorch gave: the shape without the batch, the weights by name: their shape, whether trained."""

    shape: Shape
    weights: dict[str, tuple[Shape, bool]]
    macs: int | None


def run_eagerly(module: Module, x: Value, count: bool) -> Truth:
    """Build and run, and `count` multiply-adds; raises whatever PyTorch raises."""
    made = build(module)
    # Training hands in values with gradients; pools have kernels of their own for values without.
    arriving = torch.randn(BATCH, *x.shape)
    given = made(arriving.clone().requires_grad_() * 1.0)
    with torch.no_grad():
        again = made(arriving)
    if given.shape != again.shape:
        raise AssertionError(f"{tuple(given.shape)} with gradients, {tuple(again.shape)} without")
    if given.numel() == 0:
        raise ValueError("PyTorch gives an empty value, which is refused on purpose")
    weights = {name: (tuple(p.shape), True) for name, p in made.named_parameters()}
    weights |= {name: (tuple(b.shape), False) for name, b in made.named_buffers()}
    if "bare" in weights:
        weights[""] = weights.pop("bare")
    macs = None
    if count:
        with FlopCounterMode(display=False) as counter:
            made(arriving)
        macs = counter.get_total_flops() // 2 // BATCH
    return Truth(tuple(given.shape[1:]), weights, macs)


def compare(layer: Layer, given: Mapping[str, Any], x: Value) -> Outcome:
    """Hold one use of a layer against PyTorch. `given` are arguments as a spec would write them."""
    refusal: LayerError | None = None
    try:
        arguments = normal_form(layer, given, x.rank)
        shape: Shape = layer.shape(x, arguments)
    except LayerError as error:
        refusal = error
        wrong = check_refusal(layer, error)
        if wrong:
            return Outcome("disagreement", wrong)
        if (layer.name, error.argument) in OURS:
            return Outcome("refused")
        arguments, shape = normal_form(layer, given, x.rank, strict=False), ()
    try:
        counted = refusal is None and layer.macs is not no_macs
        truth = run_eagerly(layer.module(x, arguments, shape), x, counted)
    except (AssertionError, NameError, SyntaxError) as error:
        if refusal is None or isinstance(error, (NameError, SyntaxError)):
            return Outcome("disagreement", f"{type(error).__name__}: {error}")
        return Outcome("refused")
    except Exception as error:
        if refusal is not None:
            return Outcome("refused")
        return Outcome("disagreement", f"we give {shape}, PyTorch refuses: {error}")
    if refusal is not None:
        if layer.name in STRICTER and layer.stricter and STRICTER[layer.name](x, given):
            return Outcome("stricter")
        return Outcome("disagreement", f"we refuse ({refusal}), PyTorch gives {truth.shape}")
    try:
        return check_acceptance(layer, x, arguments, shape, truth)
    except LayerError as error:
        return Outcome("disagreement", f"a rule refuses what the shape rule takes: {error}")


def check_refusal(layer: Layer, error: LayerError) -> str:
    """What is wrong with a refusal by itself: its rule, its blame, its sentence."""
    if error.rule not in RULES:
        return f"{error.rule} is no rule"
    if error.argument not in (None, *(a.name for a in layer.arguments)):
        return f"{error.argument} is no argument"
    if error.message.endswith((".", "!")) or error.message[:1].isupper():
        return f"badly said: {error.message}"
    return ""


def check_acceptance(layer: Layer, x: Value, arguments: Args, shape: Shape, truth: Truth) -> Outcome:
    """Hold shape and weights against PyTorch's, and see that the other rules run."""
    if shape != truth.shape:
        return Outcome("disagreement", f"we give {shape}, PyTorch {truth.shape}")
    weights = layer.weights(x, arguments)
    ours = {weight.name: (weight.shape, weight.trainable) for weight in weights}
    if ours != truth.weights or len(ours) != len(weights):
        return Outcome("disagreement", f"our weights {ours}, PyTorch's {truth.weights}")
    if [weight.name for weight in weights] != list(truth.weights):
        return Outcome("disagreement", f"the weights' order: {list(ours)}, PyTorch's {list(truth.weights)}")
    macs = layer.macs(x, arguments, shape)
    if truth.macs is not None and macs != truth.macs:
        return Outcome("disagreement", f"we count {macs} multiply-adds, PyTorch {truth.macs}")
    steps = layer.receptive(x, arguments)
    if isinstance(steps, tuple) and len(steps) != x.rank:
        return Outcome("disagreement", f"{len(steps)} receptive-field steps for {x.rank} axes")
    if layer.explain is not None and "=" not in layer.explain(x, arguments, shape):
        return Outcome("disagreement", "the formula gives no number")
    return Outcome("accepted")


def run_case(layer: Layer, seed: str) -> tuple[Value, dict[str, Any], Outcome]:
    """The case of one seed: always the same."""
    random = Random(f"{layer.name} {seed}")
    x = draw_value(layer, random)
    given = draw_arguments(layer, x, random)
    return x, given, compare(layer, given, x)


def run_cases(layer: Layer, seed: int, cases: int) -> tuple[Counter[str], list[str]]:
    """How many cases came to what, and the disagreements, each with how to repeat it."""
    counts: Counter[str] = Counter()
    wrong = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in range(cases):
            x, given, outcome = run_case(layer, f"{seed}.{case}")
            counts[outcome.word] += 1
            if outcome.word == "disagreement":
                wrong.append(f"run_case({layer.name!r}, '{seed}.{case}'): {x} {given}: {outcome.detail}")
    return counts, wrong


def main(arguments: list[str]) -> int:
    """Draw cases for all layers, or for one, and report."""
    parser = argparse.ArgumentParser(description="hold every layer against eager PyTorch")
    parser.add_argument("--cases", type=int, default=20_000, help="how many, shared out among the layers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layer", help="this one only")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    chosen = [layer for layer in layers() if options.layer in (None, layer.name)]
    started, total, bad = time.perf_counter(), Counter[str](), 0
    for layer in chosen:
        counts, wrong = run_cases(layer, options.seed, max(1, options.cases // len(chosen)))
        total += counts
        bad += len(wrong)
        print(f"{layer.name:20}", dict(sorted(counts.items())))
        for line in wrong[:5]:
            print("   ", line)
    print(
        f"{total.total()} cases in {time.perf_counter() - started:.0f} s, seed {options.seed}: {dict(total)}"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
