"""The diagram of a network: layers as boxes, joins as circles, scopes as frames, sizes on the edges.

A norm, an activation and a dropout are drawn in the box of the layer before them where nothing else
reads what is between; every node of the graph stands in exactly one box.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape

import graphviz

from cnndsl.backends.notation import written, written_scope
from cnndsl.dims import Shape
from cnndsl.ir import Graph, Node, Scope
from cnndsl.layers.declaration import Join, Layer
from cnndsl.report import Report

__all__ = ["draw"]

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
    "shaping": ("#ffffff", "#666666"),
    "resampling": ("#d9f0ee", "#3a8f87"),
    "weighting": ("#e2d9f3", "#6b4fa0"),
    "attention": ("#f7f3c8", "#8a7d1f"),
}
PLAIN = ("#ffffff", "#666666")
UNKNOWN = "#d00000"

# Where values come in and go out: a word without a box.
PLACE = {"shape": "plaintext", "style": "", "margin": "0.04,0.02", "height": "0.2"}

DASHED = "filled,rounded,dashed"
CIRCLE = {
    "shape": "circle",
    "style": "filled",
    "fixedsize": "true",
    "width": "0.28",
    "height": "0.28",
    "margin": "0",
    "fontsize": "12",
    "fillcolor": "white",
    "color": "#333333",
}

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


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two boxes, by their names."""

    start: str
    end: str
    attributes: dict[str, str]


def draw(report: Report) -> graphviz.Digraph:
    """The diagram of a checked spec as graphviz' object; its `source` is the DOT text.

    Of a spec with errors it shows what is known: a node with an unknown value is bordered in red.
    """
    graph = report.graph
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
    _scope(diagram, report, graph.scopes[0], boxes)
    for index, output in enumerate(graph.outputs):
        diagram.node(f"out{index}", escape(output.name), **PLACE)
    for edge in _edges(graph, boxes):
        diagram.edge(edge.start, edge.end, **edge.attributes)
    return diagram


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


def _scope(diagram: graphviz.Digraph, report: Report, scope: Scope, boxes: dict[int, Box]) -> None:
    for kind, index in scope.children:
        if kind == "node":
            if boxes[index].nodes[0].id == index:
                _node(diagram, report, boxes[index])
            continue
        child = report.graph.scopes[index]
        with diagram.subgraph(name=f"cluster_{index}") as frame:
            shade = "#f6f7f9" if child.path.count(".") % 2 == 0 else "#eceff3"
            frame.attr(label=_title(child), labeljust="l", fontsize="9", fontcolor=GREY,
                       style="filled,rounded", color="#c3c8cf", fillcolor=shade, margin="18")  # fmt: skip
            _scope(frame, report, child, boxes)


def _title(scope: Scope) -> str:
    """The name of a frame, in lines so short that they end before the trunk, which passes in the middle."""
    block = written_scope(scope)
    name = f"<b>{escape(scope.key)}</b>"
    if not block:
        return f"<{name}>"
    between = " " if len(scope.key) + len(block) <= 11 else '<br align="left"/>'
    return f'<{name}{between}{escape(block)}<br align="left"/>>'


def _node(diagram: graphviz.Digraph, report: Report, box: Box) -> None:
    head = box.nodes[0]
    border = _border(report, box)
    if head.id in report.graph.inputs:
        diagram.node(box.name, escape(head.path), **{**PLACE, **border})
    elif isinstance(head.layer, Join):
        sign = SIGNS.get(head.layer.name, head.layer.name)
        diagram.node(box.name, f"<<b>{escape(sign)}</b>>", **{**CIRCLE, **border})
    else:
        family = head.layer.family if isinstance(head.layer, Layer) else ""
        fill, line = COLORS.get("linear" if head.layer.name == "linear" else family, PLAIN)
        diagram.node(box.name, _label(box), **{"fillcolor": fill, "color": line, **border})


def _border(report: Report, box: Box) -> dict[str, str]:
    """Red around a mistake; dashed around what could not be worked out because of one."""
    if all(node.output is not None for node in box.nodes):
        return {}
    guilty = any(
        node.span.start <= diagnostic.span.start < node.span.end
        for node in box.nodes
        for diagnostic in report.diagnostics
    )
    return {"color": UNKNOWN, "penwidth": "2.2"} if guilty else {"color": "#999999", "style": DASHED}


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


def _edges(graph: Graph, boxes: dict[int, Box]) -> list[Edge]:
    """The edges between boxes; the size stands on the first one that leaves a box.

    A skip connection goes from side to side, around what it skips, and leaves the trunk straight.
    """
    pairs = [
        (source, node)
        for node in graph.nodes
        for source in node.inputs
        if boxes[source] is not boxes[node.id]
    ]
    readers = Counter(source for source, _ in pairs)
    skips = {(source, node.id) for source, node in pairs if len(node.inputs) > 1 and readers[source] > 1}
    ways_out = Counter(source for source, node in pairs if (source, node.id) not in skips)
    ways_in = Counter(node.id for source, node in pairs if (source, node.id) not in skips)
    edges = []
    left: set[int] = set()
    entered: set[int] = set()
    labelled: set[int] = set()
    for source, node in pairs:
        skip = (source, node.id) in skips
        attributes = {"weight": "1"}
        if skip:
            # at a circle, what comes in and what goes out keep apart
            out = "se" if isinstance(graph.nodes[source].layer, Join) else "e"
            attributes = {"tailport": out, "headport": "e"}
        else:
            # of two branches the first is the trunk; three and more stand side by side
            first = source not in left and node.id not in entered
            if first and ways_out[source] < 3 and ways_in[node.id] < 3:
                attributes["weight"] = "100"
            left.add(source)
            entered.add(node.id)
        if source not in labelled and not (skip and ways_out[source]):
            labelled.add(source)
            attributes["label"] = _size(graph.nodes[source])
        if graph.nodes[source].output is None:
            attributes["style"] = "dashed"
        edges.append(Edge(boxes[source].name, boxes[node.id].name, attributes))
    for index, output in enumerate(graph.outputs):
        attributes = {"weight": "100"}
        if output.node not in labelled:
            attributes["label"] = _size(graph.nodes[output.node])
        if graph.nodes[output.node].output is None:
            attributes["style"] = "dashed"
        edges.append(Edge(boxes[output.node].name, f"out{index}", attributes))
    return edges


def _size(node: Node) -> str:
    return f" {_times(node.output_shape)} " if node.output_shape else " ? "


def _times(sizes: Shape) -> str:
    return "×".join(map(str, sizes))
