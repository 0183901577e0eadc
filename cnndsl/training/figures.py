"""The pictures of a run: loss and accuracy by epoch, and the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cnndsl.training.results import Epoch

__all__ = ["QUIET", "STYLE", "draw_confusion", "draw_curves", "draw_rates", "shortened"]

# Two colours that colour-blind readers and grey printers tell apart, by Okabe and Ito.
TRAIN, VALIDATION, QUIET = "#0072B2", "#D55E00", "#777777"
STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e5e5e5",
    "axes.axisbelow": True,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.edgecolor": "none",
    "legend.framealpha": 0.9,
}
# More classes than this are drawn without numbers in the cells.
NUMBERED = 20
# Names that are longer are cut: they would leave no room for the picture.
LONGEST = 18


def shortened(name: str, length: int) -> str:
    """A name of at most so many characters.

    >>> shortened("short", 5), shortened("longer", 5)
    ('short', 'long…')
    """
    return name if len(name) <= length else f"{name[: length - 1]}…"


def draw_curves(epochs: Sequence[Epoch], best_epoch: int, title: str, path: Path) -> None:
    """Draw loss and accuracy side by side, training and validation, the best epoch marked, as a PNG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    with rc_context(STYLE):
        figure = Figure(figsize=(10, 4.2), layout=ConstrainedLayoutEngine(wspace=0.06))
        figure.suptitle(title, x=0.01, ha="left", fontsize=12)
        numbers = [record.epoch for record in epochs]
        best = next(record for record in epochs if record.epoch == best_epoch)
        for axes, what in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for part, label, color in (("train", "training", TRAIN), ("val", "validation", VALIDATION)):
                values = [getattr(record, f"{part}_{what}") for record in epochs]
                marker = "o" if len(epochs) <= 40 else None
                axes.plot(
                    numbers, values, color=color, label=label, marker=marker, markersize=3, linewidth=1.8
                )
            value = getattr(best, f"val_{what}")
            shown = f"{value:.4f}" if what == "loss" else f"{value:.2%}"
            axes.axvline(best_epoch, color=QUIET, linewidth=1, linestyle=":", zorder=1)
            axes.plot(
                [best_epoch], [value], "o", color="white", markeredgecolor=VALIDATION, markeredgewidth=2,
                markersize=8, label=f"best epoch, {best_epoch}: {shown}", zorder=3,
            )  # fmt: skip
            axes.set_title(what)
            axes.set_xlabel("epoch")
            axes.set_ylabel("mean loss a sample" if what == "loss" else "correct")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            axes.margins(x=0.03)
            axes.legend(loc="upper right" if what == "loss" else "lower right")
            if what == "accuracy":
                axes.yaxis.set_major_formatter(PercentFormatter(1.0))
            else:
                axes.set_ylim(bottom=0)
        figure.savefig(path, dpi=150)


def draw_rates(
    rates: Sequence[float],
    losses: Sequence[float],
    smooth: Sequence[float],
    rate: float,
    title: str,
    path: Path,
) -> None:
    """Draw the loss over the learning rate, the suggested one marked, as a PNG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes: Any = figure.subplots()
        axes.plot(rates, losses, color=QUIET, linewidth=0.8, alpha=0.6, label="loss of each step")
        axes.plot(rates, smooth, color=TRAIN, linewidth=1.8, label="smoothed")
        axes.axvline(rate, color=VALIDATION, linewidth=1.5, linestyle="--", label=f"suggested: {rate:g}")
        axes.set_xscale("log")
        axes.set_xlabel("learning rate")
        axes.set_ylabel("mean loss a sample")
        # the way down is what is to be seen, not how far up it goes
        fall = smooth[0] - min(smooth) or 1.0
        axes.set_ylim(min(smooth) - 0.2 * fall, smooth[0] + 0.5 * fall)
        axes.set_title(title)
        axes.legend(loc="upper left")
        figure.savefig(path, dpi=150)


def draw_confusion(confusion: Sequence[Sequence[int]], names: Sequence[str], path: Path) -> None:
    """Draw the confusion matrix as a PNG: shades are shares of the true class, numbers are samples."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    classes = len(names)
    names = [shortened(name, LONGEST) for name in names]
    shares = [[cell / max(sum(row), 1) for cell in row] for row in confusion]
    side = min(max(0.48 * classes + 1.8, 4.0), 14.0)
    with rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(side + 0.8, side), layout="constrained")
        axes: Any = figure.subplots()
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        correct = sum(confusion[index][index] for index in range(classes))
        total = sum(map(sum, confusion))
        axes.set_title(f"{correct:,} of {total:,} correct")
        figure.colorbar(image, ax=axes, format=PercentFormatter(1.0), shrink=0.8, label="of the true class")
        if classes <= NUMBERED:
            rotation = 0 if max(map(len, names)) <= 3 else 45
            axes.set_xticks(range(classes), names, rotation=rotation, ha="right" if rotation else "center")
            axes.set_yticks(range(classes), names)
            for row, counts in enumerate(confusion):
                for column, count in enumerate(counts):
                    if count:
                        color = "white" if shares[row][column] > 0.5 else "black"
                        axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=9)
        figure.savefig(path, dpi=150)
