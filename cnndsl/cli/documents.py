"""What `cnndsl check` says besides the diagnostics: verdicts, and the formats that programs read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnndsl.cli.files import plural, summary

if TYPE_CHECKING:
    from cnndsl.report import Report

__all__ = ["DOCUMENTS", "document", "judged", "numbers", "verdicts"]

# The formats that are one document for all files.
DOCUMENTS = ("json", "github", "sarif")


def judged(report: Report) -> Report:
    """The report, as a library's where the file holds blocks and no network."""
    if len(report.graph.nodes) > 1 or "block" not in report.source.text:
        return report
    from cnndsl.library import as_library

    return as_library(report)


def numbers(report: Report) -> str:
    """What a file holds: parameters and multiply-adds, or blocks."""
    if not report.graph.nodes:
        from cnndsl.library import Library

        assert isinstance(report, Library)
        return f"{plural(len(report.blocks), 'block')}, no network"
    found = f"{plural(report.parameters, 'parameter')}, {plural(report.macs, 'multiply-add')}"
    return f"{found} for {report.example_input}" if report.open_shapes else found


def verdicts(reports: Sequence[Report], total: int) -> str:
    """The summary of several files, `total` with those that could not be checked."""
    right = sum(report.ok for report in reports)
    counts = {"ok": right, "with errors": len(reports) - right, "not checked": total - len(reports)}
    return summary(total, counts)


def document(format: str, reports: Sequence[Report]) -> str:
    """All reports as one text; fixes that were tried out stand with their mistakes."""
    if format != "json":
        reports = [report.with_fixes() for report in reports]
    if format == "github":
        from cnndsl.backends.github import github_annotations

        return "\n".join([*github_annotations(reports), verdicts(reports, len(reports))])
    import json

    if format == "sarif":
        from cnndsl.backends.sarif import reports_to_sarif

        return json.dumps(reports_to_sarif(reports), indent=2, ensure_ascii=False)
    from cnndsl.backends.json_report import reports_to_json

    return json.dumps(reports_to_json(reports), indent=2, ensure_ascii=False)
