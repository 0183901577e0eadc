"""What is drawn in the end: shapes and texts at places, in points, x to the right and y down.

Each renderer draws a scene, and all of it is in the scene, so that every format shows the same.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from cnndsl.backends.drawing.metrics import text_width

__all__ = ["Block", "Circle", "Path", "Point", "Polygon", "Scene", "Shape", "Text"]

Point = tuple[float, float]


class Block(NamedTuple):
    """A rectangle, its corners rounded by `radius`; no `fill` and no `stroke` are empty."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str
    line: float = 1.0
    radius: float = 3.0
    dash: bool = False


class Circle(NamedTuple):
    """A circle."""

    x: float
    y: float
    radius: float
    fill: str
    stroke: str
    line: float = 1.0
    dash: bool = False


class Path(NamedTuple):
    """Straight lines from point to point, their corners rounded by `radius`."""

    points: tuple[Point, ...]
    stroke: str
    line: float = 1.0
    radius: float = 4.0
    dash: bool = False


class Polygon(NamedTuple):
    """A filled shape; no `stroke` is empty."""

    points: tuple[Point, ...]
    fill: str
    stroke: str = ""
    line: float = 0.8
    dash: bool = False


class Text(NamedTuple):
    """A line of text, `y` at its base line."""

    x: float
    y: float
    text: str
    size: float
    color: str
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom, in the widest of typefaces."""
        width = text_width(self.text, self.size, self.bold)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return (left, self.y - 0.76 * self.size, left + width, self.y + 0.24 * self.size)


Shape = Block | Circle | Path | Polygon | Text


class Scene(NamedTuple):
    """A whole picture. `scale` is how many points on paper a point of the drawing takes."""

    width: float
    height: float
    background: str
    shapes: tuple[Shape, ...]
    title: str
    scale: float = 1.0
    page_width: float | None = None

    @property
    def smallest_type(self) -> float:
        """The smallest type on paper, in points."""
        sizes = [shape.size for shape in self.shapes if isinstance(shape, Text)]
        return min(sizes, default=0.0) * self.scale
