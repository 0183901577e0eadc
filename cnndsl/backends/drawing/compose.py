"""A layout as a scene: boxes with their words, wires with their arrow heads, frames, title and legend."""

from __future__ import annotations

from cnndsl.backends.drawing.frames import STRIP, TITLE_INSET
from cnndsl.backends.drawing.layout import Layout, Spot, Way
from cnndsl.backends.drawing.legend import legend_shapes
from cnndsl.backends.drawing.metrics import BETWEEN, LABEL, SMALL, STRONG, TITLE, line_width, text_width
from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.plan import Box, Plan, Trouble
from cnndsl.backends.drawing.scene import Block, Circle, Path, Polygon, Scene, Shape, Text
from cnndsl.backends.drawing.shapes import arrow_head, moved, sign_strokes
from cnndsl.backends.drawing.sizes import PADDING, line_height, text_height
from cnndsl.backends.drawing.theme import Theme, theme_of

__all__ = ["box_words", "compose", "flat_box"]

MARGIN = 8.0
LARGEST_SCALE = 1.25


def compose(
    plan: Plan, layout: Layout, options: Options, drawn: dict[int, list[Shape]] | None = None
) -> Scene:
    """The scene of a layout. `drawn` are the shapes of boxes that are drawn otherwise than flat."""
    theme = theme_of(options.theme)
    shapes: list[Shape] = []
    for frame in plan.frames:
        if frame.id in layout.frames:
            shapes += _frame(plan, frame.id, layout.frames[frame.id], theme)
    for way in sorted(layout.ways, key=lambda way: _way_trouble(plan, way) == "mistake"):
        shapes += _way(plan, way, theme)
    for box in plan.boxes:
        spot = layout.boxes[box.id]
        shapes += drawn[box.id] if drawn and box.id in drawn else flat_box(box, spot, theme)
    for edge, spot in layout.labels.items():
        color = theme.mistake if plan.edges[edge].trouble == "mistake" else theme.faint
        size = plan.edges[edge].size
        shapes.append(Text(spot.x, spot.y + spot.height - 2.5, size, LABEL, color))
    head = _head(plan, theme)
    width = max(layout.width, *(text.bounds[2] for text in head)) if head else layout.width
    legend, legend_width, legend_height = (
        legend_shapes(plan, theme, width) if options.legend else ([], 0.0, 0.0)
    )
    width = max(width, legend_width)
    top = (TITLE + SMALL + 12.0) if head else 0.0
    shift = (MARGIN + (width - layout.width) / 2, MARGIN + top)
    placed = [moved(shape, *shift) for shape in shapes]
    placed += [moved(text, MARGIN + (width - text.bounds[2]) / 2, MARGIN) for text in head]
    bottom = MARGIN + top + layout.height
    if legend:
        bottom += 12.0
        placed += [moved(shape, MARGIN + (width - legend_width) / 2, bottom) for shape in legend]
        bottom += legend_height
    full_width, height = width + 2 * MARGIN, bottom + MARGIN
    scale = 1.0
    if options.page_width is not None:
        scale = min(LARGEST_SCALE, options.page_width / full_width)
    title = f"{plan.title or 'network'}: {plan.summary}" if plan.summary else plan.title or "network"
    return Scene(full_width, height, theme.page, tuple(placed), title, scale, options.page_width)


def _head(plan: Plan, theme: Theme) -> list[Text]:
    """The title, and the totals below it."""
    if not plan.title:
        return []
    head = [Text(0, TITLE - 1, plan.title, TITLE, theme.ink, bold=True)]
    if plan.summary:
        head.append(Text(0, TITLE + SMALL + 3, plan.summary, SMALL, theme.faint))
    return head


def _frame(plan: Plan, index: int, spot: Spot, theme: Theme) -> list[Shape]:
    frame = plan.frames[index]
    depth, around = 0, frame.parent
    while around is not None:
        depth, around = depth + 1, plan.frames[around].parent
    x, y = spot.x + TITLE_INSET, spot.y + STRIP - 2
    shapes: list[Shape] = [
        Block(*spot, theme.frames[depth % 2], theme.frame_border, 0.8, 4.0),
        Text(x, y, frame.title, SMALL, theme.faint, bold=True),
    ]
    if frame.detail:
        x += text_width(f"{frame.title} ", SMALL, bold=True)
        shapes.append(Text(x, y, frame.detail, SMALL, theme.faint))
    return shapes


def _way_trouble(plan: Plan, way: Way) -> Trouble:
    troubles = {plan.edges[edge].trouble for edge in way.edges}
    if "mistake" in troubles:
        return "mistake"
    return "unknown" if "unknown" in troubles else ""


def _way(plan: Plan, way: Way, theme: Theme) -> list[Shape]:
    trouble = _way_trouble(plan, way)
    color = theme.mistake if trouble == "mistake" else theme.wire
    thick = 1.8 if trouble == "mistake" else 0.9
    dash = trouble == "unknown" or all(plan.edges[edge].training_only for edge in way.edges)
    if not way.arrow:
        return [Path(way.points, color, thick, 4.0, dash)]
    tip, wing, neck = arrow_head(way.points[-2], way.points[-1])
    return [Path((*way.points[:-1], neck), color, thick, 4.0, dash), Polygon((tip, *wing), color)]


def flat_box(box: Box, spot: Spot, theme: Theme) -> list[Shape]:
    """A box with its words, a join in its circle, an input or output as a word."""
    border, thick, dash = _border(box, theme)
    if box.kind in ("input", "output"):
        middle = spot.x + spot.width / 2
        color = theme.mistake if box.trouble == "mistake" else theme.ink
        return [Text(middle, spot.y + spot.height - 4, box.lines[0].strong, STRONG, color, True, "middle")]
    if box.kind == "join":
        x, y, radius = spot.x + spot.width / 2, spot.y + spot.height / 2, spot.width / 2
        circle = Circle(x, y, radius, theme.page, border or theme.wire, thick, dash)
        strokes = sign_strokes(box.symbol, x, y, theme.ink)
        if not strokes:
            return [circle, Text(x, y + SMALL * 0.36, box.symbol, SMALL, theme.ink, True, "middle")]
        return [circle, *strokes]
    fill, line = theme.colors(box.family)
    shapes: list[Shape] = [Block(*spot, fill, border or line, thick, 3.0, dash)]
    return shapes + box_words(
        box, spot.x + spot.width / 2, spot.y + PADDING[1], theme, spot.height - 2 * PADDING[1]
    )


def box_words(box: Box, middle: float, top: float, theme: Theme, room: float) -> list[Shape]:
    """The lines of a box, each centred."""
    shapes: list[Shape] = []
    y = top + (room - text_height(box.lines)) / 2
    for line in box.lines:
        height = line_height(line)
        x = middle - line_width(line) / 2
        if line.strong and line.small:
            shapes.append(Text(x, y + height - 3, line.strong, STRONG, theme.ink, bold=True))
            x += text_width(line.strong, STRONG, bold=True) + BETWEEN
            shapes.append(Text(x, y + height - 3, line.small, SMALL, theme.faint))
        elif line.strong:
            shapes.append(Text(middle, y + height - 3, line.strong, STRONG, theme.ink, True, "middle"))
        else:
            shapes.append(Text(middle, y + height - 2.3, line.small, SMALL, theme.faint, False, "middle"))
        y += height
    return shapes


def _border(box: Box, theme: Theme) -> tuple[str, float, bool]:
    """Red around a mistake; dashed around what is not known because of one, or exists in training only."""
    if box.trouble == "mistake":
        return theme.mistake, 2.2, theme.mistake == theme.ink
    if box.trouble == "unknown":
        return theme.frame_border, 1.0, True
    return "", 1.0, box.training_only
