"""What is wrong with how a diagram is laid out: boxes, sizes, titles and wires that lie on each other."""

from __future__ import annotations

from itertools import pairwise

from cnndsl.backends.drawing.frames import STRIP, title_width
from cnndsl.backends.drawing.layout import Layout, Spot
from cnndsl.backends.drawing.plan import Plan

# What may overlap, in points: lines have a width, and meet the border of a box.
SLACK = 0.6


def faults(plan: Plan, layout: Layout) -> list[str]:
    """A line for each thing that lies where another lies, or off the page."""
    boxes = {f"box {index}": spot for index, spot in layout.boxes.items()}
    labels = {
        f"label {plan.edges[index].size} of edge {index}": spot for index, spot in layout.labels.items()
    }
    titles = {
        f"title of frame {index}": Spot(spot.x, spot.y, title_width(plan.frames[index]) + 4, STRIP - 1)
        for index, spot in layout.frames.items()
    }
    texts = {**labels, **titles}
    found = []
    solid = [*boxes.items(), *texts.items()]
    for index, (name, spot) in enumerate(solid):
        found += [f"{name} on {other}" for other, place in solid[index + 1 :] if _meet(spot, place)]
        page = Spot(0, 0, layout.width, layout.height)
        if not _inside(spot, page):
            found.append(f"{name} is cut by the page")
    for way in layout.ways:
        for start, end in pairwise(way.points):
            line = _line(start, end)
            found += [f"wire of {way.edges} through {name}" for name, spot in solid if _meet(line, spot)]
            if not _inside(line, Spot(0, 0, layout.width, layout.height)):
                found.append(f"wire of {way.edges} leaves the page")
    for box in plan.boxes:
        if box.frame is not None and not _inside(layout.boxes[box.id], layout.frames[box.frame]):
            found.append(f"box {box.id} outside of its frame")
    return found


def unconnected(plan: Plan, layout: Layout) -> list[str]:
    """Edges whose wires do not lead from the one box to the other."""
    found = []
    for index, edge in enumerate(plan.edges):
        points = [way.points for way in layout.ways if index in way.edges]
        reached = {edge.source}
        ends = [_grown(layout.boxes[edge.source])]
        left = list(points)
        while True:
            joined = [way for way in left if any(_touches(way, end) for end in ends)]
            if not joined:
                break
            left = [way for way in left if way not in joined]
            ends += [_grown(_line(a, b)) for way in joined for a, b in pairwise(way)]
        if not any(_meet_grown(layout.boxes[edge.target], end) for end in ends[1:]):
            found.append(f"edge {index} does not reach box {edge.target} from {reached}")
    return found


def _touches(way: tuple[tuple[float, float], ...], place: Spot) -> bool:
    return any(_meet_grown(_line(a, b), place) for a, b in pairwise(way))


def _meet_grown(one: Spot, other: Spot) -> bool:
    return _meet(_grown(one), other)


def _grown(spot: Spot) -> Spot:
    return Spot(spot.x - SLACK, spot.y - SLACK, spot.width + 2 * SLACK, spot.height + 2 * SLACK)


def _line(start: tuple[float, float], end: tuple[float, float]) -> Spot:
    """A line with a little width."""
    low = (min(start[0], end[0]) - 0.4, min(start[1], end[1]) - 0.4)
    return Spot(*low, abs(end[0] - start[0]) + 0.8, abs(end[1] - start[1]) + 0.8)


def _meet(one: Spot, other: Spot) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > SLACK and down > SLACK


def _inside(spot: Spot, around: Spot) -> bool:
    return (
        spot.x >= around.x - SLACK
        and spot.y >= around.y - SLACK
        and spot.x + spot.width <= around.x + around.width + SLACK
        and spot.y + spot.height <= around.y + around.height + SLACK
    )
