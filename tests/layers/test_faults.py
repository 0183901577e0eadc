"""Faults planted in shape rules, weights, constructors and counts: the net catches each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from cnndsl.dims import Shape, Value
from cnndsl.layers import find
from cnndsl.layers.declaration import Args, Layer, LayerError, Module, Weight
from tests.layers.oracle import run_case

SEED = 2024
CASES = 500

Change = Callable[[Layer], Layer]


def layer(name: str) -> Layer:
    found = find(name)
    assert found is not None
    return found.layer


def rule_with(argument: str, value: Callable[[Value], Any]) -> Change:
    """A shape rule that works with another value than the one that is given."""

    def change(one: Layer) -> Layer:
        return replace(one, shape=lambda x, args: one.shape(x, {**args, argument: value(x)}))

    return change


def weights_with(argument: str, value: Any) -> Change:
    return lambda one: replace(one, weights=lambda x, args: one.weights(x, {**args, argument: value}))


def macs_with(argument: str, value: Any) -> Change:
    return lambda one: replace(
        one, macs=lambda x, args, output: one.macs(x, {**args, argument: value}, output)
    )


def without_keyword(keyword: str) -> Change:
    """A constructor that forgets to hand an argument on."""

    def change(one: Layer) -> Layer:
        def module(x: Value, args: Args, output: Shape) -> Module:
            made = one.module(x, args, output)
            return replace(made, keywords=tuple(pair for pair in made.keywords if pair[0] != keyword))

        return replace(one, module=module)

    return change


def with_plain_ceil(one: Layer) -> Layer:
    """Rounds up, but forgets that no window may start behind the axis."""

    def shape(x: Value, args: Args) -> Shape:
        result = one.shape(x, args)
        if not args["ceil_mode"]:
            return result
        windows = zip(x.spatial, args["kernel_size"], args["stride"], args["padding"], strict=True)
        return (x.channels, *((n + 2 * p - k + s - 1) // s + 1 for n, k, s, p in windows))

    return replace(one, shape=shape)


def with_stride_of_convolutions(one: Layer) -> Layer:
    """A pool whose stride is said to be 1 where none is given, and so is not handed on where it is 1."""
    arguments = tuple(
        replace(argument, default=1) if argument.name == "stride" else argument for argument in one.arguments
    )

    def module(x: Value, args: Args, output: Shape) -> Module:
        left_out = args["stride"] == (1,) * x.rank
        return (without_keyword("stride")(one) if left_out else one).module(x, args, output)

    return replace(one, arguments=arguments, module=module)


def without_buffers(count: int) -> Change:
    """Keeps so many of batch norm's three statistics."""

    def weights(one: Layer, x: Value, args: Args) -> tuple[Weight, ...]:
        found = one.weights(x, args)
        trained = tuple(weight for weight in found if weight.trainable)
        return trained + tuple(weight for weight in found if not weight.trainable)[:count]

    return lambda one: replace(one, weights=lambda x, args: weights(one, x, args))


def accepting_all(one: Layer) -> Layer:
    def shape(x: Value, args: Args) -> Shape:
        try:
            return one.shape(x, args)
        except LayerError:
            return x.shape

    return replace(one, shape=shape)


def refusing_some(one: Layer) -> Layer:
    def shape(x: Value, args: Args) -> Shape:
        if x.channels == 3:
            raise LayerError("invalid-argument", "three channels are refused")
        return one.shape(x, args)

    return replace(one, shape=shape)


def taking_no_rank(rank: int) -> Change:
    return lambda one: replace(one, ranks=frozenset(one.ranks or range(5)) - {rank})


def with_shape(shape: Callable[[Value, Args, Shape], Shape]) -> Change:
    """The shape that the rule gives, bent."""
    return lambda one: replace(one, shape=lambda x, args: shape(x, args, one.shape(x, args)))


FAULTS: dict[str, tuple[str, Change]] = {
    "a convolution's shape forgets the dilation": ("conv", rule_with("dilation", lambda x: (1,) * x.rank)),
    "a pool's shape forgets the dilation": ("maxpool", rule_with("dilation", lambda x: (1,) * x.rank)),
    "a pool's shape forgets `ceil`": ("avgpool", rule_with("ceil_mode", lambda x: False)),
    "`ceil` without the rule for the last window": ("maxpool", with_plain_ceil),
    "a pool's stride is 1 where none is given": ("avgpool", with_stride_of_convolutions),
    "a constructor forgets a pool's stride": ("lppool", without_keyword("stride")),
    "a constructor forgets the output padding": ("upconv", without_keyword("output_padding")),
    "a shape forgets the output padding": ("upconv", rule_with("output_padding", lambda x: (0,) * x.rank)),
    "a constructor forgets `nobias`": ("conv", without_keyword("bias")),
    "a constructor forgets `noaffine`": ("groupnorm", without_keyword("affine")),
    "weights forget the groups": ("conv", weights_with("groups", 1)),
    "multiply-adds forget the groups": ("conv", macs_with("groups", 1)),
    "multiply-adds count the biases": (
        "linear",
        lambda one: replace(one, macs=lambda x, args, output: one.macs(x, args, output) + output[-1]),
    ),
    "multiply-adds of attention forget the added key": ("attention", macs_with("add_bias_kv", False)),
    "one of batch norm's buffers is missing": ("bn", without_buffers(2)),
    "a bias where there is none": ("linear", weights_with("bias", True)),
    "attention's weights without its output projection": (
        "attention",
        lambda one: replace(one, weights=lambda x, args: one.weights(x, args)[:-2]),
    ),
    "unfold counts a window too few": (
        "unfold",
        with_shape(lambda x, args, output: (output[0], max(1, output[1] - 1))),
    ),
    "fold does not divide the channels": (
        "fold",
        with_shape(lambda x, args, output: (x.channels, *output[1:])),
    ),
    "fold takes any number of windows": ("fold", accepting_all),
    "an adaptive pool makes 1 of `none`": (
        "adaptiveavgpool",
        rule_with("output_size", lambda x: (1,) * x.rank),
    ),
    "an odd axis is halved": ("glu", accepting_all),
    "padding larger than the axis is reflected": ("pad", accepting_all),
    "something good is refused": ("relu", refusing_some),
    "vectors are refused": ("bn", taking_no_rank(0)),
    "images are refused": ("pixelshuffle", taking_no_rank(2)),
    "a weight too many": ("flatten", lambda one: replace(one, weights=lambda x, args: (Weight("w", (1,)),))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str) -> None:
    torch.set_num_threads(1)
    name, change = FAULTS[fault]
    planted = change(layer(name))
    words = (run_case(planted, f"{SEED}.{case}")[2].word for case in range(CASES))
    assert "disagreement" in words, f"nothing noticed: {fault}"
