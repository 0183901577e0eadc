"""What a benchmark finds, as data: lines with a ratio and a target, and remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from benchmarks.pairs import Ratio, ratio

__all__ = ["Line", "Part", "Target", "compared"]

# Seconds are shown in the unit that suits them; rates are samples a second; sizes are bytes.
Unit = Literal["seconds", "samples/s", "bytes"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a ratio has to be: at most, at least, or within `tolerance` of `bound`."""

    kind: Literal["at most", "at least", "within"]
    bound: float
    tolerance: float = 0.0

    def met(self, value: float) -> bool:
        """Whether a ratio is good enough.

        >>> Target("within", 1.0, 0.02).met(1.01), Target("at most", 0.1).met(0.11)
        (True, False)
        """
        if self.kind == "within":
            return abs(value - self.bound) <= self.tolerance
        return value <= self.bound if self.kind == "at most" else value >= self.bound

    def __str__(self) -> str:
        if self.kind == "within":
            return f"{self.bound:.2f} ± {self.tolerance:.2f}"
        return f"{self.kind} {self.bound:.2f}"


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison: the medians of both sides, the ratio of the pairs, the target if there is one."""

    name: str
    reference: str
    unit: Unit
    ours: float
    theirs: float
    ratio: Ratio
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else self.target.met(self.ratio.median)

    def to_json(self) -> dict[str, Any]:
        """The line as results.json holds it."""
        return {
            "name": self.name,
            "reference": self.reference,
            "unit": self.unit,
            "ours": self.ours,
            "theirs": self.theirs,
            "ratio": {
                "median": self.ratio.median,
                "min": self.ratio.lowest,
                "max": self.ratio.highest,
                "pairs": self.ratio.pairs,
            },
            "target": None if self.target is None else str(self.target),
            "met": self.met,
        }


@dataclass(frozen=True, slots=True)
class Part:
    """A group of comparisons with what has to be known about them."""

    title: str
    lines: tuple[Line, ...]
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The part as results.json holds it."""
        return {
            "title": self.title,
            "lines": [line.to_json() for line in self.lines],
            "remarks": list(self.remarks),
        }


def compared(
    name: str,
    reference: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    target: Target | None = None,
    unit: Unit = "seconds",
) -> Line:
    """The line for two lists of measurements of the same rounds; the ratio is ours by theirs."""
    pairs = ratio(list(ours), list(theirs))
    return Line(name, reference, unit, median(ours), median(theirs), pairs, target)
