"""What stands below a network's table: memory, valid sizes, and what the numbers are for."""

from __future__ import annotations

from cnndsl.backends.tables.units import bytes_text
from cnndsl.report import Report

__all__ = ["notes"]


def notes(report: Report, batch: int | None = None, optimizer: str | None = None) -> tuple[str, ...]:
    """The lines below the table."""
    lines = [f"weights in float32: {bytes_text(4 * report.parameters)}"]
    if report.buffers:
        lines.append(f"buffers, not trained: {report.buffers:,}")
    if batch is not None:
        lines.append(f"shapes and multiply-adds for a batch of {batch:,}")
    if any(node.training_only for node in report.graph.nodes):
        lines.append("the total of multiply-adds leaves out what is computed in training alone")
    if report.open_shapes:
        lines.append(f"multiply-adds and receptive fields are for {report.example_input}")
    lines.extend(f"valid {one.axis}: {one.text}" for one in report.sizes)
    if not report.graph.complete:
        lines.append("an error left some values unknown: the totals count what is known")
    return tuple(lines)
