"""Where things lie: boxes, frames, wires and labels, in coordinates along the flow and across it.

Along the flow is `u`, from the entry at 0 to `length`; across it is `v`, 0 being the trunk, positive to the
right of a flow that goes down, and below one that goes right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Geometry", "Point", "Rectangle", "Wire"]

Point = tuple[float, float]


class Rectangle(NamedTuple):
    """From one corner to the other."""

    u0: float
    v0: float
    u1: float
    v1: float

    def moved(self, u: float, v: float) -> Rectangle:
        """The same somewhere else."""
        return Rectangle(self.u0 + u, self.v0 + v, self.u1 + u, self.v1 + v)

    def mirrored(self, length: float) -> Rectangle:
        """The same with the flow turned round."""
        return Rectangle(length - self.u1, self.v0, length - self.u0, self.v1)

    def turned(self) -> Rectangle:
        """The same with along and across exchanged."""
        return Rectangle(self.v0, self.u0, self.v1, self.u1)


class Wire(NamedTuple):
    """A line from point to point that is part of some edges of the plan, with or without its arrow head."""

    points: tuple[Point, ...]
    edges: tuple[int, ...]
    arrow: bool


class Geometry:
    """A part of a diagram that is laid out. `low` and `high` are how far it reaches across the flow.

    `entries` and `exits` say where along its first and its last line values come in and go out, by the number
    of the node that gives them.
    """

    def __init__(self) -> None:
        self.boxes: dict[int, Rectangle] = {}
        self.frames: dict[int, Rectangle] = {}
        self.labels: dict[int, Rectangle] = {}
        self.wires: list[Wire] = []
        self.length = 0.0
        self.low = 0.0
        self.high = 0.0
        self.entries: dict[int, float] = {}
        self.exits: dict[int, float] = {}

    def place(self, other: Geometry, u: float, v: float, mirrored: bool = False, turned: bool = False) -> None:
        """Put another part into this one, its entry at (u, v): turned, it flows across."""

        def rectangle(one: Rectangle) -> Rectangle:
            if mirrored:
                one = one.mirrored(other.length)
            return (one.turned() if turned else one).moved(u, v)

        def point(one: Point) -> Point:
            a, b = (other.length - one[0], one[1]) if mirrored else one
            return (b + u, a + v) if turned else (a + u, b + v)

        for mine, theirs in (
            (self.boxes, other.boxes),
            (self.frames, other.frames),
            (self.labels, other.labels),
        ):
            mine.update((key, rectangle(one)) for key, one in theirs.items())
        self.wires += [wire._replace(points=tuple(map(point, wire.points))) for wire in other.wires]

    def wire(self, points: Iterable[Point], edges: tuple[int, ...], arrow: bool) -> None:
        """Add a line; points in a row that are the same, or on one straight line, are one."""
        kept: list[Point] = []
        for u, v in points:
            if kept and abs(kept[-1][0] - u) < 0.01 and abs(kept[-1][1] - v) < 0.01:
                continue
            if len(kept) > 1 and (
                abs(kept[-2][0] - kept[-1][0]) + abs(kept[-1][0] - u) < 0.01
                or abs(kept[-2][1] - kept[-1][1]) + abs(kept[-1][1] - v) < 0.01
            ):
                kept.pop()
            kept.append((u, v))
        if len(kept) > 1:
            self.wires.append(Wire(tuple(kept), edges, arrow))
