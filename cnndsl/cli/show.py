"""`cnndsl show`: the table of a network's layers and its totals, without PyTorch."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from cnndsl.cli.common import UsageError, add_sizes_option, add_spec_options, anything_known, check_one

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "show",
        description="The table: name, layer, output shape, parameters, multiply-adds, receptive field.",
    )
    add_spec_options(parser)
    parser.add_argument("--batch", type=int, metavar="N", help="shapes and multiply-adds for a batch of N")
    parser.add_argument(
        "--depth", type=int, metavar="N", help="fold what lies deeper than N names: 1 shows the stages"
    )
    add_sizes_option(parser)
    parser.add_argument("--json", action="store_true", help="the same as JSON")


def run(options: Namespace) -> int:
    """Print the table; what an error left unknown is shown as `?`."""
    for name, value in (("--batch", options.batch), ("--depth", options.depth)):
        if value is not None and value < 1:
            raise UsageError(f"{name} {value}: expected 1 or more")
    report = check_one(options)
    if options.json:
        import json

        from cnndsl.backends.json_report import report_to_json

        print(json.dumps(report_to_json(report), indent=2, ensure_ascii=False))
    elif anything_known(report):
        from cnndsl.backends.summary import show

        print(show(report, batch=options.batch, depth=options.depth))
    return 0 if report.ok else 1
