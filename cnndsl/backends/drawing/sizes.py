"""How large the boxes of a plan are drawn."""

from __future__ import annotations

from cnndsl.backends.drawing.metrics import SMALL, STRONG, line_width, text_width
from cnndsl.backends.drawing.nets import Size
from cnndsl.backends.drawing.plan import Box, Line

__all__ = ["PADDING", "RADIUS", "box_size", "line_height", "text_height"]

PADDING = (8.0, 4.5)
RADIUS = 7.5
NARROWEST = 46.0
SIGNS = ("+", "×", "⧺", "−")


def line_height(line: Line) -> float:
    """How much room a line of a box takes."""
    return STRONG + 2.5 if line.strong else SMALL + 2.0


def text_height(lines: tuple[Line, ...]) -> float:
    """How much room the lines of a box take."""
    return sum(map(line_height, lines))


def box_size(box: Box) -> Size:
    """The size of a box that is drawn flat."""
    if box.kind == "join":
        radius = RADIUS if box.symbol in SIGNS else text_width(box.symbol, SMALL, bold=True) / 2 + 4
        return Size(2 * radius, 2 * radius, radius, radius)
    if box.kind in ("input", "output"):
        width, height = text_width(box.lines[0].strong, STRONG, bold=True) + 6, STRONG + 4.0
        return Size(width, height, width / 2, height / 2)
    width = max(NARROWEST, max(map(line_width, box.lines)) + 2 * PADDING[0])
    height = text_height(box.lines) + 2 * PADDING[1]
    return Size(width, height, width / 2, height / 2)
