"""Shapes that several parts of a picture are made of: arrow heads, the signs of joins, moved shapes."""

from __future__ import annotations

from math import hypot

from cnndsl.backends.drawing.scene import Path, Point, Polygon, Shape

__all__ = ["arrow_head", "moved", "sign_strokes"]

# How long an arrow head is, and how wide on each side.
HEAD = (6.0, 2.6)


def moved(shape: Shape, x: float, y: float) -> Shape:
    """The same shape somewhere else."""
    if isinstance(shape, Path | Polygon):
        return shape._replace(points=tuple((a + x, b + y) for a, b in shape.points))
    return shape._replace(x=shape.x + x, y=shape.y + y)


def arrow_head(before: Point, tip: Point) -> tuple[Point, tuple[Point, Point], Point]:
    """An arrow head: its tip, its two wings, and where the line behind it ends."""
    length = hypot(tip[0] - before[0], tip[1] - before[1]) or 1.0
    x, y = (tip[0] - before[0]) / length, (tip[1] - before[1]) / length
    long, wide = HEAD[0], HEAD[1]
    back = (tip[0] - x * long, tip[1] - y * long)
    wings = ((back[0] - y * wide, back[1] + x * wide), (back[0] + y * wide, back[1] - x * wide))
    return tip, wings, (tip[0] - x * (long - 1), tip[1] - y * (long - 1))


def sign_strokes(symbol: str, x: float, y: float, color: str) -> list[Shape]:
    """The sign of a join as lines: not every typeface has ⧺. Nothing for a word."""
    long, slant = 4.2, 3.0
    lines: dict[str, tuple[tuple[Point, Point], ...]] = {
        "+": (((-long, 0), (long, 0)), ((0, -long), (0, long))),
        "−": (((-long, 0), (long, 0)),),
        "×": (((-slant, -slant), (slant, slant)), ((-slant, slant), (slant, -slant))),
        "⧺": (((-4.8, 0), (4.8, 0)), ((-1.9, -3.6), (-1.9, 3.6)), ((1.9, -3.6), (1.9, 3.6))),
    }
    return [
        Path(tuple((x + a, y + b) for a, b in stroke), color, 1.2, 0.0) for stroke in lines.get(symbol, ())
    ]
