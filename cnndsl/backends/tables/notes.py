"""What stands below a network's table: totals, the rules that they count by, and what they are for."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.analysis.memory import OPTIMIZERS
from cnndsl.backends.tables.table import Note
from cnndsl.backends.tables.units import bytes_text
from cnndsl.ir import Graph
from cnndsl.report import Report

__all__ = ["notes"]

# That of `cnndsl train`, where neither the caller nor the spec says one.
USUAL_OPTIMIZER = "adamw"


def notes(report: Report, batch: int | None = None, optimizer: str | None = None) -> tuple[Note, ...]:
    """The lines below the table: totals, memory, and what else has to be known of the numbers above."""
    return (*_totals(report, batch or 1, optimizer or _optimizer(report.graph)), *_remarks(report))


def _totals(report: Report, batch: int, optimizer: str) -> Iterator[Note]:
    samples = "one sample" if batch == 1 else f"a batch of {batch:,}"
    buffers = f"; {report.buffers:,} buffers are not" if report.buffers else ""
    yield Note(f"numbers that are trained{buffers}", "parameters", f"{report.parameters:,}")
    counted = "of convolutions, linear layers and attention"
    yield Note(f"{counted}, for {samples}", "multiply-adds", f"{report.macs * batch:,}")
    if not report.graph.complete:
        return
    memory = report.memory(batch)
    kept = "parameters and buffers" if report.buffers else "parameters"
    yield Note(f"{kept} in float32", "weights", bytes_text(memory.weights))
    peak = "" if memory.peak is None else f", most at {memory.peak.path}"
    rule = f"{samples}: weights, values alive at once{peak}"
    yield Note(rule, "inference", bytes_text(memory.total))
    if report.parameters:
        memory = report.memory(batch, optimizer)
        rule = f"{samples}, {optimizer}: weights, gradients, its state, what autograd keeps"
        yield Note(rule, "training", bytes_text(memory.total))


def _remarks(report: Report) -> Iterator[Note]:
    outputs = report.graph.outputs
    if len(outputs) > 1:
        named = (f"{output.name} ({report.graph.nodes[output.node].path})" for output in outputs)
        yield Note(f"outputs: {', '.join(named)}")
    if any(node.training_only for node in report.graph.nodes):
        yield Note("the sum of multiply-adds leaves out what is computed in training alone")
    if report.open_shapes:
        yield Note(f"multiply-adds, memory and receptive fields are for {report.example_input}")
    for one in report.sizes:
        yield Note(f"valid {one.axis}: {one.text}")
    if not report.graph.complete:
        yield Note("an error left some values unknown: the totals count what is known")


def _optimizer(graph: Graph) -> str:
    """The optimizer that the spec's `train` section names, or the usual one."""
    for setting in graph.train:
        if setting.name == "optimizer" and setting.positional:
            name = "momentum" if setting.keywords.get("momentum") else str(setting.positional[0])
            if name in OPTIMIZERS:
                return name
    return USUAL_OPTIMIZER
