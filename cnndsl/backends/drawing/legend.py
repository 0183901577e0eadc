"""The legend: what the colours, signs and lines of a diagram mean, as far as they stand in it."""

from __future__ import annotations

from cnndsl.backends.drawing.metrics import SMALL, text_width
from cnndsl.backends.drawing.plan import Plan
from cnndsl.backends.drawing.scene import Block, Circle, Path, Shape, Text
from cnndsl.backends.drawing.shapes import moved, sign_strokes
from cnndsl.backends.drawing.theme import KIND_NAMES, Theme

__all__ = ["legend_shapes"]

SWATCH = 8.0
APART = 12.0
LINE = 13.0
NARROWEST = 150.0
JOIN_NAMES = {"+": "add", "×": "multiply", "⧺": "concatenate", "−": "subtract"}


def legend_shapes(plan: Plan, theme: Theme, width: float) -> tuple[list[Shape], float, float]:
    """The legend from (0, 0) on, its width and its height; of a plan with one kind of box nothing."""
    entries = _entries(plan, theme)
    if len(entries) < 2:
        return [], 0.0, 0.0
    width = max(width, NARROWEST)
    rows: list[list[tuple[list[Shape], str, float]]] = [[]]
    used = 0.0
    for shapes, name in entries:
        taken = SWATCH + 4 + text_width(name, SMALL)
        if rows[-1] and used + APART + taken > width:
            rows.append([])
            used = 0.0
        used += taken + (APART if rows[-1] else 0.0)
        rows[-1].append((shapes, name, taken))
    lengths = [sum(taken for *_, taken in row) + APART * (len(row) - 1) for row in rows]
    longest = max(lengths)
    placed: list[Shape] = []
    for index, row in enumerate(rows):
        x = (longest - lengths[index]) / 2
        for shapes, name, taken in row:
            placed += [moved(shape, x, index * LINE) for shape in shapes]
            placed.append(Text(x + SWATCH + 4, index * LINE + SWATCH - 1, name, SMALL, theme.faint))
            x += taken + APART
    return placed, longest, len(rows) * LINE - 4


def _entries(plan: Plan, theme: Theme) -> list[tuple[list[Shape], str]]:
    families = {box.family for box in plan.boxes if box.kind in ("layer", "stage")}
    if plan.style == "volume":
        families = {part.family for box in plan.boxes for part in box.parts if box.kind in ("layer", "stage")}
    entries: list[tuple[list[Shape], str]] = []
    for family, name in KIND_NAMES.items():
        if family in families:
            fill, line = theme.colors(family)
            entries.append(([Block(0, 0, SWATCH, SWATCH, fill, line, 1.0, 1.5)], name))
    symbols = {box.symbol for box in plan.boxes if box.kind == "join"}
    middle = SWATCH / 2
    for symbol, name in JOIN_NAMES.items():
        if symbol in symbols:
            strokes = [
                stroke._replace(
                    points=tuple(
                        ((a - middle) * 0.6 + middle, (b - middle) * 0.6 + middle) for a, b in stroke.points
                    ),
                    line=0.9,
                )
                for stroke in sign_strokes(symbol, middle, middle, theme.ink)
                if isinstance(stroke, Path)
            ]
            entries.append(([Circle(middle, middle, middle, theme.page, theme.wire, 0.8), *strokes], name))
    if any(box.training_only for box in plan.boxes):
        dashed = Path(((-4.0, middle), (SWATCH, middle)), theme.wire, 1.0, 0.0, True)
        entries.append(([dashed], "in training only"))
    if any(box.trouble == "mistake" for box in plan.boxes):
        entries.append(([Path(((-4.0, middle), (SWATCH, middle)), theme.mistake, 1.8, 0.0)], "mistake"))
    return entries
