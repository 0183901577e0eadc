"""A frame around what is laid out: room, and a strip for its title at the top."""

from __future__ import annotations

from collections.abc import Mapping

from cnndsl.backends.drawing.geometry import Geometry, Rectangle
from cnndsl.backends.drawing.metrics import SMALL, text_width
from cnndsl.backends.drawing.nets import Flow
from cnndsl.backends.drawing.plan import Frame

__all__ = ["STRIP", "TITLE_INSET", "framed", "title_width"]

ROOM = 9.0
STRIP = 11.0
TITLE_INSET = 5.0


def title_width(frame: Frame) -> float:
    """The width of a frame's title in one line."""
    width = text_width(frame.title, SMALL, bold=True)
    return width + (text_width(f" {frame.detail}", SMALL) if frame.detail else 0.0)


def framed(inner: Geometry, frame: Frame, flow: Flow, edges: Mapping[int, tuple[int, ...]]) -> Geometry:
    """The frame as a part of what is around it.

    `edges` are those that cross its border, by their values. In a flow that goes down the trunk
    enters at the top, so the frame begins left enough of it for the title.
    """
    outer = Geometry()
    title = title_width(frame) + TITLE_INSET
    low, high = inner.low - ROOM, inner.high + ROOM
    if flow == "right":
        before = after = ROOM - 3
        low -= STRIP
        if inner.length + 2 * before < title + TITLE_INSET:
            after += title + TITLE_INSET - inner.length - 2 * before
    else:
        before, after = (3.0, STRIP) if flow == "up" else (STRIP, 3.0)
        ports = inner.exits if flow == "up" else inner.entries
        first = min(ports.values(), default=0.0)
        low = min(low, first - title - 4)
    outer.place(inner, before, 0.0)
    outer.length = inner.length + before + after
    outer.low, outer.high = low, high
    outer.frames[frame.id] = Rectangle(0.0, low, outer.length, high)
    outer.entries, outer.exits = dict(inner.entries), dict(inner.exits)
    for ports, (begin, end) in (
        (inner.entries, (0.0, before)),
        (inner.exits, (outer.length - after, outer.length)),
    ):
        for value, at in ports.items():
            outer.wire([(begin, at), (end, at)], edges[value], False)
    return outer
