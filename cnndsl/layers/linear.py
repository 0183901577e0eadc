"""The linear layer, which asks for a flattened value."""

from __future__ import annotations

from math import prod
from typing import Literal

from cnndsl.dims import Shape, Value, describe
from cnndsl.layers.convolution import BIAS
from cnndsl.layers.declaration import Args, Argument, Example, Layer, LayerError, Module, Reject, Step, Weight
from cnndsl.layers.kinds import Truth, Whole
from cnndsl.layers.windows import keywords

__all__ = ["LAYERS"]

LINEAR_ARGUMENTS = (
    Argument("out", Whole(1), "features of the output", aliases=("out_features",)),
    BIAS,
    Argument(
        "last",
        Truth(),
        "work on the last axis, whatever the layout",
        default=False,
        switch=("last", True),
        positional=False,
    ),
)


def linear_shape(x: Value, args: Args) -> Shape:
    if x.channels_first and x.rank > 0 and not args["last"]:
        features = prod(x.shape)
        raise LayerError(
            "needs-flatten",
            f"linear takes features, but {describe(x.shape)} arrives",
            label=f"would work on the last axis ({x.shape[-1]}), not on all {features} numbers",
            help=(
                f"`flatten -> linear {args['out']}` takes all {features} numbers",
                f"`gap -> flatten -> linear {args['out']}` takes the mean of each of the "
                f"{x.channels} channels",
                f"`linear {args['out']} last` if the last axis is meant",
            ),
        )
    return (*x.shape[:-1], args["out"])


def linear_weights(x: Value, args: Args) -> tuple[Weight, ...]:
    weight = Weight("weight", (args["out"], x.shape[-1]))
    return (weight, Weight("bias", (args["out"],))) if args["bias"] else (weight,)


def linear_receptive(x: Value, args: Args) -> tuple[Step, ...] | Literal["whole"] | None:
    """Features come from everywhere; on a plain value the axes in front are positions, each on its own."""
    if x.rank == 0:
        return "whole"
    if not x.channels_first:
        return None
    return (*(Step(1) for _ in x.spatial[1:]), Step(x.shape[-1], x.shape[-1]))


def linear_module(x: Value, args: Args, output: Shape) -> Module:
    return Module(
        "nn.Linear",
        (("in_features", x.shape[-1]), ("out_features", args["out"])),
        keywords(LINEAR_ARGUMENTS, args, "bias"),
    )


LINEAR = Layer(
    name="linear",
    aliases=("dense", "fc"),
    family="convolution",
    summary="fully connected layer on the last axis",
    pytorch="nn.Linear",
    formula="the last axis becomes out",
    arguments=LINEAR_ARGUMENTS,
    shape=linear_shape,
    weights=linear_weights,
    macs=lambda x, args, output: prod(output) * x.shape[-1],
    module=linear_module,
    receptive=linear_receptive,
    stricter="channels-first sequences, images and volumes are refused without `last`",
    examples=(
        Example("linear 10", "784", "10"),
        Example("linear 10 nobias", "784", "10"),
        Example("linear 8 last", "3x32x32", "3x32x8"),
    ),
    rejects=(
        Reject("linear 10", "3x32x32", "needs-flatten"),
        Reject("linear 0", "784", "invalid-argument", "out"),
        Reject("linear 10 k3", "784", "unknown-argument"),
    ),
)

LAYERS = (LINEAR,)
