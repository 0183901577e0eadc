"""A whole declaration for tests to break."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cnndsl.layers import Args, Argument, Example, Layer, LayerError, Module, Shape, Value, Whole, register

TRIPLE = '''
class Triple(nn.Module):
    """Every channel, several times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.repeat_interleave(self.times, 1)
'''.lstrip("\n")


def shape(x: Value, args: Args) -> Shape:
    if x.channels == 13:
        raise LayerError("not-divisible", "13 channels bring bad luck", argument="times")
    return (x.channels * args["times"], *x.spatial)


LAYER = Layer(
    name="triple",
    family="repeating",
    summary="every channel several times",
    pytorch="x.repeat_interleave(times, 1)",
    formula="channels x times",
    arguments=(
        Argument("times", Whole(1), "how often", default=3, flag="t", aliases=("repeats",)),
        Argument("loud", Whole(0, 9), "nothing", default=0, switch=("loud", 9), positional=False),
    ),
    shape=shape,
    module=lambda x, args, output: Module("Triple", (("times", args["times"]),), helper=TRIPLE),
    examples=(Example("triple t2", "4x8x8", "8x8x8"), Example("triple 2 loud", "4", "8")),
)


def broken(**changes: Any) -> None:
    """Register the layer with some of its fields changed."""
    register(replace(LAYER, **changes), plugin="broken_plugin")
