"""A text with its certain fixes made, round after round, until none is left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from cnndsl.diagnostics import Diagnostic, Edit, Fix
from cnndsl.fixes.edits import applied, compatible

if TYPE_CHECKING:
    from cnndsl.report import Report

__all__ = ["Mended", "mended"]

# A fix may bring to light what another can fix.
MOST_ROUNDS = 10


class Mended(NamedTuple):
    """The report on the mended text, and what was mended: each mistake with its fix."""

    report: Report
    made: tuple[tuple[Diagnostic, Fix], ...]


def mended(report: Report) -> Mended:
    """Make the certain fixes of a report's text; those that only might be meant are left alone.

    >>> import cnndsl
    >>> result = mended(cnndsl.check("input 1x28x28 -> cnov 16, k3 -> flaten -> linear 10"))
    >>> result.report.source.text
    'input 1x28x28 -> conv 16 k3 -> flatten -> linear 10'
    """
    made: list[tuple[Diagnostic, Fix]] = []
    for _ in range(MOST_ROUNDS):
        offered = {fix: one for one in report.with_fixes().diagnostics for fix in one.fixes if fix.certain}
        chosen = compatible(list(offered))
        again = report.again
        if not chosen or again is None:
            break
        better: Report | None = None
        for fixes in (chosen, chosen[:1]):
            text = applied(report.source.text, _edits(fixes, report.source.text))
            tried = again(text)
            if _errors(tried) < _errors(report):
                better, chosen = tried, fixes
                break
        if better is None:
            break
        made += [(offered[fix], fix) for fix in chosen]
        report = better
    return Mended(report, tuple(made))


def _errors(report: Report) -> int:
    return sum(one.severity == "error" for one in report.diagnostics)


def _edits(fixes: Iterable[Fix], text: str) -> list[Edit]:
    """The edits of the fixes, with the line ends that the text has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    return [edit._replace(text=edit.text.replace("\n", newline)) for fix in fixes for edit in fix.edits]
