"""Windows as columns of a sequence, and such columns put together to an image again."""

from __future__ import annotations

from math import prod

from cnndsl.dims import Shape, Value, format_shape
from cnndsl.layers.declaration import (
    NOTHING,
    Args,
    Argument,
    Example,
    Keeps,
    Layer,
    LayerError,
    Module,
    Reject,
    Step,
)
from cnndsl.layers.kinds import PerAxis
from cnndsl.layers.windows import explain_window, keywords, repeat, steps, window_sizes

__all__ = ["LAYERS"]

FAMILY = "resampling"

# What folding works on is an image, also where a sequence arrives.
SIZES = PerAxis(1, axes=2)

WINDOW = (
    Argument("kernel_size", SIZES, "size of the window", flag="k"),
    Argument("dilation", SIZES, "distance between the taps of the window", default=1, flag="d"),
    Argument("padding", PerAxis(0, axes=2), "zeros put on both sides of the image", default=0, flag="p"),
    Argument("stride", SIZES, "step of the window", default=1, flag="s"),
)


def unfold_shape(x: Value, args: Args) -> Shape:
    return (x.channels * prod(args["kernel_size"]), prod(window_sizes(x.spatial, args)))


def unfold_explain(x: Value, args: Args, output: Shape) -> str:
    kernel = args["kernel_size"]
    windows = window_sizes(x.spatial, args)
    return (
        f"{explain_window(x, args, (x.channels, *windows))}; {x.channels}*{kernel[0]}*{kernel[1]} = "
        f"{output[0]}, {windows[0]}*{windows[1]} = {output[1]}"
    )


UNFOLD = Layer(
    name="unfold",
    family=FAMILY,
    summary="makes a sequence of an image's windows, each with its numbers as channels",
    pytorch="nn.Unfold",
    formula="C * k * k channels, a position for each window: floor((n + 2p - d(k - 1) - 1) / s) + 1 an axis",
    arguments=WINDOW,
    ranks=frozenset({2}),
    layout="channels_first",
    shape=unfold_shape,
    module=lambda x, args, output: Module(
        "nn.Unfold",
        (("kernel_size", repeat(args["kernel_size"])),),
        keywords(WINDOW, args, "dilation", "padding", "stride"),
    ),
    receptive=steps,
    keeps=NOTHING,
    explain=unfold_explain,
    stricter="sequences are refused, whose batch PyTorch would take for the channels",
    examples=(
        Example("unfold 3", "3x8x8", "27x36"),
        Example("unfold k4 s4", "3x32x32", "48x64"),
        Example("unfold k3x2 d2 p1", "2x7x7", "12x35"),
    ),
    rejects=(
        Reject("unfold k9", "3x8x8", "kernel-too-large", "kernel_size"),
        Reject("unfold k3x3x3", "3x8x8", "invalid-argument", "kernel_size"),
        Reject("unfold k2 s0", "3x8x8", "invalid-argument", "stride"),
        Reject("unfold k2", "3x8", "wrong-rank"),
        Reject("unfold", "3x8x8", "missing-argument", "kernel_size"),
    ),
)

FOLD_ARGUMENTS = (Argument("output_size", SIZES, "sizes of the image", aliases=("size",)), *WINDOW)


def fold_shape(x: Value, args: Args) -> Shape:
    taps = prod(args["kernel_size"])
    channels = x.channels // taps
    kernel = format_shape(args["kernel_size"])
    if channels * taps != x.channels:
        raise LayerError(
            "not-divisible",
            f"fold needs channels that divide by the {taps} numbers of a {kernel} window, "
            f"but {x.channels} arrive",
            argument="kernel_size",
            label=f"{x.channels} % {taps} = {x.channels - channels * taps}",
        )
    size: Shape = args["output_size"]
    windows = window_sizes(size, args)
    if prod(windows) != x.spatial[0]:
        raise LayerError(
            "invalid-argument",
            f"an image of {format_shape(size)} has {' * '.join(map(str, windows))} = {prod(windows)} "
            f"windows of {kernel}, but {x.spatial[0]} arrive",
            argument="output_size",
            label=f"{prod(windows)} windows, not {x.spatial[0]}",
        )
    return (channels, *size)


FOLD = Layer(
    name="fold",
    family=FAMILY,
    summary="makes an image of a sequence of windows, adding up where they overlap",
    pytorch="nn.Fold",
    formula="C / (k * k) channels, and the size that is asked for, which has as many windows as arrive",
    arguments=FOLD_ARGUMENTS,
    ranks=frozenset({1}),
    layout="channels_first",
    shape=fold_shape,
    module=lambda x, args, output: Module(
        "nn.Fold",
        (("output_size", repeat(args["output_size"])), ("kernel_size", repeat(args["kernel_size"]))),
        keywords(FOLD_ARGUMENTS, args, "dilation", "padding", "stride"),
    ),
    receptive=lambda x, args: (Step(1),),
    keeps=lambda x, args, output: Keeps(running=max(0, prod(x.shape) - prod(output))),
    explain=lambda x, args, output: f"{x.channels}/{prod(args['kernel_size'])} = {output[0]}",
    stricter="vectors are refused, whose batch PyTorch would take for the channels",
    examples=(
        Example("fold 8 3", "27x36", "3x8x8"),
        Example("fold size=32 k4 s4", "48x64", "3x32x32"),
        Example("fold (7, 7) k3x2 d2 p1", "12x35", "2x7x7"),
    ),
    rejects=(
        Reject("fold 8 3", "26x36", "not-divisible", "kernel_size"),
        Reject("fold 9 3", "27x36", "invalid-argument", "output_size"),
        Reject("fold 2 3", "27x36", "kernel-too-large", "kernel_size"),
        Reject("fold 8 k3x3x3", "27x36", "invalid-argument", "kernel_size"),
        Reject("fold 8", "27x36", "missing-argument", "kernel_size"),
        Reject("fold 8 3", "3x8x8", "wrong-rank"),
    ),
)

LAYERS = (UNFOLD, FOLD)
