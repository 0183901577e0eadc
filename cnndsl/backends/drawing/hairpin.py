"""A net whose first half is taken up again by its second, as in a U-Net: down on the left, up on the right.

Values that are taken over go straight from the left to the right, each at its own height.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

from cnndsl.backends.drawing.geometry import Geometry
from cnndsl.backends.drawing.nets import ENTRY, EXIT, Flow, Item, Link, Net
from cnndsl.backends.drawing.sequence import Sequence, lay_net
from cnndsl.backends.drawing.trunk import Side, Trunk, find_trunk

__all__ = ["lay_hairpin"]

# Fewer values taken over, or shorter ways around, do not make a U.
FEWEST, SHORTEST = 2, 4
APART = 12.0
TURN = 12.0


class _Row(NamedTuple):
    """What is taken over from the left to the right, by links out of the one and into the other."""

    start: int
    end: int
    out: Link
    into: Link
    inner: Geometry | None


def lay_hairpin(
    net: Net, upward: Callable[[], dict[int, Item]], size_of: Callable[[int], str]
) -> Geometry | None:
    """The net as a U; None where it has not this form. `upward` gives its items for a flow that goes up."""
    trunk = find_trunk(net)
    sides = [side for side in trunk.sides if _span(side) >= SHORTEST]
    sides.sort(key=lambda side: (side.end or 0) - (side.start or 0))
    if len(sides) < FEWEST:
        return None
    rows = [_row(net, trunk, side, size_of) for side in sides]
    whole = [row for row in rows if row is not None]
    nested = all(outer.start < inner.start and inner.end < outer.end for inner, outer in pairwise(whole))
    if len(whole) < len(rows) or not nested:
        return None
    turn = _turn(net, trunk, whole[0])
    others = [side for side in trunk.sides if side not in sides]
    if any(_span(side) >= 0 and (side.start or 0) < turn <= (side.end or 0) for side in others):
        return None
    if sum(link.target == trunk.keys[turn] for link in trunk.direct) != 1:
        return None
    left = _keys(net, trunk.keys[:turn], [side for side in others if _place(side) < turn])
    right = _keys(net, trunk.keys[turn:], [side for side in others if _place(side) >= turn])
    down = _Arm(net.part(left), whole, "down", size_of)
    lifted = upward()
    up = _Arm(net.part(right)._replace(items={key: lifted[key] for key in right}), whole, "up", size_of)
    return _joined(net, down, up, whole)


def _turn(net: Net, trunk: Trunk, innermost: _Row) -> int:
    """Where the flow turns, within what the innermost row passes by: so that both arms are of one length."""
    lengths = [net.items[key].length for key in trunk.keys]

    def longer(turn: int) -> float:
        return max(sum(lengths[:turn]), sum(lengths[turn:]))

    return min(range(innermost.start + 1, innermost.end), key=longer)


def _span(side: Side) -> int:
    """How many places of the trunk a side reaches over; -1 where it is open at an end."""
    return -1 if side.start is None or side.end is None else side.end - side.start


def _place(side: Side) -> int:
    return side.start if side.start is not None else side.end or 0


def _keys(net: Net, trunk: Iterable[int], sides: Iterable[Side]) -> list[int]:
    kept = set(trunk).union(*(side.keys for side in sides))
    return [key for key in net.items if key in kept]


def _row(net: Net, trunk: Trunk, side: Side, size_of: Callable[[int], str]) -> _Row | None:
    """A side as a row; None where it is more than one value that goes to one join."""
    assert side.start is not None
    assert side.end is not None
    place = set(trunk.keys)
    ins = [link for link in side.links if link.source in place]
    outs = [link for link in side.links if link.target in place]
    if len(ins) != 1 or len(outs) != 1 or side.end >= len(trunk.keys) or side.start < 0:
        return None
    if not net.items[outs[0].target].radius or net.items[ins[0].source].exit(ins[0].value):
        return None
    inner = None
    if side.keys:
        part = net.part(side.keys)
        if any(item.inner is not None for item in part.items.values()):
            return None
        items = {key: item.in_flow("right") for key, item in part.items.items()}
        inner = lay_net(part._replace(items=items), "right", size_of)
    return _Row(side.start, side.end, ins[0], outs[0], inner)


class _Arm:
    """One half, laid out with room where rows leave it or come in."""

    def __init__(self, part: Net, rows: Iterable[_Row], flow: Flow, size_of: Callable[[int], str]) -> None:
        taken = {(row.out.source, row.out.value): row.out.label for row in rows}
        given = {(row.into.value, row.into.target) for row in rows}
        links: list[Link] = []
        labels: dict[tuple[int, int], int] = {}
        for link in part.links:
            leaves = link.target == EXIT and (link.source, link.value) in taken
            comes = link.source == ENTRY and (link.value, link.target) in given
            if leaves and link.label is not None:
                labels[link.source, link.value] = link.label
            if not leaves and not comes:
                links.append(link)
        self.net = part._replace(
            links=tuple(
                link._replace(label=labels.pop((link.source, link.value), None))
                if link.label is None
                else link
                for link in links
            )
        )
        self.flow: Flow = flow
        self.size_of = size_of
        self.trunk = find_trunk(self.net)
        self.taps = {key: value for key, value in taken if key in self.net.items}
        self.sequence = self._lay({})

    def _lay(self, extra: dict[int, float]) -> Sequence:
        return Sequence(self.net, self.trunk, self.flow, self.size_of, extra, self.taps)

    def stretch(self, extra: dict[int, float]) -> None:
        """Lay it out with more room in the gaps before some items, by their keys."""
        places = {key: index for index, key in enumerate(self.trunk.keys)}
        self.sequence = self._lay({places[key]: room for key, room in extra.items()})
        self.sequence.lay()


def _joined(net: Net, down: _Arm, up: _Arm, rows: list[_Row]) -> Geometry | None:
    for arm in (down, up):
        arm.stretch({})
    left, right = down.sequence, up.sequence
    places = (
        {key: at for at, key in enumerate(left.trunk.keys)},
        {key: at for at, key in enumerate(right.trunk.keys)},
    )
    if any(row.out.source not in places[0] or row.into.target not in places[1] for row in rows):
        return None

    def from_bottom(row: _Row) -> tuple[float, float]:
        fork = left.forks[places[0][row.out.source], row.out.value]
        item = right.items[places[1][row.into.target]]
        return left.geometry.length - fork, right.starts[places[1][row.into.target]] + item.length / 2

    heights = []
    more_left, more_right = 0.0, 0.0
    extra_left: dict[int, float] = {}
    extra_right: dict[int, float] = {}
    below = -1e9
    for row in rows:
        at_left, at_right = from_bottom(row)
        low, high = (row.inner.low, row.inner.high) if row.inner else (-4.0, 4.0)
        height = max(at_left + more_left, at_right + more_right, below + high + 6)
        after = left.trunk.keys[places[0][row.out.source] + 1]
        extra_left[after] = height - at_left - more_left
        extra_right[row.into.target] = height - at_right - more_right
        more_left, more_right = height - at_left, height - at_right
        below = height - low
        heights.append(height)
    down.stretch(extra_left)
    up.stretch(extra_right)
    return _placed(net, down.sequence, up.sequence, rows, heights)


def _placed(net: Net, left: Sequence, right: Sequence, rows: list[_Row], heights: list[float]) -> Geometry:
    whole = Geometry()
    bottom = max(left.geometry.length, right.geometry.length)
    widest = max(row.inner.length if row.inner else 2 * APART for row in rows)
    axis = left.geometry.high + widest + 2 * APART - right.geometry.low
    whole.place(left.geometry, bottom - left.geometry.length, 0.0)
    whole.place(right.geometry, bottom - right.geometry.length, axis, mirrored=True)
    whole.length = bottom + TURN
    whole.low = left.geometry.low
    whole.high = axis + right.geometry.high
    turns = [
        link
        for link in net.links
        if link.source in left.net.items
        and link.target in right.net.items
        and (link.value, link.target) not in {(row.into.value, row.into.target) for row in rows}
    ]
    edges = tuple(edge for link in turns for edge in link.edges)
    points = [(bottom, 0.0), (bottom + TURN, 0.0), (bottom + TURN, axis), (bottom, axis)]
    whole.wire(points, edges, False)
    for row, height in zip(rows, heights, strict=True):
        u = bottom - height
        item = left.net.items[row.out.source]
        leaves = bottom - left.geometry.length + left.starts[left.place[row.out.source]] + item.length
        radius = right.net.items[row.into.target].radius
        begin = [(leaves, 0.0), (u, 0.0)]
        if row.inner is None:
            whole.wire([*begin, (u, axis - radius)], row.out.edges, True)
            continue
        middle = (left.geometry.high + axis + right.geometry.low - row.inner.length) / 2
        whole.place(row.inner, u, middle, turned=True)
        whole.wire([*begin, (u, middle)], row.out.edges, False)
        whole.wire([(u, middle + row.inner.length), (u, axis - radius)], row.into.edges, True)
    return whole
