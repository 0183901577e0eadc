"""One random spec, held against eager PyTorch: acceptance, shape, weights, and the module's values."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from dataclasses import dataclass
from random import Random

import torch
from torch import nn

from cnndsl import Report, check, compile
from cnndsl.layers import find
from tests.agreement.drawing import draw_spec
from tests.agreement.eager import Interpreter
from tests.agreement.trees import Spec, spec_text
from tests.layers.stricter import OURS

__all__ = ["Outcome", "compare"]

# What the language refuses on purpose wherever it stands; other layers say so in their declaration.
STRICTER_RULES = frozenset({"needs-flatten", "too-large"})


@dataclass(frozen=True)
class Outcome:
    """`accepted`, `refused`, `stricter`, or `disagreement` with what it is; and the spec."""

    word: str
    text: str
    detail: str = ""


def compare(random: Random, build: bool = True) -> Outcome:
    """Draw a spec and hold it against PyTorch; `build` compiles it too and compares the values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec, truth, modules, refused = draw_spec(random)
        text = spec_text(spec)
        report = check(text)
        report.graph.verify()
        if not report.ok:
            return _refusal(report, text, truth)
        if truth is None:
            where = "a join" if refused is None else refused.layer
            return Outcome("disagreement", text, f"we accept what PyTorch refuses at {where}")
        shape = report.graph.nodes[report.graph.outputs[0].node].output_shape
        if shape != truth:
            return Outcome("disagreement", text, f"we give {shape}, PyTorch {truth}")
        theirs = sum(p.numel() for module in modules for p in module.parameters())
        if report.parameters != theirs:
            return Outcome("disagreement", text, f"{report.parameters} parameters, PyTorch {theirs}")
        buffers = sum(b.numel() for module in modules for b in module.buffers())
        if report.buffers != buffers:
            return Outcome("disagreement", text, f"{report.buffers} buffers, PyTorch {buffers}")
        if not build:
            return Outcome("accepted", text)
        x = torch.linspace(-1, 1, 2 * _size(spec.shape)).reshape(2, *spec.shape)
        run = Interpreter(spec.blocks)
        run.items(spec.items, torch.zeros_like(x), {}, {})
        try:
            wrong = _values(compile(text), spec, x)
        except Exception as error:  # whatever the compiled module raises is what we look for
            wrong = f"{type(error).__name__}: {error}"
        return Outcome("disagreement", text, wrong) if wrong else Outcome("accepted", text)


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for axis in shape:
        size *= axis
    return size


def _refusal(report: Report, text: str, truth: tuple[int, ...] | None) -> Outcome:
    first = report.diagnostics[0]
    if truth is None:
        return Outcome("refused", text)
    if first.rule in STRICTER_RULES:
        return Outcome("stricter", text)
    # The layer that is blamed is the first word of its item; nothing else in the spec excuses the refusal.
    item = re.split(r"->|[\n\[{|:]", text[: first.span.end])[-1].split()
    found = find(item[0]) if item else None
    if found is not None and (found.layer.name, first.message.partition(":")[0]) in OURS:
        return Outcome("refused", text)
    if found is not None and found.layer.stricter:
        return Outcome("stricter", text)
    return Outcome("disagreement", text, f"we refuse what PyTorch gives as {truth}:\n{report}")


def _values(model: nn.Module, spec: Spec, x: torch.Tensor) -> str:
    """What differs between the compiled module and the interpreter, their weights set alike."""
    run = _Alike(spec.blocks)
    _set_alike(model)
    with torch.no_grad():
        # copies: a layer with `inplace` writes into what it is given
        ours = model.eval()(x.clone())
        theirs = run.items(spec.items, x.clone(), {}, {})
    if ours.shape != theirs.shape:
        return f"the module gives {tuple(ours.shape)}, the interpreter {tuple(theirs.shape)}"
    shapes = Counter(tuple(p.shape) for p in model.parameters())
    if shapes != Counter(tuple(p.shape) for module in run.modules for p in module.parameters()):
        return "the module's weights have other shapes"
    if not torch.allclose(ours, theirs, rtol=1e-4, atol=1e-5, equal_nan=True):
        return f"the module's values differ by {(ours - theirs).abs().max():.3g}"
    return ""


def _set_alike(module: nn.Module) -> None:
    """Fill every weight by a rule that depends on its shape alone, and put random windows in one place."""
    for one in module.modules():
        if isinstance(one, (nn.FractionalMaxPool2d, nn.FractionalMaxPool3d)):
            one.register_forward_pre_hook(_place_windows)
    with torch.no_grad():
        for parameter in module.parameters():
            count = parameter.numel()
            parameter.copy_(
                (torch.linspace(-0.5, 0.7, count) / max(count, 1) ** 0.5).reshape(parameter.shape)
            )


def _place_windows(pool: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
    """Where the windows of a fractional pool stand, which is random otherwise: fractions an axis."""
    (x,) = arguments
    pool._random_samples = torch.full((*x.shape[:2], x.dim() - 2), 0.4)


class _Alike(Interpreter):
    """An interpreter whose modules evaluate, with weights that are set by the same rule."""

    def module(self, layer, given, shape):  # type: ignore[no-untyped-def]
        made = super().module(layer, given, shape)
        _set_alike(made)
        return made.eval()
