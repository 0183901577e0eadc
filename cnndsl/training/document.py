"""What is written about a run when all else of it is on disk: the worst mistakes and the report."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from cnndsl.training.data import Part
from cnndsl.training.loop import Loop
from cnndsl.training.mistakes import find_mistakes, thumbnails, write_mistakes
from cnndsl.training.progress import Watcher
from cnndsl.training.records import RunFolder

__all__ = ["document"]

# How many mistakes are shown as pictures.
SHOWN = 24


def document(
    loop: Loop, folder: RunFolder, part: Part, predictions: Tensor, names: Sequence[str], watch: Watcher
) -> None:
    """Write mistakes.csv, mistakes.png and report.html for the part that a network was judged on.

    `predictions` are the classes that it said, (N,), `names` what the classes are called. What goes wrong
    here is said in a line, and the run stays good.
    """
    try:
        # loaded here: a run does not wait for it at its beginning
        from cnndsl.training.report import write_report

        mistakes = find_mistakes(loop, part, predictions, names)
        pictures = thumbnails(part, mistakes[:SHOWN])
        write_mistakes(folder.path, mistakes, pictures)
        write_report(folder, mistakes, pictures)
        watch.note(f"{folder.path / 'report.html'} shows the run")
    except Exception as error:  # noqa: BLE001
        # whatever it is, the trained weights and the numbers are on disk already
        why = str(error).strip().splitlines()
        watch.note(f"report.html was not written: {why[0] if why else type(error).__name__}")
