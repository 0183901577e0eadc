"""The table of a network: layers, shapes, weights, work and receptive fields, as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnndsl.analysis.receptive_field import receptive_fields
from cnndsl.backends.notation import written, written_scope
from cnndsl.dims import Shape, format_shape
from cnndsl.ir import Graph, Node, Scope
from cnndsl.report import Report

__all__ = ["show"]

TITLES = ("name", "layer", "output", "parameters", "multiply-adds", "receptive field")
RIGHT = frozenset({3, 4})
WIDEST = 48


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a node, or a scope that stands for all that lies in it."""

    name: str
    layer: str
    output: tuple[int | str, ...] | None
    parameters: int
    macs: int
    field: Shape | None


def show(report: Report, batch: int | None = None, depth: int | None = None) -> str:
    """The table of a spec that has been checked.

    Shapes and multiply-adds are for one sample without the batch axis, or with it for a `batch`.
    Scopes whose names have more than `depth` parts are folded into one line. Unknown values are `?`.
    """
    graph = report.graph
    fields = receptive_fields(graph)
    rows = _rows(report, fields, depth)
    cells = [TITLES, *(_cells(row, batch) for row in rows)]
    macs = report.macs * (batch or 1)
    totals = ("total", "", "", f"{report.parameters:,}", f"{macs:,}", "")
    widths = [max(len(row[column]) for row in [*cells, totals]) for column in range(len(TITLES))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [*([graph.model, ""] if graph.model else []), _line(TITLES, widths), rule]
    lines += [_line(row, widths) for row in cells[1:]]
    lines += [rule, _line(totals, widths), "", *_notes(report, batch)]
    return "\n".join(lines)


def _rows(report: Report, fields: Sequence[Shape | None], depth: int | None) -> list[Row]:
    graph = report.graph
    rows: list[Row] = []

    def visit(scope: Scope) -> None:
        for kind, index in scope.children:
            if kind == "node":
                node = graph.nodes[index]
                rows.append(
                    Row(
                        node.path,
                        written(node),
                        report.shape(node),
                        node.parameters,
                        node.macs,
                        fields[index],
                    )
                )
                continue
            child = graph.scopes[index]
            if depth is not None and child.path.count(".") + 1 >= depth and child.path:
                rows.append(_folded(report, child, fields))
            else:
                visit(child)

    visit(graph.scopes[0])
    return rows


def _folded(report: Report, scope: Scope, fields: Sequence[Shape | None]) -> Row:
    graph = report.graph
    nodes = list(_inside(graph, scope))
    output = None if scope.output is None else graph.nodes[scope.output]
    return Row(
        scope.path,
        written_scope(scope) or _contents(graph, scope),
        report.shape(output) if output else None,
        sum(node.parameters for node in nodes),
        sum(node.macs for node in nodes),
        fields[output.id] if output else None,
    )


def _contents(graph: Graph, scope: Scope) -> str:
    """What an unnamed scope holds, in a few words: `[basic x 2]`, `[conv, bn, relu, ...]`."""
    words: list[tuple[str, int]] = []
    for kind, index in scope.children:
        if kind == "node":
            word = graph.nodes[index].layer.name
        else:
            child = graph.scopes[index]
            word = child.block or child.key
        if words and words[-1][0] == word:
            words[-1] = (word, words[-1][1] + 1)
        else:
            words.append((word, 1))
    shown = [f"{word} x {count}" if count > 1 else word for word, count in words]
    return f"[{' -> '.join(shown[:4])}{' ...' if len(shown) > 4 else ''}]"


def _inside(graph: Graph, scope: Scope) -> list[Node]:
    nodes: list[Node] = []
    waiting = [scope]
    while waiting:
        for kind, index in waiting.pop().children:
            if kind == "node":
                nodes.append(graph.nodes[index])
            else:
                waiting.append(graph.scopes[index])
    return nodes


def _cells(row: Row, batch: int | None) -> tuple[str, ...]:
    shape = row.output if batch is None or row.output is None else (batch, *row.output)
    layer = row.layer if len(row.layer) <= WIDEST else row.layer[: WIDEST - 1] + "…"
    return (
        row.name,
        "" if layer == row.name else layer,
        "?" if shape is None else "x".join(map(str, shape)),
        f"{row.parameters:,}" if row.parameters else "",
        f"{row.macs * (batch or 1):,}" if row.macs else "",
        "" if row.field is None else format_shape(row.field),
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell.rjust(width) if column in RIGHT else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()


def _notes(report: Report, batch: int | None) -> list[str]:
    notes = [f"weights in float32: {_bytes(4 * report.parameters)}"]
    if report.buffers:
        notes.append(f"buffers, not trained: {report.buffers:,}")
    if batch is not None:
        notes.append(f"shapes and multiply-adds for a batch of {batch:,}")
    if report.open_shapes:
        notes.append(f"multiply-adds and receptive fields are for {report.example_input}")
    notes.extend(f"valid {one.axis}: {one.text}" for one in report.sizes)
    if not report.graph.complete:
        notes.append("an error left some values unknown: the totals count what is known")
    return notes


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} GiB"
