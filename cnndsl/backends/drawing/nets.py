"""A plan as nested nets: in each frame, items (boxes and frames) and the values that go between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Literal, NamedTuple

from cnndsl.backends.drawing.geometry import Geometry
from cnndsl.backends.drawing.plan import Frame, Plan

__all__ = [
    "ENTRY",
    "EXIT",
    "Flow",
    "FrameNet",
    "Item",
    "Link",
    "Measure",
    "Net",
    "Size",
    "frame_key",
    "nets_of",
]

# "up" is laid out as "down", to be put in place upside down.
Flow = Literal["down", "right", "up"]

# The border of a net, where values come in and go out.
ENTRY, EXIT = -1, -2


class Size(NamedTuple):
    """How large a box is drawn, and where in it, from its left and top, wires arrive and leave."""

    width: float
    height: float
    axis_x: float
    axis_y: float


Measure = Callable[[int], Size]


class Item(NamedTuple):
    """A box or a frame in a net: how long it is along the flow, how far it reaches across, and its ports.

    `radius` is that of a join's circle, which wires enter from the side too; else 0. A box has a `size`, a
    frame what is laid out in it.
    """

    key: int
    length: float
    low: float
    high: float
    radius: float = 0.0
    size: Size | None = None
    inner: Geometry | None = None
    training_only: bool = False

    @classmethod
    def of_box(cls, key: int, size: Size, flow: Flow, radius: float, training_only: bool) -> Item:
        """A box in a flow."""
        if flow == "right":
            low, high = -size.axis_y, size.height - size.axis_y
            return cls(key, size.width, low, high, radius, size, None, training_only)
        low, high = -size.axis_x, size.width - size.axis_x
        return cls(key, size.height, low, high, radius, size, None, training_only)

    def in_flow(self, flow: Flow) -> Item:
        """The same box in another flow."""
        assert self.size is not None
        return Item.of_box(self.key, self.size, flow, self.radius, self.training_only)

    def entry(self, value: int) -> float:
        """Where a value enters, across the flow."""
        return 0.0 if self.inner is None else self.inner.entries.get(value, 0.0)

    def exit(self, value: int) -> float:
        """Where a value leaves, across the flow."""
        return 0.0 if self.inner is None else self.inner.exits.get(value, 0.0)


class Link(NamedTuple):
    """A value that goes from one item to another, or over the border; `label` is the edge to name."""

    source: int
    value: int
    target: int
    edges: tuple[int, ...]
    label: int | None


class Net(NamedTuple):
    """Items by their keys, in the order of the flow, and the links between them."""

    items: dict[int, Item]
    links: tuple[Link, ...]

    def part(self, keys: Iterable[int]) -> Net:
        """Some items, with what goes to and from the others as what comes in and goes out."""
        kept = set(keys)
        merged: dict[tuple[int, int, int], Link] = {}
        for link in self.links:
            source = link.source if link.source in kept else ENTRY
            target = link.target if link.target in kept else EXIT
            if source == ENTRY and target == EXIT:
                continue
            # the size stands where the value leaves its box
            label = link.label if source != ENTRY else None
            found = merged.get((source, link.value, target))
            edges = link.edges
            if found is not None:
                edges = (*found.edges, *edges)
                label = found.label if label is None else label
            merged[source, link.value, target] = Link(source, link.value, target, edges, label)
        return Net({key: item for key, item in self.items.items() if key in kept}, tuple(merged.values()))


class FrameNet(NamedTuple):
    """What lies directly in a frame, or in none: boxes by their numbers, frames by theirs, and the links.

    An item's key is a box' number, or for a frame -3 less its number.
    """

    keys: tuple[int, ...]
    links: tuple[Link, ...]


def frame_key(frame: int) -> int:
    """The key of a frame as an item of the net around it."""
    return -3 - frame


def nets_of(plan: Plan) -> dict[int | None, FrameNet]:
    """The net of each frame, and that outside of all as None's."""
    chains = {None: (None,)} | {frame.id: _chain(plan, frame) for frame in plan.frames}
    keys: dict[int | None, list[int]] = {frame: [] for frame in chains}
    seen: set[int] = set()
    for box in plan.boxes:
        chain = chains[box.frame]
        for outer, inner in pairwise(chain):
            assert inner is not None
            if inner not in seen:
                seen.add(inner)
                keys[outer].append(frame_key(inner))
        keys[box.frame].append(box.id)
    links: dict[int | None, dict[tuple[int, int, int], Link]] = {frame: {} for frame in chains}
    for index, edge in enumerate(plan.edges):
        ways = [chains[plan.boxes[end].frame] for end in (edge.source, edge.target)]
        common = 0
        while all(len(way) > common for way in ways) and ways[0][common] == ways[1][common]:
            common += 1
        source = _item(ways[0], common, edge.source)
        target = _item(ways[1], common, edge.target)
        label = index if edge.labelled else None
        _add(links[ways[0][common - 1]], source, edge.value, target, index, label)
        for level in range(common, len(ways[0])):
            _add(links[ways[0][level]], _item(ways[0], level + 1, edge.source), edge.value, EXIT, index, None)
        for level in range(common, len(ways[1])):
            _add(
                links[ways[1][level]], ENTRY, edge.value, _item(ways[1], level + 1, edge.target), index, None
            )
    return {frame: FrameNet(tuple(keys[frame]), tuple(links[frame].values())) for frame in chains}


def _chain(plan: Plan, frame: Frame) -> tuple[int | None, ...]:
    """The frames around what lies in this one, from the outermost on, None first."""
    chain: list[int | None] = []
    around: int | None = frame.id
    while around is not None:
        chain.append(around)
        around = plan.frames[around].parent
    return (None, *reversed(chain))


def _item(way: tuple[int | None, ...], level: int, box: int) -> int:
    """What stands for a box at a level of the frames around it: itself, or the frame it lies in."""
    if level >= len(way):
        return box
    frame = way[level]
    assert frame is not None
    return frame_key(frame)


def _add(
    links: dict[tuple[int, int, int], Link],
    source: int,
    value: int,
    target: int,
    edge: int,
    label: int | None,
) -> None:
    found = links.get((source, value, target))
    edges = (edge,) if found is None else (*found.edges, edge)
    if found is not None and label is None:
        label = found.label
    links[source, value, target] = Link(source, value, target, edges, label)
