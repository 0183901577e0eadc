"""The diagram of a network: layers as boxes, joins as circles, scopes as frames, sizes on the edges.

A norm, an activation and a dropout are drawn in the box of the layer before them where nothing else
reads what is between; every node of the graph stands in exactly one box.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import graphviz

from cnndsl.backends.notation import written, written_scope
from cnndsl.dims import Shape
from cnndsl.files import write_whole
from cnndsl.ir import Graph, Node, Scope
from cnndsl.layers.declaration import Layer

__all__ = ["EngineError", "draw", "write"]

FONT = "Helvetica"
GREY = "#5f6368"

# Fill and border by family: Okabe and Ito's colours, told apart by the colour-blind, the fills of
# different lightness, told apart in grey.
COLORS = {
    "convolution": ("#cfe5f5", "#0072b2"),
    "linear": ("#bfe3d5", "#00805c"),
    "pooling": ("#fbdcb9", "#c05a00"),
    "normalisation": ("#f7f0b8", "#9a8a00"),
    "activation": ("#f6d9e8", "#b0588c"),
    "regularisation": ("#eeeeee", "#888888"),
    "shape": ("#ffffff", "#666666"),
    "weights": ("#e2d9f3", "#6b4fa0"),
}
PLAIN = ("#ffffff", "#666666")
UNKNOWN = "#d00000"

# What may stand in the box of the layer before it.
FOLDED = frozenset({"normalisation", "activation", "regularisation"})
SIGNS = {"add": "+", "mul": "×", "concat": "++"}


class EngineError(Exception):
    """There is no layout engine, or it cannot write the format."""


@dataclass
class Box:
    """One shape of the diagram: its first node gives the title, the others lines below."""

    nodes: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the box is called in the DOT source."""
        return f"n{self.nodes[0].id}"


def draw(graph: Graph) -> graphviz.Digraph:
    """The diagram of a graph as graphviz' object; its `source` is the DOT text.

    Of a graph with errors it shows what is known: a node with an unknown value is bordered in red.
    """
    diagram = graphviz.Digraph(
        graph.model or "network",
        graph_attr={
            "rankdir": "TB",
            "nodesep": "0.35",
            "ranksep": "0.34",
            "fontname": FONT,
            "fontsize": "14",
            "labelloc": "t",
            "pad": "0.15",
            "bgcolor": "white",
            **({"label": f"<<b>{escape(graph.model)}</b>>"} if graph.model else {}),
        },
        node_attr={"fontname": FONT, "fontsize": "11", "shape": "box", "style": "filled,rounded",
                   "margin": "0.12,0.06", "height": "0.32", "penwidth": "1.1"},
        edge_attr={"fontname": FONT, "fontsize": "9", "fontcolor": GREY, "color": "#444444",
                   "arrowsize": "0.55", "penwidth": "0.9"},
    )  # fmt: skip
    boxes = _boxes(graph)
    _scope(diagram, graph, graph.scopes[0], boxes)
    for name, start, end in _edges(graph, boxes):
        diagram.edge(start, end, **name)
    return diagram


def write(diagram: graphviz.Digraph, path: Path, format: str) -> None:
    """Lay the diagram out and write it as svg, png, pdf or dot; whole or not at all.

    Errors: EngineError where there is no engine for the format, OSError where the file cannot be written.
    """
    if format == "dot":
        write_whole(path, diagram.source)
        return
    command = [*_engine(format), f"-T{format}"]
    if format == "png":
        command.append("-Gdpi=144")
    done = subprocess.run(command, input=diagram.source.encode(), capture_output=True, check=False)
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
        raise EngineError(f"the layout engine {command[0]} failed: {said}")
    write_whole(path, done.stdout)


def _engine(format: str) -> list[str]:
    """The system's dot, else graphviz-pure's, which writes no pdf."""
    system = shutil.which("dot")
    if system:
        return [system]
    if format == "pdf":
        raise EngineError("a pdf needs graphviz' `dot`, which is not installed; .svg and .png work without")
    name = "graphviz-pure"
    beside = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if beside is None:
        raise EngineError(
            f"no layout engine: install graphviz, or the Python package {name}; .dot needs neither"
        )
    return [os.fspath(beside)]


def _boxes(graph: Graph) -> dict[int, Box]:
    """Which box each node stands in, by the node's number."""
    readers: dict[int, int] = {}
    for node in graph.nodes:
        for source in node.inputs:
            readers[source] = readers.get(source, 0) + 1
    boxes: dict[int, Box] = {}
    for node in graph.nodes:
        box = boxes.get(node.inputs[0]) if len(node.inputs) == 1 else None
        if box is None or not _folds(graph, box, node) or readers[node.inputs[0]] != 1:
            box = Box()
        box.nodes.append(node)
        boxes[node.id] = box
    return boxes


def _folds(graph: Graph, box: Box, node: Node) -> bool:
    head, last = box.nodes[0], box.nodes[-1]
    return (
        isinstance(node.layer, Layer)
        and isinstance(head.layer, Layer)
        and node.layer.family in FOLDED
        and head.layer.family not in FOLDED
        and node.inputs[0] == last.id
        and node.scope == head.scope
        and node.output_shape == last.output_shape
    )


def _scope(diagram: graphviz.Digraph, graph: Graph, scope: Scope, boxes: dict[int, Box]) -> None:
    for kind, index in scope.children:
        if kind == "node":
            if boxes[index].nodes[0].id == index:
                _node(diagram, graph, boxes[index])
            continue
        child = graph.scopes[index]
        with diagram.subgraph(name=f"cluster_{index}") as frame:
            block = written_scope(child)
            title = f"<b>{escape(child.key)}</b>" + (f"  {escape(block)}" if block else "")
            shade = "#f6f7f9" if child.path.count(".") % 2 == 0 else "#eceff3"
            frame.attr(label=f"<{title}>", labeljust="l", fontsize="10", fontcolor=GREY,
                       style="filled,rounded", color="#c3c8cf", fillcolor=shade, margin="10")  # fmt: skip
            _scope(frame, graph, child, boxes)


def _node(diagram: graphviz.Digraph, graph: Graph, box: Box) -> None:
    head = box.nodes[0]
    broken = any(node.output is None for node in box.nodes)
    border = {"color": UNKNOWN, "penwidth": "2"} if broken else {}
    if head.id in graph.inputs:
        diagram.node(
            box.name, escape(head.path), shape="plaintext", style="", margin="0.02", height="0.2", **border
        )
        return
    if not isinstance(head.layer, Layer):
        sign = SIGNS.get(head.layer.name, head.layer.name)
        diagram.node(
            box.name,
            f"<<b>{escape(sign)}</b>>",
            **{
                "shape": "circle",
                "style": "filled",
                "fixedsize": "true",
                "width": "0.28",
                "height": "0.28",
                "fillcolor": "white",
                "fontsize": "12",
                "margin": "0",
                "color": "#333333",
                **border,
            },
        )
        return
    family = "linear" if head.layer.name == "linear" else head.layer.family
    fill, line = COLORS.get(family, PLAIN)
    diagram.node(box.name, _label(box), **{"fillcolor": fill, "color": line, **border})


def _label(box: Box) -> str:
    head = box.nodes[0]
    title, *details = _words(head)
    lines = [f"<b>{escape(title)}</b>"]
    if details:
        lines.append(f'<font point-size="9.5">{escape(", ".join(details))}</font>')
    if len(box.nodes) > 1:
        folded = " · ".join(" ".join(_words(node)) for node in box.nodes[1:])
        lines.append(f'<font point-size="9.5" color="#444444">{escape(folded)}</font>')
    return f"<{'<br/>'.join(lines)}>"


def _words(node: Node) -> list[str]:
    """What a box says of a layer: name, kernel and channels, then what is out of the ordinary."""
    arguments = node.arguments
    kernel = arguments.get("kernel_size")
    if not isinstance(kernel, tuple) or node.output is None:
        return [written(node)]
    out = f", {arguments['out']}" if "out" in arguments else ""
    words = [f"{node.layer.name} {_times(kernel)}{out}"]
    pool = isinstance(node.layer, Layer) and node.layer.family == "pooling"
    usual = kernel if pool else (1,) * len(kernel)
    for name, word, ordinary in (
        ("stride", "stride", usual),
        ("dilation", "dilation", (1,) * len(kernel)),
        ("groups", "groups", 1),
    ):
        value = arguments.get(name, ordinary)
        if value != ordinary:
            same = isinstance(value, tuple) and len(set(value)) == 1
            words.append(
                f"{word} {value[0] if same else _times(value) if isinstance(value, tuple) else value}"
            )
    return words


def _edges(graph: Graph, boxes: dict[int, Box]) -> list[tuple[dict[str, str], str, str]]:
    """The edges between boxes; the size stands on the first one that leaves a box."""
    edges = []
    labelled: set[int] = set()
    for node in graph.nodes:
        for position, source in enumerate(node.inputs):
            if boxes[source] is boxes[node.id]:
                continue
            attributes = {"weight": "10" if position == 0 else "2"}
            producer = graph.nodes[source]
            if source not in labelled:
                labelled.add(source)
                attributes["label"] = f" {_times(producer.output_shape)} " if producer.output_shape else " ? "
            if producer.output is None:
                attributes["color"] = UNKNOWN
            edges.append((attributes, boxes[source].name, boxes[node.id].name))
    return edges


def _times(sizes: Shape) -> str:
    return "×".join(map(str, sizes))
