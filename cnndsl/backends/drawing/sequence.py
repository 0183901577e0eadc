"""A net laid out around its trunk.

The items of the trunk follow each other on a straight line. What stands beside it is laid out on its own, in
the same way, and put next to the stretch that it belongs to; a value that passes by gets a lane around what
lies between.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from cnndsl.backends.drawing.geometry import Geometry, Rectangle
from cnndsl.backends.drawing.nets import ENTRY, Flow, Link, Net
from cnndsl.backends.drawing.spacing import LABEL_HEIGHT, Spacing
from cnndsl.backends.drawing.trunk import Side, Trunk, find_trunk

__all__ = ["Sequence", "lay_net"]

LABEL_APART = 4.0
LANE_APART = 9.0
SIDE_APART = 14.0
# A side that gives nothing back, of at most this many items, stands across the flow.
SHORT_SIDE = 4


class _Placed(NamedTuple):
    """A side that is laid out: where it begins along the flow, where its axis is across it."""

    side: Side
    inner: Geometry | None
    u: float
    v: float
    turned: bool


def lay_net(net: Net, flow: Flow, size_of: Callable[[int], str]) -> Geometry:
    """Lay a net out; `size_of` gives the words of an edge's label."""
    return Sequence(net, find_trunk(net), flow, size_of).lay()


class Sequence(Spacing):
    """One net in the making: what stands on the trunk, what beside it, and all wires."""

    def __init__(
        self,
        net: Net,
        trunk: Trunk,
        flow: Flow,
        size_of: Callable[[int], str],
        extra: dict[int, float] | None = None,
        taps: dict[int, int] | None = None,
    ) -> None:
        super().__init__(net, trunk, flow, size_of, extra, taps)
        self.inner = [self._lay_side(side) for side in trunk.sides]

    # -- along the flow ---------------------------------------------------------------------------------

    def lay(self) -> Geometry:
        """The net laid out."""
        self._along()
        self._sky()
        self._sides()
        self._draw_direct()
        self._close()
        return self.geometry

    def _lay_side(self, side: Side) -> tuple[Geometry | None, bool]:
        if not side.keys:
            return None, False
        part = self.net.part(side.keys)
        items = part.items
        turned = (
            side.end is None
            and side.start is not None
            and side.start >= 0
            and len(items) <= SHORT_SIDE
            and all(item.inner is None for item in items.values())
        )
        if not turned:
            return lay_net(part, self.flow, self.size_of), False
        flow: Flow = "down" if self.flow == "right" else "right"
        turned_items = {key: item.in_flow(flow) for key, item in items.items()}
        if self.flow == "up":
            # it will be put in place upside down
            turned_items = {
                key: item._replace(low=-item.high, high=-item.low) for key, item in turned_items.items()
            }
        return lay_net(part._replace(items=turned_items), flow, self.size_of), True

    # -- across the flow --------------------------------------------------------------------------------

    def _sky(self) -> None:
        """What the trunk itself takes of the room beside it."""
        geometry = self.geometry
        for index, item in enumerate(self.items):
            start, end = self.starts[index], self.starts[index] + item.length
            self.skylines[1].add(start, end, item.high)
            self.skylines[-1].add(start, end, -item.low)
            if item.inner is not None:
                geometry.place(item.inner, start, 0.0)
            else:
                geometry.boxes[item.key] = Rectangle(start, item.low, end, item.high)
            for level, link in enumerate(self.labelled.get(index, ())):
                # a box may give several values, which all leave it at one place
                stacked = level if item.inner is None else 0
                self._label(link, end, self._out(link), stacked * LABEL_HEIGHT)
        for (_, value), at in self.arrivals.items():
            reach = max(
                (
                    max(abs(self._out(link)), abs(self._in(link)))
                    for link in self.trunk.direct
                    if link.value == value
                ),
                default=0.0,
            )
            self.skylines[1].add(at - 4, at + 4, reach)
            self.skylines[-1].add(at - 4, at + 4, reach)

    def _label(self, link: Link, end: float, v: float, further: float) -> None:
        assert link.label is not None
        width = self._label_width(link)
        if self.flow == "right":
            v -= further
            box = Rectangle(end + 3, v - 2 - LABEL_HEIGHT, end + 3 + width, v - 2)
        else:
            end += further
            box = Rectangle(end + 2, v + LABEL_APART, end + 2 + LABEL_HEIGHT, v + LABEL_APART + width)
        self.geometry.labels[link.label] = box
        self.skylines[1].add(box.u0, box.u1, max(box.v1, 0.0))
        self.skylines[-1].add(box.u0, box.u1, max(-box.v0, 0.0))

    def _sides(self) -> None:
        """Put what stands beside the trunk in its place, the short ones first, and draw its wires."""

        def span(index: int) -> tuple[int, int]:
            side = self.trunk.sides[index]
            start = -1 if side.start is None else side.start
            end = self.count if side.end is None else side.end
            return (end - start, start)

        first: dict[int, int] = {}
        for index in sorted(range(len(self.trunk.sides)), key=span):
            side = self.trunk.sides[index]
            direction = self._direction(side, first)
            self._put(index, direction)

    def _direction(self, side: Side, first: dict[int, int]) -> int:
        """To which side of the trunk: to the right of a flow that goes down, above one that goes right.

        Of the branches of one join those that the text has before the trunk's stand on the other side.
        """
        usual = -1 if self.flow == "right" else 1
        if side.end is None or not side.keys:
            return 1 if side.end is None else usual
        end = side.end
        if end >= self.count or not self.items[end].radius:
            return usual
        order = [link.source for link in self.net.links if link.target == self.trunk.keys[end]]
        mine = [order.index(link.source) for link in side.links if link.target == self.trunk.keys[end]]
        trunk = [
            order.index(link.source) for link in self.trunk.direct if link.target == self.trunk.keys[end]
        ]
        return -usual if mine and trunk and len(order) > 2 and mine[0] < trunk[0] else usual

    def _put(self, index: int, direction: int) -> None:
        side = self.trunk.sides[index]
        inner, turned = self.inner[index]
        skyline = self.skylines[direction]
        forks = [
            self.forks.get((place, link.value), 0.0)
            for link in side.links
            if (place := self.place.get(link.source)) is not None
        ]
        lasts = [self._last(link) for link in side.links if link.target in self.place]
        if turned:
            assert inner is not None
            at = min(forks)
            start, end = at + inner.low - 3, at + inner.high + 3
            v = skyline.reach(start, end) + SIDE_APART
            placed = _Placed(side, inner, at, v, True)
            skyline.add(start, end, v + inner.length)
            self._cover(v, v + inner.length)
        elif inner is None:
            start, end = min(forks) - 3, max(lasts) + 3
            v = skyline.reach(start, end) + LANE_APART
            placed = _Placed(side, None, min(forks), direction * v, False)
            skyline.add(start, end, v)
            self._cover(direction * v - 2, direction * v + 2)
        else:
            begin = self._side_start(index)
            finish = min(lasts) if lasts else begin + inner.length
            if forks:
                begin = self._free(begin, finish, inner.length)
            else:
                begin = max(0.0, finish - inner.length - 4)
            start, end = min([*forks, begin]) - 3, max([*lasts, begin + inner.length]) + 3
            near, far = (-inner.low, inner.high) if direction > 0 else (inner.high, -inner.low)
            v = skyline.reach(start, end) + SIDE_APART + near
            placed = _Placed(side, inner, begin, direction * v, False)
            skyline.add(start, end, v + far)
            self._cover(direction * v + inner.low, direction * v + inner.high)
        self._draw_side(placed, direction)

    def _free(self, begin: float, end: float, length: float) -> float:
        """Where, in the middle if possible, something stands between wires that go aside across its place."""
        room = [at for at in (*self.forks.values(), *self.arrivals.values()) if begin < at < end]
        for place, item in enumerate(self.items):
            if item.radius and begin < self.starts[place] + item.length / 2 < end:
                room.append(self.starts[place] + item.length / 2)
        middle = (begin + end - length) / 2
        best = max(begin, middle)
        bounds = [begin, *sorted(room), end]
        free = [
            min(max(middle, low + 4), high - 4 - length)
            for low, high in pairwise(bounds)
            if high - low >= length + 8
        ]
        return min(free, key=lambda at: abs(at - middle)) if room and free else best

    def _cover(self, low: float, high: float) -> None:
        self.geometry.low = min(self.geometry.low, low)
        self.geometry.high = max(self.geometry.high, high)

    def _last(self, link: Link) -> float:
        """How far along the flow the wire of a link that arrives at the trunk goes."""
        place = self.place[link.target]
        if place == self.count:
            return self.geometry.length
        item = self.items[place]
        if item.radius:
            return self.starts[place] + item.length / 2
        return self.arrivals[place, link.value]

    # -- wires ------------------------------------------------------------------------------------------

    def _draw_side(self, placed: _Placed, direction: int) -> None:
        side, inner = placed.side, placed.inner
        geometry = self.geometry
        if inner is not None:
            geometry.place(inner, placed.u, placed.v, turned=placed.turned)
        for link in side.links:
            start = self.place.get(link.source)
            if start is None:
                continue
            v = placed.v + (
                inner.entries.get(link.value, 0.0) if inner is not None and not placed.turned else 0.0
            )
            if start == -1 and not self._is_main(link.value):
                port = self.lanes.setdefault((-1, link.value), v)
                fork = [(0.0, port), (1.0, port)]
            else:
                at, out = self.forks[start, link.value], self._out(link)
                fork = [(self._end(start), out), (at, out)]
            if placed.turned:
                at = fork[-1][0]
                if inner is not None:
                    at = placed.u + inner.entries.get(link.value, 0.0)
                geometry.wire([*fork, (fork[-1][0], placed.v), (at, placed.v)], link.edges, False)
                continue
            if inner is not None:
                geometry.wire([*fork, (fork[-1][0], v), (placed.u, v)], link.edges, False)
                continue
            self._draw_arrival(link, [*fork, (fork[-1][0], v)], v, direction)
        if inner is None or placed.turned:
            return
        for link in side.links:
            if link.target in self.place:
                v = placed.v + inner.exits.get(link.value, 0.0)
                self._draw_arrival(link, [(placed.u + inner.length, v)], v, direction)

    def _draw_arrival(self, link: Link, points: list[tuple[float, float]], v: float, direction: int) -> None:
        """A wire that comes down at `v` to where its value is read."""
        geometry, last = self.geometry, self._last(link)
        place = self.place[link.target]
        if place == self.count:
            if link.value in geometry.exits:
                return
            geometry.exits[link.value] = v
            geometry.wire([*points, (last, v)], link.edges, False)
            return
        item = self.items[place]
        if item.radius:
            geometry.wire([*points, (last, v), (last, direction * item.radius)], link.edges, True)
            return
        port = item.entry(link.value)
        ends = [(last, v), (last, port), (self.starts[place], port)]
        geometry.wire([*points, *ends], link.edges, item.inner is None)

    def _draw_direct(self) -> None:
        geometry = self.geometry
        for link in self.trunk.direct:
            start, end = self.place[link.source], self.place[link.target]
            out, into = self._out(link), self._in(link)
            begin = (self._end(start), out)
            if end == self.count:
                if link.value not in geometry.exits:
                    geometry.exits[link.value] = out
                    geometry.wire([begin, (geometry.length, out)], link.edges, False)
                continue
            finish = (self.starts[end], into)
            middle = []
            if (end, link.value) in self.arrivals and abs(out - into) > 0.01:
                at = self.arrivals[end, link.value]
                middle = [(at, out), (at, into)]
            arrow = self.items[end].inner is None
            geometry.wire([begin, *middle, finish], link.edges, arrow)

    def _close(self) -> None:
        """What the whole reaches, and where values come in."""
        geometry = self.geometry
        for item in self.items:
            self._cover(item.low, item.high)
        for box in geometry.labels.values():
            self._cover(box.v0, box.v1)
        for link in self.net.links:
            if link.source == ENTRY:
                geometry.entries.setdefault(link.value, self._out(link))
