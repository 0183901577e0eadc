"""The trunk of a net, its longest way from entry to exit, drawn straight; and what stands beside it."""

from __future__ import annotations

from typing import NamedTuple

from cnndsl.backends.drawing.nets import ENTRY, EXIT, Link, Net

__all__ = ["Side", "Trunk", "find_trunk"]

# What a way gains by beginning at the entry and by ending at the exit, more than by any length.
AT_BORDER = 10.0**7
GAP = 20.0


class Side(NamedTuple):
    """What stands beside the trunk: items that hang together, or a value alone that passes by (no items).

    It takes values behind the place `start` of the trunk, None where it takes none, -1 being the entry; and
    gives some before the place `end`, None where it gives none, the length of the trunk being the exit.
    """

    keys: tuple[int, ...]
    start: int | None
    end: int | None
    links: tuple[Link, ...]


class Trunk(NamedTuple):
    """Keys of items in the order of the flow; links between neighbours on it; and what stands beside."""

    keys: tuple[int, ...]
    direct: tuple[Link, ...]
    sides: tuple[Side, ...]


def find_trunk(net: Net) -> Trunk:
    """The trunk of a net and all that stands beside it.

    What neither fits beside the trunk nor into it becomes part of the trunk, in the order of the flow.
    """
    order = {key: index for index, key in enumerate(net.items)}
    chosen = _longest(net)
    while True:
        place = {key: index for index, key in enumerate(chosen)} | {ENTRY: -1, EXIT: len(chosen)}
        groups = _groups(net, place)
        sides = [_side(group, net, place) for group in groups]
        more = {key for side in sides for key in _unfit(side, net, place)}
        if not more:
            break
        chosen = sorted({*chosen, *more}, key=order.__getitem__)
    direct: list[Link] = []
    passing: dict[tuple[int, int], list[Link]] = {}
    for link in net.links:
        if link.source in place and link.target in place:
            start, end = place[link.source], place[link.target]
            if end == start + 1:
                direct.append(link)
            else:
                passing.setdefault((start, link.value), []).append(link)
    for (start, _), links in passing.items():
        end = max(place[link.target] for link in links)
        sides.append(Side((), start, end, tuple(links)))
    return Trunk(tuple(chosen), tuple(direct), tuple(sides))


def _unfit(side: Side, net: Net, place: dict[int, int]) -> set[int]:
    """The items of a side that cannot stand beside the trunk."""
    if side.start is None:
        return set()
    if side.end is not None and side.start >= side.end:
        return set(side.keys)
    fed = {link.target for link in side.links}
    if all(key in fed for key in side.keys):
        return set()
    # it has an input of its own, which should stand beside the trunk's: what both come to is of the trunk
    return {link.target for link in side.links if link.source in place}


def _longest(net: Net) -> list[int]:
    """The longest way; what exists in training only counts for little."""
    score: dict[int, float] = {}
    before: dict[int, int | None] = {}
    arriving: dict[int, list[Link]] = {key: [] for key in net.items}
    ends: dict[int, bool] = {}
    for link in net.links:
        if link.target != EXIT:
            arriving[link.target].append(link)
        elif link.source != ENTRY:
            ends[link.source] = True
    reading = {link.source for link in net.links if link.target != EXIT}
    for key, item in net.items.items():
        best, came = 0.0, None
        for link in arriving[key]:
            if link.source == ENTRY:
                gained: float = AT_BORDER
            else:
                gained = score[link.source]
            if gained > best:
                best, came = gained, None if link.source == ENTRY else link.source
        weight = 0.01 if item.training_only else item.length + GAP
        score[key], before[key] = best + weight, came
    if not score:
        return []
    last = max(
        (key for key in net.items if key in ends or key not in reading),
        key=lambda key: score[key] + (AT_BORDER if key in ends else 0.0),
    )
    way: list[int] = []
    step: int | None = last
    while step is not None:
        way.append(step)
        step = before[step]
    return way[::-1]


def _groups(net: Net, place: dict[int, int]) -> list[list[int]]:
    """The items beside the trunk that hang together, each group in the order of the flow."""
    root: dict[int, int] = {key: key for key in net.items if key not in place}

    def find(key: int) -> int:
        while root[key] != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    for link in net.links:
        if link.source in root and link.target in root:
            root[find(link.source)] = find(link.target)
    groups: dict[int, list[int]] = {}
    for key in root:
        groups.setdefault(find(key), []).append(key)
    return list(groups.values())


def _side(keys: list[int], net: Net, place: dict[int, int]) -> Side:
    inside = set(keys)
    links = [link for link in net.links if link.source in inside or link.target in inside]
    starts = [place[link.source] for link in links if link.source in place]
    ends = [place[link.target] for link in links if link.target in place]
    return Side(
        tuple(keys),
        max(starts) if starts else None,
        min(ends) if ends else None,
        tuple(links),
    )
