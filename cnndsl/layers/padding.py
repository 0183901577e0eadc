"""Padding and cropping as a layer of its own."""

from __future__ import annotations

from cnndsl.dims import LARGEST, Shape, Value
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
from cnndsl.layers.kinds import Real, Sizes, Word, describe_value
from cnndsl.layers.windows import repeat

__all__ = ["LAYERS"]

FAMILY = "resampling"

SPATIAL = frozenset({1, 2, 3})

PAD_MODES = {
    "constant": "ConstantPad",
    "reflect": "ReflectionPad",
    "replicate": "ReplicationPad",
    "circular": "CircularPad",
}

PAD_ARGUMENTS = (
    Argument(
        "padding",
        Sizes(-LARGEST),
        "one number for all sides, or left right [top bottom [front back]]; negative ones crop",
        variadic=True,
    ),
    Argument("mode", Word(tuple(PAD_MODES)), "what is filled in", default="constant", positional=False),
    Argument("value", Real(), "the constant that is filled in", default=0.0, positional=False),
)


def pad_sides(x: Value, args: Args) -> tuple[tuple[int, int], ...]:
    """What is put before and after each spatial axis; pairs that are not given are 0."""
    numbers: tuple[int, ...] = args["padding"]
    if len(numbers) == 1:
        return ((numbers[0], numbers[0]),) * x.rank
    if len(numbers) % 2 or len(numbers) > 2 * x.rank:
        sides = ["left right", "left right top bottom", "left right top bottom front back"][: x.rank]
        raise LayerError(
            "invalid-argument",
            f"expected one number, or {' or '.join(sides)}, for {x}, got {len(numbers)} numbers",
            argument="padding",
        )
    pairs = [(numbers[i], numbers[i + 1]) for i in range(0, len(numbers), 2)]
    pairs += [(0, 0)] * (x.rank - len(pairs))
    return tuple(reversed(pairs))


def check_fill(n: int, before: int, after: int, x: Value, mode: str) -> None:
    """A reflection is smaller than the axis, a wrap at most the axis; both need something to repeat."""
    most = {"reflect": n - 1, "circular": n}.get(mode)
    if most is not None and max(before, after) > most:
        raise LayerError(
            "padding-too-large",
            f"{mode} padding {max(before, after)} is too large for an axis of {n} in {x}, "
            f"it may be at most {most}",
            argument="padding",
        )


def pad_shape(x: Value, args: Args) -> Shape:
    if args["value"] != 0 and args["mode"] != "constant":
        raise LayerError(
            "invalid-argument",
            f"value={describe_value(args['value'])} is for mode=constant, not for mode={args['mode']}",
            argument="value",
        )
    sizes = []
    for n, (before, after) in zip(x.spatial, pad_sides(x, args), strict=True):
        check_fill(n, before, after, x, args["mode"])
        kept = n + min(before, 0) + min(after, 0)
        result = n + before + after
        if kept < (0 if args["mode"] == "constant" else 1) or result < 1:
            raise LayerError(
                "empty-output",
                f"cropping {-min(before, 0)} and {-min(after, 0)} off an axis of {n} in {x} leaves nothing",
                argument="padding",
            )
        sizes.append(result)
    return (x.channels, *sizes)


def pad_module(x: Value, args: Args, output: Shape) -> Module:
    sides = pad_sides(x, args)
    numbers = repeat(tuple(number for pair in reversed(sides) for number in pair))
    if args["mode"] == "constant" and args["value"] == 0:
        return Module(f"nn.ZeroPad{x.rank}d", (("padding", numbers),))
    # The other modes' classes take no value, which the shape rule refuses for them too.
    fill = (("value", args["value"]),) if args["mode"] == "constant" or args["value"] else ()
    return Module(f"nn.{PAD_MODES[args['mode']]}{x.rank}d", (("padding", numbers), *fill))


def signed(number: int) -> str:
    """`+ 2` or `- 2`."""
    return f"{'+' if number >= 0 else '-'} {abs(number)}"


def pad_explain(x: Value, args: Args, output: Shape) -> str:
    terms = [
        f"{n} {signed(before)} {signed(after)} = {result}"
        for n, (before, after), result in zip(x.spatial, pad_sides(x, args), output[1:], strict=True)
    ]
    return ", ".join(dict.fromkeys(terms))


PAD = Layer(
    name="pad",
    family=FAMILY,
    summary="puts rows around a value, or takes them off",
    pytorch="nn.ZeroPad{rank}d",
    formula="n + before + after an axis",
    arguments=PAD_ARGUMENTS,
    ranks=SPATIAL,
    shape=pad_shape,
    module=pad_module,
    receptive=lambda x, args: tuple(Step(1, padding=before) for before, _ in pad_sides(x, args)),
    keeps=lambda x, args, output: Keeps(input=args["mode"] in ("reflect", "replicate")),
    explain=pad_explain,
    stricter="a crop must leave something to reflect, replicate or wrap around",
    examples=(
        Example("pad 1", "3x32x32", "3x34x34"),
        Example("pad 0 1 0 1 value=0.5", "3x32x32", "3x33x33"),
        Example("pad (2, 0) mode=replicate", "8x50", "8x52"),
        Example("pad (-1) mode=reflect", "4x8x8x8", "4x6x6x6"),
        Example("pad 1 1 mode=circular", "3x8x8", "3x8x10"),
    ),
    rejects=(
        Reject("pad 1 2 3", "3x32x32", "invalid-argument", "padding"),
        Reject("pad 1 2 3 4", "8x50", "invalid-argument", "padding"),
        Reject("pad 8 mode=reflect", "3x8x8", "padding-too-large", "padding"),
        Reject("pad 9 mode=circular", "3x8x8", "padding-too-large", "padding"),
        Reject("pad (-4)", "3x8x8", "empty-output", "padding"),
        Reject("pad 1 mode=reflect value=1", "3x8x8", "invalid-argument", "value"),
        Reject('pad 1 mode="same"', "3x8x8", "invalid-argument", "mode"),
    ),
)

CROP_ARGUMENTS = (
    Argument(
        "cropping",
        Sizes(0),
        "one number for all sides, or left right [top bottom [front back]]",
        variadic=True,
    ),
)


def cropped(args: Args) -> Args:
    """The arguments of the padding that a crop is: by less than nothing."""
    return {"padding": tuple(-number for number in args["cropping"]), "mode": "constant", "value": 0.0}


def crop_shape(x: Value, args: Args) -> Shape:
    try:
        return pad_shape(x, cropped(args))
    except LayerError as error:
        raise LayerError(
            error.rule, error.message, argument="cropping", label=error.label, help=error.help
        ) from None


CROP = Layer(
    name="crop",
    family=FAMILY,
    summary="takes rows off at the borders",
    pytorch="ZeroPad{rank}d with negative numbers",
    formula="n - before - after an axis",
    arguments=CROP_ARGUMENTS,
    ranks=SPATIAL,
    shape=crop_shape,
    module=lambda x, args, output: pad_module(x, cropped(args), output),
    receptive=lambda x, args: PAD.receptive(x, cropped(args)),
    keeps=NOTHING,
    explain=lambda x, args, output: pad_explain(x, cropped(args), output),
    stricter="negative numbers, which would pad, are refused",
    examples=(
        Example("crop 2", "3x36x36", "3x32x32"),
        Example("crop 0 1 0 1", "3x33x33", "3x32x32"),
        Example("crop (4, 0)", "8x50", "8x46"),
        Example("crop 1", "4x8x8x8", "4x6x6x6"),
    ),
    rejects=(
        Reject("crop 4", "3x8x8", "empty-output", "cropping"),
        Reject("crop (-1)", "3x8x8", "invalid-argument", "cropping"),
        Reject("crop 1 2 3", "3x8x8", "invalid-argument", "cropping"),
        Reject("crop 1", "784", "wrong-rank"),
    ),
)

LAYERS = (PAD, CROP)
