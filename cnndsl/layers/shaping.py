"""Layers that cut the numbers into other axes, or keep a part of them."""

from __future__ import annotations

from math import prod

from cnndsl.dims import LARGEST, Shape, Value, describe
from cnndsl.layers.axes import AXIS, BATCH_STAYS, axis_index
from cnndsl.layers.declaration import VIEW, Args, Argument, Example, Layer, LayerError, Module, Reject, Step
from cnndsl.layers.kinds import Sizes, Whole
from cnndsl.layers.windows import keywords

__all__ = ["LAYERS"]

FAMILY = "shaping"


def product_of(sizes: Shape) -> str:
    """`16*4*4`, or the one size there is."""
    return "*".join(map(str, sizes))


# flatten

FLATTEN_ARGUMENTS = (
    Argument("start_dim", AXIS, "first axis to flatten", default=1, aliases=("start",)),
    Argument("end_dim", AXIS, "last axis to flatten", default=-1, aliases=("end",)),
)


def flatten_range(x: Value, args: Args) -> tuple[int, int]:
    """The first and the last position in the shape that are flattened."""
    start = axis_index(x, args["start_dim"], "start_dim")
    end = axis_index(x, args["end_dim"], "end_dim")
    if start > end:
        raise LayerError(
            "invalid-argument",
            f"the first axis to flatten, {start + 1}, comes after the last one, {end + 1}",
            argument="start_dim" if args["end_dim"] == -1 else "end_dim",
        )
    return start, end


def flatten_shape(x: Value, args: Args) -> Shape:
    start, end = flatten_range(x, args)
    return (*x.shape[:start], prod(x.shape[start : end + 1]), *x.shape[end + 1 :])


def flatten_explain(x: Value, args: Args, output: Shape) -> str:
    start, end = flatten_range(x, args)
    return f"{product_of(x.shape[start : end + 1])} = {output[start]}"


FLATTEN = Layer(
    name="flatten",
    family=FAMILY,
    summary="makes one axis of several, of all of them unless it is said otherwise",
    pytorch="nn.Flatten",
    formula="the product of the sizes",
    arguments=FLATTEN_ARGUMENTS,
    layout="plain",
    shape=flatten_shape,
    keeps=VIEW,
    module=lambda x, args, output: Module(
        "nn.Flatten", (), keywords(FLATTEN_ARGUMENTS, args, "start_dim", "end_dim")
    ),
    explain=flatten_explain,
    stricter=BATCH_STAYS,
    examples=(
        Example("flatten", "16x4x4", "256"),
        Example("flatten 2", "96x7x7", "96x49"),
        Example("flatten start=1 end=2", "8x4x6x6", "32x6x6"),
    ),
    rejects=(
        Reject("flatten 4", "16x4x4", "invalid-argument", "start_dim"),
        Reject("flatten 3 2", "16x4x4", "invalid-argument", "end_dim"),
        Reject("flatten start_dim=0", "16x4x4", "invalid-argument", "start_dim"),
    ),
)

# unflatten and reshape


def filled_in(sizes: Shape, total: int, argument: str, what: str) -> Shape:
    """The sizes with a -1 replaced so that they hold `total` numbers; `what` has them now."""
    if any(size == 0 or size < -1 for size in sizes):
        raise LayerError(
            "invalid-argument",
            f"expected sizes of 1 or more, or -1 for what is left over, got {product_of(sizes)}",
            argument=argument,
        )
    open_sizes = sum(size == -1 for size in sizes)
    if open_sizes > 1:
        raise LayerError(
            "invalid-argument", "only one size may be -1, for what is left over", argument=argument
        )
    known = prod(size for size in sizes if size != -1)
    if open_sizes == 0:
        if known != total:
            raise LayerError(
                "invalid-argument",
                f"{product_of(sizes)} = {known}, but {what}",
                argument=argument,
                label=f"holds {known} numbers, not {total}",
            )
        return sizes
    rest = total // known
    if rest * known != total:
        raise LayerError(
            "not-divisible",
            f"{total} does not divide by {known}: {what}",
            argument=argument,
            label=f"{total} % {known} = {total - rest * known}",
        )
    return tuple(rest if size == -1 else size for size in sizes)


UNFLATTEN_ARGUMENTS = (
    Argument(
        "unflattened_size",
        Sizes(-1),
        "sizes that the axis becomes, -1 for what is left over",
        aliases=("shape",),
        variadic=True,
    ),
    Argument("dim", AXIS, "the axis", default=1, aliases=("axis",), positional=False),
)


def unflatten_shape(x: Value, args: Args) -> Shape:
    axis = axis_index(x, args["dim"], "dim")
    size = x.shape[axis]
    what = f"axis {axis + 1} of {x} has {size}" if x.rank else f"{size} features arrive"
    sizes = filled_in(args["unflattened_size"], size, "unflattened_size", what)
    return (*x.shape[:axis], *sizes, *x.shape[axis + 1 :])


UNFLATTEN = Layer(
    name="unflatten",
    family=FAMILY,
    summary="makes several axes of one",
    pytorch="nn.Unflatten",
    formula="the product of the sizes is the axis' size",
    arguments=UNFLATTEN_ARGUMENTS,
    layout="plain",
    shape=unflatten_shape,
    keeps=VIEW,
    module=lambda x, args, output: Module(
        "nn.Unflatten", (("dim", args["dim"]), ("unflattened_size", args["unflattened_size"]))
    ),
    stricter=f"{BATCH_STAYS}; a size of 0 is refused",
    examples=(
        Example("unflatten 4 7 7", "196", "4x7x7"),
        Example("unflatten 2 (-1)", "16x50", "2x8x50"),
        Example("unflatten (7, 7) dim=2", "96x49", "96x7x7"),
    ),
    rejects=(
        Reject("unflatten 4 7 7", "200", "invalid-argument", "unflattened_size"),
        Reject("unflatten (-1) 7", "200", "not-divisible", "unflattened_size"),
        Reject("unflatten (-1) (-1)", "200", "invalid-argument", "unflattened_size"),
        Reject("unflatten 2 2 dim=2", "4", "invalid-argument", "dim"),
    ),
)

RESHAPE_ARGUMENTS = (Argument("shape", Sizes(-1), "the new shape, -1 for what is left over", variadic=True),)

RESHAPE_HELPER = '''
class Reshape(nn.Module):
    """Gives every sample the given shape; the batch stays."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = list(shape)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape([x.shape[0]] + self.shape)

    def extra_repr(self) -> str:
        return ", ".join(str(size) for size in self.shape)
'''.lstrip("\n")

RESHAPE = Layer(
    name="reshape",
    family=FAMILY,
    summary="gives every sample a new shape",
    pytorch="Tensor.reshape",
    formula="the product of the sizes stays",
    arguments=RESHAPE_ARGUMENTS,
    layout="plain",
    shape=lambda x, args: filled_in(
        args["shape"], prod(x.shape), "shape", f"{describe(x.shape)} holds {prod(x.shape)}"
    ),
    keeps=VIEW,
    module=lambda x, args, output: Module(
        "Reshape", tuple(("shape", size) for size in args["shape"]), helper=RESHAPE_HELPER
    ),
    stricter="a size of 0 is refused",
    examples=(
        Example("reshape 4 7 7", "196", "4x7x7"),
        Example("reshape (2, -1)", "16x5x5", "2x200"),
    ),
    rejects=(
        Reject("reshape 4 7", "16x5x5", "invalid-argument", "shape"),
        Reject("reshape 3 (-1)", "16x5x5", "not-divisible", "shape"),
        Reject("reshape", "16x5x5", "missing-argument", "shape"),
    ),
)

# narrow and identity

NARROW_ARGUMENTS = (
    Argument("start", Whole(-LARGEST), "first position that is kept, counted from 0"),
    Argument("length", Whole(1), "how many are kept"),
    Argument("dim", AXIS, "the axis, 1 the channels", default=1, aliases=("axis",), positional=False),
)

NARROW_HELPER = '''
class Narrow(nn.Module):
    """Keeps `length` positions of an axis, from `start` on; the batch is axis 0."""

    def __init__(self, start: int, length: int, dim: int = 1) -> None:
        super().__init__()
        self.start = start
        self.length = length
        self.dim = dim

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.narrow(self.dim, self.start, self.length)

    def extra_repr(self) -> str:
        return f"{self.start}, {self.length}, dim={self.dim}"
'''.lstrip("\n")


def narrow_range(x: Value, args: Args) -> tuple[int, int]:
    """The position of the axis in the shape, and the first position that is kept."""
    axis = axis_index(x, args["dim"], "dim")
    start = args["start"]
    return axis, start if start >= 0 else x.shape[axis] + start


def narrow_shape(x: Value, args: Args) -> Shape:
    axis, start = narrow_range(x, args)
    size, length = x.shape[axis], args["length"]
    if not 0 <= start < size:
        raise LayerError(
            "invalid-argument",
            f"expected a start from 0 to {size - 1} on axis {axis + 1} of {x}, got {args['start']}",
            argument="start",
        )
    if start + length > size:
        raise LayerError(
            "invalid-argument",
            f"{length} from {start} on end at {start + length}, but axis {axis + 1} of {x} has size {size}",
            argument="length",
            label=f"at most {size - start}",
        )
    return (*x.shape[:axis], length, *x.shape[axis + 1 :])


def narrow_steps(x: Value, args: Args) -> tuple[Step, ...] | None:
    axis, start = narrow_range(x, args)
    if axis == 0:
        return None
    return tuple(Step(1, padding=-start if i == axis else 0) for i in range(1, len(x.shape)))


NARROW = Layer(
    name="narrow",
    family=FAMILY,
    summary="keeps a part of the channels, or of another axis",
    pytorch="Tensor.narrow",
    formula="the axis has `length`",
    arguments=NARROW_ARGUMENTS,
    shape=narrow_shape,
    keeps=VIEW,
    module=lambda x, args, output: Module(
        "Narrow",
        (("start", args["start"]), ("length", args["length"])),
        keywords(NARROW_ARGUMENTS, args, "dim"),
        helper=NARROW_HELPER,
    ),
    receptive=narrow_steps,
    stricter=f"{BATCH_STAYS}; a length of 0 is refused",
    examples=(
        Example("narrow 0 32", "64x8x8", "32x8x8"),
        Example("narrow 1 3 axis=2", "8x5", "8x3"),
        Example("narrow (-4) 4", "10", "4"),
    ),
    rejects=(
        Reject("narrow 40 32", "64x8x8", "invalid-argument", "length"),
        Reject("narrow 64 1", "64x8x8", "invalid-argument", "start"),
        Reject("narrow 0 0", "64x8x8", "invalid-argument", "length"),
        Reject("narrow 0 1 axis=4", "64x8x8", "invalid-argument", "dim"),
        Reject("narrow 3", "64x8x8", "missing-argument", "length"),
    ),
)

IDENTITY = Layer(
    name="identity",
    family=FAMILY,
    summary="hands the value on as it is",
    pytorch="nn.Identity",
    formula="the shape stays",
    shape=lambda x, args: x.shape,
    keeps=VIEW,
    module=lambda x, args, output: Module("nn.Identity"),
    examples=(Example("identity", "16x8x8", "16x8x8"), Example("identity", "10", "10")),
    rejects=(Reject("identity 1", "16x8x8", "too-many-arguments"),),
)

LAYERS = (FLATTEN, UNFLATTEN, RESHAPE, NARROW, IDENTITY)
