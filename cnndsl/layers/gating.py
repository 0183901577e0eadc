"""Activations that work along an axis: the softmaxes and the gated linear unit."""

from __future__ import annotations

from math import prod

from cnndsl.dims import Shape, Value
from cnndsl.layers.axes import AXIS, BATCH_STAYS, axis_index
from cnndsl.layers.declaration import Args, Argument, Example, Keeps, Layer, LayerError, Module, Reject
from cnndsl.layers.windows import keywords

__all__ = ["LAYERS"]


def softmax_like(name: str, pytorch: str, summary: str, formula: str) -> Layer:
    """The declaration of a function along an axis.

    PyTorch wants `dim` to be said; the channels, or the features of a vector, are what people mean.
    """

    def shape(x: Value, args: Args) -> Shape:
        axis_index(x, args["dim"], "dim")
        return x.shape

    return Layer(
        name=name,
        family="activation",
        summary=summary,
        pytorch=f"nn.{pytorch}",
        formula=formula,
        arguments=(Argument("dim", AXIS, "the axis, 1 the channels or features", default=1),),
        shape=shape,
        module=lambda x, args, output: Module(f"nn.{pytorch}", (), (("dim", args["dim"]),)),
        # softmin negates the value first.
        keeps=lambda x, args, output: Keeps(output=True, running=prod(x.shape) * (name == "softmin")),
        stricter=BATCH_STAYS,
        examples=(
            Example(name, "10", "10"),
            Example(f"{name} dim=2", "16x8x8", "16x8x8"),
            Example(f"{name} (-1)", "16x50", "16x50"),
        ),
        rejects=(
            Reject(f"{name} 2", "10", "invalid-argument", "dim"),
            Reject(f"{name} 0", "10", "invalid-argument", "dim"),
            Reject(f"{name} dim=1.5", "10", "invalid-argument", "dim"),
        ),
    )


GLU_ARGUMENTS = (Argument("dim", AXIS, "the axis that is halved", default=-1),)


def glu_shape(x: Value, args: Args) -> Shape:
    axis = axis_index(x, args["dim"], "dim")
    size = x.shape[axis]
    if size // 2 * 2 != size:
        raise LayerError(
            "not-divisible",
            f"glu halves axis {axis + 1} of {x}, whose size {size} is odd",
            help=() if axis == 0 else ("`glu 1` halves the channels",),
        )
    return (*x.shape[:axis], size // 2, *x.shape[axis + 1 :])


def glu_explain(x: Value, args: Args, output: Shape) -> str:
    axis = axis_index(x, args["dim"], "dim")
    return f"{x.shape[axis]}/2 = {output[axis]}"


GLU = Layer(
    name="glu",
    family="activation",
    summary="one half of an axis gates the other; the last axis, as in PyTorch, unless `dim` is given",
    pytorch="nn.GLU",
    formula="n / 2 for the axis: a * sigmoid(b) for its halves a and b",
    arguments=GLU_ARGUMENTS,
    shape=glu_shape,
    module=lambda x, args, output: Module("nn.GLU", (), keywords(GLU_ARGUMENTS, args, "dim")),
    explain=glu_explain,
    stricter=BATCH_STAYS,
    examples=(
        Example("glu", "64", "32"),
        Example("glu 1", "16x8x8", "8x8x8"),
        Example("glu dim=(-2)", "16x50", "8x50"),
    ),
    rejects=(
        Reject("glu", "15", "not-divisible"),
        Reject("glu 2", "15", "invalid-argument", "dim"),
        Reject("glu 0", "16", "invalid-argument", "dim"),
    ),
)

LAYERS = (
    GLU,
    softmax_like("softmax", "Softmax", "turns values into probabilities", "exp(x) / sum(exp(x)) along dim"),
    softmax_like("logsoftmax", "LogSoftmax", "the logarithm of softmax", "log(exp(x) / sum(exp(x)))"),
    softmax_like("softmin", "Softmin", "softmax of the negated values", "exp(-x) / sum(exp(-x)) along dim"),
)
