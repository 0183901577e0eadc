"""What the rules see of a graph: besides the nodes, who reads which value."""

from __future__ import annotations

from cnndsl.diagnostics import Diagnostic, Related
from cnndsl.elaboration.provenance import use_notes
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Layer
from cnndsl.text import Span

__all__ = ["CONVOLUTIONS", "LINEAR", "View", "family", "said", "warning"]

CONVOLUTIONS = frozenset({"conv", "dwconv", "upconv"})
# What multiplies by weights and adds: without anything between them, two are one.
LINEAR = CONVOLUTIONS | {"linear"}

_LONGEST = 40


class View:
    """A complete graph with the readers of every value, and the values that leave the network."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = graph.nodes
        self.readers: list[list[Node]] = [[] for _ in graph.nodes]
        for node in graph.nodes:
            for source in node.inputs:
                self.readers[source].append(node)
        self.outputs = frozenset(output.node for output in graph.outputs)

    def before(self, node: Node) -> Node | None:
        """The node whose value arrives, None for inputs and joins."""
        return self.nodes[node.inputs[0]] if len(node.inputs) == 1 else None

    def only_reader(self, node: Node) -> Node | None:
        """The one node that reads a value, None where several do, or the value leaves the network."""
        readers = self.readers[node.id]
        return readers[0] if len(readers) == 1 and node.id not in self.outputs else None


def family(node: Node) -> str:
    """The family of a node's layer, empty for inputs and joins."""
    return node.layer.family if isinstance(node.layer, Layer) else ""


def said(node: Node) -> str:
    """A node as the spec writes it, to stand in a message: its layer alone where that is long."""
    text = " ".join(node.span.text.split())
    return f"`{text if text and len(text) <= _LONGEST else node.layer.name}`"


def warning(
    rule: str,
    message: str,
    node: Node,
    *help: str,
    related: tuple[Related, ...] = (),
    span: Span | None = None,
) -> Diagnostic:
    """A warning on a node, with the uses of blocks that lead to it."""
    return Diagnostic(
        rule,
        message,
        node.span if span is None else span,
        related=(*related, *use_notes(node.uses)),
        help=help,
        severity="warning",
    )
