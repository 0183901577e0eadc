"""The full diagram: every layer a box, with its norm and activation; scopes as frames."""

from __future__ import annotations

from cnndsl.backends.drawing.contents import parts_of, scope_box
from cnndsl.backends.drawing.context import Context
from cnndsl.backends.drawing.pieces import Opening, Piece, Selection, pieces_of
from cnndsl.backends.drawing.plan import Box, Line, Part, Plan
from cnndsl.backends.drawing.units import Unit
from cnndsl.backends.drawing.wiring import finish
from cnndsl.backends.drawing.words import behind, details, family_of, head_words
from cnndsl.ir import Scope
from cnndsl.layers.declaration import Join

__all__ = ["full_plan", "unit_box"]


def full_plan(context: Context, depth: int | None, expand: tuple[str, ...]) -> Plan:
    """The plan of the full style; scopes deeper than `depth` are one box, but for those in `expand`."""
    selected = Selection(context, depth, expand)
    single = {scope.id for scope in context.graph.scopes if _is_single(context, scope)}

    def opening(scope: Scope) -> Opening:
        if selected(scope) is False:
            return "closed"
        return "open" if scope.id in single else "frame"

    pieces, frames = pieces_of(context, opening)
    boxes = [_box(context, piece, single) for piece in pieces]
    return finish(context, "full", boxes, frames)


def _is_single(context: Context, scope: Scope) -> bool:
    """Whether all in a scope is one box, which needs no frame."""
    nodes = context.inside[scope.id]
    return not nodes or (nodes[0] in context.units and len(context.units[nodes[0]].nodes) == len(nodes))


def _box(context: Context, piece: Piece, single: set[int]) -> Box:
    if piece.unit is None:
        assert piece.scope is not None
        return scope_box(context, piece.scope, piece.frame)
    scope = context.graph.scopes[piece.unit.head.scope]
    name = ""
    if scope.id in single and not isinstance(piece.unit.head.layer, Join):
        # of scopes within scopes that hold this box alone, the outermost name says most
        while scope.parent in single:
            scope = context.graph.scopes[scope.parent]
        title, _block = context.title(scope)
        name = title if scope.id else ""
        if scope.block is not None and scope.key.isdigit():
            name = scope.block
    return unit_box(context, piece.unit, piece.frame, name)


def unit_box(context: Context, unit: Unit, frame: int | None, name: str = "") -> Box:
    """The box of one layer: its name and kernel, what is special, what is applied behind it."""
    head = unit.head
    nodes = tuple(node.id for node in unit.nodes)
    training_only = head.training_only
    if isinstance(head.layer, Join):
        name_line = (Line(head.layer.name),)
        return Box(
            0, "join", "join", name_line, nodes, (), head.layer.symbol, frame, training_only=training_only
        )
    if head.id in context.graph.inputs:
        return Box(0, "input", "input", (Line(head.path),), nodes, _parts(context, unit), frame=frame)
    lines = [Line(head_words(head))]
    special = details(head)
    lines += [
        Line("", words) for words in (special, behind(unit.nodes[1:]), context.shared_unit(unit)) if words
    ]
    if name:
        lines.append(Line("", f"({name})"))
    return Box(
        0,
        "layer",
        family_of(head),
        tuple(lines),
        nodes,
        _parts(context, unit),
        "",
        frame,
        training_only=training_only,
    )


def _parts(context: Context, unit: Unit) -> tuple[Part, ...]:
    return parts_of(context, [unit])
