"""A diagram in all its formats: what `cnndsl draw` writes and what a notebook shows."""

from __future__ import annotations

import os
from pathlib import Path

from cnndsl.backends.drawing.context import DrawingError
from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.plan import Plan
from cnndsl.backends.drawing.planning import make_plan
from cnndsl.backends.drawing.scene import Scene
from cnndsl.files import write_whole
from cnndsl.report import Report

__all__ = ["FORMATS", "LEGIBLE", "Picture", "format_of"]

FORMATS = ("svg", "png", "pdf", "dot", "mmd")
# The smallest type in points that can be read on paper.
LEGIBLE = 6.0


def format_of(path: str | os.PathLike[str], style: str) -> str:
    """The format that a file's ending asks for.

    Errors: DrawingError for an ending that is none of ours, and where the style has not the format.

    >>> format_of("net.SVG", "stage")
    'svg'
    """
    ending = Path(path).suffix.removeprefix(".").lower()
    known = FORMATS[:3] if style == "volume" else FORMATS
    if ending in known:
        return ending
    if ending in FORMATS:
        raise DrawingError(
            f"{path}: the volume style is a picture, which .{ending} cannot hold; {_list(known)}"
        )
    raise DrawingError(f"{path}: expected a file that ends in {_list(known)}")


def _list(endings: tuple[str, ...]) -> str:
    return f".{', .'.join(endings[:-1])} or .{endings[-1]}"


class Picture:
    """A diagram that is planned; it is laid out and drawn when it is asked for.

    In a notebook it shows itself. `plan` says what is in it.

    >>> import cnndsl
    >>> picture = cnndsl.draw("input 1x28x28 -> conv 8 k3 -> relu -> flatten -> linear 10", style="volume")
    >>> picture.svg()[:4]
    '<svg'
    """

    def __init__(self, report: Report, options: Options | None = None) -> None:
        self.options = (options or Options()).checked()
        self.plan: Plan = make_plan(report, self.options)
        self._scene: Scene | None = None

    @property
    def scene(self) -> Scene:
        """What is drawn, and where."""
        if self._scene is None:
            self._scene = self._laid_out()
        return self._scene

    def _laid_out(self) -> Scene:
        from cnndsl.backends.drawing.compose import compose
        from cnndsl.backends.drawing.layout import lay_out
        from cnndsl.backends.drawing.sizes import box_size

        if self.options.style == "volume":
            from cnndsl.backends.drawing.volume import volume_scene

            return volume_scene(self.plan, self.options)
        boxes = self.plan.boxes
        layout = lay_out(
            self.plan, self.options.flow, lambda box: box_size(boxes[box]), self.options.page_width
        )
        return compose(self.plan, layout, self.options)

    @property
    def warning(self) -> str:
        """That type comes out too small to be read on paper, and what to do; empty where it does not."""
        size = self.scene.smallest_type
        if self.options.page_width is None or size >= LEGIBLE - 0.005:
            return ""
        others = "right" if self.options.flow == "down" else "down"
        fewer = "--style stage" if self.options.style == "full" else "--depth 1"
        return (
            f"the smallest type comes out at {size:.1f} pt, under {LEGIBLE:g} pt; "
            f"a wider page, {fewer} or --direction {others} make it larger"
        )

    def svg(self) -> str:
        """The picture as SVG text."""
        from cnndsl.backends.drawing.svg import to_svg

        return to_svg(self.scene)

    def render(self, format: str) -> bytes:
        """The picture in a format: svg, png, pdf, dot or mmd, the last two not of the volume style."""
        format_of(f"picture.{format}", self.options.style)
        if format == "dot":
            from cnndsl.backends.drawing.dot import to_digraph

            return str(to_digraph(self.plan, self.options).source).encode()
        if format == "mmd":
            from cnndsl.backends.drawing.mermaid import to_mermaid

            return to_mermaid(self.plan, self.options).encode()
        if format == "svg":
            return self.svg().encode()
        from cnndsl.backends.drawing.pictures import to_picture

        return to_picture(self.scene, "pdf" if format == "pdf" else "png")

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, whole or not at all, its format by the ending.

        Errors: DrawingError for an unknown ending, OSError where the file cannot be written.
        """
        format = format_of(path, self.options.style)
        write_whole(path, self.render(format))

    def _repr_svg_(self) -> str:
        return self.svg()
