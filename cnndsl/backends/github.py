"""Diagnostics as annotations: lines that a GitHub workflow shows at their place in a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnndsl.backends.places import relative_path
from cnndsl.diagnostics import Diagnostic
from cnndsl.report import Report
from cnndsl.terminal import printable

__all__ = ["github_annotations"]


def github_annotations(reports: Sequence[Report]) -> list[str]:
    """A workflow command for each diagnostic; files are named from the folder that the command runs in.

    >>> from cnndsl.api import check
    >>> github_annotations([check("input 1x9x9 -> convv 4 k3")])[0].partition("::there")[0]
    '::error line=1,endLine=1,col=16,endColumn=21,title=unknown-layer'
    """
    return [_annotation(diagnostic) for report in reports for diagnostic in report.with_fixes().diagnostics]


def _annotation(diagnostic: Diagnostic) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(diagnostic))
    return f"::{diagnostic.severity} {properties}::{_data(_message(diagnostic))}"


def _properties(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    span = diagnostic.span
    path = relative_path(span.source)
    if path is not None:
        yield "file", path
    first, last = span.first, span.last
    yield "line", str(first.line)
    yield "endLine", str(last.line)
    if first.line == last.line:
        # Columns of a stretch over several lines are not shown, and confuse.
        yield "col", str(first.column)
        yield "endColumn", str(max(last.column, first.column + 1))
    yield "title", diagnostic.rule


def _message(diagnostic: Diagnostic) -> str:
    lines = [diagnostic.message]
    for note in diagnostic.related:
        place = note.span.first
        lines.append(f"{note.span.source.name}:{place.line}:{place.column}: {note.message}")
    lines.extend(f"help: {line}" for line in diagnostic.help)
    lines.extend(f"fix: {fix.title}" for fix in diagnostic.fixes)
    return "\n".join(map(printable, lines))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
