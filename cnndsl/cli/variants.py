"""The specs of a command line with the values of their params: one each, or with --set-grid many."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from cnndsl.cli.common import (
    Settings,
    UsageError,
    check_spec,
    read_value,
    show_findings,
    spec_settings,
    spec_texts,
)
from cnndsl.terminal import printable

if TYPE_CHECKING:
    from cnndsl.report import Report

__all__ = ["Variant", "add_grid_option", "show_variants", "variants"]


class Variant(NamedTuple):
    """A checked spec: all its `params`, and of them those of the `grid`."""

    report: Report
    params: Mapping[str, Any]
    grid: dict[str, Any]


def add_grid_option(parser: Any) -> None:
    """Add --set-grid."""
    parser.add_argument(
        "--set-grid",
        dest="grid",
        metavar="NAME=A,B,...",
        action="append",
        default=[],
        help="train the spec once for each of these values of a param; given again: for each combination",
    )


def variants(options: Namespace) -> list[Variant]:
    """Every spec with every combination of the grid, checked. Errors: UsageError."""
    shared = spec_settings(options)
    axes = [_axis(word) for word in options.grid]
    names = [name for name, _ in axes]
    for name in names:
        if names.count(name) > 1 or name in shared.params:
            raise UsageError(f"--set-grid {name}=...: {name} is given twice")
    found = []
    for spec in spec_texts(options):
        for values in product(*(of for _, of in axes)):
            grid = dict(zip(names, values, strict=True))
            settings = Settings(shared.input, {**shared.params, **grid})
            found.append(Variant(check_spec(spec, settings), settings.params, grid))
    return found


def show_variants(found: Sequence[Variant]) -> None:
    """Show on standard error what is wrong with them; what several share once."""
    shown: set[tuple[str, ...]] = set()
    for variant in found:
        report = variant.report
        told = tuple(one.message for one in report.diagnostics) if not report.ok else ()
        if (report.source.name, *told) in shown:
            continue
        shown.add((report.source.name, *told))
        if told and variant.grid:
            given = " ".join(f"{name}={value}" for name, value in variant.grid.items())
            print(printable(f"{report.source.name} with {given}:"), file=sys.stderr)
        show_findings(report)


def _axis(word: str) -> tuple[str, list[Any]]:
    """The name and the values of a --set-grid."""
    name, equals, text = word.partition("=")
    values = text.split(",")
    if not equals or not name.isidentifier() or not all(values):
        raise UsageError(f"--set-grid {word}: expected NAME=A,B,... such as hidden=8,16,32")
    read = [read_value(value) for value in values]
    for value in read:
        if read.count(value) > 1:
            raise UsageError(f"--set-grid {word}: {value} is given twice")
    return name, read
