"""`cnndsl check`: a verdict on each spec, with all its diagnostics, without PyTorch."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnndsl.cli.common import (
    UsageError,
    add_spec_options,
    blame,
    check_spec,
    show_diagnostics,
    spec_settings,
    spec_texts,
    use_color,
)
from cnndsl.cli.selecting import add_selection, checked_selection, selected
from cnndsl.diagnostics import Diagnostic, PluginError
from cnndsl.terminal import Style, printable

if TYPE_CHECKING:
    from cnndsl.report import Report

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "check", description="Check specs: every mistake in one run, without PyTorch."
    )
    add_spec_options(parser, several=True)
    parser.add_argument(
        "--format",
        choices=("full", "concise", "json"),
        default="full",
        help="with the lines of the spec (full, the default), a line each (concise), or json",
    )
    add_selection(parser)


def run(options: Namespace) -> int:
    """Check every spec: 0 if all are right, 1 if one is not, 2 if one cannot be read."""
    checked_selection(options)
    settings = spec_settings(options)
    reports: list[Report] = []
    unreadable = False
    for spec in spec_texts(options):
        try:
            report = selected(check_spec(spec, settings), options)
        except (UsageError, PluginError) as error:
            # the verdicts on the others are wanted all the same
            blame(error, options.traceback and isinstance(error, PluginError))
            unreadable = True
            continue
        reports.append(report)
        if options.format != "json":
            _show(report, options.format)
    if options.format == "json":
        import json

        from cnndsl.backends.json_report import reports_to_json

        print(json.dumps(reports_to_json(reports), indent=2, ensure_ascii=False))
    if unreadable:
        return 2
    return 0 if all(report.ok for report in reports) else 1


def _show(report: Report, style: Any) -> None:
    if report.diagnostics:
        show_diagnostics(report.diagnostics, sys.stdout, style)
        if style == "full":
            print()
    print(_verdict(report))


def _verdict(report: Report) -> str:
    style = Style(use_color(sys.stdout))
    name = printable(report.source.name)
    if not report.ok:
        return style.severity("error", f"{_count(report.diagnostics)} in {name}")
    numbers = f"{_plural(report.parameters, 'parameter')}, {_plural(report.macs, 'multiply-add')}"
    found = f", {_count(report.diagnostics)}" if report.diagnostics else ""
    return f"{style.bold(name)}: {style.good('ok')}{found}, {numbers}"


def _count(diagnostics: Sequence[Diagnostic]) -> str:
    counts = {
        severity: sum(diagnostic.severity == severity for diagnostic in diagnostics)
        for severity in ("error", "warning")
    }
    return ", ".join(_plural(count, word) for word, count in counts.items() if count)


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
