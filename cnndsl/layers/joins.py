"""Joins: how the values of several branches become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from cnndsl.dims import Shape, Value, kind_of
from cnndsl.layers.declaration import Example, Join, LayerError, Reject

__all__ = ["JOINS"]


def listed(values: Sequence[Value]) -> str:
    """The branches' shapes: `64x8x8, 64x4x4 and 32x4x4`."""
    words = [str(value) for value in values]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def a_kind(value: Value) -> str:
    """The kind of a value with its article."""
    kind = kind_of(value.shape)
    return f"{'an' if kind == 'image' else 'a'} {kind}"


def mismatch(message: str, values: Sequence[Value], help: Sequence[str] = ()) -> LayerError:
    """The diagnostic for branches that do not go together."""
    return LayerError("shape-mismatch", message, label=" | ".join(map(str, values)), help=help)


def equal_shape(name: str) -> Callable[[Sequence[Value]], Shape]:
    """The shape rule of a join that wants equal shapes."""

    def shape(values: Sequence[Value]) -> Shape:
        if any(value.shape != values[0].shape for value in values):
            raise mismatch(
                f"{name} wants branches of one shape, got {listed(values)}", values, equal_help(values)
            )
        return values[0].shape

    return shape


def equal_help(values: Sequence[Value]) -> tuple[str, ...]:
    """What brings the branches together, where they are of one kind."""
    first, other = values[0], next(value for value in values if value.shape != values[0].shape)
    if first.rank != other.rank:
        return (f"one branch gives {a_kind(first)}, another {a_kind(other)}",)
    if first.spatial == other.spatial and first.rank > 0 and first.channels_first:
        return (f"`conv {other.channels} k1` in a branch of {first.channels} channels would bring it there",)
    return ()


def mul_shape(values: Sequence[Value]) -> Shape:
    if any(value.rank != values[0].rank for value in values):
        raise mismatch(f"mul wants branches with equally many axes, got {listed(values)}", values)
    sizes = []
    for axis in zip(*(value.shape for value in values), strict=True):
        wanted = [size for size in axis if size != 1]
        if any(size != wanted[0] for size in wanted):
            raise mismatch(
                f"mul wants branches of one shape, but for axes of size 1, got {listed(values)}", values
            )
        sizes.append(wanted[0] if wanted else axis[0])
    return tuple(sizes)


def concat_shape(values: Sequence[Value]) -> Shape:
    if any(value.spatial != values[0].spatial for value in values):
        raise mismatch(
            f"concat wants branches that are equal but for their channels, got {listed(values)}",
            values,
            ()
            if len({value.rank for value in values}) > 1
            else ("the sizes behind the channels have to agree",),
        )
    channels = values[0].channels
    for value in values[1:]:
        channels = channels + value.channels
    return (channels, *values[0].spatial)


def infix(sign: str) -> Callable[[Sequence[str]], str]:
    """`a + b + c`."""
    return lambda names: f" {sign} ".join(names)


def nested(function: str) -> Callable[[Sequence[str]], str]:
    """`torch.maximum(torch.maximum(a, b), c)`."""

    def expression(names: Sequence[str]) -> str:
        result = names[0]
        for name in names[1:]:
            result = f"{function}({result}, {name})"
        return result

    return expression


def equal_join(
    name: str,
    summary: str,
    symbol: str,
    expression: Callable[[Sequence[str]], str],
    keeps: Literal["nothing", "all"] = "nothing",
) -> Join:
    """The declaration of a join of equal shapes."""
    return Join(
        name=name,
        summary=summary,
        symbol=symbol,
        shape=equal_shape(name),
        expression=expression,
        keeps=keeps,
        examples=(
            Example(f"{name} {{ identity | conv 16 k3 p1 }}", "16x8x8", "16x8x8"),
            Example(f"{name} {{ identity | relu | linear 64 }}", "64", "64"),
        ),
        rejects=(
            Reject(f"{name} {{ identity | conv 32 k3 p1 }}", "16x8x8", "shape-mismatch"),
            Reject(f"{name} {{ identity | maxpool 2 }}", "16x8x8", "shape-mismatch"),
            Reject(f"{name} {{ identity | gap }}", "16x8x8", "shape-mismatch"),
        ),
    )


MUL = Join(
    name="mul",
    summary="elementwise product; axes of size 1 spread over the others",
    symbol="×",
    shape=mul_shape,
    expression=infix("*"),
    keeps="others",
    examples=(
        Example("mul { identity | gap -> conv 16 k1 -> sigmoid }", "16x8x8", "16x8x8"),
        Example("mul { identity | conv 1 k1 }", "16x8x8", "16x8x8"),
        Example("mul { identity | sigmoid }", "64", "64"),
    ),
    rejects=(
        Reject("mul { identity | conv 32 k1 }", "16x8x8", "shape-mismatch"),
        Reject("mul { identity | gap -> flatten }", "16x8x8", "shape-mismatch"),
    ),
)

CONCAT = Join(
    name="concat",
    summary="joins along the channels",
    symbol="⧺",
    shape=concat_shape,
    expression=lambda names: f"torch.cat([{', '.join(names)}], dim=1)",
    examples=(
        Example("concat { identity | conv 32 k3 p1 }", "16x8x8", "48x8x8"),
        Example("concat { conv 8 k1 | conv 8 k3 p1 | maxpool k3 s1 p1 }", "16x8x8", "32x8x8"),
        Example("concat { identity | linear 10 }", "64", "74"),
    ),
    rejects=(
        Reject("concat { identity | maxpool 2 }", "16x8x8", "shape-mismatch"),
        Reject("concat { identity | gap -> flatten }", "16x8x8", "shape-mismatch"),
    ),
)

JOINS = (
    equal_join("add", "elementwise sum", "+", infix("+")),
    MUL,
    CONCAT,
    equal_join("sub", "the first branch less the others", "−", infix("-")),
    equal_join("max", "elementwise maximum", "max", nested("torch.maximum"), keeps="all"),
    equal_join("min", "elementwise minimum", "min", nested("torch.minimum"), keeps="all"),
)
