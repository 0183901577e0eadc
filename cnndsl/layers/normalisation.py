"""Normalisations: over the batch, over channels, over groups of channels, over each instance."""

from __future__ import annotations

from typing import Any

from cnndsl.dims import Shape, Value, format_shape
from cnndsl.layers.declaration import Args, Argument, Example, Layer, LayerError, Module, Reject, Weight
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

ELEMENTWISE_AFFINE = Argument(
    "elementwise_affine",
    Truth(),
    AFFINE.doc,
    default=True,
    aliases=("affine",),
    switch=("noaffine", False),
)
LAYERNORM_BIAS = Argument("bias", Truth(), BIAS.doc, default=True, switch=("nobias", False))
LAYERNORM_ARGUMENTS = (
    EPS,
    ELEMENTWISE_AFFINE,
    LAYERNORM_BIAS,
    Argument("axes", Whole(1), "how many of the last axes are normalised over", default=1, positional=False),
)


def layernorm_shape(x: Value, args: Args) -> Shape:
    if args["axes"] > len(x.shape):
        raise LayerError(
            "invalid-argument",
            f"expected at most {len(x.shape)} axes for {format_shape(x.shape)}, got {args['axes']}",
            argument="axes",
        )
    return x.shape


def layernorm_module(x: Value, args: Args, output: Shape) -> Module:
    sizes = x.shape[-args["axes"] :]
    normalized: Any = sizes[0] if len(sizes) == 1 else sizes
    return Module(
        "nn.LayerNorm",
        (("normalized_shape", normalized),),
        keywords(LAYERNORM_ARGUMENTS, args, "eps", "elementwise_affine", "bias"),
    )


LAYERNORM = Layer(
    name="layernorm",
    family="normalisation",
    summary="normalises over the last axis, or the last few",
    pytorch="nn.LayerNorm",
    formula="the shape stays",
    arguments=LAYERNORM_ARGUMENTS,
    shape=layernorm_shape,
    weights=lambda x, args: affine_weights(
        x.shape[-args["axes"] :], args["elementwise_affine"], args["bias"]
    ),
    module=layernorm_module,
    examples=(
        Example("layernorm", "768", "768"),
        Example("layernorm eps=1e-6 nobias", "49x96", "49x96"),
        Example("layernorm axes=3", "16x8x8", "16x8x8"),
        Example("layernorm noaffine", "16x8x8", "16x8x8"),
    ),
    rejects=(
        Reject("layernorm axes=3", "49x96", "invalid-argument", "axes"),
        Reject("layernorm axes=0", "49x96", "invalid-argument", "axes"),
        Reject("layernorm bias=1", "49x96", "invalid-argument", "bias"),
    ),
)

LAYERNORM2D_ARGUMENTS = (EPS, ELEMENTWISE_AFFINE, LAYERNORM_BIAS)

LAYERNORM2D_HELPER = '''
class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of a channels-first value."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.movedim(1, -1)
        x = nn.functional.layer_norm(
            x, self.normalized_shape, self.weight, self.bias, self.eps
        )
        return x.movedim(-1, 1)
'''.lstrip("\n")

LAYERNORM2D = Layer(
    name="layernorm2d",
    aliases=("LayerNorm2d",),
    family="normalisation",
    summary="layer norm over the channels of a channels-first value, as in ConvNeXt",
    pytorch="LayerNorm(channels), the channels moved to the back and forth again",
    formula="the shape stays",
    arguments=LAYERNORM2D_ARGUMENTS,
    ranks=SPATIAL,
    layout="channels_first",
    shape=same_shape,
    weights=lambda x, args: affine_weights((x.channels,), args["elementwise_affine"], args["bias"]),
    module=lambda x, args, output: Module(
        "LayerNorm2d",
        (("normalized_shape", x.channels),),
        keywords(LAYERNORM2D_ARGUMENTS, args, "eps", "elementwise_affine", "bias"),
        helper=LAYERNORM2D_HELPER,
    ),
    examples=(
        Example("layernorm2d eps=1e-6", "96x56x56", "96x56x56"),
        Example("layernorm2d noaffine", "96x50", "96x50"),
        Example("layernorm2d nobias", "8x4x8x8", "8x4x8x8"),
    ),
    rejects=(
        Reject("layernorm2d", "768", "wrong-rank"),
        Reject("layernorm2d axes=2", "96x8x8", "unknown-argument"),
        Reject("layernorm2d eps=true", "96x8x8", "invalid-argument", "eps"),
    ),
)

LAYERS = (BN, INSTANCENORM, GROUPNORM, LAYERNORM, LAYERNORM2D)
