"""`cnndsl draw`: a diagram of the network, without PyTorch."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from cnndsl.backends.engine import FORMATS, EngineError, write
from cnndsl.cli.common import UsageError, add_spec_options, anything_known, check_one

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser("draw", description="Draw a diagram: blocks, layers, sizes.")
    add_spec_options(parser)
    parser.add_argument(
        "-o",
        dest="output",
        metavar="FILE",
        type=Path,
        help="FILE.svg, .png, .pdf or .dot; without it the DOT source goes to standard output",
    )


def run(options: Namespace) -> int:
    """Draw; of a spec with an error what is known."""
    ending = options.output.suffix.removeprefix(".").lower() if options.output else "dot"
    if ending not in FORMATS:
        raise UsageError(f"-o {options.output}: expected a file that ends in .{', .'.join(FORMATS)}")
    report = check_one(options)
    if not anything_known(report):
        return 1
    from cnndsl.backends.dot import draw

    diagram = draw(report)
    if options.output is None:
        print(diagram.source, end="")
        return 0 if report.ok else 1
    try:
        write(diagram.source, options.output)
    except EngineError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"cannot write {options.output}: {error.strerror or error}") from error
    print(f"{options.output}: diagram written")
    return 0 if report.ok else 1
