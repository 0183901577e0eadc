"""How a net takes its room along the flow: where the items of the trunk stand, and what is in their gaps.

Between two items of the trunk there is a gap with, in this order: the sizes of the values that leave, tracks
on which values go aside, tracks on which others arrive, and room for the arrow head.
"""

from __future__ import annotations

from collections.abc import Callable

from cnndsl.backends.drawing.geometry import Geometry
from cnndsl.backends.drawing.metrics import LABEL, text_width
from cnndsl.backends.drawing.nets import ENTRY, EXIT, Flow, Link, Net
from cnndsl.backends.drawing.skyline import Skyline
from cnndsl.backends.drawing.trunk import Trunk

__all__ = ["LABEL_HEIGHT", "Spacing"]

LABEL_HEIGHT = LABEL + 2.0
TRACK = 7.0
ARROW = 10.0


class Spacing:
    """One net in the making, along its flow.

    `extra` is more room in the gaps before items of the trunk, by their places; `taps` are values, by the
    keys of their items, that go aside to what is laid out elsewhere.
    """

    def __init__(
        self,
        net: Net,
        trunk: Trunk,
        flow: Flow,
        size_of: Callable[[int], str],
        extra: dict[int, float] | None = None,
        taps: dict[int, int] | None = None,
    ) -> None:
        self.net = net
        self.trunk = trunk
        self.flow = flow
        self.size_of = size_of
        self.extra = extra or {}
        self.taps = taps or {}
        self.items = [net.items[key] for key in trunk.keys]
        self.count = len(self.items)
        self.place = {key: index for index, key in enumerate(trunk.keys)} | {ENTRY: -1, EXIT: self.count}
        self.geometry = Geometry()
        self.starts: list[float] = []
        # where values go aside behind each place, by place and value; where they arrive before each place
        self.forks: dict[tuple[int, int], float] = {}
        self.arrivals: dict[tuple[int, int], float] = {}
        self.lanes: dict[tuple[int, int], float] = {}
        self.skylines = {1: Skyline(), -1: Skyline()}
        self.labelled: dict[int, list[Link]] = {}
        for link in net.links:
            if link.label is not None and link.source in self.place:
                self.labelled.setdefault(self.place[link.source], []).append(link)
        # what is laid out beside the trunk, side by side, and whether it stands across the flow
        self.inner: list[tuple[Geometry | None, bool]] = []

    def _along(self) -> None:
        """Where the items of the trunk stand, and the tracks in the gaps between them."""
        forking: dict[int, list[int]] = {}
        arriving: dict[int, list[int]] = {}
        ending: dict[int, list[int]] = {}
        for index, side in enumerate(self.trunk.sides):
            for link in side.links:
                source, target = self.place.get(link.source), self.place.get(link.target)
                if source is not None and (source >= 0 or self._is_main(link.value)):
                    _once(forking.setdefault(source, []), link.value)
                if target is not None and target < self.count and not self.items[target].radius:
                    _once(arriving.setdefault(target, []), link.value)
            if side.keys and not self.inner[index][1]:
                ending.setdefault(self.count if side.end is None else side.end, []).append(index)
        for key, value in self.taps.items():
            if key in self.place:
                _once(forking.setdefault(self.place[key], []), value)
        for link in self.trunk.direct:
            if abs(self._out(link) - self._in(link)) > 0.5 and link.target != EXIT:
                _once(arriving.setdefault(self.place[link.target], []), link.value)
        end = furthest = 0.0
        for index in range(self.count + 1):
            at = end + self._label_room(index - 1)
            several = len(forking.get(index - 1, ())) > 1
            for value in forking.get(index - 1, ()):
                low, high = self._turned_reach(index - 1, value)
                # what stands across the flow keeps clear of what goes aside next
                at = max(at, 1 - low, at - low - 2 if several else 0.0)
                furthest = max(furthest, at + 2 + high)
                self.forks[index - 1, value] = at + 2
                at += max(TRACK, high + 4 if several else 0.0)
            at += self.extra.get(index, 0.0)
            earliest = at
            for side_index in ending.get(index, ()):
                earliest = max(earliest, self._side_end(side_index) + 4)
            at = earliest
            for value in arriving.get(index, ()):
                self.arrivals[index, value] = at + 3
                at += TRACK
            at += ARROW if index < self.count else 3.0
            if index == self.count:
                self.geometry.length = max(at, furthest + 3)
                break
            item = self.items[index]
            if item.radius and earliest > at - item.radius:
                at = max(at, earliest + 4 - item.radius)
            self.starts.append(at)
            end = at + item.length

    def _turned_reach(self, place: int, value: int) -> tuple[float, float]:
        """How far what stands across the flow behind a place reaches along it, on both sides of its axis."""
        low = high = 0.0
        for side, (inner, turned) in zip(self.trunk.sides, self.inner, strict=True):
            if turned and inner is not None and side.start == place and side.links[0].value == value:
                low, high = min(low, inner.low), max(high, inner.high)
        return low, high

    def _is_main(self, value: int) -> bool:
        """Whether a value that comes in over the border comes in on the trunk."""
        return any(link.source == ENTRY and link.value == value for link in self.trunk.direct)

    def _label_room(self, place: int) -> float:
        links = self.labelled.get(place, ()) if place >= 0 else ()
        if not links:
            return 4.0 if place >= 0 else 2.0
        if self.flow == "right":
            return max(self._label_width(link) for link in links) + 6.0
        stacked = len(links) if self.items[place].inner is None else 1
        return LABEL_HEIGHT * stacked + 3.0

    def _label_width(self, link: Link) -> float:
        assert link.label is not None
        return text_width(self.size_of(link.label), LABEL)

    def _side_start(self, index: int) -> float:
        side = self.trunk.sides[index]
        starts = [0.0]
        for link in side.links:
            start = self.place.get(link.source)
            if start is not None:
                starts.append(self.forks.get((start, link.value), 0.0) + 6)
        return max(starts)

    def _side_end(self, index: int) -> float:
        inner = self.inner[index][0]
        assert inner is not None
        return self._side_start(index) + inner.length

    def _end(self, place: int) -> float:
        return 0.0 if place < 0 else self.starts[place] + self.items[place].length

    def _out(self, link: Link) -> float:
        """Where, across the flow, a value leaves the trunk's item, or comes in."""
        if link.source == ENTRY:
            direct = [one for one in self.trunk.direct if one.source == ENTRY and one.value == link.value]
            return self._in(direct[0]) if direct else self.lanes.get((-1, link.value), 0.0)
        return self.net.items[link.source].exit(link.value)

    def _in(self, link: Link) -> float:
        """Where, across the flow, a value enters the trunk's item."""
        return 0.0 if link.target == EXIT else self.net.items[link.target].entry(link.value)


def _once(values: list[int], value: int) -> None:
    if value not in values:
        values.append(value)
