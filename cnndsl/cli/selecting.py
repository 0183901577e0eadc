"""Which warnings `check` tells of, and whether they count: --select, --ignore, --strict."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from cnndsl.cli.common import UsageError
from cnndsl.diagnostics import ERRORS, WARNINGS

if TYPE_CHECKING:
    from cnndsl.report import Report

__all__ = ["add_selection", "checked_selection", "selected"]


def add_selection(parser: ArgumentParser) -> None:
    """Add the options that choose among the warnings."""
    for option, help in (
        ("select", "tell of these warnings only"),
        ("ignore", "do not tell of these warnings"),
    ):
        parser.add_argument(
            f"--{option}",
            metavar="RULE",
            action="append",
            default=[],
            help=f"{help}; may be given again, or several with commas; errors are always told",
        )
    parser.add_argument("--strict", action="store_true", help="warnings are errors")


def checked_selection(options: Namespace) -> None:
    """UsageError where an option names something that is no warning."""
    for option in ("select", "ignore"):
        for rule in _rules(getattr(options, option)):
            if rule in ERRORS:
                raise UsageError(f"--{option} {rule}: it is an error, and errors are always told")
            if rule not in WARNINGS:
                from cnndsl.words import did_you_mean

                near = did_you_mean(rule, WARNINGS) or ("`cnndsl explain` lists the rules",)
                raise UsageError(f"--{option} {rule}: there is no such warning; {near[0]}")


def selected(report: Report, options: Namespace) -> Report:
    """The report with the warnings that are wanted; they are errors where `--strict` says so."""
    if not report.diagnostics or not (options.select or options.ignore or options.strict):
        return report
    select, ignore = set(_rules(options.select)), set(_rules(options.ignore))
    kept = (
        one
        for one in report.diagnostics
        if one.severity == "error" or (one.rule not in ignore and (not select or one.rule in select))
    )
    if not options.strict:
        return replace(report, diagnostics=tuple(kept))
    # Fixes are for errors proper: no text is tried out for these.
    again = None if report.ok else report.again
    return replace(report, diagnostics=tuple(replace(one, severity="error") for one in kept), again=again)


def _rules(words: Iterable[str]) -> list[str]:
    return [rule for word in words for rule in word.split(",") if rule]
