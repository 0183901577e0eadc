"""Pools: the maximum, the mean or a power mean of every window."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnndsl.dims import LARGEST, Shape, Value, format_shape
from cnndsl.layers.declaration import (
    Args,
    Argument,
    Example,
    Keeps,
    Layer,
    LayerError,
    Module,
    Reject,
    SameAs,
)
from cnndsl.layers.kinds import OrNone, PerAxis, Real, Truth, Whole
from cnndsl.layers.windows import explain_window, keywords, repeat, short, steps, window_sizes

__all__ = ["LAYERS"]

SPATIAL = frozenset({1, 2, 3})

KERNEL = Argument("kernel_size", PerAxis(1), "size of the window", flag="k")
STRIDE = Argument("stride", PerAxis(1), "step of the window", default=SameAs("kernel_size"), flag="s")
PADDING = Argument(
    "padding", PerAxis(0), "rows put on both sides, at most half the window", default=0, flag="p"
)
DILATION = Argument("dilation", PerAxis(1), "distance between the taps of the window", default=1, flag="d")
CEIL_DOC = "whether a last window may hang over the end"
CEIL = Argument("ceil_mode", Truth(), CEIL_DOC, default=False, switch=("ceil", True))

# PyTorch's signature has `return_indices` before ceil_mode, which we do not have: a keyword only.
MAXPOOL_ARGUMENTS = (
    KERNEL,
    STRIDE,
    PADDING,
    DILATION,
    Argument("ceil_mode", Truth(), CEIL_DOC, default=False, switch=("ceil", True), positional=False),
)
AVGPOOL_ARGUMENTS = (
    KERNEL,
    STRIDE,
    PADDING,
    CEIL,
    Argument("count_include_pad", Truth(), "whether the padding counts in the mean", default=True),
    Argument(
        "divisor_override",
        OrNone(Whole(-LARGEST)),
        "what the sum is divided by, instead of the window's size",
        default=None,
    ),
)


def pool_shape(x: Value, args: Args) -> Shape:
    kernel: Shape = args["kernel_size"]
    padding: Shape = args["padding"]
    if any(p > k // 2 for p, k in zip(padding, kernel, strict=True)):
        most = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
        raise LayerError(
            "padding-too-large",
            f"padding {format_shape(padding)} is more than half of the window {format_shape(kernel)}",
            argument="padding",
            label=f"at most {format_shape(tuple(k // 2 for k in kernel))}",
            help=(f"`p{short(most)}` is accepted, or put a `pad` before the pool",),
        )
    return (x.channels, *window_sizes(x.spatial, args))


def avgpool_shape(x: Value, args: Args) -> Shape:
    divisor = args["divisor_override"]
    if divisor is not None and x.rank == 1:
        raise LayerError(
            "invalid-argument",
            f"divisor_override is for images and volumes, but a sequence {x} arrives",
            argument="divisor_override",
        )
    if divisor == 0:
        raise LayerError("invalid-argument", "the divisor must not be 0", argument="divisor_override")
    check_volume(x, args)
    return pool_shape(x, args)


def check_volume(x: Value, args: Args) -> None:
    """PyTorch's mean over volumes wants windows that fit, although padding or `ceil` would make up for it."""
    if x.rank == 3 and any(n < k for n, k in zip(x.spatial, args["kernel_size"], strict=True)):
        raise LayerError(
            "kernel-too-large",
            f"window {format_shape(args['kernel_size'])} does not fit into {format_shape(x.spatial)}: "
            "a mean over volumes needs it to fit without padding",
            argument="kernel_size",
            label=f"at most {format_shape(x.spatial)}",
            help=("put a `pad` before the pool",),
        )


def pool_module(name: str, arguments: tuple[Argument, ...]) -> Callable[[Value, Args, Shape], Module]:
    """The constructor of a pool: the window, then what is away from its default."""
    names = [argument.name for argument in arguments[1:]]

    def module(x: Value, args: Args, output: Shape) -> Module:
        return Module(
            f"nn.{name}Pool{x.rank}d",
            (("kernel_size", repeat(args["kernel_size"])),),
            keywords(arguments, args, *names),
        )

    return module


MAXPOOL = Layer(
    name="maxpool",
    family="pooling",
    summary="the largest value of each window",
    pytorch="nn.MaxPool{rank}d",
    formula="floor((n + 2p - d(k - 1) - 1) / s) + 1 an axis; with `ceil` rounded up, but no window "
    "starts behind the axis",
    arguments=MAXPOOL_ARGUMENTS,
    ranks=SPATIAL,
    layout="channels_first",
    shape=pool_shape,
    module=pool_module("Max", MAXPOOL_ARGUMENTS),
    keeps=lambda x, args, output: Keeps(input=True, positions=prod(output), running=2 * prod(output)),
    receptive=steps,
    explain=explain_window,
    examples=(
        Example("maxpool 2", "16x28x28", "16x14x14"),
        Example("maxpool 3 2 1", "64x112x112", "64x56x56"),
        Example("maxpool k3 s2 ceil", "64x112x112", "64x56x56"),
        Example("maxpool k2 s1 d3", "8x10", "8x7"),
        Example("maxpool k1x2x2", "4x8x16x16", "4x8x8x8"),
    ),
    rejects=(
        Reject("maxpool 2", "64x1x1", "kernel-too-large", "kernel_size"),
        Reject("maxpool k3 p2", "64x8x8", "padding-too-large", "padding"),
        Reject("maxpool k3 d4", "8x8", "kernel-too-large", "kernel_size"),
        Reject("maxpool k2 s0", "8x8", "invalid-argument", "stride"),
        Reject("maxpool k2x2", "8x8", "invalid-argument", "kernel_size"),
        Reject("maxpool", "8x8", "missing-argument", "kernel_size"),
        Reject("maxpool 2", "784", "wrong-rank"),
    ),
)

AVGPOOL = Layer(
    name="avgpool",
    family="pooling",
    summary="the mean of each window",
    pytorch="nn.AvgPool{rank}d",
    formula="floor((n + 2p - k) / s) + 1 an axis; with `ceil` rounded up, but no window starts behind "
    "the axis; over volumes k <= n, whatever the padding",
    arguments=AVGPOOL_ARGUMENTS,
    ranks=SPATIAL,
    layout="channels_first",
    shape=avgpool_shape,
    module=pool_module("Avg", AVGPOOL_ARGUMENTS),
    receptive=steps,
    explain=explain_window,
    examples=(
        Example("avgpool 2", "16x28x28", "16x14x14"),
        Example("avgpool k3 s1 p1 count_include_pad=false", "16x7", "16x7"),
        Example("avgpool k3 s2 ceil divisor_override=9", "16x8x8", "16x4x4"),
        Example("avgpool 2", "4x8x8x8", "4x4x4x4"),
    ),
    rejects=(
        Reject("avgpool 8", "64x7x7", "kernel-too-large", "kernel_size"),
        Reject("avgpool k3 p2", "64x8x8", "padding-too-large", "padding"),
        Reject("avgpool k2 divisor_override=4", "8x8", "invalid-argument", "divisor_override"),
        Reject("avgpool k2 divisor_override=0", "8x8x8", "invalid-argument", "divisor_override"),
        Reject("avgpool k2 d2", "8x8", "unknown-argument"),
    ),
)

LPPOOL_ARGUMENTS = (
    Argument("norm_type", Real(), "the power: 1 adds up, large ones come near the maximum"),
    KERNEL,
    STRIDE,
    CEIL,
)


def lppool_shape(x: Value, args: Args) -> Shape:
    if args["norm_type"] == 0:
        raise LayerError(
            "invalid-argument", "the power must not be 0, its root is taken", argument="norm_type"
        )
    check_volume(x, args)
    return (x.channels, *window_sizes(x.spatial, args))


def lppool_keeps(x: Value, args: Args, output: Shape) -> Keeps:
    """The powers of the values; of the means sign, size and what they are multiplied to."""
    return Keeps(
        input=True, numbers=prod(x.shape) + 4 * prod(output), running=max(prod(x.shape), 3 * prod(output))
    )


LPPOOL = Layer(
    name="lppool",
    family="pooling",
    summary="the power mean of each window, times its size",
    pytorch="nn.LPPool{rank}d",
    formula="floor((n - k) / s) + 1 an axis; with `ceil` rounded up, but no window starts behind the axis; "
    "over volumes k <= n",
    arguments=LPPOOL_ARGUMENTS,
    ranks=SPATIAL,
    layout="channels_first",
    shape=lppool_shape,
    module=lambda x, args, output: Module(
        f"nn.LPPool{x.rank}d",
        (("norm_type", args["norm_type"]), ("kernel_size", repeat(args["kernel_size"]))),
        keywords(LPPOOL_ARGUMENTS, args, "stride", "ceil_mode"),
    ),
    receptive=steps,
    keeps=lppool_keeps,
    explain=explain_window,
    examples=(
        Example("lppool 2 3", "16x28x28", "16x9x9"),
        Example("lppool 1.5 k3 s2 ceil", "16x8x8", "16x4x4"),
        Example("lppool 2 k2", "16x50", "16x25"),
        Example("lppool norm_type=4 k1x2x2", "4x8x8x8", "4x8x4x4"),
    ),
    rejects=(
        Reject("lppool 2 9", "16x8x8", "kernel-too-large", "kernel_size"),
        Reject("lppool 0 2", "16x8x8", "invalid-argument", "norm_type"),
        Reject("lppool 2", "16x8x8", "missing-argument", "kernel_size"),
        Reject("lppool 2 k3 p1", "16x8x8", "unknown-argument"),
        Reject("lppool 2 2", "784", "wrong-rank"),
    ),
)

LAYERS = (MAXPOOL, AVGPOOL, LPPOOL)
