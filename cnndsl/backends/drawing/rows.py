"""Pieces that stand in one box: layers of one stage in a row, uses of one block in a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from cnndsl.backends.drawing.contents import MOST_LINES, grouped_lines, leading_family, parts_of, scopes_box
from cnndsl.backends.drawing.context import Context
from cnndsl.backends.drawing.full import unit_box
from cnndsl.backends.drawing.pieces import Piece
from cnndsl.backends.drawing.plan import Box, Line
from cnndsl.backends.drawing.units import Unit
from cnndsl.backends.drawing.words import family_of
from cnndsl.ir import Node, Scope
from cnndsl.layers.declaration import Layer

__all__ = ["row_boxes", "spatial"]


def row_boxes(context: Context, pieces: Sequence[Piece], expanded: frozenset[int]) -> list[Box]:
    """The boxes of a diagram by stages; in the frames in `expanded` each piece is one."""
    boxes: list[Box] = []
    for row in _rows(context, pieces, expanded):
        boxes += _row_boxes(context, row)
    return boxes


def _rows(context: Context, pieces: Sequence[Piece], expanded: frozenset[int]) -> Iterator[list[Piece]]:
    row: list[Piece] = []
    weighted = False
    for piece in pieces:
        if row and not _goes_on(context, row, piece, expanded, weighted):
            yield row
            row, weighted = [], False
        row.append(piece)
        weighted = weighted or any(_has_weights(context, context.graph.nodes[id]) for id in piece.nodes)
    if row:
        yield row


def _goes_on(
    context: Context, row: Sequence[Piece], piece: Piece, expanded: frozenset[int], weighted: bool
) -> bool:
    """Whether a piece stands in one box with those before it; `weighted` says whether they have weights."""
    before = row[-1]
    if before.frame != piece.frame or piece.frame in expanded:
        # what was opened on purpose shows each of its parts
        return False
    last = before.nodes[-1]
    if context.outside_values(piece.nodes) != {last} or context.leaving_values(before.nodes) != {last}:
        return False
    reads = sum(context.graph.nodes[id].inputs.count(last) for id in piece.nodes)
    if context.readers[last] > reads:
        return False
    if before.unit is not None and piece.unit is not None:
        assert row[0].unit is not None
        return _unit_goes_on(context, row[0].unit, before.unit, piece.unit, weighted)
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


def _unit_goes_on(context: Context, first: Unit, before: Unit, unit: Unit, weighted: bool) -> bool:
    """Layers of one stage: on a map of one size, down to the pool that ends it."""
    if not isinstance(before.head.layer, Layer) or not isinstance(unit.head.layer, Layer):
        return False
    if (
        before.head.training_only != unit.head.training_only
        or before.last.output is None
        or unit.last.output is None
    ):
        return False
    arrived, leaves = spatial(before.last), spatial(unit.last)
    if not leaves and arrived:
        return not weighted
    nodes = context.graph.nodes
    shrinks = prod(arrived) < prod(spatial(nodes[before.head.inputs[0]]))
    if shrinks and family_of(before.head) in ("pooling", "shaping"):
        # the pool, or what reads patches, ended the stage; a single point goes on to the classifier
        return not arrived and bool(spatial(nodes[first.head.inputs[0]]))
    if prod(leaves) > prod(arrived):
        return False
    strided = _has_weights(context, unit.head) and _is_strided(unit.head)
    return not (prod(leaves) < prod(arrived) and weighted and strided)


def _has_weights(context: Context, node: Node) -> bool:
    """Whether a layer has weights, of its own or those of the layer that it repeats."""
    return bool(node.weights or (node.shares is not None and context.graph.nodes[node.shares].weights))


def _is_strided(node: Node) -> bool:
    stride = node.arguments.get("stride", 1)
    return any(step > 1 for step in (stride if isinstance(stride, tuple) else (stride,)))


def _row_boxes(context: Context, row: Sequence[Piece]) -> Iterator[Box]:
    """The box of a row; several, of layers that take more lines than a box has."""
    scopes = [piece.scope for piece in row if piece.scope is not None]
    if scopes:
        yield scopes_box(context, scopes, row[0].frame)
        return
    units = [piece.unit for piece in row if piece.unit is not None]
    for portion, lines in grouped_lines(context, units, MOST_LINES):
        yield _units_box(context, portion, lines, row[0].frame)


def _units_box(context: Context, units: Sequence[Unit], lines: tuple[Line, ...], frame: int | None) -> Box:
    box = unit_box(context, units[0], frame)
    if box.kind in ("input", "join"):
        return box
    nodes = tuple(node.id for unit in units for node in unit.nodes)
    shared = [words for words in map(context.shared_unit, units) if words]
    small = (Line("", shared[0]),) if shared else ()
    return box._replace(
        family=leading_family([family_of(unit.head) for unit in units]),
        lines=(*lines, *small, *context.cost_lines(nodes)),
        nodes=nodes,
        parts=parts_of(context, units),
    )


def spatial(node: Node) -> tuple[int, ...]:
    """The size of a value's map, nothing where it is a single point."""
    shape = () if node.output is None else node.output.spatial
    return () if prod(shape) == 1 else shape
