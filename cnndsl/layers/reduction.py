"""Pools that give a chosen size, 1 for global ones, and means over whole axes."""

from __future__ import annotations

from typing import Any, Literal

from cnndsl.dims import Shape, Value
from cnndsl.layers.axes import AXIS, BATCH_STAYS, axis_index
from cnndsl.layers.declaration import Args, Argument, Example, Layer, LayerError, Module, Reject, Step
from cnndsl.layers.kinds import PerAxis, Sizes, Truth
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
    MEAN,
)
