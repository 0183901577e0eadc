"""From boxes to a plan: the edges between them, the outputs, the trouble."""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.backends.drawing.context import Context, DrawingError
from cnndsl.backends.drawing.plan import Box, Edge, Frame, Line, Plan, Style, Trouble
from cnndsl.backends.drawing.words import times

__all__ = ["MOST_BOXES", "finish"]

# A picture of more boxes is of no use to anybody, and takes long.
MOST_BOXES = 1500


def finish(context: Context, style: Style, boxes: Sequence[Box], frames: Sequence[Frame]) -> Plan:
    """The plan of some boxes that hold all nodes: numbered, with edges and the outputs.

    Errors: DrawingError where there are more boxes than a picture can show.
    """
    if len(boxes) > MOST_BOXES:
        hint = (
            "`--depth 1` draws each outermost block as one box"
            if len(context.graph.scopes) > len(context.graph.nodes) // 20 + 1
            else "put what repeats into blocks (`block NAME { ... }`), which are drawn as one box each"
        )
        if style == "full":
            hint = f"`--style stage` folds what repeats, or {hint}"
        raise DrawingError(f"a diagram of {len(boxes):,} boxes, more than {MOST_BOXES:,}; {hint}")
    graph = context.graph
    boxes = [box._replace(id=index, trouble=context.trouble(box.nodes)) for index, box in enumerate(boxes)]
    ends = [
        Box(
            len(boxes) + index,
            "output",
            "output",
            (Line(output.name),),
            (),
            training_only=output.training_only,
        )
        for index, output in enumerate(graph.outputs)
    ]
    home = {node: box.id for box in boxes for node in box.nodes}
    pairs = [
        (home[value], home[node.id], value, node.training_only)
        for node in graph.nodes
        for value in node.inputs
        if home[value] != home[node.id]
    ]
    pairs += [
        (home[output.node], end.id, output.node, output.training_only)
        for output, end in zip(graph.outputs, ends, strict=True)
    ]
    edges: list[Edge] = []
    drawn: set[tuple[int, int, int]] = set()
    labelled: set[int] = set()
    every = [*boxes, *ends]
    for source, target, value, training_only in pairs:
        if (source, target, value) in drawn:
            continue
        drawn.add((source, target, value))
        node = graph.nodes[value]
        trouble: Trouble = "unknown" if node.output is None else ""
        if every[target].trouble == "mistake":
            trouble = "mistake"
        size = times(context.shape(node))
        edges.append(Edge(source, target, value, size, value not in labelled, trouble, training_only))
        labelled.add(value)
    return Plan(graph.model or "", context.summary(), style, tuple(every), tuple(edges), tuple(frames))
