"""How far what is laid out already reaches to one side of the trunk, stretch by stretch."""

from __future__ import annotations

from bisect import bisect_left, insort

__all__ = ["Skyline"]


class Skyline:
    """Stretches along the flow, each with how far it reaches from the trunk."""

    def __init__(self) -> None:
        self._stretches: list[tuple[float, float, float]] = []
        self._longest = 0.0

    def add(self, start: float, end: float, reach: float) -> None:
        """Something lies from `start` to `end` and reaches this far."""
        insort(self._stretches, (start, end, reach))
        self._longest = max(self._longest, end - start)

    def reach(self, start: float, end: float) -> float:
        """How far reaches what lies between `start` and `end`."""
        first = bisect_left(self._stretches, (start - self._longest,))
        reach = 0.0
        for index in range(first, len(self._stretches)):
            begins, ends, reaches = self._stretches[index]
            if begins >= end:
                break
            if ends > start and reaches > reach:
                reach = reaches
        return reach
