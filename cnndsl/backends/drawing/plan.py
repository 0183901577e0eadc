"""What a diagram shows, before it is laid out: boxes, edges and frames.

Every style makes a plan and every renderer draws one, so that what is in the picture is said in one place.
Each node of the graph stands in exactly one box.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal, NamedTuple

from cnndsl.ir import Graph

__all__ = ["Box", "BoxKind", "Edge", "Frame", "Line", "Part", "Plan", "Style", "Trouble", "plain_text"]

Style = Literal["stage", "full", "volume"]
BoxKind = Literal["input", "output", "join", "layer", "stage"]
# "mistake": an error points here; "unknown": it could not be worked out because of one.
Trouble = Literal["", "mistake", "unknown"]


class Line(NamedTuple):
    """A line in a box: what is set strong, and what stands behind it in small type."""

    strong: str
    small: str = ""


class Part(NamedTuple):
    """A run of equal layers or blocks in a box; `shape` is what the last one gives."""

    text: str
    family: str
    times: int
    shape: tuple[int | str, ...] | None


class Box(NamedTuple):
    """One shape of the diagram. `id` is its place in the plan, `nodes` what it stands for, in order.

    An output is a box without nodes. A join's `symbol` is drawn in its circle. `frame` is the frame that
    the box lies in, None outside of all.
    """

    id: int
    kind: BoxKind
    family: str
    lines: tuple[Line, ...]
    nodes: tuple[int, ...]
    parts: tuple[Part, ...] = ()
    symbol: str = ""
    frame: int | None = None
    trouble: Trouble = ""
    training_only: bool = False


class Edge(NamedTuple):
    """A value that goes from one box to another; `value` is the node that gives it, `size` its shape.

    Of the edges that carry one value the first is `labelled` with the size.
    """

    source: int
    target: int
    value: int
    size: str
    labelled: bool
    trouble: Trouble = ""
    training_only: bool = False


class Frame(NamedTuple):
    """A scope that is drawn open, around its boxes; `parent` is the frame that it lies in."""

    id: int
    parent: int | None
    scope: int
    title: str
    detail: str


class Plan(NamedTuple):
    """A whole diagram; `summary` are its totals in words."""

    title: str
    summary: str
    style: Style
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    frames: tuple[Frame, ...]

    def verify(self, graph: Graph) -> None:
        """Check what this module promises of a plan; AssertionError where it does not hold."""
        held = Counter(node for box in self.boxes for node in box.nodes)
        missing = [node.path for node in graph.nodes if not held[node.id]]
        assert not missing, f"in no box: {', '.join(missing)}"
        twice = [graph.nodes[node].path for node, times in held.items() if times > 1]
        assert not twice, f"in several boxes: {', '.join(twice)}"
        home = {node: box.id for box in self.boxes for node in box.nodes}
        for index, box in enumerate(self.boxes):
            assert box.id == index, f"box {index} has the id {box.id}"
            assert box.nodes or box.kind == "output", f"box {index} is empty"
        for index, frame in enumerate(self.frames):
            assert frame.id == index, f"frame {index} has the id {frame.id}"
            assert frame.parent is None or frame.parent < index, f"frame {index} stands before its parent"
        drawn = {(edge.source, edge.target, edge.value) for edge in self.edges}
        assert len(drawn) == len(self.edges), "an edge is drawn twice"
        wanted = {
            (home[value], home[node.id], value)
            for node in graph.nodes
            for value in node.inputs
            if home[value] != home[node.id]
        }
        ends = [box.id for box in self.boxes if box.kind == "output"]
        outputs = {
            (home[output.node], end, output.node) for output, end in zip(graph.outputs, ends, strict=True)
        }
        assert drawn == wanted | outputs, f"edges differ: {sorted(drawn ^ (wanted | outputs))}"


def plain_text(line: Line) -> str:
    """A line without its type."""
    return f"{line.strong}  {line.small}".strip()
