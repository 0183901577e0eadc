"""The command line: which commands there are, and how each run ends.

A command is a module of this folder with `add_parser(subparsers)` and `run(options) -> int`. Only the
one that is asked for is imported: most of what `cnndsl check` takes is the time to start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from cnndsl import __version__
from cnndsl.cli.common import Parser, UsageError, blame, fail, plain_output, show_diagnostics
from cnndsl.diagnostics import PluginError, SpecError

__all__ = ["COMMANDS", "main"]

# The commands in the order of the help, with a line each; the module has the command's name.
COMMANDS = {
    "check": "check specs: every mistake in one run, without PyTorch",
    "show": "the table: layers, output shapes, parameters, multiply-adds, receptive fields",
    "diff": "what two specs differ in, layer by layer and in sum",
    "draw": "a diagram in one of three styles: .svg, .png, .pdf, .dot or .mmd",
    "build": "make the PyTorch module, run it, and write it as .py, .pt or .safetensors",
    "train": "train a spec, or several side by side, on data",
    "data": "what a data set is like: parts, values, classes, a picture of a batch",
    "predict": "what a trained network says about images",
    "evaluate": "how a trained network does on data with labels",
    "fmt": "the canonical form of a spec; `--shapes` keeps shape comments true",
    "features": "a picture of what a layer makes of an image",
    "explain": "what a diagnostic means: why, a wrong and a right example",
    "zoo": "known networks, each a spec as zoo:NAME; the text of one",
    "layers": "the vocabulary; one layer's arguments, formula and examples",
}

# Commands that run PyTorch.
HEAVY = ("train", "build", "features", "data", "predict", "evaluate")

DONE, INTERRUPTED, USAGE = 0, 130, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit status: 0, 1, 2 or 130; never an exception.

    >>> main(["chekc", "lenet.cnn"])
    2
    """
    words = list(sys.argv[1:] if argv is None else argv)
    plain_output()
    try:
        status = _run(words)
        sys.stdout.flush()
        return status
    except SystemExit as stop:
        # argparse ends so; its own statuses are 0 and 2
        return stop.code if isinstance(stop.code, int) else USAGE
    except UsageError as error:
        fail(str(error))
        return USAGE
    except PluginError as error:
        blame(error, "--traceback" in words)
        return USAGE
    except SpecError as error:
        show_diagnostics(error.diagnostics, sys.stderr)
        return 1
    except KeyboardInterrupt:
        fail("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # who reads us has seen enough; Python would complain once more while it shuts down
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # noqa: BLE001
        return _defect(error, "--traceback" in words)


def run_process() -> int:
    """`main` as a process of its own, without the garbage collector's walks where they find nothing.

    Most of what a light command makes lives until it ends: at exit, and several times on the way, the
    collector would look at all of it, a tenth of the whole time. Commands that run PyTorch keep it.
    """
    import gc

    light = sys.argv[1:2] not in [[name] for name in HEAVY]
    if light:
        gc.disable()
    status = main()
    if light:
        gc.freeze()
    return status


def _run(words: list[str]) -> int:
    if words and words[0] in ("--version", "-V"):
        print(f"cnndsl {__version__}")
        return DONE
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview())
        return DONE if words else USAGE
    name = words[0]
    if name not in COMMANDS:
        raise UsageError(_no_command(name))
    command = import_module(f"cnndsl.cli.{name}")
    subparsers = Parser(prog="cnndsl").add_subparsers(parser_class=Parser)
    command.add_parser(subparsers)
    parser: Parser = subparsers.choices[name]
    parser.add_argument(
        "--traceback",
        action="store_true",
        help="where cnndsl itself or a plugin fails, show where in its code",
    )
    options = parser.parse_args(words[1:])
    options.words = words
    status: int = command.run(options)
    return status


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
    return (
        "usage: cnndsl COMMAND SPEC... [options]\n\n"
        f"commands:\n{lines}\n\n"
        "SPEC is a path, `zoo:NAME` for a known network, `-` for standard input, or `-e TEXT`:\n"
        "  cnndsl check -e 'input 1x28x28 -> conv 16 k3 p1 -> relu -> flatten -> linear 10'\n\n"
        "`cnndsl COMMAND --help` lists the options of a command"
    )


def _no_command(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, 1)
    if near:
        return f"no command `{name}`; did you mean `{near[0]}`?"
    if os.path.exists(name) or name.endswith(".cnn"):
        return f"a command stands first: `cnndsl check {name}`"
    return f"no command `{name}`; there are {', '.join(COMMANDS)}"


def _defect(error: Exception, wants_traceback: bool) -> int:
    if wants_traceback:
        from traceback import print_exception

        print_exception(error)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    fail(
        f"a defect of cnndsl, not of your spec: {what[:300]}\n"
        "please report it with the spec, the command line and what `--traceback` shows"
    )
    return USAGE
