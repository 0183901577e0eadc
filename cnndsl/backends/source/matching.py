"""How one use of a block goes into another one that has all of its parts, and more.

The children are found by their keys, in a numbered sequential by their likeness; then both flows are
followed together, to see that what the smaller one lacks can be passed by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnndsl.analysis.flow import Flow, Unit
from cnndsl.backends.source.children import numbered
from cnndsl.backends.source.parts import Entry, Inline, Part, Path, Tree, fits, likeness
from cnndsl.ir import Node

__all__ = ["is_numbered", "is_stage", "match_entries", "match_flows"]

# A use lacks so many steps of another one at most.
LACKING = 12
# Entries of two sequences that are compared with each other, at most.
COMPARED = 10_000


def is_numbered(entries: Sequence[Entry]) -> bool:
    """Whether the entries are those of a numbered sequential."""
    return numbered(key for key, _ in entries)


def match_entries(
    whole: Sequence[Entry], entries: Sequence[Entry], in_order: bool, levels: int
) -> dict[Path, Path] | None:
    """The places of some entries by the places in a sequence that has them all, None where it has not.

    They are found by their keys, or `in_order` where they are numbered. On so many `levels` further in,
    a numbered sequential may lack entries too.
    """
    pairs = match_order(whole, entries) if in_order else match_keys(whole, entries)
    if pairs is None:
        return None
    found: dict[Path, Path] = {}
    for (key, tree), (own, other) in pairs:
        found[(key,)] = (own,)
        if isinstance(tree, Inline) and isinstance(other, Inline):
            inner = match_inline(tree, other, levels)
            if inner is None:
                return None
            found.update(((key, *path), (own, *rest)) for path, rest in inner.items())
        elif isinstance(tree, Inline) or isinstance(other, Inline) or not fits(tree, other):
            return None
    return found


def match_inline(whole: Inline, inline: Inline, levels: int) -> dict[Path, Path] | None:
    """The same for two sequentials that are written in place."""
    may_lack = levels > 0 and is_numbered(whole.entries) and is_numbered(inline.entries)
    if not may_lack and [key for key, _ in whole.entries] != [key for key, _ in inline.entries]:
        return None
    return match_entries(whole.entries, inline.entries, may_lack, levels - 1)


Pairs = list[tuple[Entry, Entry]]


def match_keys(whole: Sequence[Entry], entries: Sequence[Entry]) -> Pairs | None:
    """The entries with those of the same keys, None where a key is missing or the order is another."""
    place = {key: index for index, (key, _) in enumerate(whole)}
    order = [place.get(key, -1) for key, _ in entries]
    if -1 in order or order != sorted(order):
        return None
    return [(whole[index], entry) for index, entry in zip(order, entries, strict=True)]


def match_order(whole: Sequence[Entry], entries: Sequence[Entry]) -> Pairs | None:
    """The entries with those that are most like them and stand in the same order."""
    if len(entries) > len(whole) or len(entries) * len(whole) > COMPARED:
        return None
    # scores[index] for the entries from here on and those of the whole from `index` on
    count = len(whole)
    scores: list[float] = [0.0] * (count + 1)
    taken: list[list[bool]] = []
    for _, tree in reversed(entries):
        found, takes = [float("-inf")] * (count + 1), [False] * (count + 1)
        for index in reversed(range(count)):
            here = scores[index + 1] + closeness(whole[index][1], tree)
            takes[index] = here > found[index + 1]
            found[index] = max(here, found[index + 1])
        scores = found
        taken.append(takes)
    if scores[0] == float("-inf"):
        return None
    pairs, index = [], 0
    for entry, takes in zip(entries, reversed(taken), strict=True):
        while not takes[index]:
            if is_repeated(whole, index):
                return None
            index += 1
        pairs.append((whole[index], entry))
        index += 1
    return None if any(is_repeated(whole, left) for left in range(index, count)) else pairs


def is_stage(entries: Sequence[Entry]) -> bool:
    """Whether the entries are uses of one and the same block, as in a stage of a residual network."""
    targets = {tree.target if isinstance(tree, Part) else "" for _, tree in entries}
    return len(targets) == 1 and isinstance(targets.pop(), int)


def is_repeated(entries: Sequence[Entry], index: int) -> bool:
    """Whether a part stands there more than once, so that a person would say how often, not whether."""
    part = entries[index][1]
    return (
        isinstance(part, Part)
        and bool(part.positional or part.keywords)
        and any(same_part(part, other) for place, (_, other) in enumerate(entries) if place != index)
    )


def same_part(part: Part, other: Tree) -> bool:
    """Whether two parts are of the same class and have the same arguments."""
    return isinstance(other, Part) and replace(part, node=None) == replace(other, node=None)


def closeness(tree: Tree, other: Tree) -> float:
    """How much two entries are alike: minus infinity where they can't share a place."""
    if isinstance(tree, Part) and isinstance(other, Part):
        return 1.0 + likeness(tree, other) if fits(tree, other) else float("-inf")
    return 1.0 if isinstance(tree, Inline) and isinstance(other, Inline) else float("-inf")


def match_flows(whole: Flow, flow: Flow) -> dict[int, int] | None:
    """What stands for each value of the whole that the other does not compute.

    None where the two are connected in another way. Values of the whole only: one that is left out is
    stood for by one of those that it is computed from.
    """
    if len(whole.takes) != len(flow.takes) or len(whole.returns) != len(flow.returns):
        return None
    if len(whole.units) - len(flow.units) > LACKING:
        return None
    standing = Standing(dict(zip(whole.takes, flow.takes, strict=True)))
    keys = {unit.key for unit in flow.units if unit.key is not None}
    rest = list(reversed(flow.units))
    for unit in whole.units:
        is_here = unit.key in keys if unit.key is not None else rest and standing.could_be(unit, rest[-1])
        if is_here:
            if not rest or rest[-1].key != unit.key or not standing.is_same(unit, rest.pop()):
                return None
        elif len(unit.gives) != 1 or not unit.takes:
            return None
        else:
            standing.leave_out(unit)
    results = zip(whole.returns, flow.returns, strict=True)
    if rest or not all(standing.settle(value, own) for value, own in results):
        return None
    return standing.instead()


class Standing:
    """Which value of a flow each value of a larger one stands for; open while several are possible."""

    def __init__(self, known: dict[int, int]) -> None:
        self.possible = {value: {own} for value, own in known.items()}
        # What a value that is left out is computed from, and which of that was found to stand for it.
        self.sources: dict[int, tuple[int, ...]] = {}
        self.chosen: dict[int, int] = {}

    def could_be(self, unit: Unit, own: Unit) -> bool:
        """Whether a join may be the same as one of the smaller flow."""
        return (
            own.key is None
            and isinstance(unit.content, Node)
            and isinstance(own.content, Node)
            and unit.content.layer.name == own.content.layer.name
            and len(unit.takes) == len(own.takes)
            and all(o in self.possible[value] for value, o in zip(unit.takes, own.takes, strict=True))
        )

    def is_same(self, unit: Unit, own: Unit) -> bool:
        """Whether the two steps take the same values; what they give is then the same."""
        if len(unit.takes) != len(own.takes) or len(unit.gives) != len(own.gives):
            return False
        if (unit.is_copy, unit.content.training_only) != (own.is_copy, own.content.training_only):
            return False
        if not all(self.settle(value, o) for value, o in zip(unit.takes, own.takes, strict=True)):
            return False
        self.possible.update((value, {o}) for value, o in zip(unit.gives, own.gives, strict=True))
        return True

    def leave_out(self, unit: Unit) -> None:
        """A step that the smaller flow lacks: one of the values that it takes stands for what it gives."""
        value = unit.gives[0]
        self.sources[value] = unit.takes
        self.possible[value] = set().union(*(self.possible[source] for source in unit.takes))

    def settle(self, value: int, own: int) -> bool:
        """Decide that a value stands for `own`; False where it can't."""
        if own not in self.possible[value]:
            return False
        if value not in self.sources or value in self.chosen:
            return self.possible[value] == {own}
        for source in self.sources[value]:
            if self.settle(source, own):
                self.chosen[value] = source
                self.possible[value] = {own}
                return True
        return False

    def instead(self) -> dict[int, int]:
        """What stands for each value that is left out."""
        return {value: self.chosen.get(value, sources[0]) for value, sources in self.sources.items()}
