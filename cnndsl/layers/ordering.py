"""Layers that move axes: into another order, away, or in."""

from __future__ import annotations

from collections.abc import Callable

from cnndsl.dims import Shape, Value
from cnndsl.layers.axes import AXIS, BATCH_STAYS, axis_index
from cnndsl.layers.declaration import VIEW, Args, Argument, Example, Layer, LayerError, Module, Reject
from cnndsl.layers.kinds import Sizes

__all__ = ["LAYERS"]

FAMILY = "shaping"

PERMUTE_ARGUMENTS = (
    Argument(
        "dims", Sizes(AXIS.minimum), "every axis once, in the new order", aliases=("axes",), variadic=True
    ),
)

PERMUTE_HELPER = '''
class Permute(nn.Module):
    """Puts the axes into the given order; the batch stays axis 0."""

    def __init__(self, *dims: int) -> None:
        super().__init__()
        self.dims = [0, *dims]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(self.dims)

    def extra_repr(self) -> str:
        return ", ".join(str(dim) for dim in self.dims[1:])
'''.lstrip("\n")


def permute_shape(x: Value, args: Args) -> Shape:
    order = [axis_index(x, dim, "dims") for dim in args["dims"]]
    if sorted(order) != list(range(len(x.shape))):
        given = " ".join(map(str, args["dims"]))
        raise LayerError(
            "invalid-argument",
            f"expected each axis of {x} once, 1 to {len(x.shape)}, got {given}",
            argument="dims",
        )
    return tuple(x.shape[index] for index in order)


PERMUTE = Layer(
    name="permute",
    family=FAMILY,
    summary="puts the axes into a new order, 1 the channels",
    pytorch="Tensor.permute",
    formula="the sizes in the new order",
    arguments=PERMUTE_ARGUMENTS,
    layout="plain",
    shape=permute_shape,
    keeps=VIEW,
    module=lambda x, args, output: Module(
        "Permute", tuple(("dims", dim) for dim in args["dims"]), helper=PERMUTE_HELPER
    ),
    stricter=BATCH_STAYS,
    examples=(
        Example("permute 2 3 1", "96x7x8", "7x8x96"),
        Example("permute (2, 1)", "49x96", "96x49"),
    ),
    rejects=(
        Reject("permute 2 1", "96x7x8", "invalid-argument", "dims"),
        Reject("permute 2 2 1", "96x7x8", "invalid-argument", "dims"),
        Reject("permute 0 1 2", "96x7x8", "invalid-argument", "dims"),
    ),
)


def transpose_shape(x: Value, args: Args) -> Shape:
    first = axis_index(x, args["dim0"], "dim0")
    second = axis_index(x, args["dim1"], "dim1")
    sizes = list(x.shape)
    sizes[first], sizes[second] = sizes[second], sizes[first]
    return tuple(sizes)


def squeeze_shape(x: Value, args: Args) -> Shape:
    axis = axis_index(x, args["dim"], "dim")
    if x.shape[axis] != 1:
        raise LayerError(
            "invalid-argument",
            f"axis {axis + 1} of {x} has size {x.shape[axis]}, only an axis of size 1 falls away",
            argument="dim",
        )
    if len(x.shape) == 1:
        raise LayerError("empty-output", f"the only axis of {x} cannot fall away", argument="dim")
    return (*x.shape[:axis], *x.shape[axis + 1 :])


def unsqueeze_shape(x: Value, args: Args) -> Shape:
    axis = axis_index(x, args["dim"], "dim", new=1)
    return (*x.shape[:axis], 1, *x.shape[axis:])


def axis_helper(name: str, doc: str, call: str, *axes: str) -> str:
    """The source of a module whose forward is one call on `x` with the axes it was given."""
    signature = ", ".join(f"{axis}: int" for axis in axes)
    stores = "\n".join(f"        self.{axis} = {axis}" for axis in axes)
    shown = ", ".join(f"{axis}={{self.{axis}}}" for axis in axes)
    return (
        f"class {name}(nn.Module):\n"
        f'    """{doc}"""\n\n'
        f"    def __init__(self, {signature}) -> None:\n"
        "        super().__init__()\n"
        f"{stores}\n\n"
        "    def forward(self, x: torch.Tensor) -> torch.Tensor:\n"
        f"        return {call}\n\n"
        "    def extra_repr(self) -> str:\n"
        f'        return f"{shown}"\n'
    )


def axis_module(name: str, doc: str, call: str, *axes: str) -> Callable[[Value, Args, Shape], Module]:
    """The constructor of a module that is given axes by position."""
    helper = axis_helper(name, doc, call, *axes)
    return lambda x, args, output: Module(name, tuple((axis, args[axis]) for axis in axes), helper=helper)


TRANSPOSE = Layer(
    name="transpose",
    family=FAMILY,
    summary="swaps two axes, 1 the channels",
    pytorch="Tensor.transpose",
    formula="the sizes of the two axes swapped",
    arguments=(
        Argument("dim0", AXIS, "one axis", aliases=("a",)),
        Argument("dim1", AXIS, "the other", aliases=("b",)),
    ),
    layout="plain",
    shape=transpose_shape,
    keeps=VIEW,
    module=axis_module(
        "Transpose",
        "Swaps two axes; the batch is axis 0.",
        "x.transpose(self.dim0, self.dim1)",
        "dim0",
        "dim1",
    ),
    stricter=BATCH_STAYS,
    examples=(
        Example("transpose 1 2", "96x49", "49x96"),
        Example("transpose 1 (-1)", "3x8x9", "9x8x3"),
    ),
    rejects=(
        Reject("transpose 1 3", "96x49", "invalid-argument", "dim1"),
        Reject("transpose 0 1", "96x49", "invalid-argument", "dim0"),
        Reject("transpose 1", "96x49", "missing-argument", "dim1"),
    ),
)

SQUEEZE = Layer(
    name="squeeze",
    family=FAMILY,
    summary="takes an axis of size 1 away",
    pytorch="Tensor.squeeze",
    formula="the axis falls away",
    arguments=(Argument("dim", AXIS, "the axis, 1 the channels", aliases=("axis",)),),
    shape=squeeze_shape,
    keeps=VIEW,
    module=axis_module(
        "Squeeze", "Takes an axis of size 1 away; the batch is axis 0.", "x.squeeze(self.dim)", "dim"
    ),
    stricter=f"{BATCH_STAYS}; an axis of another size is refused, where PyTorch does nothing; one axis "
    "must be left",
    examples=(
        Example("squeeze 3", "96x7x1", "96x7"),
        Example("squeeze (-1)", "16x1", "16"),
    ),
    rejects=(
        Reject("squeeze 2", "96x7x1", "invalid-argument", "dim"),
        Reject("squeeze 4", "96x7x1", "invalid-argument", "dim"),
        Reject("squeeze 1", "1", "empty-output", "dim"),
    ),
)

UNSQUEEZE = Layer(
    name="unsqueeze",
    family=FAMILY,
    summary="puts in an axis of size 1",
    pytorch="Tensor.unsqueeze",
    formula="an axis of size 1 more",
    arguments=(Argument("dim", AXIS, "where it will stand, 1 the front", aliases=("axis",)),),
    shape=unsqueeze_shape,
    keeps=VIEW,
    module=axis_module(
        "Unsqueeze", "Puts in an axis of size 1; the batch is axis 0.", "x.unsqueeze(self.dim)", "dim"
    ),
    stricter=BATCH_STAYS,
    examples=(
        Example("unsqueeze 1", "28x28", "1x28x28"),
        Example("unsqueeze (-1)", "16", "16x1"),
    ),
    rejects=(
        Reject("unsqueeze 4", "28x28", "invalid-argument", "dim"),
        Reject("unsqueeze 0", "28x28", "invalid-argument", "dim"),
    ),
)

LAYERS = (PERMUTE, TRANSPOSE, SQUEEZE, UNSQUEEZE)
