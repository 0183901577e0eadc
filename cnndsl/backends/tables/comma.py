"""A network's table as CSV: an operation a row, nothing folded, numbers as plain numbers."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

from cnndsl.backends.notation import written
from cnndsl.backends.tables.columns import CSV_COLUMNS, WINDOW
from cnndsl.backends.tables.rows import Row, table_rows
from cnndsl.backends.tables.units import shape_text
from cnndsl.dims import format_shape
from cnndsl.report import Report

__all__ = ["table_csv"]


def table_csv(
    report: Report, batch: int | None = None, depth: int | None = None, columns: Sequence[str] = ()
) -> str:
    """The table as CSV with a line of titles: every column of `CSV_COLUMNS`, or those asked for.

    `mode` is `training` where an operation is computed in training alone; its multiply-adds are no part of
    a network's. The last column, `error`, is there for a spec with mistakes.

    >>> import cnndsl
    >>> report = cnndsl.check("input 3x8x8 -> conv 4 k3")
    >>> print(table_csv(report, columns=("name", "layer", "arguments", "output", "parameters")))
    name,layer,arguments,output,parameters
    input,input,,3x8x8,0
    0,conv,4 k3,4x6x6,112
    """
    rows = table_rows(report, depth, fold=False)
    names = [*(columns or CSV_COLUMNS), *([] if report.ok else ["error"])]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        cells = _cells(row, report, batch)
        writer.writerow(_harmless(cells.get(name, "")) for name in names)
    return text.getvalue().rstrip("\n")


def _cells(row: Row, report: Report, batch: int | None) -> dict[str, Any]:
    if row.kind == "mistake":
        return {"name": row.name, "error": row.layer}
    # A folded scope is told whole, as it stands in the table.
    layer = row.layer if row.node is None else row.node.layer.name
    arguments = "" if row.node is None else written(row.node).removeprefix(layer).strip()
    window = row.node.arguments if row.node is not None and "kernel_size" in row.node.arguments else {}
    return {
        "name": row.name,
        "layer": layer,
        "arguments": arguments,
        **{name: _sizes(window.get(argument, "")) for name, argument in WINDOW.items()},
        "mode": "training" if row.training_only else "",
        "output": "" if row.output is None else shape_text(row.output, batch),
        "parameters": row.parameters,
        "share": round(row.parameters / report.parameters, 6) if report.parameters else 0,
        "macs": row.macs * (batch or 1),
        "receptive_field": "" if row.field is None else format_shape(row.field),
    }


def _sizes(value: Any) -> str:
    return format_shape(value) if isinstance(value, tuple) else str(value)


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
