"""The arithmetic of windows that slide over axes, shared by convolutions and pools.

Output size, an axis: floor((n + 2p - d(k - 1) - 1) / s) + 1, as PyTorch documents for `Conv2d` and
`MaxPool2d`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnndsl.dims import OpenSize, Shape, Value, format_shape
from cnndsl.layers.declaration import Args, Argument, LayerError, SameAs, Step

__all__ = ["explain_window", "keywords", "repeat", "steps", "window_sizes"]


def window_sizes(spatial: Shape, args: Args) -> Shape:
    """The sizes after a window has slid over `spatial`; `kernel-too-large` where it does not fit.

    With `ceil_mode` a last window may hang over the end, unless it would start behind the axis.
    """
    kernel: Shape = args["kernel_size"]
    padding = both_sides(args, len(spatial))
    dilation: Shape = args.get("dilation", (1,) * len(spatial))
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    sizes = []
    for n, r, s, (before, after) in zip(spatial, reach, args["stride"], padding, strict=True):
        overhang = s - 1 if args.get("ceil_mode") else 0
        room = n + before + after - r + overhang
        if room < 0:
            raise too_large(spatial, args, reach)
        size = room // s + 1
        if overhang and (size - 1) * s >= n + before:
            size -= 1
        sizes.append(size)
    return tuple(sizes)


def both_sides(args: Args, rank: int) -> tuple[tuple[int, int], ...]:
    """The zeros put before and after each axis; `same` puts the odd one behind, as PyTorch does."""
    padding = args.get("padding", (0,) * rank)
    if padding == "valid":
        return ((0, 0),) * rank
    if padding == "same":
        totals = [d * (k - 1) for k, d in zip(args["kernel_size"], args["dilation"], strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    return tuple((p, p) for p in padding)


def too_large(spatial: Shape, args: Args, reach: Shape) -> LayerError:
    """The diagnostic for a window that is larger than what it slides over."""
    kernel: Shape = args["kernel_size"]
    if any(isinstance(n, OpenSize) for n in spatial):
        # What would fit is told of numbers.
        message = f"kernel {format_shape(kernel)} does not fit into {format_shape(spatial)}"
        return LayerError("kernel-too-large", message, argument="kernel_size")
    sides = both_sides(args, len(spatial))
    padded = tuple(n + before + after for n, (before, after) in zip(spatial, sides, strict=True))
    what = f"kernel {format_shape(kernel)}"
    if reach != kernel:
        what += f" (dilated to {format_shape(reach)})"
    return LayerError(
        "kernel-too-large",
        f"{what} does not fit into {format_shape(spatial)}"
        + (f", {format_shape(padded)} with its padding" if padded != spatial else ""),
        argument="kernel_size",
        label=f"needs at least {format_shape(reach)}, padding included",
    )


def short(sizes: Shape) -> str:
    """One number an axis as a flag takes them: `3`, or `3x5` where the axes differ."""
    return format_shape(sizes[:1] if len(set(sizes)) == 1 else sizes)


def explain_window(x: Value, args: Args, output: Shape) -> str:
    """The formula with its numbers, the spatial axes that share numbers written once."""
    rank = x.rank
    dilation: Shape = args.get("dilation", (1,) * rank)
    terms = []
    for n, k, s, d, (before, after), result in zip(
        x.spatial,
        args["kernel_size"],
        args["stride"],
        dilation,
        both_sides(args, rank),
        output[1:],
        strict=True,
    ):
        pad = f"2*{before}" if before == after else f"{before} + {after}"
        room = f"({n} + {pad} - {k})" if d == 1 else f"({n} + {pad} - {d}*({k} - 1) - 1)"
        if not args.get("ceil_mode"):
            terms.append(f"{room}//{s} + 1 = {result}")
            continue
        reach = d * (k - 1) + 1
        dropped = (n + before + after - reach + s - 1) // s + 1 - result
        rule = " - 1 (the last window would start behind the axis)" if dropped else ""
        terms.append(f"ceil({room}/{s}) + 1{rule} = {result}")
    return ", ".join(dict.fromkeys(terms))


def steps(x: Value, args: Args) -> tuple[Step, ...]:
    """The receptive-field step of a window, an axis each."""
    rank = x.rank
    dilation = args.get("dilation", (1,) * rank)
    pads = both_sides(args, rank)
    return tuple(
        Step(k, s, before, d)
        for k, s, (before, _), d in zip(args["kernel_size"], args["stride"], pads, dilation, strict=True)
    )


def repeat(value: Any) -> Any:
    """One number for a tuple of equal ones, as a person writes it: 3 for (3, 3)."""
    if isinstance(value, tuple) and value and all(entry == value[0] for entry in value):
        return value[0]
    return value


def keywords(layer_arguments: Sequence[Argument], args: Args, *names: str) -> tuple[tuple[str, Any], ...]:
    """The named arguments as constructor keywords, without those that equal PyTorch's default."""
    result = []
    declared = {argument.name: argument for argument in layer_arguments}
    for name in names:
        default = declared[name].default
        value = repeat(args[name])
        if isinstance(default, SameAs):
            default = repeat(args[default.argument])
        if declared[name].required or value != default:
            result.append((name, value))
    return tuple(result)
