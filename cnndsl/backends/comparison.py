"""What two networks differ in, as a table: for terminals, for pages, as JSON, in notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnndsl.analysis.aligning import Part
from cnndsl.analysis.comparing import Comparison, Totals
from cnndsl.backends.tables.changes import ARROW, Entry, entries, output_of, written_part
from cnndsl.backends.tables.table import Head, Line, LineKind, Note, Table
from cnndsl.backends.tables.text import Page, fitting, table_text
from cnndsl.backends.tables.units import bytes_text, macs_text, macs_unit
from cnndsl.report import Report

__all__ = ["FORMATS", "comparison_html", "comparison_json", "comparison_markdown", "comparison_text"]

FORMATS = ("table", "markdown", "json")
# Names that a note lists; of the others it tells how many.
MOST_LISTED = 3

HEADS = (
    Head("change"),
    Head("name", cut="parts"),
    Head("layer", cut="end", least=40),
    Head("output"),
    Head("parameters", right=True),
    Head("multiply-adds", "mult-adds", right=True),
)
KINDS: Mapping[str, LineKind] = {
    "added": "added",
    "removed": "removed",
    "changed": "changed",
    "follows": "quiet",
    "renamed": "row",
}


def comparison_text(found: Comparison, page: Page | None = None, all: bool = False) -> str:
    """The comparison as text: what differs, then the totals; `all`: every operation a line."""
    page = page or Page()
    if found.same:
        return _nothing(found)
    tables = [table_text(fitting(_sum_forms(found), page.width), page)]
    if found.changes:
        tables.insert(0, table_text(fitting(_forms(found, all), page.width), page))
    return "\n\n".join(tables)


def comparison_markdown(found: Comparison, all: bool = False) -> str:
    """The comparison as Markdown."""
    from cnndsl.backends.tables.markdown import table_markdown

    if found.same:
        return _nothing(found)
    changes = [table_markdown(_changes(found, all))] if found.changes else []
    return "\n\n".join([*changes, table_markdown(_sums(found))])


def comparison_html(found: Comparison) -> str:
    """The comparison as a notebook displays it."""
    from cnndsl.backends.tables.html import plain_html, table_html

    if found.same:
        return plain_html(_nothing(found))
    changes = table_html(_changes(found, all=False)) if found.changes else ""
    return f"<div>{changes}{table_html(_sums(found))}</div>"


def comparison_json(found: Comparison) -> dict[str, Any]:
    """The comparison as values that `json` can write."""
    return {
        "version": 1,
        "same": found.same,
        "before": {"path": found.first.source.name, **_totals_json(found.before)},
        "after": {"path": found.second.source.name, **_totals_json(found.after)},
        "changes": [
            {
                "change": change.kind,
                "before": None if change.before is None else _part_json(change.before, found.first),
                "after": None if change.after is None else _part_json(change.after, found.second),
                "arguments": {name: [_plain(one) for one in pair] for name, pair in change.arguments.items()},
                "inputs": None if change.inputs is None else [list(names) for names in change.inputs],
            }
            for change in found.changes
        ],
        "renamed_weights": [list(names) for names in found.moved],
        "outputs": None if found.outputs is None else [list(names) for names in found.outputs],
    }


def _totals_json(totals: Totals) -> dict[str, int]:
    return {
        "operations": totals.operations,
        "parameters": totals.parameters,
        "buffers": totals.buffers,
        "macs": totals.macs,
        "weight_bytes": totals.memory.weights,
        "inference_bytes": totals.memory.total,
    }


def _part_json(part: Part, report: Report) -> dict[str, Any]:
    output = output_of(part, report)
    return {
        "path": part.path,
        "layer": written_part(part),
        "operations": len(part.nodes),
        "output_shape": None if output is None else list(output),
        "parameters": part.costs.parameters,
        "macs": part.costs.macs,
    }


def _plain(value: Any) -> Any:
    return [_plain(one) for one in value] if isinstance(value, (tuple, list)) else value


def _nothing(found: Comparison) -> str:
    totals = found.before
    return f"no difference: {totals.parameters:,} parameters, {totals.macs:,} multiply-adds"


def _forms(found: Comparison, all: bool) -> Iterator[Table]:
    table = _changes(found, all)
    yield table
    for spared in ("output", "multiply-adds"):
        table = _without(table, [head.title for head in table.heads].index(spared))
        yield table


def _without(table: Table, column: int) -> Table:
    heads = (*table.heads[:column], *table.heads[column + 1 :])
    lines = (
        line if line.message else line._replace(cells=(*line.cells[:column], *line.cells[column + 1 :]))
        for line in table.lines
    )
    return table._replace(heads=heads, lines=tuple(lines))


def _changes(found: Comparison, all: bool) -> Table:
    unit = macs_unit(max(found.before.macs, found.after.macs))
    lines = tuple(_line(entry, unit) for entry in entries(found, all))
    return Table(ARROW.join(_titles(found)), HEADS, lines, (), ())


def _line(entry: Entry, unit: int) -> Line:
    parameters = f"{entry.parameters:+,}" if entry.parameters else ""
    cells = (entry.kind, entry.name, entry.layer, entry.output, parameters, _signed(entry.macs, unit))
    return Line(cells, KINDS[entry.kind])


def _signed(macs: int, unit: int) -> str:
    text = macs_text(macs, unit) if macs else ""
    return f"+{text}" if text[:1].isdigit() else text


def _titles(found: Comparison) -> tuple[str, str]:
    names = found.first.source.name, found.second.source.name
    return ("before", "after") if names[0] == names[1] else names


def _sums(found: Comparison) -> Table:
    one, other = found.before, found.after
    rows = [
        ("operations", one.operations, other.operations),
        ("parameters", one.parameters, other.parameters),
        ("buffers", one.buffers, other.buffers),
        ("multiply-adds", one.macs, other.macs),
    ]
    lines = [
        Line((name, f"{before:,}", f"{after:,}", *_difference(before, after, f"{after - before:+,}")))
        for name, before, after in rows
        if before or after
    ]
    for name, before, after in (
        ("weights", one.memory.weights, other.memory.weights),
        ("inference", one.memory.total, other.memory.total),
    ):
        sign = "+" if after > before else "-"
        told = _difference(before, after, sign + bytes_text(abs(after - before)))
        lines.append(Line((name, bytes_text(before), bytes_text(after), *told)))
    heads = (Head(""), *(Head(name, right=True) for name in (*_titles(found), "difference", "")))
    return Table("", heads, tuple(lines), (), tuple(_remarks(found)))


def _sum_forms(found: Comparison) -> Iterator[Table]:
    table = _sums(found)
    yield table
    short = (Head(name, right=True) for name in ("before", "after"))
    table = table._replace(heads=(table.heads[0], *short, *table.heads[3:]))
    yield table
    for _ in ("its percentage", "the difference"):
        table = _without(table, len(table.heads) - 1)
        yield table


def _difference(before: int, after: int, text: str) -> tuple[str, str]:
    if before == after:
        return "", ""
    return text, f"{100 * (after - before) / before:+.1f}%" if before else ""


def _remarks(found: Comparison) -> Iterator[Note]:
    if found.moved:
        listed = ", ".join(f"{one}{ARROW}{other}" for one, other in found.moved[:MOST_LISTED])
        more = ", ..." if len(found.moved) > MOST_LISTED else ""
        count = len(found.moved)
        layers = "1 layer has its weights" if count == 1 else f"{count:,} layers have their weights"
        yield Note(f"{layers} under another name: {listed}{more}")
    if found.outputs is not None:
        yield Note(f"outputs: {ARROW.join(', '.join(names) for names in found.outputs)}")
    for report in (found.first, found.second):
        if report.open_shapes:
            yield Note(f"{report.source.name}: multiply-adds and memory are for {report.example_input}")
