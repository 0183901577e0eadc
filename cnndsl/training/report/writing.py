"""From a run folder to its report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cnndsl import api
from cnndsl.files import write_whole
from cnndsl.training.mistakes import Mistake
from cnndsl.training.report.architecture import network
from cnndsl.training.report.html import text, tile
from cnndsl.training.report.particulars import settings, use
from cnndsl.training.report.scores import confusion_matrix, curves, worst_mistakes
from cnndsl.training.results import PARTS, Epoch, Score

if TYPE_CHECKING:
    from PIL.Image import Image

    from cnndsl.report import Report
    from cnndsl.training.records import RunConfig, RunFolder

__all__ = ["write_report"]

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def write_report(folder: RunFolder, mistakes: Sequence[Mistake], pictures: Sequence[Image]) -> None:
    """Write report.html from what a finished run has written, and its worst mistakes with their images.

    The page asks for nothing outside itself and runs no script.

    Errors: RunFolderError and OSError for what is missing in the folder or cannot be written.
    """
    config = folder.read_config()
    metrics = json.loads((folder.path / "metrics.json").read_text())
    epochs = [Epoch(**record) for record in metrics["epochs"]]
    confusion = tuple(map(tuple, metrics["test"]["confusion"]))
    samples = sum(map(sum, confusion))
    score = Score(
        metrics["test_on"], samples, metrics["test"]["loss"], metrics["test"]["accuracy"], confusion
    )
    report = None
    if config.spec is not None:
        report = api.check(folder.path / config.spec, config.input, config.params)
    names = [
        *config.data.classes,
        *(f"output {index}" for index in range(len(config.data.classes), len(confusion))),
    ]
    body = "\n".join(
        [
            _head(config, epochs, metrics["best_epoch"], score, report),
            curves(epochs, metrics["best_epoch"]),
            confusion_matrix(score, names, folder.path / "confusion.png"),
            worst_mistakes(mistakes, pictures, score),
            network(folder, config, report),
            settings(config),
            use(folder, config),
            _foot(),
        ]
    )
    style = (Path(__file__).parent / "style.css").read_text()
    write_whole(folder.path / "report.html", PAGE.format(title=text(config.name), style=style, body=body))


def _head(config: RunConfig, epochs: Sequence[Epoch], best: int, score: Score, report: Report | None) -> str:
    seconds = sum(epoch.seconds for epoch in epochs)
    model = config.name if report is None or report.graph.model is None else report.graph.model
    tiles = [
        tile(f"{score.accuracy:.2%}", f"accuracy, {score.samples:,} {PARTS[score.on]} samples", "first"),
        tile(f"{score.loss:.4f}", "loss on the same samples"),
        tile(f"{best} of {len(epochs)}", "best epoch"),
        tile(f"{config.parameters:,}", "trained parameters"),
        *([] if report is None else [tile(f"{report.macs:,}", "multiply-adds a sample")]),
        tile(_time(seconds), f"to train on {config.device}"),
    ]
    return (
        f"<header><h1>{text(model)}</h1><p>trained on {text(config.data.path)}</p></header>"
        f'<div class="tiles" id="numbers">{"".join(tiles)}</div>'
    )


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _foot() -> str:
    return f"<footer>written by cnndsl, {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}</footer>"
