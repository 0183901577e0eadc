"""Assertions on open sizes: `conv 16 k3 s2 p1 :: (16, H // 2, W // 2)` is a condition on H and W."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnndsl import syntax as s
from cnndsl.analysis.sizes.replaying import Check
from cnndsl.diagnostics import SpecError
from cnndsl.dims import NotExact, Value
from cnndsl.elaboration.context import Stated
from cnndsl.expressions import AXES, evaluate
from cnndsl.layers.declaration import LayerError

__all__ = ["check_of"]

# What can be computed for all sizes at once; a quotient has to come out whole, which is a case of its own.
OPERATORS = frozenset({"+", "-", "*", "//", "%"})


def check_of(stated: Stated) -> Check:
    """The condition that an assertion sets on the sizes of the value that it is about."""

    def rule(values: Sequence[Value]) -> None:
        value, arriving = values
        for axis, size in zip(stated.shape.axes, value.shape, strict=True):
            if axis == "_" or (isinstance(axis, s.Name) and axis.word == "_"):
                continue
            if _wanted(axis, arriving, stated) != size:
                raise LayerError("shape-assertion", f"{stated.shape.span.text} is stated, {value} comes")

    return Check(stated.node, (stated.arriving,), rule, stated.shape.span)


def _wanted(axis: Any, arriving: Value, stated: Stated) -> Any:
    if isinstance(axis, int):
        return axis
    if any(isinstance(part, s.Name) and part.word in AXES for part in _parts(axis)) and not all(
        map(_is_exact, _parts(axis))
    ):
        raise NotExact(f"`{axis.span.text}` is not of + - * // % alone")
    try:
        return evaluate(axis, stated.names, arriving)
    except SpecError as error:
        raise LayerError("shape-assertion", error.diagnostics[0].message) from None


def _parts(expression: Any) -> Iterator[Any]:
    """An expression and all expressions in it."""
    if not isinstance(expression, tuple):
        return
    if hasattr(expression, "span"):
        yield expression
    for entry in expression:
        yield from _parts(entry)


def _is_exact(part: Any) -> bool:
    if isinstance(part, s.Chain):
        return all(operator in OPERATORS for operator, _ in part.rest)
    return isinstance(part, (s.Number, s.Name, s.Parenthesised)) or (
        isinstance(part, s.Unary) and part.operator == "-"
    )
