"""The table of a network: layers, shapes, weights, work and receptive fields, in one of several forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnndsl.analysis.memory import OPTIMIZERS
from cnndsl.backends.tables.columns import COLUMNS, CSV_COLUMNS, Column, View, used_columns
from cnndsl.backends.tables.notes import notes
from cnndsl.backends.tables.rows import Row, table_rows
from cnndsl.backends.tables.table import Head, Line, Table
from cnndsl.backends.tables.text import Page, fitting, table_text
from cnndsl.backends.tables.units import macs_text
from cnndsl.report import Report

__all__ = ["FORMATS", "Options", "report_html", "show", "vet"]

FORMATS = ("table", "markdown", "csv", "latex", "json")
# What is left out first where a terminal is too narrow.
SPARED = ("share", "mode", "receptive_field", "macs")


class Options(NamedTuple):
    """What to show; `all`: every repeat in full, `columns`: these alone, `optimizer`: that of training."""

    batch: int | None = None
    depth: int | None = None
    all: bool = False
    columns: tuple[str, ...] = ()
    optimizer: str | None = None


def show(
    report: Report, form: str = "table", options: Options | None = None, page: Page | None = None
) -> str:
    """The table of a spec that has been checked, in one of `FORMATS`.

    Shapes and multiply-adds are for one sample without the batch axis, or with it for a `batch`. What
    an error left unknown is `?`. ValueError for a form, a column or an optimizer that there is not.
    """
    options, page = options or Options(), page or Page()
    vet(form, options)
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
        return table_text(table, page)
    if form == "markdown":
        from cnndsl.backends.tables.markdown import table_markdown

        return table_markdown(_fullest(report, rows, options))
    from cnndsl.backends.tables.latex import table_latex

    return table_latex(_fullest(report, rows, options, bars=False))


def vet(form: str, options: Options) -> None:
    """ValueError, with the option's name and what it may be, where one has a value that it cannot have."""
    if form not in FORMATS:
        raise ValueError(f"format {form}: expected one of {', '.join(FORMATS)}")
    for name, value in (("batch", options.batch), ("depth", options.depth)):
        if value is not None and value < 1:
            raise ValueError(f"{name} {value}: expected 1 or more")
    known = CSV_COLUMNS if form == "csv" else [column.name for column in COLUMNS]
    for name in options.columns:
        if name not in known:
            raise ValueError(f"columns {name}: expected some of {', '.join(known)}")
    if options.optimizer is not None and options.optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer {options.optimizer}: expected one of {', '.join(OPTIMIZERS)}")


def report_html(report: Report) -> str:
    """A report as a notebook displays it: what the check says, and the table of what is known."""
    from cnndsl.backends.tables.html import report_parts, table_html

    table = _fullest(report, table_rows(report), Options())
    return f"<div>{report_parts(report)}{table_html(table)}</div>"


def _fullest(report: Report, rows: Sequence[Row], options: Options, bars: bool = True) -> Table:
    return next(_tables(report, rows, options, bars))


def _tables(report: Report, rows: Sequence[Row], options: Options, bars: bool = True) -> Iterator[Table]:
    """The table in its forms: the fullest first, then ever fewer columns."""
    largest = max((row.parameters for row in rows if row.kind != "total"), default=0)
    view = View(options.batch, report.parameters, report.macs * (options.batch or 1), largest, bars=bars)
    if options.columns:
        view = view._replace(windows=bool({"kernel", "stride", "padding"} & set(options.columns)))
        yield _table(report, rows, used_columns(rows, view, options.columns), view, options)
        return
    yield _table(report, rows, used_columns(rows, view), view, options)
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
        tuple(_head(column, view) for column in columns),
        tuple(_line(row, columns, view) for row in rows),
        (_sum(columns, report, view),),
        notes(report, options.batch, options.optimizer),
    )


def _head(column: Column, view: View) -> Head:
    """A column's head; shares without bars are numbers like others."""
    bare = column.name == "share" and not view.bars
    return column.head._replace(right=True) if bare else column.head


def _line(row: Row, columns: Sequence[Column], view: View) -> Line:
    if row.kind == "mistake":
        return Line((row.name,), "mistake", f"✗ {row.layer}")
    if row.kind == "unknown" and row.node is None:
        return Line((row.name,), "quiet", row.layer)
    return Line(
        tuple(column.text(row, view) for column in columns), "total" if row.kind == "total" else "row"
    )


def _sum(columns: Sequence[Column], report: Report, view: View) -> Line:
    sums = {"parameters": f"{report.parameters:,}", "macs": macs_text(view.macs)}
    cells = [sums.get(column.name, "") for column in columns]
    return Line(("total", *cells[1:]), "total")
