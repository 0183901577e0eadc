"""The shapes that comments at the ends of a spec's lines promise, held against the graph.

`conv 16 k3 p1 -> maxpool 2   # 16x14x14` says what the last item that ends on the line gives. Text may
follow the shape after a colon.
"""

from __future__ import annotations

import re

from cnndsl.report import Report
from cnndsl.text import Span

__all__ = ["broken_promises", "promised", "shapes_by_line"]

_PROMISE = re.compile(r"\S.*#\s*([0-9]+(?:x[0-9]+)*)(?::.*)?$")


def promised(text: str) -> dict[int, tuple[int, ...]]:
    """The shape that each line's comment promises, by the line's number."""
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        promise = _PROMISE.match(line.strip())
        if promise is not None:
            found[number] = tuple(map(int, promise[1].split("x")))
    return found


def shapes_by_line(report: Report) -> dict[int, tuple[int, ...] | None]:
    """What the last item that ends on a line gives, by the line's number; None for an unknown value."""
    last: dict[int, int] = {}

    def ends(span: Span, node: int) -> None:
        if span.source is report.source:
            line = report.source.position(span.end - 1).line if span.end else 1
            last[line] = max(last.get(line, 0), node)

    for node in report.graph.nodes:
        for span in (node.span, *(use.span for use in node.uses)):
            ends(span, node.id)
    for scope in report.graph.scopes[1:]:
        if scope.output is not None:
            ends(scope.span, scope.output)
    return {line: report.graph.nodes[node].output_shape for line, node in last.items()}


def broken_promises(report: Report) -> list[str]:
    """A line for each comment that is not true; empty where all hold."""
    given = shapes_by_line(report)
    return [
        f"line {line} promises {shape}, it is {given.get(line)}"
        for line, shape in promised(report.source.text).items()
        if given.get(line) != shape
    ]
