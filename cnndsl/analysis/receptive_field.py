"""How much of the input each value of the network can see.

An output position o of a node depends on the input positions from jump*o + low to jump*o + high, an
axis; padding counts as input, so a receptive field may be larger than the input. A layer that sees
every position (a global pool, a linear layer) sees what all its positions saw together, at most the
whole input; what follows it sees no less.

Formulas: a window of k taps, d apart, with stride s and padding p turns (jump, low, high) into
(jump*s, low - p*jump, high + (d(k - 1) - p)*jump). A transposed convolution is read backwards: its
output o depends on the inputs from (o + p - d(k - 1))/s to (o + p)/s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnndsl.dims import Shape
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Layer, Step

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["receptive_fields"]


class Reach:
    """One axis: output o sees the input from jump*o + low to jump*o + high; `whole`: any o does.

    Never changed once it is made. A plain class, for `check` loads it: a dataclass takes longer to make
    than all that is done with it.
    """

    __slots__ = ("high", "jump", "low", "whole")

    def __init__(
        self,
        jump: int | Fraction = 1,
        low: int | Fraction = 0,
        high: int | Fraction = 0,
        whole: int | None = None,
    ) -> None:
        self.jump = jump
        self.low = low
        self.high = high
        self.whole = whole

    @property
    def size(self) -> int:
        """How many input positions there are between the ends, at most."""
        return int(self.high - self.low) + 1 if self.whole is None else self.whole


def receptive_fields(graph: Graph) -> tuple[Shape | None, ...]:
    """The receptive field of each node, a size for every spatial axis of the input.

    None where there is nothing to say: the input is a vector, the value is unknown, or the axes have
    been changed so that they no longer are the input's.
    """
    reaches: list[tuple[Reach, ...] | None] = []
    for node in graph.nodes:
        reaches.append(_reach(graph, node, reaches))
    return tuple(None if not reach else tuple(axis.size for axis in reach) for reach in reaches)


def _reach(graph: Graph, node: Node, reaches: Sequence[tuple[Reach, ...] | None]) -> tuple[Reach, ...] | None:
    if node.output is None:
        return None
    if not node.inputs:
        return (Reach(),) * node.output.rank
    arriving = [reaches[source] for source in node.inputs]
    known = [reach for reach in arriving if reach is not None]
    if not known or len({len(reach) for reach in known}) != 1 or len(known) != len(arriving):
        return None
    if not isinstance(node.layer, Layer):
        return tuple(map(_union, zip(*known, strict=True)))
    value = graph.nodes[node.inputs[0]].output
    if value is None:
        return None
    before = known[0]
    steps = node.layer.receptive(value, node.arguments)
    if steps is None:
        return before
    if steps == "whole":
        sizes = graph.nodes[_source(graph, node)].output_shape
        if sizes is None or len(sizes) != len(before) + 1:
            return None
        return tuple(map(_everything, before, _positions(graph, node, sizes), sizes[1:]))
    if len(steps) != len(before):
        # after a flatten, axes of the value are not those of the input
        return before if all(axis.whole is not None for axis in before) else None
    return tuple(map(_through, before, steps))


def _source(graph: Graph, node: Node) -> int:
    """The input that a node's value comes from, along first branches."""
    while node.inputs:
        node = graph.nodes[node.inputs[0]]
    return node.id


def _positions(graph: Graph, node: Node, sizes: Shape) -> Shape:
    """How many positions an axis had before the value was flattened."""
    while node.inputs:
        node = graph.nodes[node.inputs[0]]
        if node.output_shape is not None and len(node.output_shape) == len(sizes):
            return node.output_shape[1:]
    return sizes[1:]


def _through(reach: Reach, step: Step) -> Reach:
    extent = step.dilation * (step.kernel - 1)
    if reach.whole is not None:
        return reach
    if step.transposed:
        # Loaded where it is needed: whole numbers do for all but transposed convolutions.
        from fractions import Fraction

        jump = Fraction(reach.jump) / step.stride
        return Reach(
            jump,
            reach.low + jump * (step.padding - extent),
            reach.high + jump * step.padding,
        )
    return Reach(
        reach.jump * step.stride,
        reach.low - reach.jump * step.padding,
        reach.high + reach.jump * (extent - step.padding),
    )


def _everything(reach: Reach, positions: int, limit: int) -> Reach:
    if reach.whole is not None:
        return reach
    seen = int(reach.high - reach.low + (positions - 1) * reach.jump) + 1
    return Reach(reach.jump, reach.low, reach.high, min(seen, limit))


def _union(branches: Sequence[Reach]) -> Reach:
    whole = [branch.whole for branch in branches if branch.whole is not None]
    if whole:
        first = branches[0]
        seen = max(*whole, *(branch.size for branch in branches))
        return Reach(first.jump, first.low, first.high, seen)
    return Reach(
        max(branch.jump for branch in branches),
        min(branch.low for branch in branches),
        max(branch.high for branch in branches),
    )
