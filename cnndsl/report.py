"""What a check found: the verdict, the diagnostics, and the numbers that follow from the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cnndsl.diagnostics import Diagnostic
from cnndsl.ir import Graph, Node
from cnndsl.text import Source

if TYPE_CHECKING:
    from cnndsl.analysis.memory import Memory
    from cnndsl.analysis.sizes.answer import AxisSizes

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of `cnndsl.check`; never an exception, however bad the spec is.

    `sizes` says for which sizes of its input the network is valid, where one is open or it was asked for.
    With open sizes the graph is that of one size that passes, and `open_shapes` has the shapes of the nodes
    that depend on an open size, formulas in place of numbers.

    >>> import cnndsl
    >>> report = cnndsl.check("input 1x28x28 -> flatten -> linear 10")
    >>> report.ok, report.parameters, report.macs
    (True, 7850, 7840)
    """

    source: Source
    graph: Graph
    diagnostics: tuple[Diagnostic, ...]
    # Checks another text as this one was checked: the same input, the same params.
    again: Callable[[str], Report] | None = field(default=None, repr=False, compare=False)
    sizes: tuple[AxisSizes, ...] = ()
    open_shapes: Mapping[int, tuple[int | str, ...]] = field(default_factory=dict)

    def with_fixes(self) -> Report:
        """The report with fixes for its errors, each tried out: the error goes away, and no other comes.

        This checks the text some dozens of times more. JSON and `print` show the fixes.

        >>> import cnndsl
        >>> report = cnndsl.check("input 1x28x28 -> conv 16 k3 -> linear 10").with_fixes()
        >>> [fix.title for fix in report.diagnostics[0].fixes][0]
        '`flatten -> linear 10` takes all 10816 numbers: 10'
        """
        if self.ok or self.again is None:
            return self
        from cnndsl.fixes import Checked, with_fixes

        again = self.again

        def checked(text: str) -> Checked:
            report = again(text)
            return Checked(report.graph, report.diagnostics)

        found = with_fixes(self.source, Checked(self.graph, self.diagnostics), checked)
        return replace(self, diagnostics=found, again=None)

    @property
    def ok(self) -> bool:
        """Whether the spec has no errors; warnings do not count."""
        return all(diagnostic.severity != "error" for diagnostic in self.diagnostics)

    @property
    def parameters(self) -> int:
        """How many trainable numbers the network has."""
        return sum(node.parameters for node in self.graph.nodes)

    @property
    def buffers(self) -> int:
        """How many numbers it keeps that are not trained, such as batch norm's statistics."""
        return sum(node.buffers for node in self.graph.nodes)

    @property
    def macs(self) -> int:
        """Multiply-adds of convolutions, linear layers and attention for one sample, in evaluation mode."""
        return sum(node.macs for node in self.graph.nodes if not node.training_only)

    @property
    def flops(self) -> int:
        """Floating-point operations for one sample: two for each multiply-add."""
        return 2 * self.macs

    def memory(self, batch: int = 1, optimizer: str | None = None, bytes_per_number: int = 4) -> Memory:
        """The bytes that a pass in evaluation mode takes, or with an `optimizer` a step of training.

        `optimizer` is one of PyTorch's in small letters, `momentum` sgd with momentum; ValueError for others.
        What is counted is said in `cnndsl.analysis.memory.COUNTS`. With open sizes it is for `example_input`.

        >>> import cnndsl
        >>> report = cnndsl.check("input 1x28x28 -> flatten -> linear 10")
        >>> report.memory().total, report.memory(batch=64, optimizer="adam").total
        (34576, 326304)
        """
        from cnndsl.analysis.memory import inference_memory, training_memory

        if optimizer is None:
            return inference_memory(self.graph, batch, bytes_per_number)
        return training_memory(self.graph, batch, optimizer, bytes_per_number)

    def shape(self, node: Node) -> tuple[int | str, ...] | None:
        """The shape of a node's output, an open size as a formula: `(64, "floor(H/2)", 112)`."""
        return self.open_shapes.get(node.id, node.output_shape)

    def depends(self, node: Node) -> bool:
        """Whether what a node computes, and so its work, depends on an open size."""
        return bool(self.open_shapes) and any(id in self.open_shapes for id in (node.id, *node.inputs))

    @property
    def example_input(self) -> str:
        """The sizes of the inputs that the graph is for: `3x224x224`."""
        values = [self.graph.nodes[id].output for id in self.graph.inputs]
        return " and ".join(str(value) for value in values if value is not None)

    def to_json(self) -> dict[str, Any]:
        """The report as `cnndsl check --format json` prints it for one file."""
        from cnndsl.backends.json_report import report_to_json

        return report_to_json(self)

    def _repr_html_(self) -> str:
        """How a notebook displays the report: the verdict, the diagnostics and the table."""
        from cnndsl.backends.summary import report_html

        return report_html(self)

    def __str__(self) -> str:
        from cnndsl.render import render_full

        if self.diagnostics:
            return render_full(self.with_fixes().diagnostics)
        numbers = f"{self.parameters:,} parameters, {self.macs:,} multiply-adds"
        if self.open_shapes:
            numbers += f" for {self.example_input}"
        lines = [f"{self.source.name}: ok, {numbers}"]
        return "\n".join([*lines, *(f"  {line}" for one in self.sizes for line in one.lines())])
