"""Reports in SARIF 2.1.0, which code-scanning services and editors read.

The standard is OASIS's Static Analysis Results Interchange Format. Columns count characters from 1, ends
are exclusive, as everywhere in cnndsl.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnndsl import __version__
from cnndsl.backends.places import uri
from cnndsl.diagnostics import Diagnostic, Fix, Related
from cnndsl.report import Report
from cnndsl.text import Source, Span

__all__ = ["reports_to_sarif"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def reports_to_sarif(reports: Sequence[Report]) -> dict[str, Any]:
    """The reports as one log with one run, as values that `json` can write.

    >>> from cnndsl.api import check
    >>> log = reports_to_sarif([check("input 1x9x9 -> convv 4 k3")])
    >>> log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    {'startLine': 1, 'startColumn': 16, 'endLine': 1, 'endColumn': 21}
    """
    found = [diagnostic for report in reports for diagnostic in report.with_fixes().diagnostics]
    rules = sorted({diagnostic.rule for diagnostic in found})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "cnndsl",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [_rule(rule, found) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "artifacts": [
                    {"location": _artifact(report.source), "roles": ["analysisTarget"]} for report in reports
                ],
                "results": [_result(diagnostic, rules.index(diagnostic.rule)) for diagnostic in found],
            }
        ],
    }


def _rule(rule: str, found: Sequence[Diagnostic]) -> dict[str, Any]:
    from cnndsl.rules import find_rule

    severity = next(diagnostic.severity for diagnostic in found if diagnostic.rule == rule)
    entry: dict[str, Any] = {"id": rule, "defaultConfiguration": {"level": severity}}
    documented = find_rule(rule)
    if documented is not None:
        wrong, right = documented.wrong.spec, documented.right.spec
        entry["shortDescription"] = {"text": documented.meaning}
        entry["fullDescription"] = {"text": documented.why}
        entry["help"] = {
            "text": f"{documented.why}\n\nwrong:\n{wrong}\nright:\n{right}",
            "markdown": f"{documented.why}\n\nWrong:\n\n```\n{wrong}```\n\nRight:\n\n```\n{right}```\n",
        }
    return entry


def _result(diagnostic: Diagnostic, rule_index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.rule,
        "ruleIndex": rule_index,
        "level": diagnostic.severity,
        "message": {"text": "\n".join([diagnostic.message, *(f"help: {line}" for line in diagnostic.help)])},
        "locations": [{"physicalLocation": _place(diagnostic.span)}],
    }
    if diagnostic.related:
        result["relatedLocations"] = [_related(id, note) for id, note in enumerate(diagnostic.related)]
    if diagnostic.fixes:
        result["fixes"] = [_fix(fix) for fix in diagnostic.fixes]
    return result


def _related(id: int, note: Related) -> dict[str, Any]:
    return {"id": id, "physicalLocation": _place(note.span), "message": {"text": note.message}}


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[str, dict[str, Any]] = {}
    for edit in fix.edits:
        artifact = _artifact(edit.span.source)
        change = changes.setdefault(artifact["uri"], {"artifactLocation": artifact, "replacements": []})
        change["replacements"].append(
            {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        )
    return {"description": {"text": fix.title}, "artifactChanges": list(changes.values())}


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(span.source), "region": _region(span)}


def _artifact(source: Source) -> dict[str, Any]:
    return {"uri": uri(source)}


def _region(span: Span) -> dict[str, int]:
    first, last = span.first, span.last
    return {
        "startLine": first.line,
        "startColumn": first.column,
        "endLine": last.line,
        "endColumn": last.column,
    }
