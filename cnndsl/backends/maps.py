"""The values of a layer as a picture: maps in a grid, a vector as bars."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnndsl.dims import Shape, format_shape

__all__ = ["Picture", "draw_maps", "said"]

# More maps than this are too small to be seen; the first ones are drawn.
MOST = 64
QUIET = "#666666"
BAR = "#0072B2"
STYLE: Any = {
    "font.size": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


class Picture(NamedTuple):
    """What a picture shows: the image (C, H, W) from 0 to 1, a layer's values for it, and words on them."""

    image: NDArray[np.float32]
    values: NDArray[np.float32]
    title: str
    remarks: str


def said(shape: Shape) -> str:
    """What is drawn of values of this shape.

    >>> said((512, 7, 7)), said((12,))
    ('512 maps of 7x7, the first 64 drawn', '12 values')
    """
    if len(shape) == 1:
        return f"{shape[0]} values"
    if len(shape) != 3:
        return format_shape(shape)
    most = f", the first {MOST} drawn" if shape[0] > MOST else ""
    return f"{shape[0]} maps of {format_shape(shape[1:])}{most}"


def draw_maps(picture: Picture, path: Path) -> None:
    """Write the picture as a file of the kind that its ending names.

    Values (C, H, W) are drawn as a grid of maps, (C, L) as one map, a row a channel, (F,) as bars. All
    maps share one scale of colours, which leaves out the outermost hundredth at either end; it is centred
    on 0 where there are values below 0.

    Errors: ValueError for values of more axes; OSError where the file cannot be written.
    """
    rank = picture.values.ndim
    if not 1 <= rank <= 3:
        shape = format_shape(picture.values.shape)
        raise ValueError(f"the layer gives {shape}: expected maps, rows or a vector to draw")
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        count = min(len(picture.values), MOST) if rank == 3 else 1
        columns = ceil(count**0.5) if rank == 3 else 1
        rows = ceil(count / columns)
        wide = 0.95 * columns if rank == 3 else 6.0
        high = 0.95 * rows if rank == 3 else 3.2
        figure = Figure(figsize=(3.3 + max(wide, 2.0), 0.9 + max(high, 2.4)), layout="constrained")
        figure.suptitle(picture.title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        figure.supxlabel(picture.remarks, x=0.01, ha="left", fontsize=8, color=QUIET)
        halves: Any = figure.subfigures(1, 2, width_ratios=(2.6, max(wide, 2.0) + 0.7))
        left, right = halves
        _draw_image(left, picture.image)
        draw = {1: _draw_bars, 2: _draw_rows, 3: _draw_grid}[rank]
        draw(right, picture.values)
        figure.savefig(path, dpi=150)


def _draw_image(figure: Any, image: NDArray[np.float32]) -> None:
    axes = figure.subplots()
    shown = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
    axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_title(f"input {format_shape(image.shape)}")
    axes.set_anchor("N")
    axes.set_axis_off()


def _draw_grid(figure: Any, values: NDArray[np.float32]) -> None:
    shown = values[:MOST]
    columns = ceil(len(shown) ** 0.5)
    grid = figure.subplots(ceil(len(shown) / columns), columns, squeeze=False)
    scale = _scale(shown)
    drawn = None
    for index, axes in enumerate(grid.flat):
        axes.set_axis_off()
        if index < len(shown):
            drawn = axes.imshow(shown[index], interpolation="nearest", **scale)
            axes.set_title(str(index), fontsize=6, color=QUIET, pad=1.5)
    _add_scale(figure, drawn, grid)


def _draw_rows(figure: Any, values: NDArray[np.float32]) -> None:
    axes = figure.subplots()
    drawn = axes.imshow(values, aspect="auto", interpolation="nearest", **_scale(values))
    axes.set_xlabel("position")
    axes.set_ylabel("row")
    _add_scale(figure, drawn, axes)


def _draw_bars(figure: Any, values: NDArray[np.float32]) -> None:
    axes = figure.subplots()
    axes.bar(np.arange(len(values)), values, width=0.8 if len(values) <= MOST else 1.0, color=BAR)
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.margins(x=0.01)
    axes.set_xlabel("feature")
    axes.set_ylabel("value")
    if len(values) <= 20:
        axes.set_xticks(range(len(values)))


def _scale(values: NDArray[np.float32]) -> dict[str, Any]:
    """The colours of values: dark to bright from 0, or blue over white to red around 0."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return {"cmap": "viridis", "vmin": 0.0, "vmax": 1.0}
    low, high = (float(value) for value in np.percentile(finite, (1, 99)))
    if finite.min() < 0:
        reach = max(-low, high) or 1.0
        return {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach}
    return {"cmap": "viridis", "vmin": 0.0, "vmax": high or float(finite.max()) or 1.0}


def _add_scale(figure: Any, drawn: Any, axes: Any) -> None:
    """The bar that says which colour is which value."""
    extend = "max" if drawn.norm.vmin == 0 else "both"
    figure.colorbar(drawn, ax=axes, shrink=0.6, aspect=30, pad=0.015, extend=extend, label="value")
