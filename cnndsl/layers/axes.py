"""Axes that an argument names, counted as PyTorch counts them, and sizes times a factor."""

from __future__ import annotations

from cnndsl.dims import LARGEST, Value
from cnndsl.layers.declaration import LayerError
from cnndsl.layers.kinds import Whole

__all__ = ["AXIS", "BATCH_STAYS", "axis_index", "scaled"]

# Any whole number: which axes there are depends on the arriving value.
AXIS = Whole(-LARGEST)

# What layers that take an axis refuse although PyTorch does not.
BATCH_STAYS = "the batch, axis 0, is never an axis to work on"


def axis_index(x: Value, dim: int, argument: str, new: int = 0) -> int:
    """The position in `x.shape` of PyTorch's axis `dim`; negative ones count from the back.

    `new` is 1 where the axis may also stand behind the last one (`unsqueeze`).
    """
    count = len(x.shape) + new
    index = dim - 1 if dim >= 0 else count + dim
    if 0 <= index < count:
        return index
    expected = "expected axis 1" if count == 1 else f"expected an axis from 1 to {count}"
    if index == -1:
        raise LayerError(
            "invalid-argument",
            f"axis {dim} is the batch, which stays; {expected} for {x}",
            argument=argument,
        )
    raise LayerError(
        "invalid-argument",
        f"there is no axis {dim}; {expected} for {x}",
        argument=argument,
        help=("axis 1 is the channels, negative axes count from the back",),
    )


# Factors are binary fractions. With a denominator up to this one their products with sizes are exact.
MOST_PARTS = 1024


def scaled(n: int, factor: float) -> int:
    """`n * factor` rounded down, as PyTorch does it: from a product that may be rounded itself.

    >>> scaled(7, 1.5), scaled(100, 0.29)
    (10, 28)
    """
    parts, denominator = factor.as_integer_ratio()
    return n * parts // denominator if denominator <= MOST_PARTS else int(n * factor // 1)
