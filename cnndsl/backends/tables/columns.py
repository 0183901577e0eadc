"""The columns of a network's table: what each says of a row, for people and for scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from cnndsl.backends.notation import written
from cnndsl.backends.tables.rows import Row
from cnndsl.backends.tables.table import Head
from cnndsl.backends.tables.units import bar, macs_text, macs_unit, percent, shape_text
from cnndsl.dims import format_shape

__all__ = ["COLUMNS", "CSV_COLUMNS", "WINDOW", "Column", "View", "used_columns"]

# What has a column of its own, and the value that goes without saying.
WINDOW = {
    "kernel": "kernel_size",
    "stride": "stride",
    "padding": "padding",
    "dilation": "dilation",
    "groups": "groups",
}
SILENT = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
IN_COLUMNS = frozenset(WINDOW.values())


class View(NamedTuple):
    """What the cells of all rows depend on: the batch, the totals, and whether windows have columns."""

    batch: int | None
    parameters: int
    macs: int
    largest: int
    windows: bool = True
    bars: bool = True


class Column(NamedTuple):
    """One column: how its head reads, and the text of a row in it, empty where there is nothing to say."""

    name: str
    head: Head
    text: Callable[[Row, View], str]


def _layer(row: Row, view: View) -> str:
    if row.node is None:
        return row.layer
    if not row.node.inputs and row.name == row.node.layer.name:
        return ""
    if not _has_window(row):
        return written(row.node)
    arguments = row.node.arguments
    elsewhere = (
        argument
        for argument in WINDOW.values()
        if view.windows or _all_are(arguments.get(argument), SILENT.get(argument))
    )
    return written(row.node, frozenset(elsewhere))


def _has_window(row: Row) -> bool:
    return row.node is not None and "kernel_size" in row.node.arguments


def _window(name: str) -> Callable[[Row, View], str]:
    argument = WINDOW[name]

    def text(row: Row, view: View) -> str:
        if row.node is None or row.node.output is None or not _has_window(row):
            return ""
        value = row.node.arguments.get(argument)
        if value is None or _all_are(value, SILENT.get(argument)):
            return ""
        return _sizes(value, short=name != "kernel")

    return text


def _all_are(value: Any, silent: int | None) -> bool:
    values = value if isinstance(value, tuple) else (value,)
    return silent is not None and all(one == silent for one in values)


def _sizes(value: Any, short: bool) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return str(value[0]) if short and len(set(value)) == 1 else "x".join(map(str, value))


def _output(row: Row, view: View) -> str:
    if row.output is None:
        return "?" if row.kind in ("operation", "unknown") and row.node is not None else ""
    return shape_text(row.output, view.batch)


def _parameters(row: Row, view: View) -> str:
    return "shared" if row.shared else f"{row.parameters:,}" if row.parameters else ""


def _share(row: Row, view: View) -> str:
    if not row.parameters:
        return ""
    share = percent(row.parameters, view.parameters)
    drawn = view.bars and row.kind != "total"
    return f"{share:>5} {bar(row.parameters, view.largest)}".rstrip() if drawn else f"{share:>5}"


def _macs(row: Row, view: View) -> str:
    return macs_text(row.macs * (view.batch or 1), macs_unit(view.macs)) if row.macs else ""


COLUMNS = (
    Column("name", Head("name", cut="parts"), lambda row, view: row.name),
    Column("layer", Head("layer", cut="end"), _layer),
    Column("kernel", Head("kernel"), _window("kernel")),
    Column("stride", Head("stride"), _window("stride")),
    Column("padding", Head("padding"), _window("padding")),
    Column("dilation", Head("dilation"), _window("dilation")),
    Column("groups", Head("groups", right=True), _window("groups")),
    Column("mode", Head("mode"), lambda row, view: "training" if row.training_only else ""),
    Column("output", Head("output"), _output),
    Column("parameters", Head("parameters", right=True), _parameters),
    Column("share", Head("share"), _share),
    Column("macs", Head("multiply-adds", "mult-adds", right=True), _macs),
    Column(
        "receptive_field",
        Head("receptive field", "field"),
        lambda row, view: "whole" if row.whole else "" if row.field is None else format_shape(row.field),
    ),
)
# As CSV a row has all of them: a layer's word and its arguments apart, and no bars.
CSV_COLUMNS = (
    "name",
    "layer",
    "arguments",
    *WINDOW,
    "mode",
    "output",
    "parameters",
    "share",
    "macs",
    "receptive_field",
)
ALWAYS = frozenset({"name", "layer", "output", "parameters", "macs"})


def used_columns(rows: Sequence[Row], view: View, names: Iterable[str] = ()) -> list[Column]:
    """The columns to show: those named, in that order; else those in which some row has something to say."""
    if names:
        by_name = {column.name: column for column in COLUMNS}
        return [by_name[name] for name in names]
    return [
        column
        for column in COLUMNS
        if (column.name in ALWAYS or any(column.text(row, view) for row in rows))
        and (view.windows or column.name not in WINDOW)
    ]
