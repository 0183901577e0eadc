"""Where things lie: boxes, frames, wires and labels, in coordinates along the flow and across it.

Along the flow is `u`, from the entry at 0 to `length`; across it is `v`, 0 being the trunk, positive to the
right of a flow that goes down, and below one that goes right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Geometry", "Move", "Point", "Rectangle", "Wire"]

Point = tuple[float, float]


class Rectangle(NamedTuple):
    """From one corner to the other."""

    u0: float
    v0: float
    u1: float
    v1: float


class Wire(NamedTuple):
    """A line from point to point that is part of some edges of the plan, with or without its arrow head."""

    points: tuple[Point, ...]
    edges: tuple[int, ...]
    arrow: bool


class Move(NamedTuple):
    """From the coordinates of a part to those around it: u = a u' + b v' + c, v = d u' + e v' + f."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def point(self, point: Point) -> Point:
        """Where a point comes to lie."""
        u, v = point
        return (self.a * u + self.b * v + self.c, self.d * u + self.e * v + self.f)

    def rectangle(self, one: Rectangle) -> Rectangle:
        """Where a rectangle comes to lie."""
        (u0, v0), (u1, v1) = self.point((one.u0, one.v0)), self.point((one.u1, one.v1))
        return Rectangle(min(u0, u1), min(v0, v1), max(u0, u1), max(v0, v1))

    def after(self, inner: Move) -> Move:
        """This move behind another one."""
        return Move(
            self.a * inner.a + self.b * inner.d,
            self.a * inner.b + self.b * inner.e,
            self.a * inner.c + self.b * inner.f + self.c,
            self.d * inner.a + self.e * inner.d,
            self.d * inner.b + self.e * inner.e,
            self.d * inner.c + self.e * inner.f + self.f,
        )


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
        self.parts: list[tuple[Geometry, Move]] = []
        self.length = 0.0
        self.low = 0.0
        self.high = 0.0
        self.entries: dict[int, float] = {}
        self.exits: dict[int, float] = {}

    def place(
        self, other: Geometry, u: float, v: float, mirrored: bool = False, turned: bool = False
    ) -> None:
        """Put another part into this one, its entry at (u, v): turned, it flows across."""
        if turned:
            move = Move(0.0, 1.0, u, 1.0, 0.0, v)
        elif mirrored:
            move = Move(-1.0, 0.0, u + other.length, 0.0, 1.0, v)
        else:
            move = Move(1.0, 0.0, u, 0.0, 1.0, v)
        self.parts.append((other, move))

    def flat(self) -> Geometry:
        """The same with all parts, and parts of parts, in their places."""
        whole = Geometry()
        whole.length, whole.low, whole.high = self.length, self.low, self.high
        waiting = [(self, Move(1.0, 0.0, 0.0, 0.0, 1.0, 0.0))]
        while waiting:
            part, move = waiting.pop()
            whole.boxes.update((key, move.rectangle(one)) for key, one in part.boxes.items())
            whole.frames.update((key, move.rectangle(one)) for key, one in part.frames.items())
            whole.labels.update((key, move.rectangle(one)) for key, one in part.labels.items())
            for wire in part.wires:
                whole.wires.append(Wire(tuple(map(move.point, wire.points)), wire.edges, wire.arrow))
            waiting += [(inner, move.after(one)) for inner, one in part.parts]
        return whole

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
