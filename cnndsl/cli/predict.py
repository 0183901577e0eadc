"""`cnndsl predict`: what a trained network says about images."""

from __future__ import annotations

import csv
import io
import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnndsl.cli.common import UsageError, add_plugin_option, fail, load_plugins
from cnndsl.terminal import printable

if TYPE_CHECKING:
    from cnndsl.training.predictions import Predictions

__all__ = ["add_parser", "run"]

TOP = 3


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "predict",
        description="Say what a trained network takes images for, with the preprocessing of its training.",
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="the folder of a run of `cnndsl train`")
    parser.add_argument(
        "images",
        metavar="IMAGES",
        nargs="+",
        type=Path,
        help="files of images, folders of them, or data files: .csv, .csv.gz, .npz, IDX",
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="(table)")
    parser.add_argument(
        "--top", type=int, metavar="K", help=f"the K likeliest classes (table: {TOP}; others: all)"
    )
    add_using_options(parser)
    parser.add_argument(
        "--resize",
        choices=("none", "crop", "stretch", "pad"),
        help="what becomes of images of another size (as in the training)",
    )
    parser.add_argument(
        "-o", dest="output", type=Path, metavar="FILE", help="write FILE, not standard output"
    )


def add_using_options(parser: Any) -> None:
    """Add what every command takes that uses a run."""
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute (auto)"
    )
    add_plugin_option(parser)


def run(options: Namespace) -> int:
    """Predict; 1 where the images or the spec of the run are at fault."""
    if options.top is not None and options.top < 1:
        raise UsageError(f"--top {options.top}: expected 1 or more")
    load_plugins(options)
    from cnndsl.training.errors import DataError, RunFolderError, SettingError
    from cnndsl.training.trained import load_run

    try:
        trained = load_run(options.run, device=options.device)
        predictions = trained.predict(options.images, options.resize)
    except DataError as error:
        fail(str(error))
        return 1
    except (RunFolderError, SettingError) as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        what = error.filename or "the images"
        raise UsageError(f"cannot read {what}: {(error.strerror or str(error)).lower()}") from error
    text = {"table": _table, "csv": _csv, "json": _json}[options.format](predictions, options.top)
    if options.output is None:
        print(text)
        return 0
    from cnndsl.files import write_whole

    try:
        write_whole(options.output, f"{text}\n")
    except OSError as error:
        raise UsageError(
            f"cannot write {options.output}: {(error.strerror or str(error)).lower()}"
        ) from error
    return 0


def _table(predictions: Predictions, top: int | None) -> str:
    count = min(top or TOP, len(predictions.known))
    width = max(map(len, map(printable, predictions.names)))
    size = max(map(len, map(printable, predictions.known)))
    lines = []
    for name, found in zip(predictions.names, predictions.top(count), strict=True):
        cells = [f"{printable(word):<{size}}  {share:.4f}" for word, share in found]
        lines.append(f"{printable(name):<{width}}  {'   '.join(cells)}")
    return "\n".join(lines)


def _csv(predictions: Predictions, top: int | None) -> str:
    """A column a class, or, with --top, two for each place."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if top is None:
        writer.writerow(["image", "class", "probability", *predictions.known])
        for name, [(word, share)], values in zip(
            predictions.names, predictions.top(1), predictions.probabilities.tolist(), strict=True
        ):
            writer.writerow([name, word, f"{share:.6f}", *(f"{value:.6f}" for value in values)])
    else:
        count = min(top, len(predictions.known))
        writer.writerow(
            [
                "image",
                *(f"{what}_{place}" for place in range(1, count + 1) for what in ("class", "probability")),
            ]
        )
        for name, found in zip(predictions.names, predictions.top(count), strict=True):
            writer.writerow([name, *(cell for word, share in found for cell in (word, f"{share:.6f}"))])
    return text.getvalue().rstrip("\n")


def _json(predictions: Predictions, top: int | None) -> str:
    rows = [
        {
            "image": name,
            "class": found[0][0],
            "probability": round(found[0][1], 6),
            "probabilities": {word: round(share, 6) for word, share in found},
        }
        for name, found in zip(predictions.names, predictions.top(top or len(predictions.known)), strict=True)
    ]
    return json.dumps(rows, indent=2)
