"""A report as HTML, for notebooks: the verdict, the diagnostics and the table, in the page's own colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cnndsl.backends.tables.table import Line, Table
from cnndsl.report import Report
from cnndsl.terminal import printable

__all__ = ["plain_html", "report_parts", "table_html"]

# No colour but the text's own, so that it is legible on light and on dark pages.
SMALL = "font-size:smaller;opacity:0.8"
TABLE = "border-collapse:collapse;font-variant-numeric:tabular-nums"
CELL = "padding:1px 8px;white-space:nowrap;text-align:"
RULE = "border-top:1px solid currentColor"


def table_html(table: Table) -> str:
    """A table in HTML that needs no style sheet and no script; every text is escaped.

    >>> from cnndsl.backends.tables.table import Head
    >>> "&lt;b&gt;" in table_html(Table("<b>", (Head("name"),), (Line(("a",)),), (), ()))
    True
    """
    sides = ["right" if head.right else "left" for head in table.heads]
    heads = "".join(
        f'<th style="{CELL}{side}">{_text(head.title)}</th>'
        for head, side in zip(table.heads, sides, strict=True)
    )
    body = "".join(_line(line, sides) for line in table.lines)
    foot = "".join(_line(line, sides, rule=index == 0) for index, line in enumerate(table.foot))
    notes = "<br>".join(
        f"{note.label} <b>{_text(note.value)}</b> {_text(note.text)}" if note.label else _text(note.text)
        for note in table.notes
    )
    title = f"<div><b>{_text(table.title)}</b></div>" if table.title else ""
    return (
        f'{title}<div style="overflow-x:auto"><table style="{TABLE}">'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}{foot}</tbody></table></div>"
        + (f'<div style="{SMALL}">{notes}</div>' if notes else "")
    )


def report_parts(report: Report) -> str:
    """The verdict of a report, and its diagnostics as they stand."""
    errors = sum(diagnostic.severity == "error" for diagnostic in report.diagnostics)
    numbers = f"{report.parameters:,} parameters, {report.macs:,} multiply-adds"
    verdict = f"{errors:,} error{'' if errors == 1 else 's'}" if errors else f"ok, {numbers}"
    told = plain_html(str(report)) if report.diagnostics else ""
    return f"<div>{_text(report.source.name)}: <b>{verdict}</b></div>{told}"


def plain_html(text: str) -> str:
    """A text as it stands, line for line."""
    return f'<pre style="white-space:pre-wrap">{escape(text)}</pre>'


def _line(line: Line, sides: Sequence[str], rule: bool = False) -> str:
    tag = "th" if line.kind in ("total", "mistake") else "td"
    above = f' style="{RULE}"' if rule else ""
    cells = [
        f'<{tag} style="{CELL}{side}">{_text(cell)}</{tag}>'
        for cell, side in zip(line.cells, sides, strict=False)
    ]
    if line.message:
        cells[1:] = [f'<{tag} style="{CELL}left" colspan="{len(sides) - 1}">{_text(line.message)}</{tag}>']
    return f"<tr{above}>{''.join(cells)}</tr>"


def _text(text: str) -> str:
    return escape(printable(text.strip()))
