"""What people write who come from elsewhere: each gets the word that is meant here."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import pytest

import cnndsl
from cnndsl.layers import find, find_join, join_names, layers, names
from cnndsl.layers.habits import ARGUMENTS, NOT_ARGUMENTS, WORDS
from tests.counting import count_calls

# What is exactly the same is understood as it stands.
UNDERSTOOD = {
    "dense": "linear", "fc": "linear", "batchnorm": "bn", "swish": "silu", "convtranspose": "upconv",
    "Conv2d": "conv", "BatchNorm2d": "bn", "MaxPool2d": "maxpool", "Linear": "linear", "SiLU": "silu",
    "Dropout2d": "channeldropout", "ConvTranspose2d": "upconv", "Softmax": "softmax",
}  # fmt: skip

MEANT = {
    "conv2d": "conv", "Conv2D": "conv", "convolution": "conv", "Convolution2D": "conv", "LazyConv2d": "conv",
    "convv": "conv", "depthwise_conv": "dwconv", "DepthwiseConv2D": "dwconv", "deconv": "upconv",
    "Conv2DTranspose": "upconv", "conv_transpose": "upconv", "transposed_conv": "upconv", "Dense": "linear",
    "fully_connected": "linear", "FullyConnected": "linear", "LazyLinear": "linear",
    "maxpool2d": "maxpool", "max_pool": "maxpool", "MaxPooling2D": "maxpool", "maxpol": "maxpool",
    "avgpool2d": "avgpool", "AveragePooling2D": "avgpool", "averagepool": "avgpool", "globalavgpool": "gap",
    "GlobalAveragePooling2D": "gap", "global_avg_pool": "gap", "GlobalMaxPool2D": "gmp",
    "AdaptiveAveragePool": "adaptiveavgpool", "batch_norm": "bn", "BatchNormalization": "bn",
    "batchnorm2d": "bn",
    "LayerNormalization": "layernorm", "layer_norm": "layernorm", "GroupNormalization": "groupnorm",
    "instance_norm": "instancenorm", "ReLu": "relu", "relu_layer": "relu", "lrelu": "leakyrelu",
    "leaky_relu": "leakyrelu", "hswish": "hardswish", "h_sigmoid": "hardsigmoid",
    "dropout2d": "channeldropout",
    "SpatialDropout2D": "channeldropout", "drop": "dropout", "droppout": "dropout", "drop_path": "droppath",
    "view": "reshape", "flat": "flatten", "ZeroPadding2D": "pad", "zero_pad": "pad",
    "UpSampling2D": "upsample",
    "interpolate": "upsample", "resize": "upsample", "pixel_shuffle": "pixelshuffle",
    "depth_to_space": "pixelshuffle",
    "cat": "concat", "Concatenate": "concat", "sum": "add", "Multiply": "mul", "subtract": "sub",
    "maximum": "max", "shortcut": "residual", "skip": "residual", "residaul": "residual", "noop": "identity",
}  # fmt: skip

TOLD = {
    "separableconv": "`dwconv k3 p1 -> conv 64 k1`",
    "SeparableConv2D": "`dwconv k3 p1 -> conv 64 k1`",
    "pointwise_conv": "`conv 64 k1`",
    "dilated_conv": "`conv 64 k3 d2`",
    "ReflectionPad2d": "`pad 1 mode=reflect`",
    "pool": "`maxpool` and `avgpool`",
    "norm": "`bn`, `groupnorm`, `instancenorm` and `layernorm`",
    "Activation": "written by its own name",
    "Sequential": "`[conv 16 k3 p1 -> relu]`",
    "zzz": "`cnndsl layers` lists the layers",
}

ARGUMENTS_MEANT = {
    "conv filters=8 k3": "out", "conv units=8 k3": "out", "conv channels=8 k3": "out",
    "conv num_filters=8 k3": "out",
    "conv 8 kernel=3": "kernel_size", "conv 8 ksize=3": "kernel_size", "conv 8 filter_size=3": "kernel_size",
    "conv 8 k3 strides=2": "stride", "conv 8 k3 step=2": "stride", "conv 8 k3 pad=1": "padding",
    "conv 8 k3 paddings=1": "padding", "conv 8 k3 dilation_rate=2": "dilation",
    "conv 8 k3 rate=2": "dilation",
    "conv 8 k3 num_groups=1": "groups", "conv 8 k3 use_bias=false": "bias", "conv 8 k3 biass=false": "bias",
    "maxpool pool_size=2": "kernel_size", "maxpool size=2": "kernel_size", "maxpool 2 strides=2": "stride",
    "linear units=10": "out", "linear features=10": "out", "dropout rate=0.5": "p", "dropout prob=0.5": "p",
    "dropout keep_prob=0.5": "p", "bn epsilon=0.1": "eps", "bn center=true": "affine",
    "softmax axis=1": "dim",
    "mean axis=1": "dim", "flatten axis=1": "start_dim", "groupnorm cardinality=3": "num_groups",
    "leakyrelu alpha=0.1": "negative_slope", "leakyrelu slope=0.1": "negative_slope",
    "upsample scale=2": "scale_factor",
    "upsample 2 interpolation=nearest": "mode", "dwconv k3 depth_multiplier=2": "mult",
    "gelu approx=tanh": "approximate",
}  # fmt: skip

ARGUMENTS_TOLD = {
    "conv 8 k3 activation=relu": "an activation is a layer of its own: `conv ... -> relu`",
    "conv 8 k3 in_channels=3": "what arrives is known here: leave it out",
    "linear in_features=3 10": "what arrives is known here: leave it out",
    "bn num_features=3": "what arrives is known here: leave it out",
    "conv 8 k3 input_shape=3": "what arrives is known here: leave it out",
    "conv 8 k3 name=first": "a label stands in front: `name: conv ...`",
    "conv 8 k3 device=cpu": "is said to `cnndsl train`",
    "conv 8 k3 kernel_initializer=he": "weights start as PyTorch starts them",
    "conv 8 k3 foo=1": "its arguments are out, kernel_size, stride",
    "relu foo=1": "its only argument is inplace",
    "gap foo=1": "it takes no arguments",
    "conv 8 k3 relu": "a layer stands behind an arrow: `-> relu`",
    "conv 8 k3 same": "write `p=same`",
    "conv 8 k3 reflect": "write `padding_mode=reflect`",
    "conv 8 k3 strides": "did you mean `stride=...`?",
    "conv 8 k3 nobais": "did you mean `nobias`?",
    "conv 8 k3 f3": "its flags are `k` (kernel_size), `s` (stride)",
}


def helped(use: str, rule: str, input: str = "3x32x32") -> tuple[str, ...]:
    """The help of the one mistake in a use."""
    (diagnostic,) = cnndsl.check(f"input {input} -> {use}").diagnostics
    assert diagnostic.rule == rule, diagnostic.message
    return diagnostic.help


@pytest.mark.parametrize(("word", "meant"), UNDERSTOOD.items())
def test_an_alias(word: str, meant: str) -> None:
    found = find(word)
    assert found is not None
    assert found.layer.name == meant


@pytest.mark.parametrize(("word", "meant"), MEANT.items())
def test_a_word_for_a_layer(word: str, meant: str) -> None:
    assert helped(word, "unknown-layer") == (f"did you mean `{meant}`?",)


@pytest.mark.parametrize(("word", "said"), TOLD.items())
def test_a_word_that_takes_a_sentence(word: str, said: str) -> None:
    (help,) = helped(word, "unknown-layer")
    assert said in help


@pytest.mark.parametrize(("use", "meant"), ARGUMENTS_MEANT.items())
def test_a_word_for_an_argument(use: str, meant: str) -> None:
    assert helped(use, "unknown-argument") == (f"did you mean `{meant}`?",)


@pytest.mark.parametrize(("use", "said"), ARGUMENTS_TOLD.items())
def test_a_word_that_is_no_argument(use: str, said: str) -> None:
    (help,) = helped(use, "unknown-argument")
    assert said in help


@pytest.mark.parametrize(
    ("word", "meant"),
    [("sum", "add"), ("Concatenate", "concat"), ("multiply", "mul"), ("shortcut", "residual")],
)
def test_a_word_for_a_join(word: str, meant: str) -> None:
    assert helped(f"{word} {{ identity | relu }}", "unknown-layer")[0] == f"did you mean `{meant}`?"


def test_pytorchs_class_for_another_rank() -> None:
    assert helped("Conv1d 8 3", "wrong-rank") == ("`conv` takes an image",)
    assert helped("BatchNorm2d", "wrong-rank", "3x32") == ("`bn` takes a sequence",)
    assert helped("conv 8 k3", "wrong-rank", "784") == (
        "`unflatten` makes an image of a vector: `unflatten 16 7 7`",
    )


def test_a_block_is_suggested_too() -> None:
    spec = "input 3x8x8\nblock bottleneck(c) {{ conv c k1 }}\n{} 8"
    (diagnostic,) = cnndsl.check(spec.format("botleneck")).diagnostics
    assert diagnostic.help == ("did you mean `bottleneck`?",)


def test_every_habit_leads_somewhere() -> None:
    for word, meant in WORDS.items():
        known = find(meant) is not None or find_join(meant) is not None or meant == "residual" or " " in meant
        assert known, f"{word}: {meant}"
        assert word not in (*names(), *join_names()), f"{word} is a word of the vocabulary"
    arguments = {argument.name for layer in layers() for argument in layer.arguments}
    for word, candidates in ARGUMENTS.items():
        assert set(candidates) & arguments, word
        assert word not in NOT_ARGUMENTS


def test_a_slip_in_a_long_loop_is_explained_once() -> None:
    spec = "input 3x8x8 -> for i in range(1000) {{ conv 3 k1 -> {} }}"
    report = cnndsl.check(spec.format("reluu slope=i -> elu slope=i"))
    assert [one.rule for one in report.diagnostics] == ["unknown-layer", "unknown-argument"]
    wrong, right = (
        count_calls(partial(cnndsl.check, spec.format(item)))
        for item in ("reluu slope=i -> elu slope=i", "elu alpha=1 -> elu alpha=1")
    )
    assert wrong < 2 * right, f"{wrong} calls, {right} without the slips"


def test_a_right_spec_needs_none_of_this() -> None:
    code = (
        "import cnndsl, sys\n"
        "assert cnndsl.check('input 4x8x8 -> conv 2 k3').ok\n"
        "assert not {'cnndsl.layers.habits', 'difflib'} & set(sys.modules)\n"
        "assert not cnndsl.check('input 4x8x8 -> convv 2 k3').ok\n"
        "assert {'cnndsl.layers.habits', 'difflib'} <= set(sys.modules), 'the probe can fail'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
