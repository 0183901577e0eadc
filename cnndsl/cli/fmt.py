"""`cnndsl fmt`: specs in their canonical form, and shape comments kept true, without PyTorch."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from cnndsl.cli.common import (
    Settings,
    UsageError,
    add_spec_options,
    blame,
    check_spec,
    fail,
    show_diagnostics,
    spec_settings,
    use_color,
)
from cnndsl.cli.documents import judged
from cnndsl.cli.files import named_specs, not_text, summary
from cnndsl.cli.text_diff import diff
from cnndsl.diagnostics import PluginError, SpecError
from cnndsl.terminal import Style, printable
from cnndsl.text import Source

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "fmt",
        description="Write specs in their canonical form; comments and line breaks stay. "
        "The network never changes.",
    )
    add_spec_options(parser, several=True)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if something would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change")
    parser.add_argument(
        "--shapes",
        action="store_true",
        help="write and refresh the comments that tell a line's shape: `# 16x14x14`",
    )


def run(options: Namespace) -> int:
    """Format every spec: 1 if one has errors, or would change under --check; 2 if one cannot be read."""
    settings = spec_settings(options)
    named = named_specs(options.specs, options.texts, exact=True)
    for problem in named.problems:
        fail(problem)
    unreadable = bool(named.problems)
    wrong = changed = unchanged = 0
    for spec in named.specs:
        try:
            source = _read(spec)
            text = _formatted(source, settings, options.shapes)
            rewrites = text != source.text
            _give(spec, source, text, options)
        except SpecError as error:
            show_diagnostics(error.diagnostics, sys.stderr)
            wrong += 1
            continue
        except (UsageError, PluginError) as error:
            blame(error, options.traceback and isinstance(error, PluginError))
            unreadable = True
            continue
        changed += rewrites
        unchanged += not rewrites
    if len(named.specs) > 1:
        what = "would be rewritten" if options.check or options.diff else "rewritten"
        failed = len(named.specs) - changed - unchanged - wrong
        counts = {what: changed, "unchanged": unchanged, "with errors": wrong, "failed": failed}
        print(summary(len(named.specs), counts), file=sys.stderr)
    if unreadable:
        return 2
    return 1 if wrong or (changed and options.check) else 0


def _read(spec: Path | Source) -> Source:
    """The text as it stands in the file, line ends and all."""
    if isinstance(spec, Source):
        return spec
    try:
        return Source(spec.read_bytes().decode("utf-8"), str(spec), str(spec))
    except OSError as error:
        raise UsageError(f"cannot read {spec}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(not_text(str(spec), error)) from error


def _formatted(source: Source, settings: Settings, shapes: bool) -> str:
    """The canonical text; SpecError where there is none, or for shapes where the spec has errors."""
    from cnndsl.formatter import format_source

    plain = Source(source.text.removeprefix("\ufeff"), source.name, source.path)
    if not shapes:
        return format_source(plain)
    from cnndsl.shape_comments import shape_comments

    report = judged(check_spec(plain, settings))
    if not report.ok:
        raise SpecError(report.diagnostics)
    return format_source(plain, shape_comments(plain, settings.input, settings.params))


def _give(spec: Path | Source, source: Source, text: str, options: Namespace) -> None:
    """Write the text to where it belongs, or say what would be written."""
    style = Style(use_color(sys.stdout))
    name = printable(source.name)
    if options.diff:
        print(diff(source.name, "formatted", source.text, text, style), end="")
    if options.check and text != source.text:
        print(f"{style.bold(name)}: would be rewritten")
    if options.check or options.diff:
        return
    if isinstance(spec, Source):
        print(text, end="")
    elif text != source.text:
        from cnndsl.files import write_whole

        if not os.access(spec, os.W_OK):
            raise UsageError(f"cannot write {spec}: it is read-only")
        try:
            write_whole(spec, text)
        except OSError as error:
            raise UsageError(f"cannot write {spec}: {error.strerror or error}") from error
        print(f"{style.bold(name)}: rewritten")
