"""`cnndsl draw`: a diagram of the network, without PyTorch."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from cnndsl.backends.drawing.context import DrawingError
from cnndsl.backends.drawing.options import DIRECTIONS, STYLES, THEMES, Options, parse_length
from cnndsl.cli.common import UsageError, add_spec_options, anything_known, check_one, use_color

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser("draw", description="Draw a diagram: blocks, layers, sizes.")
    add_spec_options(parser)
    parser.add_argument(
        "-o",
        dest="output",
        metavar="FILE",
        help="FILE.svg, .png, .pdf, .dot or .mmd (Mermaid); without it DOT goes to standard output",
    )
    parser.add_argument(
        "--style",
        choices=STYLES,
        default="stage",
        help="stage: a box for each block or stage (default); full: every layer; volume: the maps as solids",
    )
    parser.add_argument(
        "--depth",
        metavar="N",
        type=int,
        help="how many blocks and labels deep to go: 1 draws the outermost closed",
    )
    parser.add_argument(
        "--expand",
        metavar="NAME",
        action="append",
        default=[],
        help="open this block, or this labelled part; may be given again",
    )
    parser.add_argument(
        "--direction", choices=DIRECTIONS, help="where values flow; right for volumes, else down"
    )
    parser.add_argument("--theme", choices=THEMES, default="light", help="grey is for print without colour")
    parser.add_argument("--page-width", metavar="WIDTH", help="the width to fit, like 3.3in, 84mm or 240pt")
    parser.add_argument("--no-legend", dest="legend", action="store_false", help="leave the legend out")


def run(options: Namespace) -> int:
    """Draw; of a spec with an error what is known."""
    from cnndsl.backends.drawing.picture import Picture, format_of

    try:
        wanted = _wanted(options)
        if options.output is not None:
            format_of(options.output, options.style)
        elif options.style == "volume":
            raise UsageError("the volume style is a picture: say -o FILE.svg, .png or .pdf")
        report = check_one(options)
        if not anything_known(report):
            return 1
        picture = Picture(report, wanted)
        if options.output is None:
            sys.stdout.write(picture.render("dot").decode())
            return 0 if report.ok else 1
        picture.write(options.output)
    except DrawingError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"cannot write {options.output}: {error.strerror or error}") from error
    if picture.warning:
        from cnndsl.terminal import Style

        print(
            f"{Style(use_color(sys.stderr)).severity('warning', 'warning:')} {picture.warning}",
            file=sys.stderr,
        )
    print(f"{options.output}: diagram written")
    return 0 if report.ok else 1


def _wanted(options: Namespace) -> Options:
    return Options(
        options.style,
        options.depth,
        tuple(options.expand),
        options.direction,
        options.theme,
        None if options.page_width is None else parse_length(options.page_width),
        options.legend,
    ).checked()
