"""The diagram by stages: a box for each block or stage, repeats folded; layers by the map's size."""

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
