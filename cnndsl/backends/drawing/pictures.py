"""A scene as PNG or PDF, by matplotlib, whose typeface DejaVu Sans goes into the file."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Literal

from cnndsl.backends.drawing.scene import Block, Circle, Path, Polygon, Scene, Text
from cnndsl.backends.drawing.svg import corner_points

__all__ = ["to_picture"]

DPI = 200
# A PNG has no more points than this along a side.
MOST_PIXELS = 12_000


def to_picture(scene: Scene, format: Literal["png", "pdf"]) -> bytes:
    """The picture in one of the two formats, the same bytes for the same scene."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = scene.width * scene.scale, scene.height * scene.scale
    page = max(width, scene.page_width or 0.0)
    settings: dict[Any, Any] = {
        # typefaces as a whole: what submission systems ask for
        "pdf.fonttype": 42,
        "font.family": ["DejaVu Sans"],
        "svg.hashsalt": "cnndsl",
        "text.usetex": False,
        "text.parse_math": False,
    }
    with rc_context(settings):
        figure = Figure(figsize=(page / 72, height / 72), facecolor=scene.background)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        margin = (page - width) / 2 / scene.scale
        axes.set_xlim(-margin, scene.width + margin)
        axes.set_ylim(scene.height, 0)
        axes.set_axis_off()
        for index, shape in enumerate(scene.shapes):
            _draw(axes, shape, scene.scale, index)
        dpi = min(DPI, MOST_PIXELS / (max(page, height) / 72))
        stream = BytesIO()
        metadata = (
            {"Software": None}
            if format == "png"
            else {"CreationDate": None, "Creator": None, "Producer": None}
        )
        figure.savefig(stream, format=format, dpi=dpi, facecolor=scene.background, metadata=metadata)
    return stream.getvalue()


def _draw(axes: Any, shape: object, scale: float, order: int) -> None:
    from matplotlib import patches
    from matplotlib.path import Path as Outline

    if isinstance(shape, Text):
        axes.text(
            shape.x,
            shape.y,
            shape.text,
            fontsize=shape.size * scale,
            color=shape.color,
            weight="bold" if shape.bold else "normal",
            ha={"start": "left", "middle": "center", "end": "right"}[shape.anchor],
            va="baseline",
            zorder=order,
            clip_on=False,
        )
        return
    if isinstance(shape, Path):
        patch: Any = patches.PathPatch(_outline(shape), fill=False)
    elif isinstance(shape, Block):
        style = f"round,pad=0,rounding_size={shape.radius}" if shape.radius else "square,pad=0"
        patch = patches.FancyBboxPatch((shape.x, shape.y), shape.width, shape.height, boxstyle=style)
    elif isinstance(shape, Circle):
        patch = patches.Circle((shape.x, shape.y), shape.radius)
    else:
        assert isinstance(shape, Polygon)
        patch = patches.PathPatch(Outline([*shape.points, shape.points[0]], closed=True))
        patch.set_joinstyle("round")
    if not isinstance(shape, Path):
        patch.set_facecolor(shape.fill or "none")
    patch.set_edgecolor(shape.stroke or "none")
    patch.set_linewidth(shape.line * scale if shape.stroke else 0.0)
    if shape.dash:
        patch.set_linestyle((0, (3.5 / shape.line, 2.5 / shape.line)))
    # lines lie where they are meant to lie, not at the next pixel
    patch.set_snap(False)
    patch.set_zorder(order)
    patch.set_clip_on(False)
    axes.add_patch(patch)


def _outline(path: Path) -> Any:
    from matplotlib.path import Path as Outline

    points = [path.points[0]]
    codes = [Outline.MOVETO]
    for before, corner, after in zip(path.points, path.points[1:], path.points[2:], strict=False):
        begin, end = corner_points(before, corner, after, path.radius)
        points += [begin, corner, end]
        codes += [Outline.LINETO, Outline.CURVE3, Outline.CURVE3]
    points.append(path.points[-1])
    codes.append(Outline.LINETO)
    return Outline(points, codes)
