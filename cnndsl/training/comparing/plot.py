"""A comparison as a picture: curves with bands, and accuracy against size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from cnndsl.training.comparing.outcome import Group
from cnndsl.training.figures import QUIET, STYLE, shortened

__all__ = ["draw_comparison"]

# Okabe and Ito's colours that stand out on white; with more networks a scale from dark to light.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# More networks than this have no room for their names beside their points.
NAMED = 8


def draw_comparison(groups: Sequence[Group], path: Path) -> None:
    """Draw validation loss and accuracy by epoch, a line and a band of one standard deviation a network, and
    accuracy against parameters where these differ, as a PNG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    sizes = {run.parameters for group in groups for run in group.runs}
    panels = 3 if len(sizes) > 1 else 2
    with rc_context(STYLE):
        figure = Figure(figsize=(4.4 * panels, 4.6), layout=ConstrainedLayoutEngine(wspace=0.05))
        axes: Any = figure.subplots(1, panels)
        colors = _colors(len(groups))
        for group, color in zip(groups, colors, strict=True):
            for panel, what in zip(axes, ("val_loss", "val_accuracy"), strict=False):
                _curve(panel, group, what, color)
        _finish_curves(axes[0], axes[1], max(len(run.epochs) for group in groups for run in group.runs))
        if panels == 3:
            _sizes(axes[2], groups, colors)
        figure.legend(
            *axes[0].get_legend_handles_labels(),
            loc="outside lower center",
            ncols=min(len(groups), 2 * panels),
            frameon=False,
        )
        figure.savefig(path, dpi=150)


def _colors(count: int) -> list[Any]:
    if count <= len(COLORS):
        return list(COLORS[:count])
    from matplotlib import colormaps

    scale = colormaps["viridis"]
    return [scale(0.92 * index / (count - 1)) for index in range(count)]


def _curve(axes: Any, group: Group, what: str, color: Any) -> None:
    longest = max(len(run.epochs) for run in group.runs)
    columns = [
        [getattr(run.epochs[at], what) for run in group.runs if at < len(run.epochs)] for at in range(longest)
    ]
    epochs = range(1, longest + 1)
    means = [fmean(column) for column in columns]
    marker = "o" if longest <= 40 else None
    axes.plot(
        epochs,
        means,
        color=color,
        label=shortened(group.network, 40),
        marker=marker,
        markersize=3,
        linewidth=1.8,
    )
    if len(group.runs) > 1:
        spans = [stdev(column) if len(column) > 1 else 0.0 for column in columns]
        below = [mean - span for mean, span in zip(means, spans, strict=True)]
        above = [mean + span for mean, span in zip(means, spans, strict=True)]
        axes.fill_between(epochs, below, above, color=color, alpha=0.18, linewidth=0)


def _finish_curves(loss: Any, accuracy: Any, epochs: int) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    for axes, title, label in (
        (loss, "validation loss", "mean loss a sample"),
        (accuracy, "validation accuracy", "correct"),
    ):
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlim(
            0.5 if epochs == 1 else 1 - 0.03 * epochs, epochs + (0.5 if epochs == 1 else 0.03 * epochs)
        )
    loss.set_ylim(bottom=0)
    accuracy.set_ylim(top=min(1.0 + 0.02, accuracy.get_ylim()[1]))
    accuracy.yaxis.set_major_formatter(PercentFormatter(1.0))


def _sizes(axes: Any, groups: Sequence[Group], colors: Sequence[Any]) -> None:
    from matplotlib.ticker import LogLocator, PercentFormatter

    sizes = []
    for group, color in zip(groups, colors, strict=True):
        mean, deviation = group.spread(lambda run: run.accuracy)
        size = group.runs[0].parameters
        sizes.append(size)
        axes.errorbar(
            [size], [mean], None if deviation is None else [deviation],
            fmt="o", color=color, markersize=6, capsize=3, linewidth=1.5,
        )  # fmt: skip
        if len(groups) <= NAMED:
            axes.annotate(
                shortened(group.network, 24), (size, mean), (7, 0), textcoords="offset points", fontsize=8,
                va="center", color=QUIET,
            )  # fmt: skip

    def number(value: float, place: int) -> str:
        return f"{value:,.0f}"

    if min(sizes) > 0 and max(sizes) / min(sizes) > 3:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
        axes.xaxis.set_minor_formatter(number)
    axes.xaxis.set_major_formatter(number)
    axes.margins(x=0.3, y=0.15)
    axes.set_title("accuracy by size")
    axes.set_xlabel("trained parameters")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
