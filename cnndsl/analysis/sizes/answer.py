"""For exactly which sizes of its input a network is valid, in closed form, with the reason of each condition.

Sizes that are beyond the largest number of the language, 2^31 - 1, or make others that are, are not told
apart here: a spec is refused at those whatever is said of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cnndsl.analysis.sizes.limits import Limit
from cnndsl.analysis.sizes.periodic import PeriodicSet
from cnndsl.analysis.sizes.replaying import Replay, replay
from cnndsl.analysis.sizes.wording import NormalForm, normal_form, set_text
from cnndsl.dims import AXIS_LETTERS
from cnndsl.ir import Graph
from cnndsl.text import Span

__all__ = ["AxisSizes", "Reason", "axis_sizes", "other_sizes"]


class Reason(NamedTuple):
    """A condition on a size, why it is there, and the place that sets it."""

    condition: str
    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class AxisSizes:
    """The valid sizes of one axis of the input, the other axes as given (open ones: any valid).

    `valid` is exact; None where it was not found out, and then the reason says why. The reasons together
    state the whole condition.
    """

    axis: str
    valid: PeriodicSet | None
    reasons: tuple[Reason, ...]

    @property
    def text(self) -> str:
        """The sizes in words: `H >= 32 and H % 4 == 0`."""
        return "not determined" if self.valid is None else set_text(self.valid, self.axis)

    @property
    def form(self) -> NormalForm | None:
        """The sizes in numbers: bounds, remainders and exceptions."""
        return None if self.valid is None else normal_form(self.valid)

    @property
    def is_everything(self) -> bool:
        """Whether every size is valid."""
        return self.valid is not None and not ~self.valid

    def lines(self) -> list[str]:
        """The sizes in words and, below, what limits them."""
        lines = [f"{self.axis}: {self.text}"]
        for reason in self.reasons:
            is_all = reason.condition == self.text
            lines.append(f"   {reason.message}" if is_all else f"   {reason.condition}: {reason.message}")
        return lines

    def __contains__(self, size: int) -> bool:
        if self.valid is None:
            raise ValueError(f"the valid sizes of {self.axis} are not determined")
        return size in self.valid


def other_sizes(graph: Graph) -> tuple[AxisSizes, ...]:
    """Which other sizes the weights of a network would take, an axis of its inputs after the other.

    The graph is complete: of a spec that passed.
    """
    found = []
    for id in graph.inputs:
        node = graph.nodes[id]
        shape = node.output_shape or ()
        for axis in range(1, len(shape)):
            letter = AXIS_LETTERS[len(shape)][axis]
            name = letter if len(graph.inputs) == 1 else f"{node.path}.{letter}"
            found += axis_sizes(replay(graph, {(id, axis): name}), [name])
    return tuple(found)


def axis_sizes(done: Replay, letters: Sequence[str]) -> list[AxisSizes]:
    """The valid sizes that a replay found, for each of its letters."""
    found = []
    for letter in letters:
        limits = [limit for limit in done.limits if limit.letter == letter]
        reasons = [Reason(limit.condition, limit.message, limit.span) for limit in necessary(limits)]
        valid: PeriodicSet | None = done.region[letter]
        if done.unclear is not None:
            message, span = done.unclear
            reasons.append(Reason("not determined", message, span))
            valid = None
        found.append(AxisSizes(letter, valid, tuple(reasons)))
    return found


def necessary(limits: Sequence[Limit]) -> list[Limit]:
    """The limits without those that another one implies: a later, smaller map needs the larger image."""
    kept: list[Limit] = []
    for limit in reversed(limits):
        if not any(other.allowed.within(limit.allowed) for other in kept):
            kept = [other for other in kept if not limit.allowed.within(other.allowed)]
            kept.append(limit)
    return kept[::-1]
