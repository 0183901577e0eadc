"""A long net in columns (in rows where the flow goes right): cut where one value alone goes on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from cnndsl.backends.drawing.geometry import Geometry
from cnndsl.backends.drawing.nets import Flow, Net
from cnndsl.backends.drawing.sequence import Sequence, lay_net
from cnndsl.backends.drawing.trunk import find_trunk

__all__ = ["lay_wrapped"]

GUTTER = 16.0
TURN = 9.0
# Columns that come out longer than this share of the whole are not worth the way between them.
WORTH_IT = 0.8


def lay_wrapped(net: Net, flow: Flow, size_of: Callable[[int], str], limit: float) -> Geometry:
    """A net laid out in as many columns as it needs to be no longer than `limit`, if it can be cut."""
    trunk = find_trunk(net)
    sequence = Sequence(net, trunk, flow, size_of)
    whole = sequence.lay()
    if whole.length <= limit or sequence.count < 2:
        return whole
    chosen = _chosen(sequence, _cuts(sequence), whole.length, limit)
    ends = [0.0, *(sequence.starts[cut] for cut in chosen), whole.length]
    if not chosen or max(end - begin for begin, end in pairwise(ends)) > whole.length * WORTH_IT:
        return whole
    parts = _parts(sequence, chosen)
    return _beside([lay_net(net.part(keys), flow, size_of) for keys in parts], net, parts)


def _chosen(sequence: Sequence, cuts: list[int], length: float, limit: float) -> list[int]:
    """Where to cut: into as few columns as keep to the limit, the longest of them as short as can be."""
    ends = [*(sequence.starts[cut] for cut in cuts), length]

    def filled(most: float) -> list[int]:
        """The cuts where each column is filled before the next is begun."""
        chosen: list[int] = []
        begin = 0.0
        for index, cut in enumerate(cuts):
            if ends[index + 1] - begin > most:
                chosen.append(cut)
                begin = ends[index]
        return chosen

    # no column is shorter than the longest piece that cannot be cut
    whole = max(end - begin for begin, end in zip([0.0, *ends], ends, strict=False))
    columns = -(-length // max(limit, whole)) - 1
    low, high = 0.0, length
    while high - low > 1.0:
        middle = (low + high) / 2
        if len(filled(middle)) <= columns:
            high = middle
        else:
            low = middle
    return filled(high * 1.05)


def _cuts(sequence: Sequence) -> list[int]:
    """The places of the trunk before which one value alone goes on."""
    crossing = [0] * (sequence.count + 2)
    for side in sequence.trunk.sides:
        start = -1 if side.start is None else side.start
        # what stands beside goes with the item that it leaves, or that it comes to
        if side.end is None:
            continue
        if side.start is None:
            start = max(side.end - 1, 0)
        end = max(sequence.place[link.target] for link in side.links if link.target in sequence.place)
        for place in range(start + 1, min(end, sequence.count) + 1):
            crossing[place] += 1
    direct = [0] * (sequence.count + 2)
    for link in sequence.trunk.direct:
        direct[sequence.place[link.target]] += 1
    return [place for place in range(1, sequence.count) if not crossing[place] and direct[place] == 1]


def _parts(sequence: Sequence, cuts: list[int]) -> list[list[int]]:
    """The keys of the items of each column, what stands beside the trunk too."""
    bounds = [0, *cuts, sequence.count]
    home: dict[int, int] = {}
    for column, (begin, end) in enumerate(pairwise(bounds)):
        for key in sequence.trunk.keys[begin:end]:
            home[key] = column
    for side in sequence.trunk.sides:
        place = side.start if side.start is not None and side.start >= 0 else side.end
        place = 0 if place is None else min(place, sequence.count - 1)
        for key in side.keys:
            home[key] = home[sequence.trunk.keys[place]]
    parts: list[list[int]] = [[] for _ in range(len(cuts) + 1)]
    for key in sequence.net.items:
        parts[home[key]].append(key)
    return parts


def _beside(columns: list[Geometry], net: Net, parts: list[list[int]]) -> Geometry:
    """The columns next to each other; the value that goes on is led from one's end to the next one's top."""
    whole = Geometry()
    home = {key: column for column, keys in enumerate(parts) for key in keys}
    v = 0.0
    axes = []
    for index, column in enumerate(columns):
        if index:
            v += 2 * GUTTER + columns[index - 1].high - column.low
        axes.append(v)
        whole.place(column, TURN, v)
    whole.length = max(column.length for column in columns) + 2 * TURN
    whole.low = columns[0].low
    whole.high = v + columns[-1].high
    for index in range(len(columns) - 1):
        before, after = columns[index], columns[index + 1]
        crossing = [
            link
            for link in net.links
            if home.get(link.source) == index and home.get(link.target) == index + 1
        ]
        value = crossing[0].value
        edges = tuple(edge for link in crossing for edge in link.edges)
        out = axes[index] + before.exits[value]
        into = axes[index + 1] + after.entries[value]
        gutter = axes[index] + before.high + GUTTER
        end = TURN + before.length
        points = [
            (end, out),
            (end + TURN / 2, out),
            (end + TURN / 2, gutter),
            (TURN / 2, gutter),
            (TURN / 2, into),
            (TURN, into),
        ]
        whole.wire(points, edges, False)
    whole.entries = dict(columns[0].entries)
    whole.exits = {value: axes[-1] + at for value, at in columns[-1].exits.items()}
    # where values come in and go out they have to reach the border
    for value, at in whole.entries.items():
        whole.wire([(0.0, at), (TURN, at)], _edges(net, value), False)
    for value, at in whole.exits.items():
        end = TURN + columns[-1].length
        whole.wire([(end, at), (whole.length, at)], _edges(net, value), False)
    return whole


def _edges(net: Net, value: int) -> tuple[int, ...]:
    return tuple(edge for link in net.links if link.value == value for edge in link.edges)
