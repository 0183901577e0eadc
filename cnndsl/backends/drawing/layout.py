"""A plan laid out: where boxes, frames, wires and sizes lie on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from cnndsl.backends.drawing.columns import lay_wrapped
from cnndsl.backends.drawing.frames import framed
from cnndsl.backends.drawing.geometry import Geometry
from cnndsl.backends.drawing.hairpin import lay_hairpin
from cnndsl.backends.drawing.nets import ENTRY, EXIT, Flow, FrameNet, Item, Measure, Net, frame_key, nets_of
from cnndsl.backends.drawing.plan import Plan

__all__ = ["Layout", "Spot", "Way", "lay_bent", "lay_out"]

# How long a net may get before it is cut into columns, in the order in which they are tried.
LIMITS = (10.0**9, 2400.0, 1700.0, 1250.0, 950.0, 720.0, 560.0, 430.0, 330.0, 250.0)
# What is around this size, in points, stands on a page; a diagram that goes right may be wider on a screen.
PAGE = {"down": (520.0, 700.0), "right": (900.0, 600.0), "up": (520.0, 700.0)}
INNER_SHARE = 0.92


class Spot(NamedTuple):
    """A rectangle on the page, from its left top on."""

    x: float
    y: float
    width: float
    height: float


class Way(NamedTuple):
    """A line on the page, part of some edges of the plan."""

    points: tuple[tuple[float, float], ...]
    edges: tuple[int, ...]
    arrow: bool


class _Kept(NamedTuple):
    """A frame that was laid out: with which frames in it, how long, and the result."""

    within: tuple[int, ...]
    length: float
    framed: Geometry


# Frames by their numbers, while limits are tried.
Cache = dict[int, _Kept]


class Layout(NamedTuple):
    """Boxes, frames and labels by the numbers that the plan gives them, a label by its edge."""

    boxes: dict[int, Spot]
    frames: dict[int, Spot]
    labels: dict[int, Spot]
    ways: tuple[Way, ...]
    width: float
    height: float


def lay_out(plan: Plan, flow: Flow, measure: Measure, page_width: float | None = None) -> Layout:
    """Lay a plan out, in columns where it is too long for a page, or to fit the width of one."""
    nets = nets_of(plan)
    length = 0.0
    cache: Cache = {}
    best: tuple[float, Geometry] | None = None
    if flow == "down":
        bent = lay_bent(plan, measure)
        if bent is not None:
            return bent
    for limit in LIMITS:
        if best is not None and limit > length:
            continue
        geometry = _lay_all(plan, nets, flow, measure, limit, cache)
        length = length or geometry.length
        bad = _badness(geometry, flow, page_width)
        if best is None or bad < best[0] * 0.88:
            best = (bad, geometry)
        if best[0] <= 1.0:
            break
    assert best is not None
    return _turned(best[1], flow)


def _badness(geometry: Geometry, flow: Flow, page_width: float | None) -> float:
    """By how much a layout does not fit: 1 and less is a good fit."""
    width, height = PAGE[flow]
    along, across = geometry.length, geometry.high - geometry.low
    wide, high = (along, across) if flow == "right" else (across, along)
    if page_width is None:
        return max(wide / width, high / height)
    # type may shrink by a fifth; what is taller than it is wide by half is hard to place
    return max(wide / (page_width * 1.2), 0.3 * high / max(page_width, 240.0))


def _lay_frames(
    plan: Plan, nets: dict[int | None, FrameNet], flow: Flow, measure: Measure, limit: float, cache: Cache
) -> dict[int, Geometry]:
    """The frames by their numbers, the innermost first; one that is short enough is not laid again."""
    done: dict[int, Geometry] = {}
    for frame in reversed(plan.frames):
        net = nets[frame.id]
        if not net.keys:
            continue
        within = tuple(id(done[frame_key(key)]) for key in net.keys if key < 0)
        kept = cache.get(frame.id)
        if kept is not None and kept.within == within and kept.length <= limit:
            done[frame.id] = kept.framed
            continue
        items = dict(_items(plan, net, done, flow, measure))
        inner = lay_wrapped(Net(items, net.links), flow, _sizes(plan), limit)
        edges: dict[int, tuple[int, ...]] = {}
        for link in net.links:
            if link.source == ENTRY or link.target == EXIT:
                edges[link.value] = (*edges.get(link.value, ()), *link.edges)
        done[frame.id] = framed(inner, frame, flow, edges)
        if inner.length <= limit:
            cache[frame.id] = _Kept(within, inner.length, done[frame.id])
    return done


def _sizes(plan: Plan) -> Callable[[int], str]:
    return lambda edge: plan.edges[edge].size


def _lay_all(
    plan: Plan, nets: dict[int | None, FrameNet], flow: Flow, measure: Measure, limit: float, cache: Cache
) -> Geometry:
    done = _lay_frames(plan, nets, flow, measure, limit * INNER_SHARE, cache)
    items = dict(_items(plan, nets[None], done, flow, measure))
    return lay_wrapped(Net(items, nets[None].links), flow, _sizes(plan), limit)


def lay_bent(plan: Plan, measure: Measure) -> Layout | None:
    """A plan laid out as a U, its flow going down and up again, where it has this form."""
    nets = nets_of(plan)

    def items(flow: Flow) -> dict[int, Item]:
        done = _lay_frames(plan, nets, flow, measure, LIMITS[0], {})
        return dict(_items(plan, nets[None], done, flow, measure))

    geometry = lay_hairpin(Net(items("down"), nets[None].links), lambda: items("up"), _sizes(plan))
    return None if geometry is None else _turned(geometry, "down")


def _items(
    plan: Plan, net: FrameNet, done: dict[int, Geometry], flow: Flow, measure: Measure
) -> Iterator[tuple[int, Item]]:
    for key in net.keys:
        if key < 0:
            inner = done[frame_key(key)]
            yield key, Item(key, inner.length, inner.low, inner.high, inner=inner)
            continue
        box, size = plan.boxes[key], measure(key)
        radius = size.width / 2 if box.kind == "join" else 0.0
        yield key, Item.of_box(key, size, flow, radius, box.training_only)


def _turned(geometry: Geometry, flow: Flow) -> Layout:
    """The layout on the page, from its left top on."""
    right = flow == "right"
    low = geometry.low
    geometry = geometry.flat()

    def spot(u0: float, v0: float, u1: float, v1: float) -> Spot:
        if right:
            return Spot(u0, v0 - low, u1 - u0, v1 - v0)
        return Spot(v0 - low, u0, v1 - v0, u1 - u0)

    ways = tuple(
        Way(tuple((u, v - low) if right else (v - low, u) for u, v in wire.points), wire.edges, wire.arrow)
        for wire in geometry.wires
    )
    across = geometry.high - low
    return Layout(
        {key: spot(*one) for key, one in geometry.boxes.items()},
        {key: spot(*one) for key, one in geometry.frames.items()},
        {key: spot(*one) for key, one in geometry.labels.items()},
        ways,
        geometry.length if right else across,
        across if right else geometry.length,
    )
