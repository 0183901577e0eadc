"""The branches of a join: as they are written, what they give, and the layers in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cnndsl import syntax as s
from cnndsl.diagnostics import Edit
from cnndsl.dims import Value
from cnndsl.fixes.candidates import Candidate, Case, every_statement, form, plain, written
from cnndsl.ir import Node
from cnndsl.layers.declaration import Layer
from cnndsl.text import Span

__all__ = ["Branch", "branches", "chain", "edited", "pairs"]


class Branch(NamedTuple):
    """A branch as it is written, and what it gives. `span` is None for what arrives at the join."""

    span: Span | None
    value: Value
    end: Node


def branches(case: Case) -> list[Branch]:
    """The branches of the join, each with its value."""
    node, item = case.node, case.item
    if node is None or len(node.inputs) < 2:
        return []
    spans: list[Span | None]
    if isinstance(item, s.Join):
        spans = [one.span for one in item.branches]
    elif isinstance(item, s.Residual):
        spans = [item.branch.span, None]
    elif isinstance(item, s.Call):
        spans = [None, *(one.span for one in item.arguments)]
    else:
        return []
    nodes = [case.graph.nodes[id] for id in node.inputs]
    if len(spans) != len(nodes):
        return []
    return [
        Branch(span, one.output, one)
        for span, one in zip(spans, nodes, strict=True)
        if one.output is not None
    ]


def pairs(case: Case) -> Iterator[tuple[Branch, Branch]]:
    """Branches that differ from another, with that other: what most branches agree on comes first."""
    found = branches(case)
    shapes = [one.value.shape for one in found]
    order = sorted(found, key=lambda one: shapes.count(one.value.shape))
    for one in order:
        for other in reversed(order):
            if one.value.shape != other.value.shape:
                yield one, other


def chain(case: Case, branch: Branch) -> Iterator[Node]:
    """The items of a branch that have arguments, from its end back."""
    at = branch.end
    start = case.node.span.start if case.node is not None else 0
    for _ in range(64):
        if (
            isinstance(at.layer, Layer)
            and at.arguments
            and (branch.span is None or _within(at.span, branch.span))
        ):
            yield at
        if not at.inputs:
            return
        at = case.graph.nodes[at.inputs[0]]
        if branch.span is not None and at.span.start < min(start, branch.span.start) and not at.uses:
            return


def _within(span: Span, around: Span) -> bool:
    return around.start <= span.start and span.end <= around.end


def edited(case: Case, node: Node, name: str, value: object, title: str = "") -> Candidate | None:
    """The candidate that gives an argument of some item another value."""
    layer = node.layer
    call = call_at(case, node.span)
    if call is None or not isinstance(layer, Layer) or name not in {one.name for one in layer.arguments}:
        return None
    argument = layer.argument(name)
    before = written(layer, call).get(name)
    where = "" if node.span.first.line == case.span.first.line else f" in line {node.span.first.line}"
    if before is not None:
        positional = before.keyword is None and isinstance(before.value, s.Number)
        new = form(argument, value, positional)
        says = title or f"`{new}` instead of `{before.span.text}`{where} fits: {{shape}}"
        return Candidate(says, (Edit(before.span, new),), ends_at=case.end_of_item)
    new = form(argument, value)
    edit = case.edit(call.span.end, call.span.end, f" {new}")
    says = title or f"`{call.span.text} {new}`{where} fits: {{shape}}"
    return Candidate(says, (edit,), ends_at=case.end_of_item)


def call_at(case: Case, span: Span) -> s.Call | None:
    """The use of a layer that stands at a place."""
    for statement in every_statement(case.tree):
        if statement.span.start <= span.start and span.end <= statement.span.end:
            item = plain(statement)
            if isinstance(item, s.Call) and item.span == span:
                return item
    return None
