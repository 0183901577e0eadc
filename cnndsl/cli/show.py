"""`cnndsl show`: the table of a network's layers and its totals, without PyTorch."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from cnndsl.cli.common import (
    UsageError,
    add_sizes_option,
    add_spec_options,
    anything_known,
    check_one,
)
from cnndsl.cli.page import page_of

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "show",
        description="The table: name, layer, output shape, parameters, multiply-adds, receptive field.",
    )
    add_spec_options(parser)
    parser.add_argument(
        "--batch", type=int, metavar="N", help="shapes, multiply-adds and memory for a batch of N"
    )
    parser.add_argument("--optimizer", metavar="NAME", help="the optimizer in whose training memory is told")
    parser.add_argument(
        "--depth", type=int, metavar="N", help="fold what lies deeper than N names: 1 shows the stages"
    )
    parser.add_argument(
        "--all", action="store_true", help="every operation a row: repeats in full, no totals of stages"
    )
    parser.add_argument(
        "--columns",
        metavar="NAME,...",
        help="these columns alone: name, layer, kernel, stride, padding, dilation, groups, mode, output, "
        "parameters, share, macs, receptive_field; csv has arguments apart from the layer, too",
    )
    add_sizes_option(parser)
    parser.add_argument(
        "--format",
        choices=("table", "markdown", "csv", "latex", "json"),
        default="table",
        help="for a terminal (table, the default), for a page of GitHub (markdown), for pandas and "
        "spreadsheets (csv), for a paper (latex), for programs (json)",
    )
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="as --format json")


def run(options: Namespace) -> int:
    """Print the table; mistakes stand in it where they were made."""
    from cnndsl.backends.summary import Options, show, vet

    columns = tuple(options.columns.split(",")) if options.columns is not None else ()
    chosen = Options(options.batch, options.depth, options.all, columns, options.optimizer)
    try:
        vet(options.format, chosen)
    except ValueError as error:
        raise UsageError(f"--{error}") from error
    report = check_one(options)
    if options.format == "json" or anything_known(report):
        print(show(report, options.format, chosen, page_of(sys.stdout)))
    return 0 if report.ok else 1
