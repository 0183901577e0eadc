"""Files that hold blocks only, for `use` to bring: what can be checked of them without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic
from cnndsl.elaborate import elaborate
from cnndsl.elaboration.unknown import layer_help
from cnndsl.ir import Graph
from cnndsl.layers import find, find_join
from cnndsl.parser import parse_all, together
from cnndsl.report import Report

__all__ = ["Library", "as_library"]


@dataclass(frozen=True, slots=True)
class Library(Report):
    """The report on a file of blocks: its graph is empty, `blocks` are the names that it gives."""

    blocks: tuple[str, ...] = ()


def as_library(report: Report) -> Report:
    """The report on a file, as a library's where it holds blocks and no network; else unchanged.

    Nothing arrives at a library, so no shape is known: what is checked are its syntax, its names, and the
    arguments' words and values, inside every block whether it is used or not.

    >>> from cnndsl.api import check
    >>> library = as_library(check("block cbr(c) { conv c k3 p1 -> bn -> relu }"))
    >>> library.ok, library.blocks
    (True, ('cbr',))
    >>> as_library(check("block cbr(c) { covn c k3 }")).diagnostics[0].rule
    'unknown-layer'
    """
    if len(report.graph.nodes) > 1:
        return report
    parsed = parse_all(report.source)
    tree = parsed.body
    if tree is None:
        return report
    blocks = [statement for statement in tree.statements if isinstance(statement, s.Block)]
    others = (s.Block, s.FileUse, s.Let, s.Param, s.Lost)
    if not blocks or not all(isinstance(statement, others) for statement in tree.statements):
        return report
    names = tuple(dict.fromkeys(block.name.word for block in blocks))
    found = _inside(report, tree, blocks)
    if parsed.diagnostics:
        found = together(parsed, found)
    nothing = Graph(None, (), (), (), (), {}, (), complete=not found)
    again = report.again
    return Library(
        report.source,
        nothing,
        found,
        None if again is None else lambda text: as_library(again(text)),
        blocks=names,
    )


def _inside(report: Report, tree: s.Body, blocks: list[s.Block]) -> tuple[Diagnostic, ...]:
    """The diagnostics of a run that uses every block once, on a value that nobody knows."""
    uses = []
    for block in blocks:
        # An axis of an unknown value is an argument that stays undecided.
        place = report.source.span(block.span.end, block.span.end)
        argument = s.Argument(place, s.Name(place, "C"))
        uses.append(s.Call(place, block.name.word, place, (argument,) * len(block.parameters)))
    places = {use.span for use in uses}
    result = elaborate(report.source, tree._replace(statements=(*tree.statements, *uses)))
    found = [
        replace(one, related=tuple(note for note in one.related if note.span not in places))
        for one in result.diagnostics
        if one.rule != "missing-input" and one.span not in places
    ]
    brought = [statement for statement in tree.statements if isinstance(statement, s.FileUse)]
    if all(use.names for use in brought):
        names = {name.word for use in brought for name in use.names} | {block.name.word for block in blocks}
        known = {one.span for one in found}
        found.extend(one for one in _unknown_layers(blocks, names) if one.span not in known)
    return tuple(sorted(found, key=lambda one: (one.span.start, one.span.end)))


def _unknown_layers(blocks: list[s.Block], names: set[str]) -> Iterator[Diagnostic]:
    """Names that nothing has, also where a condition or a loop depends on what arrives and is never run."""
    pending: list[s.Statement] = [statement for block in blocks for statement in block.body.statements]
    while pending:
        at = pending.pop()
        while isinstance(at, (s.Labelled, s.Assertion, s.Repeat)):
            at = at.item
        if isinstance(at, s.Call) and at.name not in names and not find(at.name) and not find_join(at.name):
            message = f"there is no layer or block `{at.name}`"
            yield Diagnostic("unknown-layer", message, at.name_span, help=layer_help(at.name, names))
        pending.extend(statement for body in s.bodies(at) for statement in body.statements)
