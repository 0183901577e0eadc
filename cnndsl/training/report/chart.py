"""Curves over epochs as SVG that stands in a page and takes its colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10
from typing import NamedTuple

__all__ = ["Series", "chart"]

WIDTH, HEIGHT = 520, 260
LEFT, RIGHT, TOP, BOTTOM = 48, 10, 30, 36
# With more epochs than this, single points are not marked: they would touch.
MARKED = 40
# A page with ten thousand epochs would take long to show: of more, some are left out.
DRAWN = 500


class Series(NamedTuple):
    """A line: what it is called, the CSS class that colours it, and its value in each epoch."""

    name: str
    kind: str
    values: Sequence[float]


def chart(
    title: str,
    series: Sequence[Series],
    epochs: Sequence[int],
    best: int,
    shown: Callable[[float], str],
    lowest: float | None = None,
    highest: float | None = None,
) -> str:
    """Lines over epochs, the epoch `best` marked; every point tells its value to the pointer.

    `shown` writes a value. The vertical axis begins at `lowest` and ends at `highest`, where given: else with
    round numbers around the values.

    >>> svg = chart("loss", [Series("training", "train", [2.0, 1.0])], [1, 2], 2, "{:.1f}".format)
    >>> svg.count("<polyline"), "epoch 2, training: 1.0" in svg
    (1, True)
    """
    values = [value for line in series for value in line.values]
    ticks = _ticks(min(values) if lowest is None else lowest, max(values) if highest is None else highest)
    low = ticks[0] if lowest is None else lowest
    high = ticks[-1] if highest is None else highest
    first, last = epochs[0], epochs[-1]

    def across(epoch: float) -> float:
        inner = WIDTH - LEFT - RIGHT
        return LEFT + inner / 2 if first == last else LEFT + inner * (epoch - first) / (last - first)

    def down(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / ((high - low) or 1))

    parts = [f'<text class="title" x="0" y="14">{escape(title)}</text>']
    for tick in ticks:
        if low <= tick <= high:
            y = f"{down(tick):.1f}"
            label = _short(tick, shown)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y}" dy="4" text-anchor="end">{label}</text>')
    parts += [
        f'<text x="{across(epoch):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{epoch}</text>'
        for epoch in _epoch_ticks(first, last)
    ]
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 4}" text-anchor="middle">epoch</text>')
    x = f"{across(best):.1f}"
    parts.append(f'<line class="mark" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
    kept = _kept(len(epochs), epochs.index(best))
    for line in series:
        places = [(epochs[at], line.values[at]) for at in kept]
        points = " ".join(f"{across(epoch):.1f},{down(value):.1f}" for epoch, value in places)
        parts.append(f'<polyline class="{line.kind}" points="{points}"/>')
        for epoch, value in places:
            marked = f"{line.kind} best" if epoch == best else line.kind
            kind = marked if epoch == best or len(epochs) <= MARKED else "touch"
            radius = 4.5 if epoch == best else 2.5 if kind != "touch" else 4
            told = escape(f"epoch {epoch}, {line.name}: {shown(value)}")
            parts.append(
                f'<circle class="{kind}" cx="{across(epoch):.1f}" cy="{down(value):.1f}" r="{radius}">'
                f"<title>{told}</title></circle>"
            )
    label = escape(f"{title} by epoch")
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _kept(count: int, best: int) -> list[int]:
    """Which points are drawn: all, or of very many some, the best and the last among them."""
    step = -(-count // DRAWN)
    return sorted({*range(0, count, step), best, count - 1})


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers that enclose a range.

    >>> _ticks(0.13, 0.87), _ticks(2, 2)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [1.0, 1.5, 2.0, 2.5, 3.0])
    """
    if high - low < 1e-9 * max(abs(high), 1e-9):
        low, high = low - max(abs(low), 1e-6) / 2, high + max(abs(high), 1e-6) / 2
    raw = (high - low) / 5
    unit = 10.0 ** floor(log10(raw))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= raw * 0.999)
    return [round(at * step, 12) for at in range(floor(low / step), ceil(high / step - 1e-9) + 1)]


def _epoch_ticks(first: int, last: int) -> list[int]:
    """A few whole epochs.

    >>> _epoch_ticks(1, 5), _epoch_ticks(1, 100)
    ([1, 2, 3, 4, 5], [1, 20, 40, 60, 80, 100])
    """
    if last - first < 10:
        return list(range(first, last + 1))
    step = next(
        factor * 10**power
        for power in range(9)
        for factor in (1, 2, 5)
        if (last - first) / factor / 10**power <= 6
    )
    inner = [epoch for epoch in range(step, last + 1, step) if epoch - first >= step * 0.6]
    return [first, *inner]


def _short(value: float, shown: Callable[[float], str]) -> str:
    """A value beside an axis, without zeros at its end."""
    text = shown(value)
    number, percent = text.removesuffix("%"), text[len(text.removesuffix("%")) :]
    return escape((number.rstrip("0").rstrip(".") if "." in number else number) + percent)
