"""How many layers an item has at least, read off its text: a repeat that is too large is refused at once."""

from __future__ import annotations

from collections.abc import Iterable

from cnndsl import syntax as s
from cnndsl.elaboration.declarations import Home
from cnndsl.layers import find

__all__ = ["least_layers"]

# Uses of blocks in blocks that are followed: each may hold many of the next.
DEEPEST = 3


def least_layers(item: s.Statement, home: Home, depth: int = 0) -> int:
    """The number of nodes that an item adds in any case; 0 where its text alone does not say it.

    What is under a condition, runs over a list or repeats by an expression is not counted, nor is what
    lies deeper than a few uses of blocks.
    """
    match item:
        case s.Labelled() | s.Assertion():
            return least_layers(item.item, home, depth)
        case s.Repeat():
            times = item.times.value if isinstance(item.times, s.Number) else 0
            return int(times) * least_layers(item.item, home, depth)
        case s.Group():
            return _sum(item.body.statements, home, depth)
        case s.Join():
            return 1 + sum(_sum(branch.statements, home, depth) for branch in item.branches)
        case s.Call():
            entry = home.blocks.get(item.name)
            if entry is not None:
                return _sum(entry.block.body.statements, entry.home, depth + 1) if depth < DEEPEST else 0
            return int(item.name != "identity" and find(item.name) is not None)
        case _:
            return 0


def _sum(statements: Iterable[s.Statement], home: Home, depth: int) -> int:
    return sum(least_layers(one, home, depth) for one in statements)
