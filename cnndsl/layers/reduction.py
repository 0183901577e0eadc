"""Pools that give a chosen size, 1 for global ones, and means over whole axes."""

from __future__ import annotations

from math import prod
from typing import Any, Literal

from cnndsl.dims import Shape, Value, format_shape
from cnndsl.layers.axes import AXIS, BATCH_STAYS, axis_index, scaled
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
from cnndsl.layers.kinds import Factors, OrNone, PerAxis, Sizes, Truth, describe_value
from cnndsl.layers.windows import keywords, repeat

__all__ = ["LAYERS"]

FAMILY = "pooling"

SPATIAL = frozenset({1, 2, 3})

SIZE = Argument(
    "output_size", PerAxis(1, none=True), "sizes of the output, `none` keeps an axis", aliases=("size",)
)


def adaptive_shape(x: Value, args: Args) -> Shape:
    sizes: tuple[int | None, ...] = args["output_size"]
    if x.rank == 1 and sizes[0] is None:
        raise LayerError(
            "invalid-argument",
            "a sequence has one axis: `none` would keep it as it is",
            argument="output_size",
            help=("`identity` keeps a value as it is",),
        )
    return (x.channels, *(n if size is None else size for n, size in zip(x.spatial, sizes, strict=True)))


def adaptive_steps(x: Value, sizes: tuple[int | None, ...]) -> tuple[Step, ...] | Literal["whole"]:
    """What an adaptive pool sees: where the size does not divide the axis, windows differ by one
    and overlap, so the largest window stands for all."""
    if all(size == 1 for size in sizes):
        return "whole"
    result = []
    for n, size in zip(x.spatial, sizes, strict=True):
        out = n if size is None else size
        stride = n // out
        result.append(Step(stride, stride) if stride * out == n else Step(stride + 2, max(stride, 1)))
    return tuple(result)


def positions_kept(x: Value, args: Args, output: Shape) -> Keeps:
    """A maximum keeps its place; PyTorch finds the places also where nothing is to be trained."""
    return Keeps(input=True, positions=prod(output), running=2 * prod(output))


def mean_keeps(x: Value, args: Args, output: Shape) -> Keeps:
    """A mean of everything needs only its sizes for the way back."""
    return Keeps(input=any(size != 1 for size in output[1:]))


def adaptive_pool(name: str, kind: str, summary: str) -> Layer:
    """The declaration of an adaptive pool; `kind` is Avg or Max."""

    def module(x: Value, args: Args, output: Shape) -> Module:
        sizes = args["output_size"]
        # One `None` for all axes is no size that PyTorch takes.
        value = sizes if None in sizes else repeat(sizes)
        return Module(f"nn.Adaptive{kind}Pool{x.rank}d", (("output_size", value),))

    return Layer(
        name=name,
        family=FAMILY,
        summary=summary,
        pytorch=f"nn.Adaptive{kind}Pool{{rank}}d",
        formula="the sizes that are asked for",
        arguments=(SIZE,),
        ranks=SPATIAL,
        layout="channels_first",
        shape=adaptive_shape,
        module=module,
        receptive=lambda x, args: adaptive_steps(x, args["output_size"]),
        keeps=positions_kept if kind == "Max" else mean_keeps,
        stricter="a size of 0 is refused",
        examples=(
            Example(f"{name} 7", "512x14x14", "512x7x7"),
            Example(f"{name} (1, none)", "64x8x20", "64x1x20"),
            Example(f"{name} 4", "16x50", "16x4"),
            Example(f"{name} size=(1, 7, 7)", "16x8x14x14", "16x1x7x7"),
        ),
        rejects=(
            Reject(f"{name} 0", "512x14x14", "invalid-argument", "output_size"),
            Reject(f"{name} (7, 7)", "512x14", "invalid-argument", "output_size"),
            Reject(f"{name} none", "512x14", "invalid-argument", "output_size"),
            Reject(f"{name} 7", "512", "wrong-rank"),
        ),
    )


def global_pool(name: str, kind: str, summary: str) -> Layer:
    """The declaration of a global pool: an adaptive one to size 1."""
    return Layer(
        name=name,
        family=FAMILY,
        summary=summary,
        pytorch=f"Adaptive{kind}Pool{{rank}}d(1)",
        formula="1 an axis",
        ranks=SPATIAL,
        layout="channels_first",
        shape=lambda x, args: (x.channels, *(1 for _ in x.spatial)),
        module=lambda x, args, output: Module(f"nn.Adaptive{kind}Pool{x.rank}d", (("output_size", 1),)),
        receptive=lambda x, args: "whole",
        keeps=positions_kept if kind == "Max" else mean_keeps,
        examples=(
            Example(name, "512x7x7", "512x1x1"),
            Example(name, "16x50", "16x1"),
            Example(name, "16x4x7x7", "16x1x1x1"),
        ),
        rejects=(
            Reject(name, "512", "wrong-rank"),
            Reject(f"{name} 2", "512x7x7", "too-many-arguments"),
        ),
    )


FRACTIONAL_ARGUMENTS = (
    Argument("kernel_size", PerAxis(1), "size of the window", flag="k"),
    Argument("output_size", OrNone(PerAxis(1)), "sizes of the output", default=None, aliases=("size",)),
    Argument(
        "output_ratio",
        OrNone(Factors(below=1)),
        "the output's part of the arriving size, instead of its sizes",
        default=None,
        aliases=("ratio",),
    ),
)


def fractional_size(x: Value, args: Args) -> Shape:
    """The sizes of the output, before it is looked whether the windows fit."""
    size, ratio = args["output_size"], args["output_ratio"]
    if size is None and ratio is None:
        raise LayerError(
            "missing-argument",
            "fractionalmaxpool needs a size or a ratio for its output",
            argument="output_size",
            help=("`fractionalmaxpool 2 ratio=0.7` makes 7 of 10 rows",),
        )
    if size is not None and ratio is not None:
        raise LayerError(
            "invalid-argument",
            "fractionalmaxpool takes a size or a ratio, not both",
            argument="output_ratio",
        )
    if size is not None:
        return tuple(size)
    return tuple(scaled(n, factor) for n, factor in zip(x.spatial, ratio, strict=True))


def fractional_shape(x: Value, args: Args) -> Shape:
    sizes = fractional_size(x, args)
    for n, factor, size in zip(x.spatial, args["output_ratio"] or sizes, sizes, strict=True):
        if size < 1:
            raise LayerError(
                "empty-output",
                f"{n} * {describe_value(factor)} is less than 1: nothing would be left",
                argument="output_ratio",
            )
    # Over volumes, PyTorch wants one position more than the windows need.
    spare = 1 if x.rank == 3 else 0
    for n, k, size in zip(x.spatial, args["kernel_size"], sizes, strict=True):
        if size + k - 1 + spare > n:
            most = n - k + 1 - spare
            raise LayerError(
                "kernel-too-large",
                f"{size} windows of {k}, each a step from the other, need {size + k - 1 + spare} positions, "
                f"but an axis of {format_shape(x.spatial)} has {n}",
                argument="kernel_size",
                label=f"at most {n - size + 1 - spare}" if n - size - spare >= 0 else "",
                help=(f"an output of {most} fits",) if most >= 1 else (),
            )
    return (x.channels, *sizes)


def fractional_steps(x: Value, args: Args) -> tuple[Step, ...]:
    """Windows start at random, on the mean this far apart."""
    kernel = args["kernel_size"]
    return tuple(
        Step(k, (n - k) // (size - 1) if size > 1 else 1)
        for n, k, size in zip(x.spatial, kernel, fractional_size(x, args), strict=True)
    )


FRACTIONALMAXPOOL = Layer(
    name="fractionalmaxpool",
    family=FAMILY,
    summary="the largest value of windows that are put down at random, for any size of the output",
    pytorch="nn.FractionalMaxPool{rank}d",
    formula="the sizes that are asked for, or floor(n * ratio); out + k - 1 <= n, over volumes < n",
    arguments=FRACTIONAL_ARGUMENTS,
    ranks=frozenset({2, 3}),
    layout="channels_first",
    shape=fractional_shape,
    module=lambda x, args, output: Module(
        f"nn.FractionalMaxPool{x.rank}d",
        (("kernel_size", repeat(args["kernel_size"])),),
        keywords(FRACTIONAL_ARGUMENTS, args, "output_size", "output_ratio"),
    ),
    receptive=fractional_steps,
    keeps=positions_kept,
    stricter="windows smaller than 1 are refused",
    examples=(
        Example("fractionalmaxpool 2 14", "16x20x20", "16x14x14"),
        Example("fractionalmaxpool k3x2 ratio=(0.5, 0.7)", "16x20x20", "16x10x14"),
        Example("fractionalmaxpool 2 size=(4, 5, 6)", "4x8x8x8", "4x4x5x6"),
    ),
    rejects=(
        Reject("fractionalmaxpool 3 7", "16x8x8", "kernel-too-large", "kernel_size"),
        Reject("fractionalmaxpool 2", "16x8x8", "missing-argument", "output_size"),
        Reject("fractionalmaxpool 2 4 0.5", "16x8x8", "invalid-argument", "output_ratio"),
        Reject("fractionalmaxpool 2 ratio=1", "16x8x8", "invalid-argument", "output_ratio"),
        Reject("fractionalmaxpool 1 ratio=0.1", "16x8x8", "empty-output", "output_ratio"),
        Reject("fractionalmaxpool 2 4", "16x8", "wrong-rank"),
    ),
)

MEAN_HELPER = '''
class Mean(nn.Module):
    """The mean over the given axes; the batch is axis 0."""

    def __init__(self, *dims: int, keepdim: bool = False) -> None:
        super().__init__()
        self.dims = list(dims)
        self.keepdim = keepdim

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(self.dims, keepdim=self.keepdim)

    def extra_repr(self) -> str:
        return f"dims={self.dims}, keepdim={self.keepdim}"
'''.lstrip("\n")


def mean_axes(x: Value, args: Args) -> frozenset[int]:
    """The positions in the shape that are averaged over."""
    found: set[int] = set()
    for dim in args["dim"]:
        index = axis_index(x, dim, "dim")
        if index in found:
            raise LayerError("invalid-argument", f"axis {dim} is given twice", argument="dim")
        found.add(index)
    return frozenset(found)


def mean_shape(x: Value, args: Args) -> Shape:
    axes = mean_axes(x, args)
    if args["keepdim"]:
        return tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    if len(axes) == len(x.shape):
        raise LayerError(
            "empty-output",
            f"a mean over all axes of {x} leaves none",
            argument="dim",
            help=("`keepdim=true` keeps the axes, with size 1",),
        )
    return tuple(n for i, n in enumerate(x.shape) if i not in axes)


def mean_module(x: Value, args: Args, output: Shape) -> Module:
    dims: tuple[Any, ...] = tuple(("dim", dim) for dim in args["dim"])
    return Module("Mean", dims, keywords(MEAN.arguments, args, "keepdim"), helper=MEAN_HELPER)


def mean_steps(x: Value, args: Args) -> tuple[Step, ...] | Literal["whole"] | None:
    axes = mean_axes(x, args)
    spatial = range(1, len(x.shape))
    if not any(i in axes for i in spatial):
        return None
    if all(i in axes for i in spatial):
        return "whole"
    return tuple(Step(x.shape[i], x.shape[i]) if i in axes else Step(1) for i in spatial)


MEAN = Layer(
    name="mean",
    family=FAMILY,
    summary="the mean over axes, 1 the channels",
    pytorch="Tensor.mean",
    formula="the axes fall away; with keepdim their size is 1",
    arguments=(
        Argument("dim", Sizes(AXIS.minimum), "axes to average over", aliases=("axes",), variadic=True),
        Argument("keepdim", Truth(), "whether the axes stay, with size 1", default=False, positional=False),
    ),
    shape=mean_shape,
    module=mean_module,
    receptive=mean_steps,
    keeps=NOTHING,
    stricter=f"{BATCH_STAYS}; one axis must be left",
    examples=(
        Example("mean 2 3", "512x7x7", "512"),
        Example("mean 1 keepdim=true", "16x8x8", "1x8x8"),
        Example("mean (-1)", "16x50", "16"),
    ),
    rejects=(
        Reject("mean", "16x8x8", "missing-argument", "dim"),
        Reject("mean 4", "16x8x8", "invalid-argument", "dim"),
        Reject("mean 2 2", "16x8x8", "invalid-argument", "dim"),
        Reject("mean 0", "16x8x8", "invalid-argument", "dim"),
        Reject("mean 1", "16", "empty-output", "dim"),
    ),
)

LAYERS = (
    adaptive_pool("adaptiveavgpool", "Avg", "means over windows that give a chosen size"),
    adaptive_pool("adaptivemaxpool", "Max", "maxima over windows that give a chosen size"),
    global_pool("gap", "Avg", "global average pool: the mean of each channel"),
    global_pool("gmp", "Max", "global maximum pool: the largest value of each channel"),
    FRACTIONALMAXPOOL,
    MEAN,
)
