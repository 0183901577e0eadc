"""`check --fix` and `check --diff`: the certain fixes made, or shown."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from cnndsl.cli.common import UsageError, use_color
from cnndsl.cli.text_diff import diff
from cnndsl.terminal import Style, printable
from cnndsl.text import Source

if TYPE_CHECKING:
    from cnndsl.report import Report

__all__ = ["add_fix_options", "with_fixes_made"]

BOM = b"\xef\xbb\xbf"


def add_fix_options(parser: ArgumentParser) -> None:
    """Add --fix and --diff."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--fix", action="store_true", help="make the fixes that are certain, and write the files"
    )
    group.add_argument("--diff", action="store_true", help="show what --fix would change, and write nothing")


def with_fixes_made(report: Report, spec: Path | Source, options: Namespace) -> Report:
    """The report on what is left after --fix; after --diff, which prints the changes, the same report."""
    if report.ok or not (options.fix or options.diff):
        return report
    from cnndsl.fixes.mending import mended

    if options.fix and isinstance(spec, Source):
        raise UsageError(f"--fix writes files, and {spec.name} is none: --diff shows the changes")
    result = mended(report)
    if not result.made:
        return report
    if options.diff:
        before, after = report.source, result.report.source
        print(diff(before.name, "fixed", before.text, after.text, Style(use_color(sys.stdout))), end="")
        return report
    assert isinstance(spec, Path), "texts were refused above"
    _write(spec, report.source.text, result.report.source.text)
    for diagnostic, fix in result.made:
        line = diagnostic.span.first.line
        print(f"{report.source.name}:{line}: fixed: {printable(fix.title)}", file=sys.stderr)
    return result.report


def _write(path: Path, before: str, after: str) -> None:
    """Write a mended spec, with its byte order mark; a file that was changed meanwhile is left alone."""
    from cnndsl.files import write_whole

    try:
        raw = path.read_bytes()
        mark = BOM if raw.startswith(BOM) else b""
        if raw.removeprefix(BOM) != before.encode():
            raise UsageError(f"cannot fix {path}: it is not UTF-8, or was changed meanwhile")
        write_whole(path, mark + after.encode())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
