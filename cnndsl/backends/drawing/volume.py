"""The volume style: maps as solids from left to right, to a logarithmic scale."""

from __future__ import annotations

from math import log2
from typing import NamedTuple

from cnndsl.backends.drawing.compose import box_words, compose
from cnndsl.backends.drawing.layout import Spot, Way, lay_bent, lay_out
from cnndsl.backends.drawing.metrics import line_width
from cnndsl.backends.drawing.nets import Size
from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.plan import Box, Line, Part, Plan
from cnndsl.backends.drawing.scene import Path, Point, Polygon, Scene, Shape
from cnndsl.backends.drawing.shapes import arrow_head
from cnndsl.backends.drawing.sizes import box_size, text_height
from cnndsl.backends.drawing.theme import Theme, theme_of
from cnndsl.backends.drawing.words import with_count

__all__ = ["Solid", "solid_of", "solids_of", "volume_plan", "volume_scene", "volume_size"]

# Points of height for each doubling of a map's side, of width for each doubling of the channels.
HEIGHT, WIDTH = 17.0, 1.7
LOWEST, NARROWEST = 5.0, 2.5
# A vector is a bar that goes away from us, so long.
BAR = 9.0
# What goes away from us is drawn to the right and up, shortened.
SLANT = (0.36, 0.36)
# Of equal layers in a row no more slabs are drawn than this.
MOST_SLABS = 4
MOST_WORDS = 4
# Solids in the form of a U are smaller: they stand above each other.
SMALL_SCALE = 0.4
BETWEEN_PARTS = 1.5
TEXT_APART = 5.0


class Solid(NamedTuple):
    """A slab: how wide, how high and how deep it is drawn, in points, and its kind."""

    width: float
    height: float
    depth: float
    family: str


def _side(size: int | str) -> float:
    """How long a side of a map is drawn; of an open size something in between."""
    number = size if isinstance(size, int) else 64
    return max(LOWEST, HEIGHT * log2(number + 1) - HEIGHT)


def solid_of(shape: tuple[int | str, ...] | None, family: str) -> Solid:
    """The slab of one layer that gives a value of this shape."""
    if not shape:
        return Solid(NARROWEST * 2, LOWEST * 4, LOWEST * 4, family)
    first = shape[0] if isinstance(shape[0], int) else 64
    width = NARROWEST + WIDTH * log2(first + 1)
    points = [size for size in shape[1:] if size != 1]
    if not points:
        # a vector: its numbers one behind the other
        return Solid(LOWEST + 1, LOWEST + 1, BAR * log2(first + 1), family)
    high, deep = (shape[-2], shape[-1]) if len(shape) > 2 else (shape[1], 1)
    return Solid(width, _side(high), _side(deep), family)


def solids_of(box: Box, scale: float = 1.0) -> tuple[Solid, ...]:
    """The slabs of a box, from left to right."""
    solids: list[Solid] = []
    for part in box.parts:
        solid = solid_of(part.shape, part.family)
        solid = solid._replace(height=solid.height * scale, depth=solid.depth * scale)
        solids += [solid] * min(part.times, MOST_SLABS)
    return tuple(solids)


class _Figure(NamedTuple):
    """The slabs of a box with the room that they take, text below them not counted."""

    solids: tuple[Solid, ...]
    width: float
    height: float
    axis: float


def _figure(box: Box, scale: float) -> _Figure:
    solids = solids_of(box, scale)
    above = max(solid.height / 2 + solid.depth * SLANT[1] / 2 for solid in solids)
    x = solids[0].depth * SLANT[0] / 2
    low, high = 0.0, 0.0
    for solid in solids:
        half = solid.depth * SLANT[0] / 2
        low, high = min(low, x - half), max(high, x + half + solid.width)
        x += solid.width + BETWEEN_PARTS
    return _Figure(solids, high - low, 2 * above, above)


def volume_plan(plan: Plan) -> Plan:
    """A plan by stages as solids have it: the sizes stand below the solids, not on the edges; no costs."""
    shapes = {edge.value: edge.size for edge in plan.edges}
    boxes = []
    for box in plan.boxes:
        if box.kind in ("layer", "stage"):
            box = box._replace(parts=tuple(_drawn(box)))
            box = box._replace(lines=_lines(box, shapes.get(box.nodes[-1], "")))
        boxes.append(box)
    edges = tuple(
        edge._replace(labelled=edge.labelled and plan.boxes[edge.source].kind in ("input", "join"))
        for edge in plan.edges
    )
    return plan._replace(boxes=tuple(boxes), edges=edges)


def _lines(box: Box, size: str) -> tuple[Line, ...]:
    """What stands below the solids: the name, the layers that have a solid, the size of what they give."""
    name = (box.lines[0]._replace(small=""),) if box.kind == "stage" else ()
    parts = [with_count(part.text, part.times) for part in box.parts]
    if box.kind == "stage" and parts == [box.lines[0].strong]:
        parts = []
    return (*name, *(Line("", part) for part in parts[:MOST_WORDS]), *((Line("", size),) if size else ()))


def _drawn(box: Box) -> list[Part]:
    """The layers that have a solid: those that only change the form of a value have none."""
    return [part for part in box.parts if part.family not in ("shaping", "regularisation")] or list(
        box.parts[:1]
    )


def volume_size(box: Box, scale: float) -> Size:
    """The size of a box with its text below; `scale` makes the solids smaller."""
    if box.kind in ("input", "output", "join"):
        return box_size(box)
    figure = _figure(box, scale)
    text = max(map(line_width, box.lines))
    width = max(figure.width, text) + 4
    return Size(width, figure.height + TEXT_APART + text_height(box.lines), width / 2, figure.axis)


def volume_scene(plan: Plan, options: Options) -> Scene:
    """The scene of a plan in solids: from left to right; a U goes down and up again."""
    theme = theme_of(options.theme)
    scale = SMALL_SCALE
    layout = (
        lay_bent(plan, lambda box: volume_size(plan.boxes[box], scale)) if options.direction is None else None
    )
    if layout is None:
        scale = 1.0
        layout = lay_out(
            plan, options.flow, lambda box: volume_size(plan.boxes[box], scale), options.page_width
        )
    figures = {box.id: _figure(box, scale) for box in plan.boxes if box.kind in ("layer", "stage")}
    ways: list[Way] = []
    ends: list[_End] = []
    for way in layout.ways:
        # wires come to the solids themselves, not to the text that stands with them
        target = plan.edges[way.edges[0]].target
        if way.arrow and target in figures:
            ends.append(_End(target, way, True))
            way = way._replace(arrow=False)
        ways.append(way)
        source = plan.edges[way.edges[0]].source
        if (
            source in figures
            and abs(way.points[0][0] - layout.boxes[source].x - layout.boxes[source].width) < 0.1
        ):
            ends.append(_End(source, way, False))
    drawn = {box: _box(plan.boxes[box], figure, layout.boxes[box], theme) for box, figure in figures.items()}
    for end in ends:
        box = end.box
        drawn[box] = [*_wire_end(end, figures[box], layout.boxes[box], theme, plan), *drawn[box]]
    return compose(plan, layout._replace(ways=tuple(ways)), options, drawn)


class _End(NamedTuple):
    """Where a wire comes to a box, or leaves it."""

    box: int
    way: Way
    arrives: bool


def _wire_end(end: _End, figure: _Figure, spot: Spot, theme: Theme, plan: Plan) -> list[Shape]:
    """The piece of a wire between the room that a box takes and its solids."""
    corners = _placed(figure, spot)
    axis = spot.y + figure.axis
    edges = [plan.edges[edge] for edge in end.way.edges]
    color = theme.mistake if any(edge.trouble == "mistake" for edge in edges) else theme.wire
    dash = all(edge.training_only or edge.trouble == "unknown" for edge in edges)
    if not end.arrives:
        begin = max(_last_at(one, axis) for one in corners)
        return [Path(((begin, axis), (spot.x + spot.width, axis)), color, 0.9, 0.0, dash)]
    before, tip = end.way.points[-2:]
    if abs(before[1] - tip[1]) < 0.1:
        tip = (min(_first_at(one, axis) for one in corners), axis)
        before = (spot.x, axis)
    elif before[1] < tip[1]:
        before = tip
        tip = (tip[0], min(_top_at(one, tip[0], spot.y + figure.height) for one in corners))
    head, wings, neck = arrow_head(end.way.points[-2], tip)
    shapes: list[Shape] = [Polygon((head, *wings), color)]
    if (neck[0] - before[0]) + (neck[1] - before[1]) > 0.1:
        shapes.insert(0, Path((before, neck), color, 0.9, 0.0, dash))
    return shapes


def _box(box: Box, figure: _Figure, spot: Spot, theme: Theme) -> list[Shape]:
    shapes: list[Shape] = []
    for solid, corners in zip(figure.solids, _placed(figure, spot), strict=True):
        shapes += _solid(solid, corners, theme, box)
    top = spot.y + figure.height + TEXT_APART
    return [*shapes, *box_words(box, spot.x + spot.width / 2, top, theme, text_height(box.lines))]


def _placed(figure: _Figure, spot: Spot) -> list[_Corners]:
    """The slabs in their places, from left to right."""
    axis = spot.y + figure.axis
    x = spot.x + (spot.width - figure.width) / 2 + figure.solids[0].depth * SLANT[0] / 2
    placed = []
    for solid in figure.solids:
        placed.append(_corners(solid, x, axis))
        x += solid.width + BETWEEN_PARTS
    return placed


class _Corners(NamedTuple):
    """The front of a slab, and how far, to the right and up, its back is from it."""

    left: float
    top: float
    right: float
    bottom: float
    away: Point


def _corners(solid: Solid, x: float, axis: float) -> _Corners:
    """A slab whose middle is on the axis."""
    away = (solid.depth * SLANT[0], -solid.depth * SLANT[1])
    left, middle = x - away[0] / 2, axis - away[1] / 2
    return _Corners(left, middle - solid.height / 2, left + solid.width, middle + solid.height / 2, away)


def _first_at(corners: _Corners, y: float) -> float:
    """Where a line at this height meets the slab from the left."""
    if y >= corners.top or not corners.away[1]:
        return corners.left
    return corners.left + corners.away[0] * (y - corners.top) / corners.away[1]


def _last_at(corners: _Corners, y: float) -> float:
    """Where a line at this height leaves the slab to the right."""
    back = corners.bottom + corners.away[1]
    if y <= back or not corners.away[1]:
        return corners.right + corners.away[0]
    return corners.right + corners.away[0] * (y - corners.bottom) / corners.away[1]


def _top_at(corners: _Corners, x: float, beside: float) -> float:
    """Where a line down at this place meets the slab; `beside` where it passes by."""
    if x < corners.left or x > corners.right + corners.away[0]:
        return beside
    share = (x - corners.left) / corners.away[0] if corners.away[0] else 1.0
    return corners.top + corners.away[1] * min(share, 1.0)


def _solid(solid: Solid, corners: _Corners, theme: Theme, box: Box) -> list[Shape]:
    """A slab's front, its top and its right side."""
    fill, line = theme.colors(solid.family)
    dash = box.training_only or box.trouble == "unknown"
    if box.trouble == "mistake":
        line = theme.mistake
    left, top, right, bottom, away = corners
    front: tuple[Point, ...] = ((left, top), (right, top), (right, bottom), (left, bottom))
    above: tuple[Point, ...] = (
        (left, top),
        (left + away[0], top + away[1]),
        (right + away[0], top + away[1]),
        (right, top),
    )
    side: tuple[Point, ...] = (
        (right, top),
        (right + away[0], top + away[1]),
        (right + away[0], bottom + away[1]),
        (right, bottom),
    )
    return [
        Polygon(side, shade(fill, line, 0.30), line, 0.6, dash),
        Polygon(above, shade(fill, "#ffffff", 0.35), line, 0.6, dash),
        Polygon(front, fill, line, 0.6, dash),
    ]


def shade(color: str, other: str, share: float) -> str:
    """A colour with a share of another one.

    >>> shade("#000000", "#ffffff", 0.5)
    '#808080'
    """
    mixed = [
        round(int(color[at : at + 2], 16) * (1 - share) + int(other[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{value:02x}" for value in mixed)
