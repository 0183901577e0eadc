"""Layers that are one learned tensor: a scale or a bias for every channel."""

from __future__ import annotations

from cnndsl.dims import Shape, Value
from cnndsl.layers.declaration import (
    INPUT_KEPT,
    NOTHING,
    Args,
    Argument,
    Example,
    Layer,
    Module,
    Raw,
    Reject,
    Weight,
)
from cnndsl.layers.kinds import Real

__all__ = ["LAYERS"]


def channel_shape(x: Value) -> Shape:
    """One number a channel, shaped so that it spreads over the axes behind the channels."""
    return (x.channels, *(1 for _ in x.spatial))


def bare_parameter(name: str, summary: str, sign: str, init: float) -> Layer:
    """A layer that combines the value with one learned number a channel."""

    def module(x: Value, args: Args, output: Shape) -> Module:
        shape = ", ".join(map(str, channel_shape(x)))
        start = args["init"]
        plain = {0.0: f"torch.zeros({shape})", 1.0: f"torch.ones({shape})"}
        size = f"({shape},)" if x.rank == 0 else f"({shape})"
        code = plain.get(start, f"torch.full({size}, {start!r})")
        return Module("nn.Parameter", (("data", Raw(code)),), apply=f"{{x}} {sign} {{self}}")

    return Layer(
        name=name,
        family="weighting",
        summary=summary,
        pytorch=f"x {sign} nn.Parameter",
        formula="the shape stays",
        arguments=(Argument("init", Real(), "what every weight starts with", default=init),),
        shape=lambda x, args: x.shape,
        weights=lambda x, args: (Weight("", channel_shape(x)),),
        module=module,
        keeps=INPUT_KEPT if sign == "*" else NOTHING,
        examples=(
            Example(name, "96x56x56", "96x56x56"),
            Example(f"{name} init=1e-6", "96x50", "96x50"),
            Example(f"{name} 0.5", "768", "768"),
        ),
        rejects=(
            Reject(f"{name} init=true", "96x56x56", "invalid-argument", "init"),
            Reject(f"{name} 1 2", "96x56x56", "too-many-arguments"),
        ),
    )


LAYERS = (
    bare_parameter("scale", "multiplies every channel by a learned weight", "*", 1.0),
    bare_parameter("bias", "adds a learned number to every channel", "+", 0.0),
)
