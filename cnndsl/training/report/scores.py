"""What a run reached: the curves, the confusion matrix, the worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from cnndsl.training.mistakes import Mistake
from cnndsl.training.predictions import Verdict
from cnndsl.training.report.chart import Series, chart
from cnndsl.training.report.html import Row, figure, heading, picture, section, table, text
from cnndsl.training.results import PARTS, Epoch, Score

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["confusion_matrix", "curves", "worst_mistakes"]

# More classes than this are a picture: their names and numbers would have no room.
NUMBERED = 20
# How many classes are listed, those that are found least first, and how many confusions.
LISTED_CLASSES, LISTED_CONFUSIONS = 40, 10
# Shares above this are so dark that letters stand out in the card's colour.
STRONG = 0.55


def curves(epochs: Sequence[Epoch], best: int) -> str:
    """Loss and accuracy by epoch, and all numbers in a table."""
    numbers = [record.epoch for record in epochs]

    def lines(what: str) -> list[Series]:
        return [
            Series("training", "train", [getattr(record, f"train_{what}") for record in epochs]),
            Series("validation", "val", [getattr(record, f"val_{what}") for record in epochs]),
        ]

    losses = [value for line in lines("loss") for value in line.values]
    charts = [
        chart("loss", lines("loss"), numbers, best, "{:.4f}".format, lowest=0 if min(losses) >= 0 else None),
        chart("accuracy", lines("accuracy"), numbers, best, "{:.2%}".format, highest=1.0),
    ]
    legend = (
        '<div class="legend"><span><i class="train"></i>training</span>'
        '<span><i class="val"></i>validation</span>'
        f"<span>the ring marks the best epoch, {best}, whose weights are kept</span></div>"
    )
    rows = [
        Row(
            [
                str(record.epoch),
                f"{record.train_loss:.4f}",
                f"{record.train_accuracy:.2%}",
                f"{record.val_loss:.4f}",
                f"{record.val_accuracy:.2%}",
                f"{record.seconds:.1f}",
                f"{record.samples_per_second:,.0f}",
            ],
            "changed" if record.epoch == best else "",
        )
        for record in epochs
    ]
    heads = (
        "epoch", "training loss", "training accuracy", "validation loss", "validation accuracy", "seconds",
        "samples/s",
    )  # fmt: skip
    listed = table(heads, rows, frozenset(range(len(heads))))
    return section(
        "curves",
        "Curves",
        legend,
        f'<div class="beside">{"".join(charts)}</div>',
        f"<details><summary>every epoch in numbers</summary>{listed}</details>",
    )


def confusion_matrix(score: Score, names: Sequence[str], drawn: Path) -> str:
    """What was taken for what, the commonest confusions, and each class on its own.

    `drawn` is the matrix as a picture, for many classes.
    """
    if len(names) <= NUMBERED:
        matrix = _matrix(score.confusion, names)
    else:
        matrix = figure(picture(drawn.read_bytes(), "image/png", "the confusion matrix"), "sheet")
    verdict = Verdict("", score.on, score.loss, tuple(names), score.confusion)
    classes = sorted(verdict.classes(), key=lambda one: one.recall)
    listed = [one for one in classes if one.samples or one.precision][:LISTED_CLASSES]
    per_class = table(
        ("class", "samples", "recall", "precision", "f1"),
        [
            Row([one.name, f"{one.samples:,}", f"{one.recall:.1%}", f"{one.precision:.1%}", f"{one.f1:.1%}"])
            for one in listed
        ],
        frozenset({1, 2, 3, 4}),
    )
    more = f"<p class=quiet>and {len(classes) - len(listed)} more</p>" if len(listed) < len(classes) else ""
    return section(
        "confusion",
        "Confusion matrix",
        f"<p class=quiet>A row is a true class, a column what its samples were taken for, on the "
        f"{score.samples:,} {PARTS[score.on]} samples. Shades are shares of the row.</p>",
        f'<div class="beside"><div>{matrix}</div><div>{heading("by class, the hardest first")}{per_class}'
        f"{more}</div></div>",
        _confusions(score.confusion, names),
    )


def _matrix(confusion: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    tilted = max(map(len, names)) > 3
    heads = "".join(f'<th title="{text(name)}"><span>{text(name)}</span></th>' for name in names)
    rows = []
    for at, (name, counts) in enumerate(zip(names, confusion, strict=True)):
        whole = max(sum(counts), 1)
        cells = []
        for column, count in enumerate(counts):
            share = count / whole
            told = text(f"{name} taken for {names[column]}: {count:,} of {sum(counts):,}")
            shown = f"{count:,}" if count else ""
            # errors are few where a network is any good: their shades rise faster
            shade = share if column == at else share**0.5
            kinds = " ".join(["right"] * (column == at) + ["strong"] * (shade > STRONG))
            cells.append(f'<td class="{kinds}" style="--share:{shade:.3f}" title="{told}">{shown}</td>')
        rows.append(f'<tr><th title="{text(name)}">{text(name)}</th>{"".join(cells)}</tr>')
    kind = "confusion tilted" if tilted else "confusion"
    return (
        f'<div class="scroll"><table class="{kind}"><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _confusions(confusion: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    found = [
        (count, row, column)
        for row, counts in enumerate(confusion)
        for column, count in enumerate(counts)
        if count and row != column
    ]
    if not found:
        return ""
    found.sort(key=lambda one: (-one[0], one[1], one[2]))
    rows = [
        Row([names[row], names[column], f"{count:,}", f"{count / sum(confusion[row]):.1%}"])
        for count, row, column in found[:LISTED_CONFUSIONS]
    ]
    listed = table(("class", "taken for", "samples", "of the class"), rows, frozenset({2, 3}))
    return f"<details><summary>the commonest confusions</summary>{listed}</details>"


def worst_mistakes(mistakes: Sequence[Mistake], pictures: Sequence[Image], score: Score) -> str:
    """The samples that were got wrong with the highest loss, with their images where they are images."""
    title = "Worst mistakes"
    if not mistakes:
        none = f"<p>There is none: all {score.samples:,} {PARTS[score.on]} samples were found right.</p>"
        return section("mistakes", title, none)
    said = (
        "<p class=quiet>The highest losses first: what the network says, with its probability, and what the "
        "sample is. <code>mistakes.csv</code> lists them.</p>"
    )
    if not pictures:
        rows = [
            Row([str(one.sample), one.predicted, f"{one.probability:.1%}", one.true, f"{one.loss:.3f}"])
            for one in mistakes[:LISTED_CONFUSIONS]
        ]
        heads = ("sample", "taken for", "probability", "is", "loss")
        return section("mistakes", title, said, table(heads, rows, frozenset({0, 2, 4})))
    shown = "".join(_mistake(one, image) for one, image in zip(mistakes, pictures, strict=False))
    return section("mistakes", title, said, f'<div class="mistakes">{shown}</div>')


def _mistake(mistake: Mistake, image: Image) -> str:
    data = BytesIO()
    image.save(data, "PNG")
    alt = f"{mistake.true}, taken for {mistake.predicted}"
    drawn = picture(data.getvalue(), "image/png", alt, image.size)
    told = text(f"{alt}: sample {mistake.sample}, loss {mistake.loss:.3f} {mistake.file}".strip())
    return (
        f'<figure title="{told}"><div class="frame">{drawn}</div><figcaption>'
        f"<div><b>{text(mistake.predicted)}</b> {mistake.probability:.0%}</div>"
        f"<div>is {text(mistake.true)} <small>{mistake.true_probability:.0%}</small></div>"
        "</figcaption></figure>"
    )
