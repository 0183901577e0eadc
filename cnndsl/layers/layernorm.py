"""Normalisations of each position alone: over the last axes, or over the channels."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from cnndsl.dims import Shape, Value, format_shape
from cnndsl.layers.declaration import Args, Argument, Example, Keeps, Layer, LayerError, Module, Reject
from cnndsl.layers.kinds import OrNone, Real, Truth, Whole
from cnndsl.layers.normalisation import AFFINE, BIAS, EPS, SPATIAL, affine_weights, same_shape
from cnndsl.layers.windows import keywords

__all__ = ["LAYERS"]

ELEMENTWISE_AFFINE = Argument(
    "elementwise_affine",
    Truth(),
    AFFINE.doc,
    default=True,
    aliases=("affine",),
    switch=("noaffine", False),
)
LAYERNORM_BIAS = Argument("bias", Truth(), BIAS.doc, default=True, switch=("nobias", False))
AXES = Argument(
    "axes", Whole(1), "how many of the last axes are normalised over", default=1, positional=False
)
LAYERNORM_ARGUMENTS = (
    EPS,
    ELEMENTWISE_AFFINE,
    LAYERNORM_BIAS,
    AXES,
)


def last_axes(x: Value, args: Args) -> Shape:
    """The sizes that are normalised over."""
    return x.shape[-args["axes"] :]


def rows(x: Value, args: Args) -> int:
    """How many times a sample is normalised: the sizes in front of those that are normalised over."""
    return prod(x.shape[: -args["axes"]])


def layernorm_keeps(x: Value, args: Args, output: Shape) -> Keeps:
    """The value, and mean and deviation of every row."""
    return Keeps(input=True, numbers=2 * rows(x, args), running=2 * rows(x, args))


def rmsnorm_keeps(x: Value, args: Args, output: Shape) -> Keeps:
    """The value and a factor a row; where a scale is learned, also what it multiplies."""
    numbers = rows(x, args) + (prod(x.shape) if args["elementwise_affine"] else 0)
    return Keeps(input=True, numbers=numbers, running=numbers)


def last_axes_shape(x: Value, args: Args) -> Shape:
    if args["axes"] > len(x.shape):
        raise LayerError(
            "invalid-argument",
            f"expected at most {len(x.shape)} axes for {format_shape(x.shape)}, got {args['axes']}",
            argument="axes",
        )
    return x.shape


def last_axes_module(name: str, arguments: tuple[Argument, ...]) -> Callable[[Value, Args, Shape], Module]:
    """The constructor of a norm over the last axes."""
    names = [argument.name for argument in arguments if argument is not AXES]

    def module(x: Value, args: Args, output: Shape) -> Module:
        sizes = last_axes(x, args)
        normalized: Any = sizes[0] if len(sizes) == 1 else sizes
        return Module(f"nn.{name}", (("normalized_shape", normalized),), keywords(arguments, args, *names))

    return module


LAYERNORM = Layer(
    name="layernorm",
    family="normalisation",
    summary="normalises over the last axis, or the last few",
    pytorch="nn.LayerNorm",
    formula="the shape stays",
    arguments=LAYERNORM_ARGUMENTS,
    shape=last_axes_shape,
    weights=lambda x, args: affine_weights(last_axes(x, args), args["elementwise_affine"], args["bias"]),
    module=last_axes_module("LayerNorm", LAYERNORM_ARGUMENTS),
    keeps=layernorm_keeps,
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
    keeps=lambda x, args, output: Keeps(input=True, numbers=2 * prod(x.spatial), running=2 * prod(x.spatial)),
    stricter="vectors, which `layernorm` is for, are refused, and more than three axes behind the channels",
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

RMSNORM_ARGUMENTS = (
    Argument("eps", OrNone(Real()), "added to the mean square, `none` for PyTorch's smallest", default=None),
    ELEMENTWISE_AFFINE,
    AXES,
)

RMSNORM = Layer(
    name="rmsnorm",
    family="normalisation",
    summary="scales the last axis, or the last few, to a root mean square of 1",
    pytorch="nn.RMSNorm",
    formula="the shape stays",
    arguments=RMSNORM_ARGUMENTS,
    shape=last_axes_shape,
    weights=lambda x, args: affine_weights(last_axes(x, args), args["elementwise_affine"], bias=False),
    module=last_axes_module("RMSNorm", RMSNORM_ARGUMENTS),
    keeps=rmsnorm_keeps,
    examples=(
        Example("rmsnorm", "49x96", "49x96"),
        Example("rmsnorm 1e-6 noaffine", "768", "768"),
        Example("rmsnorm axes=3", "16x8x8", "16x8x8"),
    ),
    rejects=(
        Reject("rmsnorm axes=3", "49x96", "invalid-argument", "axes"),
        Reject("rmsnorm nobias", "49x96", "unknown-argument"),
        Reject("rmsnorm eps=true", "49x96", "invalid-argument", "eps"),
    ),
)

LAYERS = (LAYERNORM, LAYERNORM2D, RMSNORM)
