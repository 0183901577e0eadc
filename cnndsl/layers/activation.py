"""Activations: functions of each value alone."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnndsl.dims import Shape, Value
from cnndsl.layers.declaration import (
    INPUT_KEPT,
    OUTPUT_KEPT,
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
from cnndsl.layers.kinds import Real, Truth, Whole, Word
from cnndsl.layers.windows import keywords

__all__ = ["LAYERS"]

IMAGE = "16x8x8"

INPLACE = Argument(
    "inplace",
    Truth(),
    "whether the arriving value is overwritten",
    default=False,
    switch=("inplace", True),
)
ALPHA = Argument("alpha", Real(), "scale of the negative part", default=1.0)


ANY_NUMBER = Real()


def number(name: str, doc: str, default: float, kind: Real = ANY_NUMBER) -> Argument:
    """An argument that is a number."""
    return Argument(name, kind, doc, default=default)


def activation(
    name: str,
    pytorch: str,
    summary: str,
    *arguments: Argument,
    formula: str,
    uses: tuple[str, ...] = (),
    rejects: tuple[tuple[str, str | None], ...] = (),
    check: Callable[[Args], None] | None = None,
    aliases: tuple[str, ...] = (),
    keeps: Keeps | Callable[[Value, Args, Shape], Keeps] = INPUT_KEPT,
) -> Layer:
    """The declaration of an elementwise activation.

    `uses` and `rejects` are arguments of examples and of uses that are `invalid-argument`; `check`
    raises where the arguments contradict each other.
    """

    def shape(x: Value, args: Args) -> Shape:
        if check is not None:
            check(args)
        return x.shape

    def module(x: Value, args: Args, output: Shape) -> Module:
        return Module(f"nn.{pytorch}", (), keywords(arguments, args, *(one.name for one in arguments)))

    return Layer(
        name=name,
        aliases=aliases,
        family="activation",
        summary=summary,
        pytorch=f"nn.{pytorch}",
        formula=formula,
        arguments=arguments,
        shape=shape,
        module=module,
        keeps=keeps,
        examples=tuple(Example(f"{name} {use}".strip(), IMAGE, IMAGE) for use in ("", *uses)),
        rejects=(
            *(Reject(f"{name} {use}", IMAGE, "invalid-argument", blamed) for use, blamed in rejects),
            Reject(f"{name} dimension=1", IMAGE, "unknown-argument"),
        ),
    )


def kept_twice(x: Value, args: Args, output: Shape) -> Keeps:
    """Overwriting the arriving value does not help: a copy of it is kept."""
    return Keeps(numbers=prod(x.shape)) if args["inplace"] else INPUT_KEPT


def softsign_keeps(x: Value, args: Args, output: Shape) -> Keeps:
    """The value, and 1 + |x|; while it is computed, |x| too."""
    size = prod(x.shape)
    return Keeps(input=True, numbers=size, running=size)


def check_rrelu(args: Args) -> None:
    lower, upper = args["lower"], args["upper"]
    if lower > upper:
        raise LayerError(
            "invalid-argument",
            f"the lower slope {lower:g} is above the upper slope {upper:g}",
            # The one that was moved away from PyTorch's default is the one to look at.
            argument="lower" if lower != 1 / 8 else "upper",
        )


def check_celu(args: Args) -> None:
    if args["alpha"] == 0:
        raise LayerError("invalid-argument", "alpha must not be 0, celu divides by it", argument="alpha")


def check_hardtanh(args: Args) -> None:
    low, high = args["min_val"], args["max_val"]
    if low >= high:
        raise LayerError(
            "invalid-argument",
            f"the upper bound {high:g} must be above the lower bound {low:g}",
            argument="max_val" if high != 1 else "min_val",
        )


ELEMENTWISE = (
    activation(
        "relu", "ReLU", "sets negative values to 0", INPLACE, keeps=OUTPUT_KEPT,
        formula="max(0, x)", uses=("inplace",), rejects=(("inplace=1", "inplace"),),
    ),
    activation(
        "relu6", "ReLU6", "cuts off below 0 and above 6", INPLACE, keeps=kept_twice,
        formula="min(max(0, x), 6)", uses=("inplace",), rejects=(("inplace=1", "inplace"),),
    ),
    activation(
        "leakyrelu", "LeakyReLU", "a small slope for negative values",
        number("negative_slope", "slope of the negative part", 0.01), INPLACE,
        formula="x where x > 0, else negative_slope * x",
        uses=("0.2", "negative_slope=0.1 inplace"), rejects=(("true", "negative_slope"),),
    ),
    activation(
        "rrelu", "RReLU", "a slope for negative values that is random in training",
        number("lower", "smallest slope", 1 / 8), number("upper", "largest slope", 1 / 3), INPLACE,
        keeps=lambda x, args, output: Keeps(input=True, numbers=prod(x.shape), running=prod(x.shape)),
        formula="x where x > 0, else a * x with a random a from lower to upper",
        uses=("0.1 0.3", "lower=0.2 upper=0.5 inplace"),
        rejects=(("0.5", "lower"), ("upper=0.1", "upper")), check=check_rrelu,
    ),
    activation(
        "elu", "ELU", "goes smoothly to -alpha for negative values", ALPHA, INPLACE,
        formula="x where x > 0, else alpha * (exp(x) - 1)",
        uses=("alpha=0.5 inplace",), rejects=(("alpha=true", "alpha"),),
    ),
    activation(
        "celu", "CELU", "an elu that is smooth for every alpha", ALPHA, INPLACE,
        formula="max(0, x) + min(0, alpha * (exp(x / alpha) - 1))",
        uses=("0.5 inplace",), rejects=(("0", "alpha"),), check=check_celu,
    ),
    activation(
        "selu", "SELU", "a scaled elu that keeps mean and variance", INPLACE,
        formula="1.0507 * elu(x, alpha=1.6733)", uses=("inplace",), rejects=(("inplace=0", "inplace"),),
    ),
    activation(
        "gelu", "GELU", "weights a value by the normal distribution up to it",
        Argument("approximate", Word(("none", "tanh")), "how it is computed", default="none"),
        formula="x * P(N(0, 1) <= x)",
        uses=("tanh", "approximate=tanh"), rejects=(('approximate="sigmoid"', "approximate"),),
    ),
    activation(
        "silu", "SiLU", "weights a value by its sigmoid", INPLACE, aliases=("swish",), keeps=kept_twice,
        formula="x * sigmoid(x)", uses=("inplace",), rejects=(("inplace=1", "inplace"),),
    ),
    activation(
        "mish", "Mish", "a smooth relu that dips below 0", INPLACE, keeps=kept_twice,
        formula="x * tanh(softplus(x))", uses=("inplace",), rejects=(("inplace=1", "inplace"),),
    ),
    activation(
        "hardswish", "Hardswish", "silu from straight pieces", INPLACE, keeps=kept_twice,
        formula="x * relu6(x + 3) / 6", uses=("inplace",), rejects=(("inplace=1", "inplace"),),
    ),
    activation(
        "hardsigmoid", "Hardsigmoid", "sigmoid from straight pieces", INPLACE, keeps=kept_twice,
        formula="relu6(x + 3) / 6", uses=("inplace",), rejects=(("inplace=1", "inplace"),),
    ),
    activation(
        "hardtanh", "Hardtanh", "cuts off below and above",
        Argument("min_val", Real(), "lower bound", default=-1.0, aliases=("min_value",)),
        Argument("max_val", Real(), "upper bound", default=1.0, aliases=("max_value",)), INPLACE,
        keeps=kept_twice,
        formula="min(max(min_val, x), max_val)",
        uses=("(-2) 2", "min_val=0 max_val=6 inplace"),
        rejects=(("max_val=(-1)", "max_val"), ("min_val=1", "min_val")), check=check_hardtanh,
    ),
    activation(
        "hardshrink", "Hardshrink", "sets small values to 0",
        number("lambd", "largest size that counts as small", 0.5),
        formula="x where |x| > lambd, else 0", uses=("0.1",), rejects=(("lambd=(1, 2)", "lambd"),),
    ),
    activation(
        "softshrink", "Softshrink", "pulls every value towards 0",
        number("lambd", "how far", 0.5, Real(0)),
        formula="x - lambd where x > lambd, x + lambd where x < -lambd, else 0",
        uses=("0.1",), rejects=(("lambd=(-1)", "lambd"),),
    ),
    activation(
        "tanhshrink", "Tanhshrink", "what tanh leaves over", formula="x - tanh(x)",
        keeps=lambda x, args, output: Keeps(numbers=prod(x.shape), running=prod(x.shape)),
    ),
    activation(
        "sigmoid", "Sigmoid", "squeezes values into 0 to 1", formula="1 / (1 + exp(-x))", keeps=OUTPUT_KEPT,
    ),
    activation("tanh", "Tanh", "squeezes values into -1 to 1", formula="tanh(x)", keeps=OUTPUT_KEPT),
    activation(
        "softplus", "Softplus", "a smooth relu",
        number("beta", "how sharp the bend is", 1.0),
        number("threshold", "beta * x above this is handed on as it is", 20.0),
        formula="log(1 + exp(beta * x)) / beta",
        uses=("2", "beta=0.5 threshold=10"), rejects=(("beta=true", "beta"),),
    ),
    activation(
        "softsign", "Softsign", "squeezes values into -1 to 1, slowly", formula="x / (1 + |x|)",
        keeps=softsign_keeps,
    ),
    activation(
        "logsigmoid", "LogSigmoid", "the logarithm of a sigmoid", formula="log(1 / (1 + exp(-x)))",
        keeps=lambda x, args, output: Keeps(input=True, numbers=prod(x.shape), running=prod(x.shape)),
    ),
)  # fmt: skip

THRESHOLD_ARGUMENTS = (
    Argument("threshold", Real(), "values up to this are replaced"),
    Argument("value", Real(), "what they are replaced by"),
    INPLACE,
)

THRESHOLD = Layer(
    name="threshold",
    family="activation",
    summary="replaces the values up to a threshold",
    pytorch="nn.Threshold",
    formula="x where x > threshold, else value",
    arguments=THRESHOLD_ARGUMENTS,
    shape=lambda x, args: x.shape,
    module=lambda x, args, output: Module(
        "nn.Threshold",
        (("threshold", args["threshold"]), ("value", args["value"])),
        keywords(THRESHOLD_ARGUMENTS, args, "inplace"),
    ),
    keeps=kept_twice,
    examples=(
        Example("threshold 0.1 0", IMAGE, IMAGE),
        Example("threshold threshold=1 value=2 inplace", "64", "64"),
    ),
    rejects=(
        Reject("threshold 0.1", IMAGE, "missing-argument", "value"),
        Reject("threshold true 0", IMAGE, "invalid-argument", "threshold"),
    ),
)

PRELU_ARGUMENTS = (
    Argument("num_parameters", Whole(1), "1, or the number of channels: a slope for each", default=1),
    number("init", "what the slopes start with", 0.25),
)


def prelu_shape(x: Value, args: Args) -> Shape:
    count = args["num_parameters"]
    if count != 1 and count != x.channels:
        raise LayerError(
            "invalid-argument",
            f"expected 1 slope or {x.channels}, one a channel, got {count}",
            argument="num_parameters",
            help=("`prelu C` learns a slope for every channel",),
        )
    return x.shape


PRELU = Layer(
    name="prelu",
    family="activation",
    summary="a learned slope for negative values",
    pytorch="nn.PReLU",
    formula="x where x > 0, else weight * x",
    arguments=PRELU_ARGUMENTS,
    shape=prelu_shape,
    weights=lambda x, args: (Weight("weight", (args["num_parameters"],)),),
    module=lambda x, args, output: Module(
        "nn.PReLU", (), keywords(PRELU_ARGUMENTS, args, "num_parameters", "init")
    ),
    examples=(
        Example("prelu", IMAGE, IMAGE),
        Example("prelu 16 init=0.1", IMAGE, IMAGE),
        Example("prelu 64", "64", "64"),
    ),
    rejects=(
        Reject("prelu 8", IMAGE, "invalid-argument", "num_parameters"),
        Reject("prelu 0", IMAGE, "invalid-argument", "num_parameters"),
    ),
)

LAYERS = (*ELEMENTWISE, THRESHOLD, PRELU)
