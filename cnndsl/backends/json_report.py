"""Reports as JSON: a stable form for scripts and editors, version 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnndsl.analysis.receptive_field import receptive_fields
from cnndsl.diagnostics import Diagnostic, Fix
from cnndsl.ir import Node
from cnndsl.report import Report
from cnndsl.text import Position, Source, Span

__all__ = ["report_to_json", "reports_to_json"]

VERSION = 1


def reports_to_json(reports: Sequence[Report]) -> dict[str, Any]:
    """The reports on several files, as values that `json` can write."""
    return {
        "version": VERSION,
        "ok": all(report.ok for report in reports),
        "files": [report_to_json(report) for report in reports],
    }


def report_to_json(report: Report) -> dict[str, Any]:
    """The report on one file.

    Counts are null where an error left something unknown or an open size decides, and so are unknown shapes.
    """
    report = report.with_fixes()
    graph = report.graph
    nodes = graph.nodes
    return {
        "path": report.source.name,
        "ok": report.ok,
        "model": graph.model,
        "inputs": [_value(nodes[index].path, nodes[index], report) for index in graph.inputs],
        "outputs": [_value(output.name, nodes[output.node], report) for output in graph.outputs],
        "parameters": report.parameters if graph.complete else None,
        "buffers": report.buffers if graph.complete else None,
        "macs": report.macs if graph.complete and not report.open_shapes else None,
        "layers": _layers(report),
        **({"sizes": _sizes(report)} if report.sizes else {}),
        "diagnostics": [_diagnostic(diagnostic, report.source) for diagnostic in report.diagnostics],
    }


def _value(name: str, node: Node, report: Report) -> dict[str, Any]:
    return {"name": name, "shape": _shape(node, report)}


def _shape(node: Node, report: Report) -> list[int | str] | None:
    shape = report.shape(node)
    return None if shape is None else list(shape)


def _sizes(report: Report) -> dict[str, Any]:
    """The valid sizes by axis; `valid` is null where they are not determined."""
    found = {}
    for one in report.sizes:
        form = one.form
        found[one.axis] = {
            "valid": None if form is None else one.text,
            "min": None if form is None else form.minimum,
            "max": None if form is None else form.maximum,
            "period": None if form is None else form.period,
            "residues": [] if form is None else list(form.residues),
            "also": [] if form is None else list(form.also),
            "except": [] if form is None else list(form.exceptions),
            "reasons": [
                {
                    "condition": reason.condition,
                    "message": reason.message,
                    "range": _range(reason.span, report.source),
                }
                for reason in one.reasons
            ],
        }
    return found


def _layers(report: Report) -> list[dict[str, Any]]:
    graph = report.graph
    fields = receptive_fields(graph)
    return [
        {
            "path": node.path,
            "op": node.layer.name,
            "args": {name: _plain(node.arguments[name]) for name in node.given},
            "inputs": [graph.nodes[source].path for source in node.inputs],
            "output_shape": _shape(node, report),
            "parameters": node.parameters,
            "macs": None if node.macs and report.depends(node) else node.macs,
            "receptive_field": _plain(fields[node.id]),
            **_position(node.span.first),
        }
        for node in graph.nodes
        if node.id not in graph.inputs
    ]


def _plain(value: Any) -> Any:
    return [_plain(entry) for entry in value] if isinstance(value, (tuple, list)) else value


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}


def _range(span: Span, source: Source) -> dict[str, Any]:
    """Where a span begins and ends; with its file, where that is another one than the report's."""
    found: dict[str, Any] = {"start": _position(span.first), "end": _position(span.last)}
    return found if span.source is source else {"path": span.source.name, **found}


def _diagnostic(diagnostic: Diagnostic, source: Source) -> dict[str, Any]:
    return {
        "rule": diagnostic.rule,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "range": _range(diagnostic.span, source),
        "related": [
            {"message": related.message, "range": _range(related.span, source)}
            for related in diagnostic.related
        ],
        "help": list(diagnostic.help),
        "fixes": [_fix(fix, source) for fix in diagnostic.fixes],
    }


def _fix(fix: Fix, source: Source) -> Mapping[str, Any]:
    return {
        "title": fix.title,
        "edits": [{"range": _range(edit.span, source), "text": edit.text} for edit in fix.edits],
    }
