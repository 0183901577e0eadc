"""The colours of a diagram.

Kinds of layers have Okabe and Ito's colours, which the colour-blind tell apart, on fills of different
lightness, which stay apart in grey. The theme for print is grey itself.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["KIND_NAMES", "Theme", "theme_of"]

# What the legend calls the kinds of boxes, in its order.
KIND_NAMES = {
    "block": "block",
    "convolution": "convolution",
    "linear": "linear",
    "attention": "attention",
    "pooling": "pooling",
    "resampling": "resampling",
    "normalisation": "normalisation",
    "activation": "activation",
    "regularisation": "regularisation",
    "weighting": "weighting",
    "shaping": "shaping",
}


class Theme(NamedTuple):
    """Fill and border by kind, and the colours of the rest."""

    fills: dict[str, tuple[str, str]]
    page: str
    ink: str
    faint: str
    wire: str
    frames: tuple[str, str]
    frame_border: str
    mistake: str

    def colors(self, family: str) -> tuple[str, str]:
        """Fill and border of a kind."""
        return self.fills.get(family, self.fills["shaping"])


LIGHT = Theme(
    {
        "block": ("#e4e7ec", "#4a5568"),
        "convolution": ("#cfe5f5", "#0072b2"),
        "linear": ("#bfe3d5", "#00805c"),
        "attention": ("#f2ecb0", "#8a7d1f"),
        "pooling": ("#f9d5a7", "#c05a00"),
        "resampling": ("#d9f0ee", "#3a8f87"),
        "normalisation": ("#f7f0b8", "#9a8a00"),
        "activation": ("#f6d9e8", "#b0588c"),
        "regularisation": ("#f1f1f1", "#888888"),
        "weighting": ("#e2d9f3", "#6b4fa0"),
        "shaping": ("#ffffff", "#666666"),
    },
    "#ffffff",
    "#1a1a1a",
    "#50555c",
    "#3c4148",
    ("#f7f8fa", "#eef0f4"),
    "#b9c0ca",
    "#d00000",
)
DARK = Theme(
    {
        "block": ("#3a4250", "#9aa7bb"),
        "convolution": ("#17405c", "#56b4e9"),
        "linear": ("#114a3a", "#2fbf92"),
        "attention": ("#4a4413", "#e6d94a"),
        "pooling": ("#5f3a0a", "#f0a040"),
        "resampling": ("#1b4a47", "#6fc7be"),
        "normalisation": ("#4d4710", "#f0e442"),
        "activation": ("#552a44", "#e08fbd"),
        "regularisation": ("#333333", "#9a9a9a"),
        "weighting": ("#3d2f5c", "#b39ddb"),
        "shaping": ("#22262c", "#a0a6ae"),
    },
    "#15181c",
    "#f0f2f4",
    "#b4bac2",
    "#c2c8d0",
    ("#1d2126", "#252a31"),
    "#4d5560",
    "#ff6b6b",
)
GREY = Theme(
    {
        "block": ("#e9e9e9", "#222222"),
        "convolution": ("#d2d2d2", "#222222"),
        "linear": ("#b8b8b8", "#222222"),
        "attention": ("#c8c8c8", "#222222"),
        "pooling": ("#9c9c9c", "#222222"),
        "resampling": ("#dddddd", "#222222"),
        "normalisation": ("#f2f2f2", "#222222"),
        "activation": ("#f6f6f6", "#222222"),
        "regularisation": ("#fafafa", "#222222"),
        "weighting": ("#e2e2e2", "#222222"),
        "shaping": ("#ffffff", "#222222"),
    },
    "#ffffff",
    "#000000",
    "#333333",
    "#222222",
    ("#fafafa", "#f2f2f2"),
    "#999999",
    # in print without colour a mistake is told by its thick, dotted line
    "#000000",
)


def theme_of(name: str) -> Theme:
    """The theme with this name: light, dark or grey."""
    return {"light": LIGHT, "dark": DARK, "grey": GREY}[name]
