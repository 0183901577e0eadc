"""Where in a network's table a mistake stands: in the place of the operation that it is about."""

from __future__ import annotations

from typing import NamedTuple

from cnndsl.diagnostics import Diagnostic
from cnndsl.ir import Node
from cnndsl.report import Report
from cnndsl.text import Span

__all__ = ["Mistake", "find_mistakes"]


class Mistake(NamedTuple):
    """An error: the node that it is about, or None and the node that it stands before; one line of text."""

    node: int | None
    before: int
    text: str


def find_mistakes(report: Report) -> list[Mistake]:
    """The errors of a report, in the order of the table.

    >>> import cnndsl
    >>> find_mistakes(cnndsl.check("input 1x8x8 -> conv 4 k3 -> conv 4 k9"))
    [Mistake(node=2, before=2, text='line 1: kernel 9x9 does not fit into 6x6')]
    """
    unknown = [node for node in report.graph.nodes if node.output is None]
    taken: set[tuple[int, Span]] = set()
    mistakes = []
    for diagnostic in report.diagnostics:
        if diagnostic.severity != "error":
            continue
        text = f"{_place(diagnostic, report)}: {diagnostic.message}"
        # The same text in several uses of a block is about one after the other.
        free = [node for node in unknown if (node.id, diagnostic.span) not in taken]
        guilty = _guilty(diagnostic, free)
        if guilty is None:
            mistakes.append(Mistake(None, _before(diagnostic, report), text))
        else:
            taken.add((guilty.id, diagnostic.span))
            mistakes.append(Mistake(guilty.id, guilty.id, text))
    return sorted(mistakes, key=lambda mistake: mistake.before)


def _place(diagnostic: Diagnostic, report: Report) -> str:
    span = diagnostic.span
    file = "" if span.source is report.source else f"{span.source.name}, "
    return f"{file}line {span.first.line}"


def _guilty(diagnostic: Diagnostic, unknown: list[Node]) -> Node | None:
    """The innermost operation around the marked text, of several uses of a block the first one left."""
    around = [node for node in unknown if _holds(node.span, diagnostic.span)]
    return min(around, key=lambda node: (node.span.end - node.span.start, node.id), default=None)


def _holds(outer: Span, inner: Span) -> bool:
    return outer.source is inner.source and outer.start <= inner.start < max(outer.end, outer.start + 1)


def _before(diagnostic: Diagnostic, report: Report) -> int:
    """The first node that the text has behind the mistake, a block's nodes where the block is used."""
    span = diagnostic.span
    for node in report.graph.nodes:
        place = node.uses[0].span if node.uses else node.span
        if place.source is span.source and place.start > span.start:
            return node.id
    return len(report.graph.nodes)
