"""What every style of diagram asks of a checked spec: units, readers, names, what is wrong where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnndsl.backends.drawing.plan import Line, Trouble
from cnndsl.backends.drawing.units import Unit, readers_of, units_of
from cnndsl.backends.drawing.words import amount, cost
from cnndsl.backends.notation import written_scope
from cnndsl.ir import Node, Scope
from cnndsl.report import Report

__all__ = ["Context", "DrawingError"]


# Of a block's arguments a title has as many as fit.
LONGEST_TITLE = 18


class DrawingError(ValueError):
    """The diagram that was asked for cannot be made; the message says why, and what can."""


class Context:
    """A checked spec, with what the styles look up again and again."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.graph = report.graph
        self.readers = readers_of(self.graph)
        self.units = units_of(self.graph, self.readers)
        self.inside = self._inside()
        self._guilty = [
            (one.span.start, one.span.end, one.span.source)
            for one in report.diagnostics
            if one.severity == "error"
        ]

    def _inside(self) -> list[list[int]]:
        """The nodes in each scope, those of the scopes in it too, in order."""
        inside: list[list[int]] = [[] for _ in self.graph.scopes]
        for node in self.graph.nodes:
            inside[node.scope].append(node.id)
        for scope in reversed(self.graph.scopes[1:]):
            assert scope.parent is not None
            inside[scope.parent].extend(inside[scope.id])
        for nodes in inside:
            nodes.sort()
        return inside

    def trouble(self, nodes: Iterable[int]) -> Trouble:
        """Whether an error points at one of the nodes, or its value is not known because of one."""
        found: Trouble = ""
        for id in nodes:
            node = self.graph.nodes[id]
            if node.output is not None:
                continue
            span = node.span
            if any(
                span.start <= start < max(span.end, span.start + 1) and span.source is source
                for start, _, source in self._guilty
            ):
                return "mistake"
            found = "unknown"
        return found

    def shape(self, node: Node) -> tuple[int | str, ...] | None:
        """A node's shape, open sizes as formulas."""
        return self.report.shape(node)

    def cost_lines(self, nodes: Iterable[int]) -> tuple[Line, ...]:
        """Parameters and multiply-adds of some nodes, as the last line of a box."""
        listed = [self.graph.nodes[id] for id in nodes]
        words = cost(sum(node.parameters for node in listed), sum(node.macs for node in listed))
        return (Line("", words),) if words else ()

    def shared(self, scope: Scope) -> str:
        """That a scope uses the weights of another one, in words."""
        if scope.shares is None:
            return ""
        path = self.graph.scopes[scope.shares].path
        return "shared weights" if path == scope.key else f"weights of {path}"

    def shared_unit(self, unit: Unit) -> str:
        """That a layer uses the weights of another one, in words; of layers without weights nothing."""
        for node in unit.nodes:
            if node.shares is not None:
                original = self.graph.nodes[node.shares]
                if original.weights and self.graph.scopes[node.scope].shares is None:
                    return f"weights of {original.path}"
        return ""

    def outside_values(self, nodes: Sequence[int]) -> set[int]:
        """What the nodes read of others."""
        own = set(nodes)
        return {value for id in nodes for value in self.graph.nodes[id].inputs if value not in own}

    def leaving_values(self, nodes: Sequence[int]) -> set[int]:
        """Which values of the nodes others read, or outputs give."""
        within = dict.fromkeys(nodes, 0)
        for id in nodes:
            for value in self.graph.nodes[id].inputs:
                if value in within:
                    within[value] += 1
        return {id for id, read in within.items() if self.readers[id] > read}

    def summary(self) -> str:
        """The network's totals in a line."""
        report = self.report
        words = [f"{amount(report.parameters)} parameters"] if report.parameters else []
        if report.macs:
            words.append(f"{amount(report.macs)} multiply-adds")
        return ", ".join(words)

    def title(self, scope: Scope) -> tuple[str, str]:
        """A scope's name, and the block that it is: those of an unnamed one are its block alone."""
        block = written_scope(scope)
        while len(block) > LONGEST_TITLE and " " in block:
            block = block.rpartition(" ")[0]
        if scope.key.isdigit() and block:
            return block, ""
        return scope.key, block
