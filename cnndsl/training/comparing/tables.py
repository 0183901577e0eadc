"""A comparison as a table: a line a network."""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.backends.tables.markdown import table_markdown
from cnndsl.backends.tables.table import Head, Line, Note, Table
from cnndsl.backends.tables.text import table_text
from cnndsl.training.comparing.outcome import Group, Outcome, grouped
from cnndsl.training.results import PARTS

__all__ = ["comparison", "comparison_markdown"]


def comparison(outcomes: Sequence[Outcome]) -> str:
    """The results in one table, with a line that says what the numbers are measured on.

    One run a network stands there as it is; of several, means and sample standard deviations.
    """
    table = _table(grouped(outcomes), len({one.seed for one in outcomes}) > 1, folders=True)
    return "\n".join([table_text(table._replace(notes=())), *(note.text for note in table.notes)])


def comparison_markdown(outcomes: Sequence[Outcome]) -> str:
    """The table for a paper or a README, without the folders."""
    return table_markdown(_table(grouped(outcomes), len({one.seed for one in outcomes}) > 1, folders=False))


def _table(groups: Sequence[Group], several: bool, folders: bool) -> Table:
    heads = [
        Head("network"),
        Head("parameters", right=True),
        *([Head("runs", right=True)] if several else []),
        Head("loss", right=True),
        Head("accuracy", right=True),
        Head("best epoch", right=True),
        Head("seconds", right=True),
        *([Head("folder" if several else "run")] if folders else []),
    ]
    lines = [Line(tuple(_cells(group, several, folders))) for group in groups]
    return Table("", tuple(heads), tuple(lines), (), tuple(_notes(groups, several)))


def _cells(group: Group, several: bool, folders: bool) -> list[str]:
    cells = [group.network]
    count = [f"{len(group.runs)} of {len(group.runs) + len(group.failed)}"] if group.failed else []
    if group.runs:
        first = group.runs[0]
        epochs = max(len(run.epochs) for run in group.runs)
        best = group.spread(lambda run: run.best_epoch)
        cells += [
            f"{first.parameters:,}",
            *((count or [str(len(group.runs))]) if several else []),
            group.spread(lambda run: run.loss).written(".4f"),
            group.spread(lambda run: run.accuracy).written(".4f"),
            best.written(".1f") if best.deviation is not None else f"{first.best_epoch}/{epochs}",
            group.spread(lambda run: run.seconds).written(".1f"),
        ]
    else:
        cells += ["-", *(count if several else []), *["failed"] * 2, "-", "-"]
    folder = (group.runs or group.failed)[0].folder
    return [*cells, *([str(folder.parent if several else folder)] if folders else [])]


def _notes(groups: Sequence[Group], several: bool) -> list[Note]:
    runs = [run for group in groups for run in group.runs]
    if not runs:
        return []
    part = f"{runs[0].samples:,} {PARTS[runs[0].on]} samples"
    notes = [Note(f"loss and accuracy: the best epoch's weights on the {part}")]
    if several:
        seeds = sorted({run.seed for group in groups for run in (*group.runs, *group.failed)})
        listed = ", ".join(map(str, seeds)) if len(seeds) <= 10 else f"{seeds[0]} to {seeds[-1]}"
        notes.append(Note(f"mean ± sample standard deviation over the seeds {listed}"))
    return notes
