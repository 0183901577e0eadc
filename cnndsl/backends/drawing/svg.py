"""A scene as SVG."""

from __future__ import annotations

from html import escape
from math import hypot

from cnndsl.backends.drawing.scene import Block, Circle, Path, Point, Polygon, Scene, Shape, Text

__all__ = ["to_svg"]

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"


def to_svg(scene: Scene) -> str:
    """The picture as SVG text, the same for the same scene."""
    width, height = scene.width * scene.scale, scene.height * scene.scale
    view = f"0 0 {_n(scene.width)} {_n(scene.height)}"
    if scene.page_width is not None and scene.page_width > width:
        # narrower than the page: in its middle
        margin = (scene.page_width - width) / 2 / scene.scale
        view = f"{_n(-margin)} 0 {_n(scene.width + 2 * margin)} {_n(scene.height)}"
        width = scene.page_width
    x, y, wide, high = view.split()
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}pt" height="{_n(height)}pt" '
        f'viewBox="{view}" font-family="{FONT}" role="img">',
        f"<title>{escape(scene.title)}</title>",
        f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" fill="{scene.background}"/>',
        *map(_shape, scene.shapes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _shape(shape: Shape) -> str:
    if isinstance(shape, Text):
        bold = ' font-weight="bold"' if shape.bold else ""
        anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
        return (
            f'<text x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" fill="{shape.color}"'
            f"{bold}{anchor}>{escape(shape.text)}</text>"
        )
    if isinstance(shape, Block):
        return (
            f'<rect x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" '
            f'height="{_n(shape.height)}" '
            f'rx="{_n(shape.radius)}" fill="{shape.fill or "none"}"{_stroke(shape)}/>'
        )
    if isinstance(shape, Circle):
        return (
            f'<circle cx="{_n(shape.x)}" cy="{_n(shape.y)}" r="{_n(shape.radius)}" '
            f'fill="{shape.fill or "none"}"{_stroke(shape)}/>'
        )
    if isinstance(shape, Polygon):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
        return f'<polygon points="{points}" fill="{shape.fill or "none"}"{_stroke(shape)}/>'
    return f'<path d="{path_data(shape)}" fill="none"{_stroke(shape)}/>'


def _stroke(shape: Block | Circle | Path | Polygon) -> str:
    if not shape.stroke:
        return ""
    width = "" if shape.line == 1.0 else f' stroke-width="{_n(shape.line)}"'
    dash = ' stroke-dasharray="3.5 2.5"' if shape.dash else ""
    join = ' stroke-linejoin="round"' if isinstance(shape, Polygon) else ""
    return f' stroke="{shape.stroke}"{width}{dash}{join}'


def path_data(path: Path) -> str:
    """Lines with rounded corners."""
    words = [f"M{_n(path.points[0][0])} {_n(path.points[0][1])}"]
    for before, corner, after in zip(path.points, path.points[1:], path.points[2:], strict=False):
        (x0, y0), (x1, y1) = corner_points(before, corner, after, path.radius)
        words.append(f"L{_n(x0)} {_n(y0)}Q{_n(corner[0])} {_n(corner[1])} {_n(x1)} {_n(y1)}")
    words.append(f"L{_n(path.points[-1][0])} {_n(path.points[-1][1])}")
    return "".join(words)


def corner_points(before: Point, corner: Point, after: Point, radius: float) -> tuple[Point, Point]:
    """Where the rounding of a corner begins and ends."""

    def towards(point: Point) -> Point:
        length = hypot(point[0] - corner[0], point[1] - corner[1])
        share = min(radius, length / 2) / length if length else 0.0
        return (corner[0] + (point[0] - corner[0]) * share, corner[1] + (point[1] - corner[1]) * share)

    return towards(before), towards(after)


def _n(number: float) -> str:
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
