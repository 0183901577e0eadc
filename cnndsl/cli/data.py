"""`cnndsl data`: what a data set is like."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnndsl.cli.common import UsageError, fail
from cnndsl.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnndsl.training.data.describe import Description

__all__ = ["add_parser", "run"]

ENDINGS = (".png", ".svg", ".pdf")
BAR = 24
# Of more classes than this, the largest and the smallest are shown.
MOST_CLASSES = 40
PARTS = {"train": "to train with", "val": "to validate", "test": "to test"}


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "data",
        description="Describe a data set: parts, the input that fits it, values, classes, what is mended.",
    )
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a .csv, .csv.gz, .npz or IDX file, a folder with a folder of images a class, "
        "torchvision:NAME?root=DIR or python:MODULE:FUNCTION",
    )
    parser.add_argument("--input", metavar="SHAPE", help="as a network gets it that takes 3x32x32, say")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--workers", type=int, metavar="N", default=2, help="threads that decode images (2)")
    parser.add_argument("--seed", type=int, metavar="N", default=0, help="draws the images of -o (0)")
    parser.add_argument(
        "-o", dest="output", type=Path, metavar="FILE", help="draw a batch into FILE.png, .svg or .pdf"
    )


def run(options: Namespace) -> int:
    """Describe; 1 where the data are at fault."""
    output = options.output
    if output is not None and output.suffix.lower() not in ENDINGS:
        raise UsageError(f"-o {output}: expected a file that ends in {', '.join(ENDINGS)}")
    if not 0 <= options.seed < 2**63:
        raise UsageError(f"--seed {options.seed}: expected a whole number of 0 or more")
    from cnndsl.cli.common import read_shape
    from cnndsl.training.data.describe import describe_data
    from cnndsl.training.errors import DataError

    shape = None if options.input is None else read_shape(options.input)
    try:
        description = describe_data(options.data, shape, max(options.workers, 1))
    except DataError as error:
        fail(str(error))
        return 1
    except OSError as error:
        what = error.filename or options.data
        raise UsageError(f"cannot read {what}: {(error.strerror or str(error)).lower()}") from error
    if options.json:
        print(json.dumps(description.to_json(), indent=2))
    else:
        print("\n".join(_lines(description)))
    return 0 if output is None else _draw(description, output, options.seed)


def _draw(description: Description, output: Path, seed: int) -> int:
    from cnndsl.files import atomic_path
    from cnndsl.training.batch_picture import draw_batch
    from cnndsl.training.errors import DataError

    try:
        with atomic_path(output) as temporary:
            count = draw_batch(description.data, temporary, seed=seed)
    except DataError as error:
        fail(str(error))
        return 1
    except OSError as error:
        raise UsageError(f"cannot write {output}: {(error.strerror or str(error)).lower()}") from error
    print(f"{output}: {count} images with their classes", file=sys.stderr)
    return 0


def _lines(description: Description) -> Iterator[str]:
    data = description.data
    shape = "x".join(map(str, description.input_shape))
    yield printable(data.name)
    yield f"  samples  {', '.join(f'{count:,} {PARTS[name]}' for name, count in description.parts.items())}"
    fits = "them all, with `--resize crop`" if len(description.sizes) > 1 else "them"
    yield f"  input    `input {shape}` fits {fits}"
    if len(description.sizes) > 1:
        shown = [f"{w}x{h} ({count:,})" for (w, h), count in description.sizes.items()]
        more = ", ..." if len(shown) > 4 else ""
        which = f"{', '.join(shown[:4])}{more}"
        yield f"  sizes    {len(shown)}, width x height: {which}"
    yield f"  values   from {description.low:.4g} to {description.high:.4g}"
    for name, values in (("mean", description.mean), ("std", description.std)):
        yield f"  {name:<7}  {' '.join(f'{value:.4f}' for value in values[:8])}"
    for number, note in enumerate(data.notes):
        yield f"  {'mended' if not number else '':<7}  {note}"
    yield f"  classes  {len(data.classes)}"
    yield ""
    yield from _table(description)


def _table(description: Description) -> Iterator[str]:
    """A row a class, with a bar for its share of the training part."""
    parts = list(description.parts)
    rows = list(description.classes.items())
    total = max(description.parts["train"], 1)
    largest = max(counts["train"] for _, counts in rows)
    if len(rows) > MOST_CLASSES:
        rows.sort(key=lambda row: -row[1]["train"])
        half = MOST_CLASSES // 2
        left_out = len(rows) - 2 * half
        rows = [*rows[:half], (f"... {left_out} more", {}), *rows[-half:]]
    width = max(len("class"), *(len(printable(name)) for name, _ in rows))
    columns = [max(len(part), 6) for part in parts]
    yield f"{'class':<{width}}  " + "  ".join(
        f"{part:>{size}}" for part, size in zip(parts, columns, strict=True)
    )
    for name, counts in rows:
        if not counts:
            yield name
            continue
        cells = "  ".join(f"{counts[part]:>{size},}" for part, size in zip(parts, columns, strict=True))
        bar = "█" * round(BAR * counts["train"] / max(largest, 1))
        yield f"{printable(name):<{width}}  {cells}  {counts['train'] / total:>6.1%}  {bar}".rstrip()
