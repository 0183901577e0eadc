"""One line on what a module does to shapes: `(N, in_channels, H, W) -> (N, c, H / 2, W / 2)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnndsl.analysis.flow import Flow
from cnndsl.dims import AXIS_LETTERS, Shape
from cnndsl.ir import Graph

__all__ = ["describe"]

# Columns that a class's docstring has for it.
LONGEST = 77

# The expression that gives an axis' sizes in all instances, None where none does.
Known = Callable[[Sequence[Any]], str | None]


def agreed(values: Sequence[Any]) -> str | None:
    """The size, where all instances agree on it."""
    return str(values[0]) if len(set(values)) == 1 else None


def describe(graph: Graph, flows: Sequence[Flow], known: Known = agreed) -> str:
    """The shapes that a class's instances take and return; `N` is the batch axis.

    Sizes that agree are written out, those that are parameters of the class by their names, those
    that are a fixed part of what arrives as such; a prime marks one that is none of these.
    """
    arriving = [shapes(graph, [flow.takes[index] for flow in flows]) for index in range(len(flows[0].takes))]
    leaving = [
        shapes(graph, [flow.returns[index] for flow in flows]) for index in range(len(flows[0].returns))
    ]
    first = arriving[0] if arriving else []
    takes = [written(one, first, known) for one in arriving]
    returns = [written(one, first, known) for one in leaving]
    line = f"{', '.join(takes)} -> {', '.join(returns)}"
    return line if len(line) <= LONGEST else f"{shortened(takes)} -> {shortened(returns)}"


def shortened(texts: Sequence[str]) -> str:
    """The first of the texts, and how many there are."""
    return texts[0] if len(texts) == 1 else f"{texts[0]} and {len(texts) - 1} more"


def shapes(graph: Graph, values: Sequence[int]) -> list[Shape]:
    """The shapes of one value, in every instance."""
    found = [graph.nodes[value].output_shape for value in values]
    return [shape for shape in found if shape is not None]


def written(sizes: Sequence[Shape], first: Sequence[Shape], known: Known) -> str:
    """One value's axes."""
    rank = len(sizes[0])
    if any(len(shape) != rank for shape in sizes):
        return "(N, ...)"
    letters = AXIS_LETTERS.get(rank, "")
    same_rank = all(len(shape) == rank for shape in first)
    axes = []
    for index in range(rank):
        values = [shape[index] for shape in sizes]
        letter = letters[index] if index < len(letters) else f"A{index + 1}"
        text = known(values) if index == 0 else agreed(values)
        if text is None and same_rank:
            text = relation(values, [shape[index] for shape in first], letter, known)
        axes.append(text or f"{letter}'")
    return f"(N, {', '.join(axes)})"


def relation(values: Sequence[int], base: Sequence[int], letter: str, known: Known) -> str | None:
    """The sizes as a multiple or a part of those that arrive, or more by a number.

    `letter` stands for what arrives, unless it is a parameter.
    """
    letter = known(base) or letter
    pairs = list(zip(values, base, strict=True))
    if 0 in values or 0 in base:
        return None
    if all(value == b for value, b in pairs):
        return letter
    if all(value % b == 0 for value, b in pairs):
        factor = known([value // b for value, b in pairs])
        return factor and f"{factor} * {letter}"
    if all(b % value == 0 for value, b in pairs):
        factor = known([b // value for value, b in pairs])
        return factor and f"{letter} / {factor}"
    more = {value - b for value, b in pairs}
    difference = more.pop()
    return f"{letter} {'-' if difference < 0 else '+'} {abs(difference)}" if not more else None
