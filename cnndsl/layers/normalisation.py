"""Normalisations over the batch, each instance, groups of channels and neighbouring channels."""

from __future__ import annotations

from math import prod

from cnndsl.dims import Shape, Value
from cnndsl.layers.declaration import (
    Args,
    Argument,
    Example,
    Keeps,
    Layer,
    LayerError,
    Module,
    Reject,
    Weight,
)
from cnndsl.layers.kinds import OrNone, Real, Truth, Whole
from cnndsl.layers.windows import keywords

__all__ = ["LAYERS"]

SPATIAL = frozenset({1, 2, 3})

EPS = Argument("eps", Real(), "added to the variance", default=1e-5)
MOMENTUM = Argument(
    "momentum",
    OrNone(Real()),
    "weight of a new batch in the running statistics, `none` for the plain mean",
    default=0.1,
)
AFFINE = Argument(
    "affine", Truth(), "whether a scale and a shift are learned", default=True, switch=("noaffine", False)
)
# In PyTorch's signatures the bias is a keyword only, but in layer norm's.
BIAS = Argument(
    "bias",
    Truth(),
    "whether a shift is learned with the scale",
    default=True,
    switch=("nobias", False),
    positional=False,
)


def same_shape(x: Value, args: Args) -> Shape:
    return x.shape


def affine_weights(shape: Shape, affine: bool, bias: bool) -> tuple[Weight, ...]:
    """The learned scale and shift."""
    if not affine:
        return ()
    weight = Weight("weight", shape)
    return (weight, Weight("bias", shape)) if bias else (weight,)


def running_weights(x: Value, args: Args) -> tuple[Weight, ...]:
    """Scale and shift, one a channel, and the running statistics."""
    weights = affine_weights((x.channels,), args["affine"], args["bias"])
    if not args["track_running_stats"]:
        return weights
    return (
        *weights,
        Weight("running_mean", (x.channels,), trainable=False),
        Weight("running_var", (x.channels,), trainable=False),
        Weight("num_batches_tracked", (), trainable=False),
    )


BN_ARGUMENTS = (
    Argument("eps", Real(0, open_minimum=True), EPS.doc, default=EPS.default),
    MOMENTUM,
    AFFINE,
    Argument("track_running_stats", Truth(), "whether running statistics are kept", default=True),
    BIAS,
)

BN = Layer(
    name="bn",
    aliases=("batchnorm",),
    family="normalisation",
    summary="batch norm: every channel normalised over the batch",
    pytorch="nn.BatchNorm{rank}d",
    formula="the shape stays",
    arguments=BN_ARGUMENTS,
    ranks=SPATIAL | {0},
    layout="channels_first",
    shape=same_shape,
    weights=running_weights,
    module=lambda x, args, output: Module(
        # A vector of features and a sequence share PyTorch's class.
        f"nn.BatchNorm{max(x.rank, 1)}d",
        (("num_features", x.channels),),
        keywords(BN_ARGUMENTS, args, "eps", "momentum", "affine", "track_running_stats", "bias"),
    ),
    keeps=lambda x, args, output: Keeps(input=True, statistics=2 * x.channels),
    examples=(
        Example("bn", "64x56x56", "64x56x56"),
        Example("bn eps=1e-3 momentum=0.01", "64x50", "64x50"),
        Example("bn noaffine track_running_stats=false", "16x4x8x8", "16x4x8x8"),
        Example("bn momentum=none nobias", "128", "128"),
    ),
    rejects=(
        Reject("bn eps=0", "64x8x8", "invalid-argument", "eps"),
        Reject("bn affine=2", "64x8x8", "invalid-argument", "affine"),
        Reject("bn num_features=64", "64x8x8", "unknown-argument"),
    ),
)

INSTANCENORM_ARGUMENTS = (
    EPS,
    MOMENTUM,
    Argument(
        "affine",
        Truth(),
        AFFINE.doc,
        default=False,
        switch=("affine", True),
    ),
    Argument("track_running_stats", Truth(), "whether running statistics are kept", default=False),
    BIAS,
)


def instancenorm_shape(x: Value, args: Args) -> Shape:
    if all(n == 1 for n in x.spatial):
        raise LayerError(
            "empty-output",
            f"instancenorm needs more than one position a channel, but {x} has one: nothing would be left "
            "of it",
            help=("`layernorm2d` normalises over the channels instead",),
        )
    return x.shape


def instancenorm_keeps(x: Value, args: Args, output: Shape) -> Keeps:
    """Mean and variance of every sample, and for every sample a copy of what the batch has in common."""
    numbers = x.channels * (2 + args["affine"] + 2 * args["track_running_stats"])
    return Keeps(input=True, numbers=numbers, running=numbers)


INSTANCENORM = Layer(
    name="instancenorm",
    family="normalisation",
    summary="every channel of every sample normalised on its own",
    pytorch="nn.InstanceNorm{rank}d",
    formula="the shape stays",
    arguments=INSTANCENORM_ARGUMENTS,
    ranks=SPATIAL,
    layout="channels_first",
    shape=instancenorm_shape,
    weights=running_weights,
    module=lambda x, args, output: Module(
        f"nn.InstanceNorm{x.rank}d",
        (("num_features", x.channels),),
        keywords(INSTANCENORM_ARGUMENTS, args, "eps", "momentum", "affine", "track_running_stats", "bias"),
    ),
    keeps=instancenorm_keeps,
    examples=(
        Example("instancenorm", "64x56x56", "64x56x56"),
        Example("instancenorm affine eps=1e-3", "64x50", "64x50"),
        Example(
            "instancenorm affine=true nobias track_running_stats=true momentum=0.2", "4x2x8x8", "4x2x8x8"
        ),
    ),
    rejects=(
        Reject("instancenorm", "64x1x1", "empty-output"),
        Reject("instancenorm", "64", "wrong-rank"),
        Reject("instancenorm eps=true", "64x8x8", "invalid-argument", "eps"),
    ),
)

GROUPNORM_ARGUMENTS = (
    Argument("num_groups", Whole(1), "groups of channels", aliases=("groups",), flag="g"),
    EPS,
    AFFINE,
    BIAS,
)


# Group counts that the help of `groups-mismatch` offers at most.
MOST_OFFERED = 64


def groupnorm_shape(x: Value, args: Args) -> Shape:
    groups = args["num_groups"]
    if x.channels // groups * groups != x.channels:
        valid = [g for g in range(1, min(x.channels, MOST_OFFERED) + 1) if x.channels // g * g == x.channels]
        raise LayerError(
            "groups-mismatch",
            f"{groups} groups do not divide the {x.channels} arriving channels",
            argument="num_groups",
            label=f"{x.channels} % {groups} = {x.channels % groups}",
            help=(f"groups that divide them: {', '.join(map(str, valid))}",),
        )
    return x.shape


GROUPNORM = Layer(
    name="groupnorm",
    family="normalisation",
    summary="groups of channels of every sample normalised together",
    pytorch="nn.GroupNorm",
    formula="the shape stays; the groups divide the channels",
    arguments=GROUPNORM_ARGUMENTS,
    layout="channels_first",
    shape=groupnorm_shape,
    weights=lambda x, args: affine_weights((x.channels,), args["affine"], args["bias"]),
    module=lambda x, args, output: Module(
        "nn.GroupNorm",
        (("num_groups", args["num_groups"]), ("num_channels", x.channels)),
        keywords(GROUPNORM_ARGUMENTS, args, "eps", "affine", "bias"),
    ),
    keeps=lambda x, args, output: Keeps(
        input=True, numbers=2 * args["num_groups"], running=2 * args["num_groups"]
    ),
    examples=(
        Example("groupnorm 8", "64x56x56", "64x56x56"),
        Example("groupnorm g4 eps=1e-3 nobias", "64x50", "64x50"),
        Example("groupnorm 2 noaffine", "128", "128"),
    ),
    rejects=(
        Reject("groupnorm 3", "64x8x8", "groups-mismatch", "num_groups"),
        Reject("groupnorm 0", "64x8x8", "invalid-argument", "num_groups"),
        Reject("groupnorm", "64x8x8", "missing-argument", "num_groups"),
    ),
)

LRN_ARGUMENTS = (
    Argument("size", Whole(1), "how many neighbouring channels are looked at"),
    Argument("alpha", Real(), "weight of their squares", default=1e-4),
    Argument("beta", Real(), "power of the divisor", default=0.75),
    Argument("k", Real(), "added to the divisor", default=1.0),
)


def lrn_keeps(x: Value, args: Args, output: Shape) -> Keeps:
    """The squares, padded by the neighbours that the first and last channels lack, and the divisor twice."""
    size = prod(x.shape)
    padded = size + (args["size"] - 1) * prod(x.spatial)
    return Keeps(input=True, numbers=padded + 2 * size, running=max(padded, 2 * size))


LRN = Layer(
    name="lrn",
    family="normalisation",
    summary="divides by what the neighbouring channels have at the same place, as in AlexNet",
    pytorch="nn.LocalResponseNorm",
    formula="the shape stays",
    arguments=LRN_ARGUMENTS,
    ranks=SPATIAL,
    layout="channels_first",
    shape=same_shape,
    module=lambda x, args, output: Module(
        "nn.LocalResponseNorm", (("size", args["size"]),), keywords(LRN_ARGUMENTS, args, "alpha", "beta", "k")
    ),
    keeps=lrn_keeps,
    stricter="values with more than three axes behind the channels are refused",
    examples=(
        Example("lrn 5", "96x55x55", "96x55x55"),
        Example("lrn size=5 alpha=1e-3 beta=0.5 k=2", "96x50", "96x50"),
        Example("lrn 3", "4x8x8x8", "4x8x8x8"),
    ),
    rejects=(
        Reject("lrn", "96x55x55", "missing-argument", "size"),
        Reject("lrn 0", "96x55x55", "invalid-argument", "size"),
        Reject("lrn 5 alpha=true", "96x55x55", "invalid-argument", "alpha"),
        Reject("lrn 5", "96", "wrong-rank"),
    ),
)

LAYERS = (BN, INSTANCENORM, GROUPNORM, LRN)
