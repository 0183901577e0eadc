"""What transformers are made of: self-attention, positions and a token of their own.

All take sequences as (length x features), which `flatten 2 -> permute 2 1` makes of an image's patches.
"""

from __future__ import annotations

from typing import Any

from cnndsl.dims import Shape, Value
from cnndsl.layers.declaration import (
    NOTHING,
    Args,
    Argument,
    Example,
    Keeps,
    Layer,
    LayerError,
    Module,
    Raw,
    Reject,
    Weight,
)
from cnndsl.layers.kinds import Real, Truth, Whole
from cnndsl.layers.windows import keywords

__all__ = ["LAYERS"]

FAMILY = "attention"

SEQUENCE = frozenset({1})

# attention

ATTENTION_ARGUMENTS = (
    Argument("num_heads", Whole(1), "heads that share the features", aliases=("heads",)),
    Argument("dropout", Real(0, 1), "probability of an attention weight being dropped", default=0.0),
    Argument(
        "bias",
        Truth(),
        "whether a bias is added to queries, keys, values and the output",
        default=True,
        switch=("nobias", False),
    ),
    Argument("add_bias_kv", Truth(), "whether a learned key and value are put behind", default=False),
    Argument("add_zero_attn", Truth(), "whether a key and value of zeros are put behind", default=False),
)


def attention_shape(x: Value, args: Args) -> Shape:
    heads, features = args["num_heads"], x.shape[-1]
    if features // heads * heads != features:
        valid = [count for count in range(1, min(features, 64) + 1) if features // count * count == features]
        raise LayerError(
            "not-divisible",
            f"{heads} heads do not divide the {features} features of {x}",
            argument="num_heads",
            label=f"{features} % {heads} = {features % heads}",
            help=(
                f"heads that divide them: {', '.join(map(str, valid))}",
                "features stand last: `permute 2 1` brings them there where they are the channels",
            ),
        )
    return x.shape


def attention_weights(x: Value, args: Args) -> tuple[Weight, ...]:
    features = x.shape[-1]
    weights = [Weight("in_proj_weight", (3 * features, features))]
    if args["bias"]:
        weights.append(Weight("in_proj_bias", (3 * features,)))
    if args["add_bias_kv"]:
        weights += [Weight("bias_k", (1, 1, features)), Weight("bias_v", (1, 1, features))]
    weights.append(Weight("out_proj.weight", (features, features)))
    if args["bias"]:
        weights.append(Weight("out_proj.bias", (features,)))
    return tuple(weights)


def attention_macs(x: Value, args: Args, output: Shape) -> int:
    """The projections of queries, keys, values and output; queries by keys, and weights by values."""
    length, features = x.shape
    keys: int = length + args["add_bias_kv"] + args["add_zero_attn"]
    return 4 * length * features * features + 2 * length * keys * features


def attention_keeps(x: Value, args: Args, output: Shape) -> Keeps:
    """The sequence with the positions in front, queries, keys and values, and what they give, as the fused
    kernels keep it; those drop no attention weights, so with dropout the weights are kept too."""
    length, features = x.shape
    heads, size = args["num_heads"], length * features
    added = args["add_bias_kv"] + args["add_zero_attn"]
    keys = (length + added) * features
    if args["dropout"]:
        weights = heads * length * (length + added)
        numbers = 6 * size + keys + 3 * weights + (keys if added else 0)
    else:
        numbers = 5 * size + heads * length + (2 * keys if added else 0)
    return Keeps(numbers=numbers, running=5 * size)


ATTENTION = Layer(
    name="attention",
    family=FAMILY,
    summary="multi-head self-attention over a sequence of length x features",
    pytorch="nn.MultiheadAttention",
    formula="the shape stays; the heads divide the features, the last axis",
    arguments=ATTENTION_ARGUMENTS,
    ranks=SEQUENCE,
    shape=attention_shape,
    weights=attention_weights,
    macs=attention_macs,
    module=lambda x, args, output: Module(
        "nn.MultiheadAttention",
        (("embed_dim", x.shape[-1]), ("num_heads", args["num_heads"])),
        (
            *keywords(ATTENTION_ARGUMENTS, args, "dropout", "bias", "add_bias_kv", "add_zero_attn"),
            ("batch_first", True),
        ),
        apply="{self}({x}, {x}, {x}, need_weights=False)[0]",
    ),
    receptive=lambda x, args: "whole",
    keeps=attention_keeps,
    examples=(
        Example("attention 12", "197x768", "197x768"),
        Example("attention heads=4 dropout=0.1 nobias", "49x96", "49x96"),
        Example("attention 4 add_bias_kv=true add_zero_attn=true", "49x96", "49x96"),
    ),
    rejects=(
        Reject("attention 5", "197x768", "not-divisible", "num_heads"),
        Reject("attention 0", "197x768", "invalid-argument", "num_heads"),
        Reject("attention 4 dropout=1.5", "49x96", "invalid-argument", "dropout"),
        Reject("attention 4", "96x7x7", "wrong-rank"),
        Reject("attention", "49x96", "missing-argument", "num_heads"),
    ),
)

# learned positions and tokens


def std(default: float) -> Argument:
    """The spread of a learned tensor's first values."""
    return Argument("std", Real(0), "standard deviation of the random start, 0 for zeros", default=default)


def random_start(shape: Shape, args: Args) -> tuple[tuple[str, Any], ...]:
    """The tensor that a parameter of this shape starts as."""
    sizes = ", ".join(map(str, shape))
    spread = args["std"]
    code = f"torch.randn({sizes}) * {spread!r}" if spread else f"torch.zeros({sizes})"
    return (("data", Raw(code)),)


def positions(x: Value) -> Shape:
    """The positions of one sample; the axis in front spreads over the batch."""
    return (1, *x.shape)


POSEMBED = Layer(
    name="posembed",
    family=FAMILY,
    summary="adds a learned number to every number of a sample: position embedding",
    pytorch="x + nn.Parameter",
    formula="the shape stays",
    arguments=(std(0.02),),
    shape=lambda x, args: x.shape,
    weights=lambda x, args: (Weight("", positions(x)),),
    module=lambda x, args, output: Module(
        "nn.Parameter", random_start(positions(x), args), apply="{x} + {self}"
    ),
    keeps=NOTHING,
    examples=(
        Example("posembed", "197x768", "197x768"),
        Example("posembed std=0", "96x14x14", "96x14x14"),
    ),
    rejects=(
        Reject("posembed std=(-1)", "197x768", "invalid-argument", "std"),
        Reject("posembed std=true", "768", "invalid-argument", "std"),
        Reject("posembed 197 768", "197x768", "too-many-arguments"),
    ),
)


CLASSTOKEN = Layer(
    name="classtoken",
    family=FAMILY,
    summary="puts a learned token before a sequence of length x features",
    pytorch="torch.cat of nn.Parameter and x",
    formula="the length and one more",
    arguments=(std(0.0),),
    ranks=SEQUENCE,
    shape=lambda x, args: (x.shape[0] + 1, x.shape[1]),
    weights=lambda x, args: (Weight("", (1, 1, x.shape[1])),),
    module=lambda x, args, output: Module(
        "nn.Parameter",
        random_start((1, 1, x.shape[1]), args),
        apply="torch.cat([{self}.expand({x}.shape[0], -1, -1), {x}], dim=1)",
    ),
    keeps=NOTHING,
    explain=lambda x, args, output: f"{x.shape[0]} + 1 = {output[0]}",
    examples=(
        Example("classtoken", "196x768", "197x768"),
        Example("classtoken std=0.02", "49x96", "50x96"),
    ),
    rejects=(
        Reject("classtoken std=true", "196x768", "invalid-argument", "std"),
        Reject("classtoken", "96x7x7", "wrong-rank"),
    ),
)

LAYERS = (ATTENTION, POSEMBED, CLASSTOKEN)
