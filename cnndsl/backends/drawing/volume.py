"""The volume style: maps as solids from left to right, to a logarithmic scale in height, depth and channels."""

from __future__ import annotations

from math import log2
from typing import NamedTuple

from cnndsl.backends.drawing.compose import box_words, compose, flat_box
from cnndsl.backends.drawing.layout import Spot, lay_out
from cnndsl.backends.drawing.metrics import line_width
from cnndsl.backends.drawing.nets import Size
from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.plan import Box, Line, Plan
from cnndsl.backends.drawing.scene import Path, Point, Polygon, Scene, Shape
from cnndsl.backends.drawing.sizes import box_size, text_height
from cnndsl.backends.drawing.theme import Theme, theme_of

__all__ = ["Solid", "solids_of", "volume_scene"]

# Points of height for each doubling of a map's side, of width for each doubling of the channels.
HEIGHT, WIDTH = 11.5, 1.15
LOWEST, NARROWEST = 5.0, 2.5
# A vector is a bar that goes away from us, so long.
BAR = 9.0
# What goes away from us is drawn to the right and up, shortened.
SLANT = (0.36, 0.36)
# Of equal layers in a row no more slabs are drawn than this.
MOST_SLABS = 4
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


def solids_of(box: Box) -> tuple[Solid, ...]:
    """The slabs of a box, from left to right: layers that change nothing but the form of a value have none."""
    solids: list[Solid] = []
    parts = [part for part in box.parts if part.family != "shaping"] or list(box.parts)
    for part in parts:
        solids += [solid_of(part.shape, part.family)] * min(part.times, MOST_SLABS)
    return tuple(solids)


class _Figure(NamedTuple):
    """The slabs of a box with the room that they take, text below them not counted."""

    solids: tuple[Solid, ...]
    width: float
    height: float
    axis: float


def _figure(box: Box) -> _Figure:
    solids = solids_of(box)
    front = sum(solid.width for solid in solids) + BETWEEN_PARTS * (len(solids) - 1)
    # slabs stand centred on the axis, which goes through the middle of each
    above = max(solid.height / 2 + solid.depth * SLANT[1] / 2 for solid in solids)
    last = solids[-1].depth * SLANT[0]
    furthest, x = 0.0, 0.0
    for solid in solids:
        furthest = max(furthest, x + solid.width + solid.depth * SLANT[0] / 2)
        x += solid.width + BETWEEN_PARTS
    before = max(0.0, max(solid.depth for solid in solids) * SLANT[0] / 2)
    return _Figure(solids, before + max(furthest, front + last / 2), 2 * above, above)




def volume_size(box: Box) -> Size:
    """The size of a box with its text below."""
    if box.kind in ("input", "output", "join"):
        return box_size(box)
    figure = _figure(box)
    text = max(map(line_width, box.lines))
    width = max(figure.width, text) + 4
    return Size(width, figure.height + TEXT_APART + text_height(box.lines), width / 2, figure.axis)


def volume_scene(plan: Plan, options: Options) -> Scene:
    """The scene of a plan in solids."""
    theme = theme_of(options.theme)
    layout = lay_out(plan, options.flow, lambda box: volume_size(plan.boxes[box]), options.page_width)
    drawn = {
        box.id: _box(box, layout.boxes[box.id], options.flow == "right", theme)
        for box in plan.boxes
        if box.kind in ("layer", "stage")
    }
    return compose(plan, layout, options, drawn)


def _box(box: Box, spot: Spot, right: bool, theme: Theme) -> list[Shape]:
    figure = _figure(box)
    left = spot.x + (spot.width - figure.width) / 2
    axis = spot.y + figure.axis
    shapes: list[Shape] = []
    if right:
        # the value passes through the solids: what is behind them is hidden
        shapes.append(Path(((spot.x, axis), (spot.x + spot.width, axis)), theme.wire, 0.9))
    x = left + max(solid.depth for solid in figure.solids) * SLANT[0] / 2
    for solid in figure.solids:
        shapes += _solid(solid, x, axis, theme, box)
        x += solid.width + BETWEEN_PARTS
    top = spot.y + figure.height + TEXT_APART
    shapes += box_words(box, spot.x + spot.width / 2, top, theme, text_height(box.lines))
    return shapes


def _solid(solid: Solid, x: float, axis: float, theme: Theme, box: Box) -> list[Shape]:
    """A slab whose middle is on the axis: its front, its top and its right side."""
    fill, line = theme.colors(solid.family)
    dash = box.training_only or box.trouble == "unknown"
    if box.trouble == "mistake":
        line = theme.mistake
    away = (solid.depth * SLANT[0], -solid.depth * SLANT[1])
    left, right = x - away[0] / 2, x - away[0] / 2 + solid.width
    top, bottom = axis - away[1] / 2 - solid.height / 2, axis - away[1] / 2 + solid.height / 2
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
        round(int(color[at : at + 2], 16) * (1 - share) + int(other[at : at + 2], 16) * share) for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{value:02x}" for value in mixed)
