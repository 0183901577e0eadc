"""What a check found: the verdict, the diagnostics, and the numbers that follow from the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from cnndsl.diagnostics import Diagnostic
from cnndsl.ir import Graph
from cnndsl.text import Source

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of `cnndsl.check`; never an exception, however bad the spec is.

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

    def to_json(self) -> dict[str, Any]:
        """The report as `cnndsl check --format json` prints it for one file."""
        from cnndsl.backends.json_report import report_to_json

        return report_to_json(self)

    def __str__(self) -> str:
        from cnndsl.render import render_full

        if self.diagnostics:
            return render_full(self.with_fixes().diagnostics)
        return f"{self.source.name}: ok, {self.parameters:,} parameters, {self.macs:,} multiply-adds"
