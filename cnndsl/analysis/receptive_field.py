"""How much of the input each value of the network can see, and where.

An axis at a time: an output position sees the input from a first to a last position. Padding counts as
input, so a field may begin before it, and be larger than it. Behind strides a field moves `jump` input
positions from one output position to the next. Behind upsampling several output positions in a row see the
same, or differ by their remainder: fields are kept for one period of output positions, in whole numbers.

Where branches join, the field is from the first to the last position that any of them sees. A layer that
sees every position (a global pool, attention, a linear layer) sees what all its positions saw together, at
most the whole input; what follows it sees no less.

Formulas: output o of a window of k taps, d apart, with stride s and padding p sees from position s*o - p to
s*o - p + d(k - 1) of what arrives. A transposed convolution is read backwards: o sees the positions i for
which i*s - p + d*t = o for one of the taps t from 0 to k - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import TYPE_CHECKING

from cnndsl.dims import Shape, Value
from cnndsl.ir import Graph, Node
from cnndsl.layers.declaration import Layer, LayerError, Step, no_macs

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["Field", "fields", "receptive_fields"]

# From where to where in the input a position sees; None where it sees nothing, a gap of a transposed kernel.
Span = tuple[int, int] | None


# Sizes that tell apart the axes of a value whose axes are moved.
MARKS = (101, 103, 107, 109)


class Field:
    """The receptive field along one axis of the input.

    `spans` are those of the first output positions; `move` is how far they lie further behind each time that
    many positions are over. `whole` is how many input positions a value sees that sees all there is to see,
    else None. Never changed once it is made. A plain class, for `check` loads it: a dataclass takes longer
    to make than all that is done with it.
    """

    __slots__ = ("move", "spans", "whole")

    def __init__(self, move: int = 1, spans: tuple[Span, ...] = ((0, 0),), whole: int | None = None) -> None:
        self.move = move
        self.spans = spans
        self.whole = whole

    @property
    def size(self) -> int:
        """How many input positions there are from the first that is seen to the last, at most."""
        if self.whole is not None:
            return self.whole
        return max((span[1] - span[0] + 1 for span in self.spans if span is not None), default=0)

    @property
    def jump(self) -> Fraction:
        """How far the field moves from one output position to the next, on the mean: the total stride."""
        # Loaded where it is needed: `check` needs sizes alone.
        from fractions import Fraction

        return Fraction(self.move, len(self.spans))

    @property
    def centre(self) -> Fraction | None:
        """The middle of what the first output position sees; the first input position is 0.

        None where it sees nothing, or where every position sees everything.
        """
        from fractions import Fraction

        span = self.at(0)
        return None if span is None or self.whole is not None else Fraction(span[0] + span[1], 2)

    def at(self, position: int) -> Span:
        """The first and the last input position that an output position sees."""
        rounds, place = divmod(position, len(self.spans))
        span = self.spans[place]
        return None if span is None else (span[0] + rounds * self.move, span[1] + rounds * self.move)


def receptive_fields(graph: Graph) -> tuple[Shape | None, ...]:
    """The size of the receptive field of each node, for every spatial axis of the input; None as in `fields`.

    >>> import cnndsl
    >>> receptive_fields(cnndsl.check("input 1x28x28 -> conv 8 k3 -> maxpool 2 -> conv 8 k3x5").graph)[-1]
    (8, 12)
    """
    return tuple(None if not field else tuple(axis.size for axis in field) for field in fields(graph))


def fields(graph: Graph) -> tuple[tuple[Field, ...] | None, ...]:
    """The receptive field of each node, for every spatial axis of the input.

    None where there is nothing to say: the input is a vector, the value is unknown, or the axes have
    been changed so that they no longer are the input's. In a value whose axes were put into another order a
    field still is that of the input's axis.

    >>> import cnndsl
    >>> height, width = fields(cnndsl.check("input 1x32x32 -> conv 8 k3 s2 -> maxpool 2").graph)[-1]
    >>> height.size, height.jump, height.centre, height.at(1)
    (5, Fraction(4, 1), Fraction(2, 1), (4, 8))
    """
    found: list[tuple[Field, ...] | None] = []
    # For each node the sizes of the input that its value comes from, along first branches, and how many
    # positions its axes had before they were flattened.
    origins: list[Shape] = []
    lengths: list[Shape] = []
    # Which axis of the input, the channels 0, lies at each axis of the value.
    orders: list[tuple[int, ...]] = []
    for node in graph.nodes:
        shape = node.output_shape or ()
        if not node.inputs:
            origins.append(shape)
            lengths.append(shape)
            orders.append(tuple(range(len(shape))))
            found.append(_field(graph, node, found, (), (), ()))
            continue
        source = node.inputs[0]
        origin, order = origins[source], orders[source]
        found.append(_field(graph, node, found, lengths[source][1:], origin[1:], order))
        order = _moved(graph, node, order)
        origins.append(origin)
        orders.append(order)
        as_before = len(shape) == len(origin) and order == tuple(range(len(shape)))
        lengths.append(shape if as_before else lengths[source])
    return tuple(found)


def _moved(graph: Graph, node: Node, order: tuple[int, ...]) -> tuple[int, ...]:
    """The order of the axes after a node: what gives as many axes, and plain ones, may have moved them."""
    value, output = graph.nodes[node.inputs[0]].output, node.output
    if value is None or output is None or not isinstance(node.layer, Layer) or node.layer.layout != "plain":
        return order
    if len(output.shape) != len(order) or len(value.shape) != len(order):
        return tuple(range(len(output.shape)))
    sizes = MARKS[: len(order)]
    try:
        given = node.layer.shape(Value(sizes, value.channels_first), node.arguments)
    except LayerError:
        # A `reshape` makes other axes of the numbers: none of them is the input's.
        return (-1,) * len(order)
    return tuple(order[sizes.index(size)] if size in sizes else -1 for size in given)


def _field(
    graph: Graph,
    node: Node,
    found: Sequence[tuple[Field, ...] | None],
    positions: Shape,
    limits: Shape,
    order: tuple[int, ...],
) -> tuple[Field, ...] | None:
    """The field of a node.

    `positions` are those of what arrives, `limits` the sizes of the input, `order` that of the axes.
    """
    if node.output is None:
        return None
    if not node.inputs:
        return (Field(),) * node.output.rank
    arriving = [found[source] for source in node.inputs]
    known = [field for field in arriving if field is not None]
    if not known or len({len(field) for field in known}) != 1 or len(known) != len(arriving):
        return None
    before = known[0]
    if not isinstance(node.layer, Layer):
        if len(limits) != len(before):
            return None
        return tuple(
            _union(axes, *sizes)
            for axes, *sizes in zip(zip(*known, strict=True), positions, limits, strict=True)
        )
    value = graph.nodes[node.inputs[0]].output
    if value is None:
        return None
    steps = node.layer.receptive(value, node.arguments)
    if steps is None:
        return before
    if steps == "whole":
        if len(limits) != len(before):
            return None
        return tuple(map(_everything, before, positions, limits))
    if all(axis.whole is not None for axis in before):
        return before
    mixes_channels = node.layer.macs is not no_macs
    if len(steps) != len(before) or -1 in order or (mixes_channels and order[0] != 0):
        # after a flatten, or where an axis has become the channels, axes are not those of the input
        return None
    by_axis = dict(zip(order[1:], steps, strict=True))
    return tuple(
        _through(field, by_axis[axis]) if axis in by_axis else field for axis, field in enumerate(before, 1)
    )


def _through(field: Field, step: Step) -> Field:
    """What a window over positions with this field sees."""
    if field.whole is not None:
        return field
    period = len(field.spans)
    if step.transposed:
        spans = tuple(_backwards(field, step, position) for position in range(period * step.stride))
        return Field(field.move, spans)
    count = period // gcd(period, step.stride)
    reach = step.dilation * (step.kernel - 1)
    spans = tuple(
        _from_to(field, position * step.stride - step.padding, reach, step.dilation)
        for position in range(count)
    )
    return Field(field.move * step.stride * count // period, spans)


def _from_to(field: Field, first: int, reach: int, dilation: int) -> Span:
    """What a window sees that begins at a position; of fields that move evenly the ends decide."""
    if len(field.spans) > 1:
        return _hull([field.at(first + tap) for tap in range(0, reach + 1, dilation)])
    return _hull([field.at(first), field.at(first + reach)])


def _backwards(field: Field, step: Step, position: int) -> Span:
    """What an output position of a transposed window sees."""
    place = position + step.padding
    taps = range(0, step.kernel * step.dilation, step.dilation)
    return _hull([field.at((place - tap) // step.stride) for tap in taps if (place - tap) % step.stride == 0])


def _hull(spans: Sequence[Span]) -> Span:
    """From the first to the last position that any of them sees."""
    known = [span for span in spans if span is not None]
    return (min(span[0] for span in known), max(span[1] for span in known)) if known else None


def _everything(field: Field, positions: int, limit: int) -> Field:
    """What all positions see together, at most the whole input."""
    if field.whole is not None:
        return field
    seen = _hull([field.at(position) for position in _border(field, positions)])
    return Field(field.move, field.spans, 0 if seen is None else min(seen[1] - seen[0] + 1, limit))


def _border(field: Field, positions: int) -> Sequence[int]:
    """Positions of which some see the first and the last of what all of them see."""
    period = len(field.spans)
    return (*range(min(period, positions)), *range(max(0, positions - period), positions))


def _union(branches: Sequence[Field], positions: int, limit: int) -> Field:
    first = branches[0]
    if len(branches) == 1:
        return first
    whole = [branch.whole for branch in branches if branch.whole is not None]
    if whole:
        return Field(first.move, first.spans, max(*whole, *(branch.size for branch in branches)))
    period = 1
    for branch in branches:
        period = period * len(branch.spans) // gcd(period, len(branch.spans))
    moves = {branch.move * period // len(branch.spans) for branch in branches}
    if len(moves) > 1:
        # Branches that do not move alike: what one position sees depends on where it is.
        return max(
            (_everything(branch, positions, limit) for branch in branches), key=lambda field: field.size
        )
    spans = tuple(_hull([branch.at(place) for branch in branches]) for place in range(period))
    return Field(moves.pop(), spans)
