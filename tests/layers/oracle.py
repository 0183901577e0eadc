"""The oracle for layers: eager PyTorch on the CPU, which accepts and refuses, and gives the true shapes.

`python -m tests.agreement` draws cases for every layer and prints what disagrees.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from cnndsl.diagnostics import RULES
from cnndsl.dims import Shape, Value
from cnndsl.layers.declaration import Args, Layer, LayerError, Module, Raw, SameAs, no_macs
from cnndsl.layers.kinds import Invalid, PerAxis
from tests.layers.drawing import draw_case, lenient
from tests.layers.stricter import OURS, is_stricter

__all__ = ["Outcome", "build", "compare", "normal_form", "run_case", "run_cases"]

BATCH = 2


@dataclass(frozen=True)
class Outcome:
    """What a case came to: `accepted`, `refused`, `stricter`, or `disagreement` with what it is."""

    word: str
    detail: str = ""


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


class Applied(nn.Module):
    """What a constructor made, used as its `apply` says."""

    def __init__(self, made: nn.Module | nn.Parameter, expression: str) -> None:
        super().__init__()
        self.made = made
        self.expression = expression.format(x="x", self="made")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = eval(self.expression, {"torch": torch, "x": x, "made": self.made})
        return result


def build(module: Module) -> nn.Module:
    """The module that the constructor describes, made from its source as a person would run it."""
    scope: dict[str, Any] = {"torch": torch, "nn": nn}
    exec(module.helper, scope)
    values = [value.code if isinstance(value, Raw) else repr(value) for _, value in module.positional]
    values += [f"{name}={value!r}" for name, value in module.keywords]
    made = eval(f"{module.name}({', '.join(values)})", scope)
    return Applied(made, module.apply) if module.apply else made


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
    names = [(name, tuple(p.shape), True) for name, p in made.named_parameters()]
    names += [(name, tuple(b.shape), False) for name, b in made.named_buffers()]
    if module.apply:
        names = [(name.removeprefix("made").removeprefix("."), *rest) for name, *rest in names]
    macs = multiply_adds(made, arriving) if count else None
    return Truth(tuple(given.shape[1:]), {name: (shape, trained) for name, shape, trained in names}, macs)


def multiply_adds(made: nn.Module, arriving: torch.Tensor) -> int:
    """The multiply-adds for one sample. The counter sees attention only where it is plain products."""
    counted = set()
    for training in (True, False):
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            made.train(training)(arriving)
        counted.add(counter.get_total_flops() // 2 // BATCH)
    made.train()
    if len(counted) > 1:
        raise AssertionError(f"multiply-adds differ in training and evaluation: {counted}")
    return counted.pop()


def compare(layer: Layer, given: Mapping[str, Any], x: Value) -> Outcome:
    """Hold one use of a layer against PyTorch. `given` are arguments as a spec would write them."""
    if layer.ranks is not None and x.rank not in layer.ranks:
        return compare_wrong_rank(layer, given, x)
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
        if is_stricter(layer, x, given):
            return Outcome("stricter")
        return Outcome("disagreement", f"we refuse ({refusal}), PyTorch gives {truth.shape}")
    try:
        return check_acceptance(layer, x, arguments, shape, truth)
    except LayerError as error:
        return Outcome("disagreement", f"a rule refuses what the shape rule takes: {error}")


def compare_wrong_rank(layer: Layer, given: Mapping[str, Any], x: Value) -> Outcome:
    """A value of a rank that the layer does not take: PyTorch has no class for it, or refuses it too."""
    try:
        module = layer.module(x, normal_form(layer, given, x.rank, strict=False), ())
        made = build(module).eval()
        batch = torch.randn(3, *x.shape)
        result = made(batch)
        alone = torch.cat([made(sample) for sample in batch.split(1)])
    except Exception:
        return Outcome("refused")
    # A module that takes values without a batch axis too may take the batch for the channels.
    same = len(result) == len(batch) and result.shape == alone.shape
    if not same or not torch.allclose(result, alone, atol=1e-5, equal_nan=True):
        return Outcome("refused")
    if is_stricter(layer, x, given):
        return Outcome("stricter")
    return Outcome("disagreement", f"we refuse rank {x.rank}, PyTorch gives {tuple(result.shape[1:])}")


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
    x, given = draw_case(layer, Random(f"{layer.name} {seed}"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return x, given, compare(layer, given, x)


def run_cases(layer: Layer, seed: int, cases: int) -> tuple[Counter[str], list[str]]:
    """How many cases came to what, and the disagreements, each with how to repeat it."""
    counts: Counter[str] = Counter()
    wrong = []
    for case in range(cases):
        x, given, outcome = run_case(layer, f"{seed}.{case}")
        counts[outcome.word] += 1
        if outcome.word == "disagreement":
            wrong.append(
                f"--seed {seed} --layer {layer.name} --case {case}: {layer.name} {given} on {x}: "
                f"{outcome.detail}"
            )
    return counts, wrong
