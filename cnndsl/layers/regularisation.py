"""Regularisation: what is dropped in training, and handed on untouched in evaluation."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnndsl.dims import Shape, Value
from cnndsl.layers.declaration import VIEW, Args, Argument, Example, Keeps, Layer, Module, Reject
from cnndsl.layers.kinds import Real, Truth
from cnndsl.layers.windows import keywords

__all__ = ["LAYERS"]

# Layers that drop channels, not single values.
WHOLE_CHANNELS = frozenset({"channeldropout", "featurealphadropout"})

ARGUMENTS = (
    Argument("p", Real(0, 1), "probability of being dropped", default=0.5),
    Argument(
        "inplace",
        Truth(),
        "whether the arriving value is overwritten",
        default=False,
        switch=("inplace", True),
    ),
)


def mask_of(name: str) -> Callable[[Value, Args, Shape], Keeps]:
    """What a dropout keeps: what it multiplied by, a number for each that it drops or not."""

    def keeps(x: Value, args: Args, output: Shape) -> Keeps:
        if args["p"] == 0:
            return VIEW
        dropped = (x.channels,) if name in WHOLE_CHANNELS else x.shape
        return Keeps(numbers=prod(dropped), view="in evaluation")

    return keeps


def dropout(
    name: str, pytorch: str, summary: str, inputs: tuple[str, ...], ranks: frozenset[int] | None = None
) -> Layer:
    """The declaration of a dropout layer; `inputs` are shapes for its examples."""
    uses = (name, f"{name} 0.2", f"{name} p=0.1 inplace=true")
    return Layer(
        name=name,
        family="regularisation",
        summary=summary,
        pytorch=pytorch,
        formula="the shape stays",
        arguments=ARGUMENTS,
        ranks=ranks,
        shape=lambda x, args: x.shape,
        module=lambda x, args, output: Module(
            pytorch.replace("{rank}", str(x.rank)), (), keywords(ARGUMENTS, args, "p", "inplace")
        ),
        keeps=mask_of(name),
        examples=tuple(Example(use, shape, shape) for use, shape in zip(uses, inputs, strict=True)),
        rejects=(
            Reject(f"{name} 1.5", inputs[0], "invalid-argument", "p"),
            Reject(f"{name} p=(-0.1)", inputs[0], "invalid-argument", "p"),
            Reject(f"{name} 0.5 inplace=1", inputs[0], "invalid-argument", "inplace"),
        ),
    )


DROPPATH_HELPER = '''
class DropPath(nn.Module):
    """Drops the value of whole samples in training, and scales up the others to make up for it."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0.0:
            return x
        shape = [x.shape[0]] + [1] * (x.dim() - 1)
        kept = torch.ones(shape, dtype=x.dtype, device=x.device)
        return x * nn.functional.dropout(kept, self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}"
'''.lstrip("\n")

DROPPATH = Layer(
    name="droppath",
    aliases=("stochasticdepth",),
    family="regularisation",
    summary="drops whole samples in training, to be put at the end of a residual branch",
    pytorch="torchvision.ops.StochasticDepth(p, 'row')",
    formula="the shape stays",
    arguments=(Argument("p", Real(0, 1), "probability of a sample being dropped"),),
    shape=lambda x, args: x.shape,
    module=lambda x, args, output: Module("DropPath", (("p", args["p"]),), helper=DROPPATH_HELPER),
    keeps=lambda x, args, output: Keeps(numbers=1, view="in evaluation") if args["p"] else VIEW,
    examples=(
        Example("droppath 0.1", "96x56x56", "96x56x56"),
        Example("droppath p=0.2", "768", "768"),
    ),
    rejects=(
        Reject("droppath 1.5", "96x56x56", "invalid-argument", "p"),
        Reject("droppath", "96x56x56", "missing-argument", "p"),
    ),
)

IMAGES = ("64", "16x50", "16x8x8")

LAYERS = (
    dropout("dropout", "nn.Dropout", "sets single values to 0 in training", IMAGES),
    dropout(
        "channeldropout",
        "nn.Dropout{rank}d",
        "sets whole channels to 0 in training",
        ("16x50", "16x8x8", "16x4x8x8"),
        frozenset({1, 2, 3}),
    ),
    dropout("alphadropout", "nn.AlphaDropout", "dropout that keeps mean and variance, for `selu`", IMAGES),
    dropout(
        "featurealphadropout",
        "nn.FeatureAlphaDropout",
        "drops whole channels and keeps mean and variance, for `selu`",
        IMAGES,
    ),
    DROPPATH,
)
