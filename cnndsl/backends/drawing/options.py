"""What can be said about a diagram, and how lengths are written."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cnndsl.backends.drawing.context import DrawingError
from cnndsl.backends.drawing.plan import Style

__all__ = ["DIRECTIONS", "STYLES", "THEMES", "Direction", "Options", "parse_length"]

Direction = Literal["down", "right"]
STYLES = ("stage", "full", "volume")
DIRECTIONS = ("down", "right")
THEMES = ("light", "dark", "grey")
# Points, 72 to the inch.
UNITS = {"pt": 1.0, "in": 72.0, "cm": 72 / 2.54, "mm": 7.2 / 2.54}
NARROWEST, WIDEST = 36.0, 7200.0


class Options(NamedTuple):
    """How a diagram is to look; lengths in points, 72 to the inch.

    `depth` and `expand` choose what is opened; `direction` is the way that values flow, None for the style's
    own; `page_width` is the width to fit, None for the drawing's own size.
    """

    style: Style = "stage"
    depth: int | None = None
    expand: tuple[str, ...] = ()
    direction: Direction | None = None
    theme: str = "light"
    page_width: float | None = None
    legend: bool = True

    @property
    def flow(self) -> Direction:
        """The way that values flow."""
        return self.direction or ("right" if self.style == "volume" else "down")

    def checked(self) -> Options:
        """The same; DrawingError where a value is none of those that there are."""
        for name, value, known in (
            ("style", self.style, STYLES),
            ("direction", self.direction, (*DIRECTIONS, None)),
            ("theme", self.theme, THEMES),
        ):
            if value not in known:
                words = ", ".join(word for word in known if word)
                raise DrawingError(f"{name} {value!r}: expected one of {words}")
        if self.depth is not None and self.depth < 1:
            raise DrawingError(
                f"depth {self.depth}: expected 1 or more; 1 draws each outermost block as one box"
            )
        return self


def parse_length(text: str) -> float:
    """A length with its unit, in points; DrawingError where it is none.

    >>> parse_length("3.3in"), parse_length("84mm") == parse_length("8.4cm")
    (237.6, True)
    """
    text = text.strip()
    number, unit = text[:-2].strip(), text[-2:]
    try:
        points = float(number) * UNITS[unit]
    except (ValueError, KeyError):
        raise DrawingError(
            f"{text!r} is no width: expected a number with in, cm, mm or pt, like 3.3in"
        ) from None
    if not NARROWEST <= points <= WIDEST:
        raise DrawingError(f"a page {text} wide: expected between 0.5in and 100in")
    return round(points, 3)
