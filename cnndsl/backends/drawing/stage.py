"""The diagram by stages: a box for each block or stage, repeats folded; layers between them by the map's size."""

from __future__ import annotations

from cnndsl.backends.drawing.context import Context
from cnndsl.backends.drawing.pieces import Opening, Piece, Selection, pieces_of
from cnndsl.backends.drawing.plan import Plan, Style
from cnndsl.backends.drawing.rows import row_boxes, spatial
from cnndsl.backends.drawing.wiring import finish
from cnndsl.ir import Scope

__all__ = ["stage_plan"]

# With fewer boxes a diagram says nothing: then the largest scope is opened.
FEWEST_BOXES = 2


def stage_plan(context: Context, depth: int | None, expand: tuple[str, ...], style: Style = "stage") -> Plan:
    """The plan of the stage style, which the volume style draws too.

    A block use is a box, and so is a labelled group that works on maps of one size; another group is open.
    Uses of one block in a row are one box where they give values of one shape. Layers in a row are one box
    down to where the map's size changes. With a `depth` scopes above it are open, the others closed.
    """
    selected = Selection(context, depth, expand)
    forced: set[int] = set()
    reused = {scope.shares for scope in context.graph.scopes}

    def opening(scope: Scope) -> Opening:
        chosen = selected(scope)
        if chosen:
            return "frame"
        if scope.id in forced:
            return "open"
        if chosen is False or _is_stage(context, scope):
            return "closed"
        # what is used again is told apart from what uses it
        return "frame" if scope.shares is not None or scope.id in reused else "open"

    pieces, frames = pieces_of(context, opening)
    while depth is None:
        boxes = [piece for piece in pieces if not _is_input(context, piece)]
        closed = [piece.scope for piece in boxes if piece.scope is not None]
        if len(boxes) >= FEWEST_BOXES or not closed:
            break
        forced.add(max(closed, key=lambda scope: len(context.inside[scope.id])).id)
        pieces, frames = pieces_of(context, opening)
    expanded = frozenset(frame.id for frame in frames if frame.scope in selected.opened)
    return finish(context, style, row_boxes(context, pieces, expanded), frames)


def _is_input(context: Context, piece: Piece) -> bool:
    return piece.unit is not None and piece.unit.head.id in context.graph.inputs


def _is_stage(context: Context, scope: Scope) -> bool:
    """Whether a scope is drawn as one box when nothing was said about it."""
    if scope.block is not None:
        return True
    nodes = context.inside[scope.id]
    if scope.kind == "join" or not context.leaving_values(nodes) <= {scope.output}:
        return False
    blocks = {context.graph.scopes[index].block for kind, index in scope.children if kind == "scope"}
    if len(blocks) == 1 and None not in blocks and all(kind == "scope" for kind, _ in scope.children):
        return True
    sizes = _sizes(context, scope)
    # the first may take the stride, and a pool may end it
    changes = [index for index in range(1, len(sizes)) if sizes[index] != sizes[index - 1]]
    return not changes or (changes == [len(sizes) - 1] and len(sizes) > 2)


def _sizes(context: Context, scope: Scope) -> list[tuple[int, ...]]:
    """The size of the map behind each layer and scope that lies directly in this one."""
    sizes = []
    for kind, index in scope.children:
        if kind == "node":
            if index in context.units:
                sizes.append(spatial(context.units[index].last))
            continue
        output = context.graph.scopes[index].output
        if output is not None and context.inside[index]:
            sizes.append(spatial(context.graph.nodes[output]))
    return sizes
<<<<<<< HEAD


def _spatial(node: Node) -> tuple[int, ...]:
    """The size of a value's map, nothing where it is a single point."""
    shape = () if node.output is None else node.output.spatial
    return () if prod(shape) == 1 else shape


def _boxes(context: Context, pieces: Sequence[Piece], expanded: frozenset[int]) -> list[Box]:
    boxes: list[Box] = []
    row: list[Piece] = []
    for piece in [*pieces, None]:
        if row and (piece is None or not _goes_on(context, row, piece, expanded)):
            boxes.append(_row_box(context, row))
            row = []
        if piece is not None:
            row.append(piece)
    return boxes


def _goes_on(context: Context, row: Sequence[Piece], piece: Piece, expanded: frozenset[int]) -> bool:
    """Whether a piece stands in one box with those before it."""
    before = row[-1]
    if before.frame != piece.frame or piece.frame in expanded:
        # what was opened on purpose shows each of its parts
        return False
    if context.outside_values(piece.nodes) != {before.nodes[-1]} or context.leaving_values(before.nodes) != {
        before.nodes[-1]
    }:
        return False
    reads = sum(before.nodes[-1] in context.graph.nodes[id].inputs for id in piece.nodes)
    if context.readers[before.nodes[-1]] > reads:
        return False
    if before.unit is not None and piece.unit is not None:
        units = [one.unit for one in row if one.unit is not None]
        return _unit_goes_on(context, units, piece.unit)
    return (
        before.scope is not None
        and piece.scope is not None
        and _scope_goes_on(context, before.scope, piece.scope)
    )


def _scope_goes_on(context: Context, before: Scope, scope: Scope) -> bool:
    """Uses of one block that have no names of their own and give values of one shape."""
    if before.block is None or before.block != scope.block or before.output is None or scope.output is None:
        return False
    if (
        not before.key.isdigit()
        or not scope.key.isdigit()
        or before.shares is not None
        or scope.shares is not None
    ):
        return False
    nodes = context.graph.nodes
    return (
        nodes[before.output].output_shape == nodes[scope.output].output_shape
        and before.training_only == scope.training_only
    )


def _unit_goes_on(context: Context, units: Sequence[Unit], unit: Unit) -> bool:
    """Layers of one stage: on a map of one size, down to the pool that ends it."""
    before = units[-1]
    layers = [one.head.layer for one in (*units, unit)]
    if (
        not all(isinstance(layer, Layer) for layer in layers)
        or before.head.training_only != unit.head.training_only
    ):
        return False
    if before.last.output is None or unit.last.output is None:
        return False
    arrived, leaves = _spatial(before.last), _spatial(unit.last)
    weighted = any(_has_weights(context, node) for one in units for node in one.nodes)
    if not leaves and arrived:
        return not weighted
    entered = _spatial(context.graph.nodes[units[0].head.inputs[0]])
    if prod(arrived) < prod(_spatial(context.graph.nodes[before.head.inputs[0]])) and family_of(
        before.head
    ) in (
        "pooling",
        "shaping",
    ):
        # the pool, or what reads patches, ended the stage; a single point goes on to the classifier
        return not arrived and bool(entered)
    if prod(leaves) > prod(arrived):
        return False
    if (
        prod(leaves) < prod(arrived)
        and weighted
        and _has_weights(context, unit.head)
        and _is_strided(unit.head)
    ):
        return False
    return len(grouped_lines(context, [*units, unit])) <= MOST_LINES


def _has_weights(context: Context, node: Node) -> bool:
    """Whether a layer has weights, of its own or those of the layer that it repeats."""
    return bool(node.weights or (node.shares is not None and context.graph.nodes[node.shares].weights))


def _is_strided(node: Node) -> bool:
    stride = node.arguments.get("stride", 1)
    return max(stride if isinstance(stride, tuple) else (stride,)) > 1


def _row_box(context: Context, row: Sequence[Piece]) -> Box:
    frame = row[0].frame
    scopes = [piece.scope for piece in row if piece.scope is not None]
    if scopes:
        return scopes_box(context, scopes, frame)
    units = [piece.unit for piece in row if piece.unit is not None]
    box = unit_box(context, units[0], frame)
    if box.kind in ("input", "join"):
        return box
    nodes = tuple(id for piece in row for id in piece.nodes)
    lines = grouped_lines(context, units)
    shared = [words for words in map(context.shared_unit, units) if words]
    small = (Line("", shared[0]),) if shared else ()
    family = leading_family([family_of(unit.head) for unit in units])
    return box._replace(
        family=family,
        lines=(*lines, *small, *context.cost_lines(nodes)),
        nodes=nodes,
        parts=parts_of(context, units),
    )
=======
>>>>>>> main
