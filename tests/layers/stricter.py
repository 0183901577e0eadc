"""Where cnndsl refuses on purpose what PyTorch takes: exactly these cases, no more.

The declaration of the layer says so too, in its `stricter`. A refusal that PyTorch does not share and that
is not described here is a disagreement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cnndsl.dims import Value
from cnndsl.layers.declaration import Layer

__all__ = ["OURS", "is_stricter"]

Given = Mapping[str, Any]

# Arguments that PyTorch's layer does not have: what they may be is ours to say.
OURS = {
    ("layernorm", "axes"),
    ("rmsnorm", "axes"),
    ("dwconv", "mult"),
    ("linear", "last"),
    ("posembed", "std"),
    ("classtoken", "std"),
}

AXES = ("dim", "dims", "start_dim", "end_dim", "dim0", "dim1")


def is_stricter(layer: Layer, x: Value, given: Given) -> bool:
    """Whether the refusal of this use is declared as stricter than PyTorch."""
    if not layer.stricter:
        return False
    if layer.ranks is not None and x.rank not in layer.ranks:
        return x.rank in OTHER_RANKS.get(layer.name, ())
    return layer.name in PREDICATES and PREDICATES[layer.name](x, given)


def spread(value: Any) -> tuple[Any, ...]:
    """A value for every axis, or one, as a tuple."""
    return value if isinstance(value, tuple) else (value,)


def names_batch(x: Value, given: Given) -> bool:
    """Whether an argument names axis 0, counted from the front or from the back."""
    batch = (0, -len(x.shape) - 1, -len(x.shape) - 2)
    return any(axis in batch for name in AXES for axis in spread(given.get(name)))


def leaves_no_axis(x: Value, given: Given) -> bool:
    return names_batch(x, given) or len(given["dim"]) == len(x.shape)


def squeezes_in_vain(x: Value, given: Given) -> bool:
    axis = given["dim"]
    return names_batch(x, given) or x.shape[axis - (axis > 0)] != 1 or x.rank == 0


def works_on_pixels(x: Value, given: Given) -> bool:
    return x.channels_first and x.rank > 0 and not given.get("last")


def crops_all(x: Value, given: Given) -> bool:
    numbers = given["padding"] * (1 if len(given["padding"]) > 1 else 2 * x.rank)
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return given.get("mode", "constant") != "constant" and any(
        n + min(before, 0) + min(after, 0) < 1
        for n, (before, after) in zip(reversed(x.spatial), pairs, strict=False)
    )


def crops_as_padding(x: Value, given: Given) -> bool:
    padding = spread(given.get("padding", 0))
    return given.get("padding_mode", "zeros") != "zeros" and any(
        p < 0 for p in padding if p not in ("same", "valid")
    )


def pads_as_crop(x: Value, given: Given) -> bool:
    return min(given["cropping"]) < 0


PREDICATES: dict[str, Callable[[Value, Given], bool]] = {
    **dict.fromkeys(
        (
            "softmax",
            "logsoftmax",
            "softmin",
            "glu",
            "flatten",
            "unflatten",
            "permute",
            "transpose",
            "unsqueeze",
            "narrow",
        ),
        names_batch,
    ),
    **dict.fromkeys(("conv", "dwconv"), crops_as_padding),
    "upconv": lambda x, given: 0 in spread(given.get("dilation", 1)),
    "linear": works_on_pixels,
    "mean": leaves_no_axis,
    "squeeze": squeezes_in_vain,
    "pad": crops_all,
    "crop": pads_as_crop,
    "fractionalmaxpool": lambda x, given: min(spread(given["kernel_size"])) < 1,
}

# Ranks that the one class of a layer takes, but the language does not give it.
OTHER_RANKS: dict[str, frozenset[int]] = {
    "channelshuffle": frozenset({4}),
    "fold": frozenset({0}),
    "layernorm2d": frozenset({0, 4}),
    "lrn": frozenset({4}),
    "pixelshuffle": frozenset({1, 3, 4}),
    "pixelunshuffle": frozenset({1, 3, 4}),
    "unfold": frozenset({1}),
}
