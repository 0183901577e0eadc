"""`cnndsl check`: a verdict on each spec, with all its diagnostics, without PyTorch."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnndsl.cli.common import (
    UsageError,
    add_sizes_option,
    add_spec_options,
    blame,
    check_spec,
    fail,
    show_diagnostics,
    spec_settings,
    use_color,
)
from cnndsl.cli.documents import DOCUMENTS, document, judged, numbers, verdicts
from cnndsl.cli.files import named_specs, plural
from cnndsl.cli.mending import add_fix_options, with_fixes_made
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
    add_fix_options(parser)
    add_sizes_option(parser)
    parser.add_argument(
        "--format",
        choices=("full", "concise", *DOCUMENTS),
        default="full",
        help="with the lines of the spec (full, the default), a line each (concise), json, "
        "annotations of a GitHub workflow (github), or SARIF 2.1.0 for code scanning (sarif)",
    )
    add_selection(parser)


def run(options: Namespace) -> int:
    """Check every spec: 0 if all are right, 1 if one is not, 2 if one cannot be read."""
    checked_selection(options)
    settings = spec_settings(options)
    named = named_specs(options.specs, options.texts)
    for problem in named.problems:
        fail(problem)
    reports: list[Report] = []
    unreadable = bool(named.problems)
    for spec in named.specs:
        try:
            checked = _with_train_section(judged(check_spec(spec, settings, options.sizes)))
            report = selected(with_fixes_made(checked, spec, options), options)
        except (UsageError, PluginError) as error:
            # the verdicts on the others are wanted all the same
            blame(error, options.traceback and isinstance(error, PluginError))
            unreadable = True
            continue
        reports.append(report)
        if options.format not in DOCUMENTS:
            _show(report, options.format)
    if options.format in DOCUMENTS:
        print(document(options.format, reports))
    elif len(named.specs) > 1:
        print(verdicts(reports, len(named.specs)))
    if unreadable:
        return 2
    return 0 if all(report.ok for report in reports) else 1


def _with_train_section(report: Report) -> Report:
    """The report with what is wrong in the train section: pydantic is imported where there is one."""
    if not report.graph.train:
        return report
    from cnndsl.training.section import with_train_section

    return with_train_section(report)


def _show(report: Report, style: Any) -> None:
    if report.diagnostics:
        found = report.with_fixes().diagnostics if style == "full" else report.diagnostics
        show_diagnostics(found, sys.stdout, style)
        if style == "full":
            print()
    print(_verdict(report))
    for one in report.sizes:
        print("\n".join(f"  {printable(line)}" for line in one.lines()))


def _verdict(report: Report) -> str:
    style = Style(use_color(sys.stdout))
    name = printable(report.source.name)
    if not report.ok:
        return style.severity("error", f"{_count(report.diagnostics)} in {name}")
    found = f", {_count(report.diagnostics)}" if report.diagnostics else ""
    return f"{style.bold(name)}: {style.good('ok')}{found}, {numbers(report)}"


def _count(diagnostics: Sequence[Diagnostic]) -> str:
    counts = {
        severity: sum(diagnostic.severity == severity for diagnostic in diagnostics)
        for severity in ("error", "warning")
    }
    return ", ".join(plural(count, word) for word, count in counts.items() if count)
