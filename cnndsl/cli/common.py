"""What the commands share: options, specs, messages and colours."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn, TextIO

from cnndsl.diagnostics import Diagnostic
from cnndsl.terminal import Style, printable
from cnndsl.text import Source

if TYPE_CHECKING:
    from cnndsl.api import Spec
    from cnndsl.report import Report

__all__ = [
    "Parser",
    "Settings",
    "UsageError",
    "add_plugin_option",
    "add_sizes_option",
    "add_spec_options",
    "anything_known",
    "blame",
    "check_one",
    "check_spec",
    "columns",
    "fail",
    "load_plugins",
    "plain_output",
    "read_shape",
    "read_value",
    "show_diagnostics",
    "show_findings",
    "spec_settings",
    "spec_texts",
    "use_color",
]


class UsageError(Exception):
    """The command line is wrong, or a file cannot be read or written: exit status 2."""


class Parser(ArgumentParser):
    """argparse's parser, which says which option was probably meant."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message and unknown.startswith("-"):
            from difflib import get_close_matches

            word = unknown.split()[0].split("=")[0]
            near = get_close_matches(word, self._option_string_actions, 1)
            message = f"no option `{word}`" + (f"; did you mean `{near[0]}`?" if near else "")
        print(f"{self.prog}: {message}\n`{self.prog} --help` lists the options", file=sys.stderr)
        raise SystemExit(2)


def add_spec_options(parser: ArgumentParser, several: bool = False) -> None:
    """Add SPEC and the options that every command with a spec takes."""
    parser.add_argument(
        "specs",
        metavar="SPEC",
        nargs="*",
        help="a .cnn file, zoo:NAME for a known network, or - for standard input",
    )
    parser.add_argument(
        "-e", dest="texts", metavar="TEXT", action="append", default=[], help="a spec as it stands"
    )
    parser.add_argument(
        "--input",
        dest="inputs",
        metavar="SHAPE",
        action="append",
        default=[],
        help="the input's shape, like 1x28x28, or NAME=SHAPE",
    )
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="the value of a param of the spec",
    )
    add_plugin_option(parser)
    parser.set_defaults(several=several)


def add_plugin_option(parser: ArgumentParser) -> None:
    """Add --plugin, the only way by which a command line causes an import."""
    parser.add_argument(
        "--plugin",
        dest="plugins",
        metavar="MODULE",
        action="append",
        default=[],
        help="a Python module, or an installed plugin, that brings layers; may be given again",
    )


def load_plugins(options: Namespace) -> None:
    """Load the plugins that the command line names; a module may lie in the folder we are in."""
    if not options.plugins:
        return
    from cnndsl.layers import load_plugins as load

    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    load(*options.plugins)


class Settings(NamedTuple):
    """What the command line says about every spec: the input's shape, or shapes by name, and params."""

    input: tuple[int, ...] | Mapping[str, tuple[int, ...]] | None
    params: Mapping[str, Any]


def spec_settings(options: Namespace) -> Settings:
    """The shared options, read; the plugins are loaded."""
    load_plugins(options)
    return Settings(_inputs(options.inputs), dict(map(_setting, options.settings)))


def spec_texts(options: Namespace) -> list[Spec]:
    """The specs that a command line names, in its order; standard input is read here."""
    specs = [_named(word) for word in options.specs]
    specs.extend(Source(text, "<text>") for text in options.texts)
    if not specs:
        raise UsageError("no spec: give a .cnn file, `zoo:NAME`, `-` for standard input or `-e TEXT`")
    if len(specs) > 1 and not options.several:
        raise UsageError(f"one spec at a time, not {len(specs)}")
    return specs


def _named(word: str) -> Spec:
    if word == "-":
        return Source(sys.stdin.buffer.read().decode("utf-8-sig", errors="replace"), "<stdin>")
    return word if word.startswith("zoo:") else Path(word)


def check_spec(spec: Spec, settings: Settings, sizes: bool = False) -> Report:
    """Check a spec; UsageError where it cannot be read."""
    from cnndsl.api import check

    try:
        report = check(spec, input=settings.input, params=settings.params, sizes=sizes)
    except OSError as error:
        raise UsageError(f"cannot read {spec}: {error.strerror or error}") from error
    if isinstance(settings.input, Mapping):
        _check_input_names(report, settings.input)
    return report


def add_sizes_option(parser: ArgumentParser) -> None:
    """Add --sizes."""
    parser.add_argument(
        "--sizes",
        action="store_true",
        help="say which other sizes of the input the same weights would take, and why no more",
    )


def check_one(options: Namespace) -> Report:
    """Check the one spec of a command line and show its diagnostics on standard error."""
    settings = spec_settings(options)
    (spec,) = spec_texts(options)
    report = check_spec(spec, settings, getattr(options, "sizes", False))
    show_findings(report)
    return report


def show_findings(report: Report) -> None:
    """Show a report's errors on standard error; of warnings, which `check` tells of, only how many."""
    if not report.ok:
        show_diagnostics(report.with_fixes().diagnostics, sys.stderr)
    elif report.diagnostics:
        count = len(report.diagnostics)
        said = "1 warning, which" if count == 1 else f"{count} warnings, which"
        name = Style(use_color(sys.stderr)).severity("warning", f"{printable(report.source.name)}:")
        print(f"{name} {said} `cnndsl check` shows", file=sys.stderr)


def anything_known(report: Report) -> bool:
    """Whether there is something to show of a spec: not of a text that does not parse."""
    return any(node.output is not None for node in report.graph.nodes)


def show_diagnostics(
    diagnostics: Sequence[Diagnostic], stream: TextIO, style: Literal["full", "concise"] = "full"
) -> None:
    """Write diagnostics to a stream, coloured where it is a terminal."""
    from cnndsl.render import render_concise, render_full

    color = use_color(stream)
    if style == "full":
        print(render_full(diagnostics, color, columns(stream)), file=stream)
    else:
        print(render_concise(diagnostics, color), file=stream)


def columns(stream: TextIO) -> int:
    """How wide a stream is: the terminal's width, or what COLUMNS says; 100 where nobody knows."""
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said[:6]) > 0:
        return int(said[:6])
    try:
        return os.get_terminal_size(stream.fileno()).columns or 100
    except (OSError, ValueError):
        return 100


def use_color(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours, and nobody said NO_COLOR."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def fail(message: str) -> None:
    """Say on standard error why the command ends."""
    print(f"{Style(use_color(sys.stderr)).severity('error', 'cnndsl:')} {message}", file=sys.stderr)


def blame(error: Exception, with_traceback: bool) -> None:
    """Say what a plugin did wrong, and where in its code if that was asked for."""
    if with_traceback:
        from traceback import print_exception

        print_exception(error)
    fail(str(error))


def plain_output() -> None:
    """Let no character end a command: what a stream cannot encode is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _inputs(words: Sequence[str]) -> tuple[int, ...] | dict[str, tuple[int, ...]] | None:
    """What the --input options say: a shape, or shapes by the names of inputs."""
    if not words:
        return None
    shapes: dict[str, tuple[int, ...]] = {}
    for word in words:
        name, shape = _input(word)
        if name in shapes:
            again = (
                f"{name} is given twice" if name else f"is given {len(words)} times: say NAME=SHAPE for each"
            )
            raise UsageError(f"--input {again}")
        shapes[name] = shape
    if "" in shapes and len(shapes) > 1:
        raise UsageError("--input: with several inputs each has its name: --input left=1x28x28")
    return shapes.get("", shapes)


def read_shape(word: str) -> tuple[int, ...]:
    """The shape that an --input says without a name."""
    name, shape = _input(word)
    if name:
        raise UsageError(f"--input {word}: expected a shape like 1x28x28")
    return shape


def _input(word: str) -> tuple[str, tuple[int, ...]]:
    """The name, empty where none is given, and the shape that an --input says."""
    name, equals, text = word.rpartition("=")
    sizes = text.split("x")
    if not all(size.isascii() and size.isdigit() and len(size) <= 12 for size in sizes):
        raise UsageError(f"--input {word}: expected sizes like 1x28x28 or 784")
    if equals and not name.isidentifier():
        raise UsageError(f"--input {word}: expected SHAPE or NAME=SHAPE")
    from cnndsl.elaboration.arriving import input_problem

    shape = tuple(map(int, sizes))
    problem = input_problem(shape)
    if problem is not None:
        raise UsageError(f"--input {word}: {problem[1]}")
    return name, shape


def _check_input_names(report: Report, given: Mapping[str, object]) -> None:
    graph = report.graph
    names = [graph.nodes[index].path for index in graph.inputs]
    for name in given:
        if names and name not in names:
            has = " and ".join(f"`{one}`" for one in names)
            raise UsageError(f"--input {name}=...: the spec has no input `{name}`, it has {has}")


def _setting(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    if not equals or not name.isidentifier():
        raise UsageError(f"--set {word}: expected NAME=VALUE")
    return name, read_value(value)


def read_value(text: str) -> Any:
    """A number, true, false, or the word itself."""
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            value = number(text)
        except ValueError:
            continue
        return value if isfinite(value) else text
    return text
