"""Convolutions and transposed convolutions."""

from __future__ import annotations

from math import prod

from cnndsl.dims import Shape, Value, format_shape
from cnndsl.layers.declaration import (
    INPUT_KEPT,
    Args,
    Argument,
    Example,
    Keeps,
    Layer,
    LayerError,
    Module,
    Reject,
    Step,
    Weight,
)
from cnndsl.layers.kinds import PerAxis, Truth, Whole, Word
from cnndsl.layers.windows import both_sides, explain_window, keywords, steps, window_sizes

__all__ = ["LAYERS"]

SPATIAL = frozenset({1, 2, 3})

OUT = Argument("out", Whole(1), "channels of the output", aliases=("out_channels",))
KERNEL = Argument("kernel_size", PerAxis(1), "size of the kernel", flag="k")
STRIDE = Argument("stride", PerAxis(1), "step of the kernel", default=1, flag="s")
PADDING = Argument(
    "padding", PerAxis(0, ("same", "valid")), "zeros put on both sides, or a word", default=0, flag="p"
)
DILATION = Argument("dilation", PerAxis(1), "distance between the taps of the kernel", default=1, flag="d")
GROUPS = Argument("groups", Whole(1), "groups that see only their own channels", default=1, flag="g")
BIAS = Argument("bias", Truth(), "whether a bias is added", default=True, switch=("nobias", False))
PADDING_MODE = Argument(
    "padding_mode",
    Word(("zeros", "reflect", "replicate", "circular")),
    "what the padding is filled with",
    default="zeros",
)

CONV_ARGUMENTS = (OUT, KERNEL, STRIDE, PADDING, DILATION, GROUPS, BIAS, PADDING_MODE)


# Group counts looked at for the help of `groups-mismatch`: channels may be in the billions.
MOST_TRIED = 1024


def check_groups(channels: int, out: int, groups: int) -> None:
    """Both the arriving channels and the output's must divide into the groups."""
    for what, count in (("arriving", channels), ("output", out)):
        if count % groups:
            valid = [g for g in range(2, min(channels, out, MOST_TRIED) + 1) if channels % g == out % g == 0][
                -12:
            ]
            raise LayerError(
                "groups-mismatch",
                f"{groups} groups do not divide the {count} {what} channels",
                argument="groups",
                label=f"{count} % {groups} = {count % groups}",
                help=(
                    f"groups that divide both: {', '.join(map(str, valid))}"
                    if valid
                    else f"no groups but 1 divide both {channels} and {out}",
                ),
            )


def check_padding(x: Value, args: Args) -> None:
    """`same` needs stride 1; a reflection must be smaller than the axis, a wrap at most the axis."""
    if args["padding"] == "same" and any(s != 1 for s in args["stride"]):
        raise LayerError(
            "same-needs-stride-1",
            f"`p=same` needs stride 1, here it is {format_shape(args['stride'])}",
            argument="padding",
            help=("write the padding as a number: `p1` for `k3`",),
        )
    mode = args["padding_mode"]
    if mode in ("zeros", "replicate"):
        return
    for n, sides in zip(x.spatial, both_sides(args, x.rank), strict=True):
        most = n - 1 if mode == "reflect" else n
        if max(sides) > most:
            raise LayerError(
                "padding-too-large",
                f"{mode} padding {max(sides)} is too large for {format_shape(x.spatial)}, "
                f"it may be at most {most}",
                argument="padding",
            )


def conv_shape(x: Value, args: Args) -> Shape:
    check_groups(x.channels, args["out"], args["groups"])
    check_padding(x, args)
    return (args["out"], *window_sizes(x.spatial, args))


def conv_weights(x: Value, args: Args) -> tuple[Weight, ...]:
    weight = Weight("weight", (args["out"], x.channels // args["groups"], *args["kernel_size"]))
    return (weight, Weight("bias", (args["out"],))) if args["bias"] else (weight,)


def conv_macs(x: Value, args: Args, output: Shape) -> int:
    taps: int = x.channels // args["groups"] * prod(args["kernel_size"])
    return prod(output) * taps


def conv_module(x: Value, args: Args, output: Shape) -> Module:
    return Module(
        f"nn.Conv{x.rank}d",
        (("in_channels", x.channels), ("out_channels", args["out"])),
        keywords(
            CONV_ARGUMENTS,
            args,
            "kernel_size",
            "stride",
            "padding",
            "dilation",
            "groups",
            "bias",
            "padding_mode",
        ),
    )


def conv_keeps(x: Value, args: Args, output: Shape) -> Keeps:
    """The arriving value, or what padding made of it where the kernel does not pad on its own."""
    sides = both_sides(args, x.rank)
    mode = args["padding_mode"]
    if mode == "zeros":
        # For `same` PyTorch pads by hand what one side has more than the other.
        sides = tuple((0, after - before) for before, after in sides)
        if not any(after for _, after in sides):
            return INPUT_KEPT
    padded = x.channels * prod(n + a + b for n, (a, b) in zip(x.spatial, sides, strict=True))
    return Keeps(input=mode in ("reflect", "replicate"), numbers=padded, running=padded)


CONV = Layer(
    name="conv",
    family="convolution",
    summary="convolution over a sequence, an image or a volume",
    pytorch="nn.Conv{rank}d",
    formula="floor((n + 2p - d(k - 1) - 1) / s) + 1 an axis",
    arguments=CONV_ARGUMENTS,
    ranks=SPATIAL,
    layout="channels_first",
    shape=conv_shape,
    weights=conv_weights,
    macs=conv_macs,
    module=conv_module,
    keeps=conv_keeps,
    receptive=steps,
    explain=explain_window,
    stricter="a negative padding, which crops in some padding modes, is refused",
    examples=(
        Example("conv 16 k3 p1", "3x32x32", "16x32x32"),
        Example("conv 16 5", "3x32x32", "16x28x28"),
        Example("conv 16 k3x5 s2x1 p1x2", "3x32x32", "16x16x32"),
        Example("conv 8 k3 p=same d2 nobias", "4x10x10", "8x10x10"),
        Example("conv 8 k3 g4 p1 padding_mode=reflect", "4x10", "8x10"),
        Example("conv 2 k2 s2", "1x8x8x8", "2x4x4x4"),
    ),
    rejects=(
        Reject("conv 8 k9", "3x5x5", "kernel-too-large", "kernel_size"),
        Reject("conv 8 k3 g2", "3x5x5", "groups-mismatch", "groups"),
        Reject("conv 8 k3 s2 p=same", "3x5x5", "same-needs-stride-1", "padding"),
        Reject("conv 8 k11 p5 padding_mode=reflect", "3x5x5", "padding-too-large", "padding"),
        Reject("conv 8 k0", "3x5x5", "invalid-argument", "kernel_size"),
        Reject("conv 8 k3x3x3", "3x5x5", "invalid-argument", "kernel_size"),
        Reject("conv 8 k3", "784", "wrong-rank"),
    ),
)

DWCONV_ARGUMENTS = (
    KERNEL,
    STRIDE,
    PADDING,
    DILATION,
    BIAS,
    PADDING_MODE,
    Argument("mult", Whole(1), "output channels for each arriving channel", default=1, positional=False),
)


def dwconv_args(x: Value, args: Args) -> Args:
    """The arguments of the convolution that a depthwise one is: groups = channels."""
    return {**args, "out": x.channels * args["mult"], "groups": x.channels}


DWCONV = Layer(
    name="dwconv",
    family="convolution",
    summary="depthwise convolution: each channel on its own",
    pytorch="Conv{rank}d(groups=channels)",
    formula="floor((n + 2p - d(k - 1) - 1) / s) + 1 an axis, channels x mult",
    arguments=DWCONV_ARGUMENTS,
    ranks=SPATIAL,
    layout="channels_first",
    shape=lambda x, args: conv_shape(x, dwconv_args(x, args)),
    weights=lambda x, args: conv_weights(x, dwconv_args(x, args)),
    macs=lambda x, args, output: conv_macs(x, dwconv_args(x, args), output),
    module=lambda x, args, output: conv_module(x, dwconv_args(x, args), output),
    keeps=conv_keeps,
    receptive=steps,
    explain=explain_window,
    stricter="a negative padding, which crops in some padding modes, is refused",
    examples=(
        Example("dwconv k3 p1", "32x14x14", "32x14x14"),
        Example("dwconv 3 s2 p1 mult=2 nobias", "8x14x14", "16x7x7"),
        Example("dwconv k5 p=same d2 padding_mode=circular", "8x20", "8x20"),
    ),
    rejects=(
        Reject("dwconv k5", "8x3x3", "kernel-too-large", "kernel_size"),
        Reject("dwconv k3 mult=0", "8x3x3", "invalid-argument", "mult"),
        Reject("dwconv", "8x3x3", "missing-argument", "kernel_size"),
    ),
)

UPCONV_ARGUMENTS = (
    OUT,
    KERNEL,
    STRIDE,
    Argument("padding", PerAxis(0), "rows taken off on both sides of the output", default=0, flag="p"),
    Argument("output_padding", PerAxis(0), "rows added on one side of the output", default=0, flag="op"),
    GROUPS,
    BIAS,
    DILATION,
    Argument(
        "padding_mode",
        Word(("zeros",)),
        "what the padding is filled with, zeros alone as in PyTorch",
        default="zeros",
    ),
)


def upconv_shape(x: Value, args: Args) -> Shape:
    check_groups(x.channels, args["out"], args["groups"])
    for op, s, d in zip(args["output_padding"], args["stride"], args["dilation"], strict=True):
        if op >= max(s, d):
            raise LayerError(
                "output-padding-too-large",
                f"output padding {op} must be smaller than the stride or the dilation ({max(s, d)})",
                argument="output_padding",
            )
    sizes = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + op + 1
        for n, k, s, p, d, op in zip(
            x.spatial,
            args["kernel_size"],
            args["stride"],
            args["padding"],
            args["dilation"],
            args["output_padding"],
            strict=True,
        )
    )
    if any(size < 1 for size in sizes):
        raise LayerError(
            "empty-output",
            f"padding {format_shape(args['padding'])} leaves nothing: the output would be "
            f"{' x '.join(map(str, sizes))}",
            argument="padding",
        )
    return (args["out"], *sizes)


def upconv_weights(x: Value, args: Args) -> tuple[Weight, ...]:
    weight = Weight("weight", (x.channels, args["out"] // args["groups"], *args["kernel_size"]))
    return (weight, Weight("bias", (args["out"],))) if args["bias"] else (weight,)


def upconv_macs(x: Value, args: Args, output: Shape) -> int:
    taps: int = args["out"] // args["groups"] * prod(args["kernel_size"])
    return prod(x.shape) * taps


def upconv_module(x: Value, args: Args, output: Shape) -> Module:
    return Module(
        f"nn.ConvTranspose{x.rank}d",
        (("in_channels", x.channels), ("out_channels", args["out"])),
        keywords(
            UPCONV_ARGUMENTS,
            args,
            "kernel_size",
            "stride",
            "padding",
            "output_padding",
            "groups",
            "bias",
            "dilation",
            "padding_mode",
        ),
    )


def upconv_steps(x: Value, args: Args) -> tuple[Step, ...]:
    return tuple(
        Step(k, s, p, d, transposed=True)
        for k, s, p, d in zip(
            args["kernel_size"], args["stride"], args["padding"], args["dilation"], strict=True
        )
    )


def upconv_explain(x: Value, args: Args, output: Shape) -> str:
    terms = [
        f"({n} - 1)*{s} - 2*{p} + {d}*({k} - 1) + {op} + 1 = {result}"
        for n, k, s, p, d, op, result in zip(
            x.spatial,
            args["kernel_size"],
            args["stride"],
            args["padding"],
            args["dilation"],
            args["output_padding"],
            output[1:],
            strict=True,
        )
    ]
    return ", ".join(dict.fromkeys(terms))


UPCONV = Layer(
    name="upconv",
    aliases=("convtranspose",),
    family="convolution",
    summary="transposed convolution: makes maps larger",
    pytorch="nn.ConvTranspose{rank}d",
    formula="(n - 1)s - 2p + d(k - 1) + op + 1 an axis",
    arguments=UPCONV_ARGUMENTS,
    ranks=SPATIAL,
    layout="channels_first",
    shape=upconv_shape,
    weights=upconv_weights,
    macs=upconv_macs,
    module=upconv_module,
    receptive=upconv_steps,
    stricter="a dilation of 0 is refused",
    explain=upconv_explain,
    examples=(
        Example("upconv 64 k2 s2", "128x8x8", "64x16x16"),
        Example("upconv 8 k3 s2 p1 op1 nobias", "16x7x7", "8x14x14"),
        Example("upconv 8 k3 d2 g4 padding_mode=zeros", "16x7", "8x11"),
    ),
    rejects=(
        Reject("upconv 8 k3 s2 op2", "16x7x7", "output-padding-too-large", "output_padding"),
        Reject("upconv 8 k3 g3", "16x7x7", "groups-mismatch", "groups"),
        Reject("upconv 8 k1 p1", "16x2x2", "empty-output", "padding"),
        Reject("upconv 8 k3 padding_mode=reflect", "16x2x2", "invalid-argument", "padding_mode"),
        Reject('upconv 8 k3 p="same"', "16x2x2", "invalid-argument", "padding"),
    ),
)

LAYERS = (CONV, DWCONV, UPCONV)
