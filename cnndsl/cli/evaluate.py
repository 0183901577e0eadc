"""`cnndsl evaluate`: how a trained network does on data with labels."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnndsl.cli.common import UsageError, fail, load_plugins
from cnndsl.cli.predict import add_using_options
from cnndsl.terminal import printable

if TYPE_CHECKING:
    from cnndsl.training.predictions import Verdict

__all__ = ["add_parser", "run"]

JUDGED = {
    "test": "the test part",
    "val": "the validation part",
    "held-out": "the data of the run: what it held out",
    "all": "all samples",
}
# Of more classes than this, no confusion matrix is shown: it would not fit a screen.
MOST_CLASSES = 12


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "evaluate",
        description="Judge a trained network: loss, accuracy, each class, the confusion matrix.",
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="the folder of a run of `cnndsl train`")
    parser.add_argument("--data", metavar="DATA", help="data as `cnndsl train` takes them (those of the run)")
    parser.add_argument("--json", action="store_true", help="as JSON")
    add_using_options(parser)


def run(options: Namespace) -> int:
    """Judge; 1 where the data or the spec of the run are at fault."""
    load_plugins(options)
    from cnndsl.training.errors import DataError, RunFolderError, SettingError
    from cnndsl.training.trained import load_run

    try:
        verdict = load_run(options.run, device=options.device).evaluate(options.data)
    except DataError as error:
        fail(str(error))
        return 1
    except (RunFolderError, SettingError) as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        what = error.filename or options.data or "the data of the run"
        raise UsageError(f"cannot read {what}: {(error.strerror or str(error)).lower()}") from error
    if options.json:
        print(json.dumps(verdict.to_json(), indent=2))
        return 0
    for note in verdict.notes:
        print(note, file=sys.stderr)
    print("\n".join(_lines(verdict)))
    return 0


def _lines(verdict: Verdict) -> Iterator[str]:
    print_name = printable(verdict.data)
    yield f"{print_name}: {JUDGED[verdict.on]}, {verdict.samples:,} samples"
    yield f"loss {verdict.loss:.4f}, accuracy {verdict.accuracy:.4f}"
    yield ""
    names = [printable(name) for name in verdict.names]
    width = max(len("class"), *map(len, names))
    yield f"{'class':<{width}}  samples  recall  precision      f1"
    for name, score in zip(names, verdict.classes(), strict=True):
        scores = f"{score.recall:>6.4f}  {score.precision:>9.4f}  {score.f1:>6.4f}"
        yield f"{name:<{width}}  {score.samples:>7,}  {scores}"
    if len(names) > MOST_CLASSES:
        return
    yield ""
    size = max(*map(len, names), *(len(f"{cell:,}") for row in verdict.confusion for cell in row))
    corner = "true \\ predicted"
    width = max(width, len(corner))
    yield f"{corner:<{width}}  " + "  ".join(f"{name:>{size}}" for name in names)
    for name, row in zip(names, verdict.confusion, strict=True):
        yield f"{name:<{width}}  " + "  ".join(f"{cell:>{size},}" for cell in row)
