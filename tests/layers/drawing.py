"""Random arguments and arriving values for a layer, drawn from its declaration.

Valid and invalid ones come mixed: the bounds of an argument's kind are crossed now and then, and sizes are
drawn near each other, so that windows and axes that just fit or just do not are common.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from random import Random
from typing import Any

from cnndsl.dims import Value
from cnndsl.layers.declaration import Argument, Layer
from cnndsl.layers.kinds import Factors, Kind, OrNone, PerAxis, Real, Sizes, Truth, Whole, Word

__all__ = ["draw_arguments", "draw_case", "draw_value", "lenient"]

# How many axes may stand behind the channels where a layer takes any number.
ANY_RANKS = (0, 1, 2, 3, 4)

# Sizes stay small, so that a case takes microseconds; volumes smallest of all.
LARGEST_SIZE = {0: 12, 1: 12, 2: 10, 3: 6, 4: 3}


def draw_case(layer: Layer, random: Random) -> tuple[Value, dict[str, Any]]:
    """A value and arguments; now and then a value of a rank that the layer does not take."""
    x = draw_value(layer, random)
    given = draw_arguments(layer, x, random)
    if layer.ranks is not None and random.random() < 0.03:
        x = draw_value(layer, random, random.choice(sorted({*ANY_RANKS} - layer.ranks)))
        if random.random() < 0.5:
            given = draw_arguments(layer, x, random)
    return x, given


def draw_value(layer: Layer, random: Random, rank: int | None = None) -> Value:
    """A shape that the layer may get, of a rank that it takes if none is said."""
    rank = random.choice(sorted(layer.ranks or ANY_RANKS)) if rank is None else rank
    channels = random.choice((1, 2, 3, 4, 6, 8, 9, 12))
    largest = LARGEST_SIZE[rank]
    spatial = tuple(random.choice((1, 2, random.randint(1, largest), largest)) for _ in range(rank))
    channels_first = layer.name != "linear" or random.random() < 0.3
    return Value((channels, *spatial), channels_first)


def draw_arguments(layer: Layer, x: Value, random: Random) -> dict[str, Any]:
    """Arguments as a spec would give them: not yet in normal form, defaults left out."""
    given: dict[str, Any] = {}
    for argument in layer.arguments:
        if argument.required or random.random() < 0.45:
            given[argument.name] = draw(layer, argument, x, random)
    if random.random() < 0.8 and layer.name in TOGETHER:
        TOGETHER[layer.name](given, x, random)
    return given


def fit_upsample(given: dict[str, Any], x: Value, random: Random) -> None:
    """One of factor and size, and a mode that fits."""
    first, second = random.sample(("scale_factor", "size"), 2)
    given.pop(second, None)
    given.setdefault(first, random.choice((1, 2, 3)))
    fitting = {1: "linear", 2: random.choice(("bilinear", "bicubic")), 3: "trilinear"}.get(x.rank, "nearest")
    given["mode"] = random.choice(("nearest", "area", "nearest-exact", fitting, fitting))
    if given["mode"] != fitting:
        given.pop("align_corners", None)


def fit_fractional(given: dict[str, Any], x: Value, random: Random) -> None:
    """One of size and ratio, and windows that may fit."""
    first, second = random.sample(("output_size", "output_ratio"), 2)
    given.pop(second, None)
    given["kernel_size"] = tuple(random.choice((1, 1, 2, 3)) for _ in x.spatial)
    if first == "output_size":
        most = [
            n - k + random.choice((0, 1, 1)) for n, k in zip(x.spatial, given["kernel_size"], strict=True)
        ]
        given[first] = tuple(random.randint(1, max(1, size)) for size in most)
    elif given.get(first) is None:
        given[first] = random.choice((0.3, 0.5, 0.7, 0.9))


def fit_fold(given: dict[str, Any], x: Value, random: Random) -> None:
    """An image that has as many windows as arrive, or one row more or less."""
    if x.rank != 1:
        return
    rows = random.choice([n for n in range(1, x.spatial[0] + 1) if x.spatial[0] % n == 0])
    windows = (rows, x.spatial[0] // rows)
    kernel = [(k, m) for k in range(1, 4) for m in range(1, 4) if x.channels % (k * m) == 0]
    given["kernel_size"] = chosen = random.choice(kernel)
    stride, dilation, padding = random.choice((1, 2, 3)), random.choice((1, 1, 2)), random.choice((0, 0, 1))
    given |= {"stride": stride, "dilation": dilation, "padding": padding}
    rest = random.choice((0, 0, 0, 1, -1))
    given["output_size"] = tuple(
        (n - 1) * stride + dilation * (k - 1) + 1 - 2 * padding + rest
        for n, k in zip(windows, chosen, strict=True)
    )


# Layers whose arguments go together; all of them drawn alone would hardly ever fit.
TOGETHER = {"upsample": fit_upsample, "fractionalmaxpool": fit_fractional, "fold": fit_fold}


def draw(layer: Layer, argument: Argument, x: Value, random: Random) -> Any:
    """One argument; what only fits by chance is drawn to fit more often."""
    fitting = random.random() < 0.8
    if fitting and layer.name == "permute":
        return tuple(random.sample(range(1, len(x.shape) + 1), len(x.shape)))
    if fitting and argument.name in ("unflattened_size", "shape"):
        total = prod(x.shape) if layer.name == "reshape" else x.channels
        return draw_factors(total, random)
    if fitting and argument.name == "num_heads":
        features = x.shape[-1]
        return random.choice([n for n in range(1, features + 1) if features % n == 0])
    if fitting and argument.name == "cropping":
        count = random.choice([1, *range(2, 2 * x.rank + 1, 2)])
        return tuple(random.choice((0, 0, 1, random.randint(-1, 4))) for _ in range(count))
    if fitting and layer.name == "pad" and argument.name == "padding":
        count = random.choice([1, *range(2, 2 * x.rank + 1, 2)])
        return tuple(random.choice((0, 1, 2, random.randint(-7, 12))) for _ in range(count))
    if fitting and layer.name == "squeeze" and 1 in x.shape:
        return random.choice([axis for axis, size in enumerate(x.shape, start=1) if size == 1])
    if fitting and layer.name == "narrow" and argument.name == "start":
        return random.randint(0, x.channels - 1)
    if fitting and argument.name in ("groups", "num_groups", "out", "num_parameters"):
        return random.choice((1, 2, 3, 4, x.channels, 2 * x.channels))
    if fitting and argument.name == "padding" and "kernel_size" in (a.name for a in layer.arguments):
        return random.choice((0, 1, 1, 2))
    if argument.name in ("dim", "dims", "start_dim", "end_dim", "dim0", "dim1"):
        if isinstance(argument.kind, Sizes):
            return tuple(draw_axis(x, random) for _ in range(random.randint(1, 3)))
        return draw_axis(x, random)
    return draw_kind(argument.kind, x, random)


def draw_axis(x: Value, random: Random) -> int:
    count = len(x.shape)
    return random.choice(
        (random.randint(1, count), random.randint(-count, -1), random.randint(-count - 2, count + 2))
    )


def draw_factors(total: int, random: Random) -> tuple[int, ...]:
    """Sizes whose product is `total`, one of them perhaps -1."""
    sizes = []
    while total > 1 and len(sizes) < 3:
        factor = random.choice([n for n in range(1, total + 1) if total % n == 0])
        sizes.append(factor)
        total //= factor
    sizes.append(total)
    if random.random() < 0.4:
        sizes[random.randrange(len(sizes))] = -1
    return tuple(sizes)


def draw_whole(low: int, high: int, random: Random) -> int:
    """A small number, now and then just outside of the bounds."""
    low, high = max(low, -6), min(high, 12)
    if random.random() < 0.04:
        return random.choice((low - 1, low - 2))
    return random.choice((low, min(low + 1, high), min(low + 2, high), random.randint(low, high)))


def draw_kind(kind: Kind, x: Value, random: Random) -> Any:
    """A value for an argument of this kind."""
    match kind:
        case OrNone():
            return None if random.random() < 0.4 else draw_kind(kind.kind, x, random)
        case Whole():
            return draw_whole(kind.minimum, kind.maximum, random)
        case PerAxis():
            if kind.choices and random.random() < 0.25:
                return random.choice(kind.choices)
            axes = kind.axes or x.rank
            if kind.none and random.random() < 0.2:
                return tuple(random.choice(("none", 1, 3)) for _ in range(axes))
            # small ones are common: a window of 12 fits nothing
            entries = [min(draw_whole(kind.minimum, 12, random), random.randint(1, 7)) for _ in range(axes)]
            if not entries:
                return draw_whole(kind.minimum, 4, random)
            return tuple(entries) if random.random() < 0.6 else entries[0]
        case Sizes():
            return tuple(draw_whole(kind.minimum, 12, random) for _ in range(random.randint(1, 4)))
        case Factors():
            factors = (1, 2, 3, 0.5, 1.5, 0.3, 0.7, 2.3, 1.0, round(random.uniform(0.05, 3), 2), 1 / 3)
            one = random.choice((*factors, 0, -1)) if random.random() < 0.1 else random.choice(factors)
            return tuple(random.choice(factors) for _ in range(x.rank)) if random.random() < 0.4 else one
        case Real():
            inside = [n for n in (0, 0.1, 0.5, 1, 2, -1, 1e-3) if kind.minimum <= n <= kind.maximum]
            return random.choice((*inside, *inside, -1, 0, 2, random.uniform(-2, 2)))
        case Word():
            return random.choice(kind.choices)
        case Truth():
            return random.random() < 0.5
    raise TypeError(f"no way to draw a {type(kind).__name__}")


def lenient(kind: Kind) -> Kind:
    """The kind without its bounds: what a constructor is given where we refuse a value by itself."""
    match kind:
        case OrNone():
            return OrNone(lenient(kind.kind))
        case Whole():
            return Whole(-(2**31))
        case PerAxis():
            return replace(kind, minimum=-(2**31))
        case Sizes():
            return Sizes(-(2**31))
        case Real():
            return Real()
        case Factors():
            return AnyFactors()
    return kind


class AnyFactors(Factors):
    """Factors that may be 0 and less."""

    def accept(self, value: Any, rank: int) -> tuple[int | float, ...]:
        return tuple(value) if isinstance(value, tuple) else (value,) * rank
