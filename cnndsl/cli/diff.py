"""`cnndsl diff`: what two specs differ in, layer by layer and in sum, without PyTorch."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from cnndsl.cli.common import (
    UsageError,
    add_spec_options,
    check_spec,
    show_findings,
    spec_settings,
    spec_texts,
)
from cnndsl.cli.page import page_of

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "diff",
        description="What two specs differ in: layers added, removed and changed, and the totals. "
        "--input and --set hold for both.",
    )
    add_spec_options(parser, several=True)
    parser.add_argument(
        "--all", action="store_true", help="every operation that differs a row: nothing is told in one"
    )
    parser.add_argument(
        "--format",
        choices=("table", "markdown", "json"),
        default="table",
        help="for a terminal (table, the default), for a page of GitHub (markdown), for programs (json)",
    )
    parser.add_argument("--exit-code", action="store_true", help="status 1 where the networks differ")


def run(options: Namespace) -> int:
    """Print the comparison: 0, or 1 where a spec is at fault, or with --exit-code where they differ."""
    settings = spec_settings(options)
    specs = spec_texts(options)
    if len(specs) != 2:
        raise UsageError(f"two specs are compared, not {len(specs)}: cnndsl diff BEFORE AFTER")
    reports = [check_spec(spec, settings) for spec in specs]
    for report in reports:
        show_findings(report)
    if not all(report.ok for report in reports):
        return 1
    from cnndsl.analysis.comparing import compare
    from cnndsl.backends.comparison import comparison_markdown, comparison_text

    found = compare(*reports)
    if options.format == "json":
        import json

        print(json.dumps(found.to_json(), indent=2, ensure_ascii=False))
    elif options.format == "markdown":
        print(comparison_markdown(found, options.all))
    else:
        print(comparison_text(found, page_of(sys.stdout), options.all))
    return 1 if options.exit_code and not found.same else 0
