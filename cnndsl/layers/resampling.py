"""Layers that make maps larger or smaller, and move numbers between channels and positions."""

from __future__ import annotations

from cnndsl.dims import Shape, Value
from cnndsl.layers.axes import scaled
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
from cnndsl.layers.kinds import Factors, OrNone, PerAxis, Truth, Whole, Word, describe_value
from cnndsl.layers.windows import keywords

__all__ = ["LAYERS"]

FAMILY = "resampling"

SPATIAL = frozenset({1, 2, 3})
IMAGE = frozenset({2})

# upsample

UPSAMPLE_RANKS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
RANK_MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}

UPSAMPLE_ARGUMENTS = (
    Argument(
        "scale_factor",
        OrNone(Factors()),
        "how many times larger",
        default=None,
        aliases=("factor",),
    ),
    Argument(
        "size", OrNone(PerAxis(1)), "the new sizes, instead of a factor", default=None, positional=False
    ),
    Argument(
        "mode",
        Word(("nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact")),
        "how values between are made",
        default="nearest",
        positional=False,
    ),
    Argument(
        "align_corners",
        OrNone(Truth()),
        "whether the corners keep their values, for linear and cubic modes",
        default=None,
        positional=False,
    ),
    Argument(
        "recompute_scale_factor",
        OrNone(Truth()),
        "whether the factor is computed again from the rounded sizes",
        default=None,
        positional=False,
    ),
)


def check_upsample(x: Value, args: Args) -> None:
    """What PyTorch refuses: both or neither of factor and size, and modes that do not fit."""
    mode = args["mode"]
    if args["scale_factor"] is None and args["size"] is None:
        raise LayerError(
            "missing-argument",
            "upsample needs a factor or a size",
            argument="scale_factor",
            help=("`upsample 2` doubles, `upsample size=32` gives that size",),
        )
    if args["scale_factor"] is not None and args["size"] is not None:
        raise LayerError("invalid-argument", "upsample takes a factor or a size, not both", argument="size")
    if args["size"] is not None and args["recompute_scale_factor"]:
        raise LayerError(
            "invalid-argument",
            "there is no factor to compute again, size is given",
            argument="recompute_scale_factor",
        )
    if mode in UPSAMPLE_RANKS and UPSAMPLE_RANKS[mode] != x.rank:
        raise LayerError(
            "invalid-argument",
            f"mode={mode} is for {UPSAMPLE_RANKS[mode]} axes behind the channels, but {x} has {x.rank}",
            argument="mode",
            help=(f"`mode={RANK_MODES[x.rank]}` fits",),
        )
    if mode not in UPSAMPLE_RANKS and args["align_corners"] is not None:
        raise LayerError(
            "invalid-argument",
            f"align_corners is for the linear and cubic modes, not for mode={mode}",
            argument="align_corners",
        )


def upsample_shape(x: Value, args: Args) -> Shape:
    check_upsample(x, args)
    if args["size"] is not None:
        return (x.channels, *args["size"])
    sizes = []
    for n, factor in zip(x.spatial, args["scale_factor"], strict=True):
        size = scaled(n, factor)
        if size < 1:
            raise LayerError(
                "empty-output",
                f"{n} * {describe_value(factor)} is less than 1: nothing would be left",
                argument="scale_factor",
            )
        sizes.append(size)
    return (x.channels, *sizes)


def upsample_module(x: Value, args: Args, output: Shape) -> Module:
    return Module(
        "nn.Upsample",
        (),
        keywords(
            UPSAMPLE_ARGUMENTS,
            args,
            "size",
            "scale_factor",
            "mode",
            "align_corners",
            "recompute_scale_factor",
        ),
    )


def upsample_steps(x: Value, args: Args) -> tuple[Step, ...]:
    """An enlarged axis sees as through a transposed window, a shrunk one skips.

    Repeating is a window of the factor r; interpolating sees a source's position from less than r away, the
    cubic modes from less than 2r.
    """
    width = {"linear": 1, "bilinear": 1, "trilinear": 1, "bicubic": 2}.get(args["mode"], 0)
    result = []
    for n, after in zip(x.spatial, upsample_shape(x, args)[1:], strict=True):
        grows = after >= n
        ratio = after // n if grows else n // after
        if grows and width and ratio > 1:
            kernel = 2 * width * ratio - ratio % 2
            result.append(Step(kernel, ratio, (kernel - ratio) // 2, transposed=True))
        else:
            result.append(Step(ratio, ratio, transposed=True) if grows else Step(1, ratio))
    return tuple(result)


def upsample_explain(x: Value, args: Args, output: Shape) -> str:
    if args["size"] is not None:
        return "size = " + ", ".join(map(str, dict.fromkeys(output[1:])))
    terms = []
    for n, factor, size in zip(x.spatial, args["scale_factor"], output[1:], strict=True):
        product = f"{n}*{describe_value(factor)}"
        terms.append(f"{product if isinstance(factor, int) else f'floor({product})'} = {size}")
    return ", ".join(dict.fromkeys(terms))


UPSAMPLE = Layer(
    name="upsample",
    family=FAMILY,
    summary="makes maps larger by repeating or interpolating",
    pytorch="nn.Upsample",
    formula="floor(n * factor) an axis, or the size that is asked for",
    arguments=UPSAMPLE_ARGUMENTS,
    ranks=SPATIAL,
    shape=upsample_shape,
    module=upsample_module,
    receptive=upsample_steps,
    keeps=lambda x, args, output: Keeps(input=args["mode"] == "area"),
    explain=upsample_explain,
    stricter="a size of 0 is refused",
    examples=(
        Example("upsample 2", "64x8x8", "64x16x16"),
        Example("upsample 2 mode=bilinear align_corners=true", "64x8x8", "64x16x16"),
        Example("upsample size=(7, 9)", "64x14x14", "64x7x9"),
        Example("upsample (1.5, 2) recompute_scale_factor=true", "4x5x5", "4x7x10"),
        Example("upsample 2 mode=linear", "16x50", "16x100"),
    ),
    rejects=(
        Reject("upsample", "64x8x8", "missing-argument", "scale_factor"),
        Reject("upsample 2 size=16", "64x8x8", "invalid-argument", "size"),
        Reject("upsample 2 mode=bilinear", "64x50", "invalid-argument", "mode"),
        Reject("upsample 2 align_corners=true", "64x8x8", "invalid-argument", "align_corners"),
        Reject(
            "upsample size=16 recompute_scale_factor=true",
            "64x8x8",
            "invalid-argument",
            "recompute_scale_factor",
        ),
        Reject("upsample 0.1", "64x8x8", "empty-output", "scale_factor"),
        Reject("upsample 0", "64x8x8", "invalid-argument", "scale_factor"),
    ),
)

# shuffles

OTHERS = "sequences and volumes are refused, whose batch or depth PyTorch would take for channels"


def pixelshuffle_shape(x: Value, args: Args) -> Shape:
    r = args["upscale_factor"]
    channels = x.channels // (r * r)
    if channels * r * r != x.channels:
        enough = (channels + 1) * r * r
        raise LayerError(
            "not-divisible",
            f"pixelshuffle {r} needs channels that divide by {r}*{r} = {r * r}, but {x.channels} arrive",
            argument="upscale_factor",
            label=f"{x.channels} % {r * r} = {x.channels - channels * r * r}",
            help=(f"`conv {enough} k1` before it gives {enough // (r * r)} channels after it",),
        )
    return (channels, *(n * r for n in x.spatial))


PIXELSHUFFLE = Layer(
    name="pixelshuffle",
    family=FAMILY,
    summary="makes an image larger from its channels",
    pytorch="nn.PixelShuffle",
    formula="C / r^2 channels, n * r an axis",
    arguments=(Argument("upscale_factor", Whole(1), "how many times larger", aliases=("r",)),),
    ranks=IMAGE,
    shape=pixelshuffle_shape,
    module=lambda x, args, output: Module("nn.PixelShuffle", (("upscale_factor", args["upscale_factor"]),)),
    receptive=lambda x, args: (Step(args["upscale_factor"], args["upscale_factor"], transposed=True),) * 2,
    keeps=NOTHING,
    explain=lambda x, args, output: (
        f"{x.channels}/({args['upscale_factor']}*{args['upscale_factor']}) = {output[0]}"
    ),
    stricter=OTHERS,
    examples=(
        Example("pixelshuffle 2", "16x8x8", "4x16x16"),
        Example("pixelshuffle r=3", "9x5x7", "1x15x21"),
    ),
    rejects=(
        Reject("pixelshuffle 2", "10x8x8", "not-divisible", "upscale_factor"),
        Reject("pixelshuffle 0", "16x8x8", "invalid-argument", "upscale_factor"),
        Reject("pixelshuffle 2", "16x50", "wrong-rank"),
    ),
)


def pixelunshuffle_shape(x: Value, args: Args) -> Shape:
    r = args["downscale_factor"]
    sizes = tuple(n // r for n in x.spatial)
    if any(size * r != n for size, n in zip(sizes, x.spatial, strict=True)):
        raise LayerError(
            "not-divisible",
            f"pixelunshuffle {r} needs height and width that divide by {r}, but {x} arrives",
            argument="downscale_factor",
        )
    return (x.channels * r * r, *sizes)


PIXELUNSHUFFLE = Layer(
    name="pixelunshuffle",
    family=FAMILY,
    summary="makes an image smaller by moving pixels into channels",
    pytorch="nn.PixelUnshuffle",
    formula="C * r^2 channels, n / r an axis",
    arguments=(Argument("downscale_factor", Whole(1), "how many times smaller", aliases=("r",)),),
    ranks=IMAGE,
    shape=pixelunshuffle_shape,
    module=lambda x, args, output: Module(
        "nn.PixelUnshuffle", (("downscale_factor", args["downscale_factor"]),)
    ),
    receptive=lambda x, args: (Step(args["downscale_factor"], args["downscale_factor"]),) * 2,
    keeps=NOTHING,
    explain=lambda x, args, output: ", ".join(
        dict.fromkeys(
            f"{n}/{args['downscale_factor']} = {size}" for n, size in zip(x.spatial, output[1:], strict=True)
        )
    ),
    stricter=OTHERS,
    examples=(
        Example("pixelunshuffle 2", "3x8x8", "12x4x4"),
        Example("pixelunshuffle r=4", "1x8x12", "16x2x3"),
    ),
    rejects=(
        Reject("pixelunshuffle 2", "3x7x8", "not-divisible", "downscale_factor"),
        Reject("pixelunshuffle", "3x8x8", "missing-argument", "downscale_factor"),
    ),
)


def channelshuffle_shape(x: Value, args: Args) -> Shape:
    groups = args["groups"]
    rest = x.channels - x.channels // groups * groups
    if rest:
        raise LayerError(
            "groups-mismatch",
            f"{groups} groups do not divide the {x.channels} arriving channels",
            argument="groups",
            label=f"{x.channels} % {groups} = {rest}",
        )
    return x.shape


CHANNELSHUFFLE = Layer(
    name="channelshuffle",
    family=FAMILY,
    summary="mixes the channels of groups, as in ShuffleNet",
    pytorch="nn.ChannelShuffle",
    formula="the shape stays; the groups divide the channels",
    arguments=(Argument("groups", Whole(1), "groups of channels", flag="g"),),
    ranks=SPATIAL,
    shape=channelshuffle_shape,
    module=lambda x, args, output: Module("nn.ChannelShuffle", (("groups", args["groups"]),)),
    keeps=NOTHING,
    stricter="values with more than three axes behind the channels are refused",
    examples=(
        Example("channelshuffle 2", "24x8x8", "24x8x8"),
        Example("channelshuffle g3", "24x50", "24x50"),
    ),
    rejects=(
        Reject("channelshuffle 5", "24x8x8", "groups-mismatch", "groups"),
        Reject("channelshuffle 2", "24", "wrong-rank"),
    ),
)

LAYERS = (UPSAMPLE, PIXELSHUFFLE, PIXELUNSHUFFLE, CHANNELSHUFFLE)
