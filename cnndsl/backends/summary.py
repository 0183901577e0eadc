"""The table of a network: layers, shapes, weights, work and receptive fields, in one of several forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from cnndsl.backends.tables.columns import Column, View, used_columns
from cnndsl.backends.tables.notes import notes
from cnndsl.backends.tables.rows import Row, table_rows
from cnndsl.backends.tables.table import Line, Table
from cnndsl.backends.tables.text import fitting, table_text
from cnndsl.backends.tables.units import macs_text
from cnndsl.report import Report
from cnndsl.terminal import Style

__all__ = ["FORMATS", "Options", "Page", "show"]

FORMATS = ("table", "markdown", "csv", "latex", "json")
# What is left out first where a terminal is too narrow.
SPARED = ("padding", "dilation", "share", "receptive_field", "groups", "macs", "mode")


class Options(NamedTuple):
    """What to show: `batch`, `depth`, `columns` by name, every repeat in full with `all`; the `optimizer` of training."""

    batch: int | None = None
    depth: int | None = None
    all: bool = False
    columns: tuple[str, ...] = ()
    optimizer: str | None = None


class Page(NamedTuple):
    """What the text is for: how wide it may be, whether in colour, whether in ASCII alone."""

    width: int | None = None
    style: Style | None = None
    ascii: bool = False


def show(report: Report, form: str = "table", options: Options | None = None, page: Page | None = None) -> str:
    """The table of a spec that has been checked, in one of `FORMATS`.

    Shapes and multiply-adds are for one sample without the batch axis, or with it for a `batch`. What
    an error left unknown is `?`.
    """
    options, page = options or Options(), page or Page()
    if form == "json":
        from json import dumps

        from cnndsl.backends.json_report import report_to_json

        return dumps(report_to_json(report), indent=2, ensure_ascii=False)
    if form == "csv":
        from cnndsl.backends.tables.comma import table_csv

        return table_csv(report, options.batch, options.depth, options.columns)
    rows = table_rows(report, options.depth, fold=not options.all)
    if form == "table":
        table = fitting(_tables(report, rows, options), page.width)
        return table_text(table, page.width, page.style, page.ascii)
    table = next(_tables(report, rows, options))
    if form == "markdown":
        from cnndsl.backends.tables.markdown import table_markdown

        return table_markdown(table)
    if form == "latex":
        from cnndsl.backends.tables.latex import table_latex

        return table_latex(table)
    raise ValueError(f"format={form!r}: expected one of {', '.join(FORMATS)}")


def _tables(report: Report, rows: Sequence[Row], options: Options) -> Iterator[Table]:
    """The table in its forms: the fullest first, then ever fewer columns."""
    largest = max((row.parameters for row in rows if row.kind != "total"), default=0)
    view = View(options.batch, report.parameters, report.macs * (options.batch or 1), largest)
    if options.columns:
        view = view._replace(windows=bool({"kernel", "stride", "padding"} & set(options.columns)))
        yield _table(report, rows, used_columns(rows, view, options.columns), view, options)
        return
    columns = used_columns(rows, view)
    yield _table(report, rows, columns, view, options)
    view = view._replace(windows=False)
    columns = used_columns(rows, view)
    yield _table(report, rows, columns, view, options)
    view = view._replace(bars=False)
    yield _table(report, rows, columns, view, options)
    for spared in SPARED:
        if any(column.name == spared for column in columns):
            columns = [column for column in columns if column.name != spared]
            yield _table(report, rows, columns, view, options)


def _table(
    report: Report, rows: Sequence[Row], columns: Sequence[Column], view: View, options: Options
) -> Table:
    return Table(
        report.graph.model or "",
        tuple(column.head for column in columns),
        tuple(_line(row, columns, view) for row in rows),
        (_sum(columns, report, view),),
        notes(report, options.batch, options.optimizer),
    )


def _line(row: Row, columns: Sequence[Column], view: View) -> Line:
    if row.kind == "mistake":
        return Line((row.name,), "mistake", f"✗ {row.layer}")
    if row.kind == "unknown" and row.node is None:
        return Line((row.name,), "quiet", row.layer)
    return Line(tuple(column.text(row, view) for column in columns), "total" if row.kind == "total" else "row")


def _sum(columns: Sequence[Column], report: Report, view: View) -> Line:
    sums = {"parameters": f"{report.parameters:,}", "macs": macs_text(view.macs)}
    cells = [sums.get(column.name, "") for column in columns]
    return Line(("total", *cells[1:]), "total")
