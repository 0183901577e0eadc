"""`cnndsl build`: the PyTorch module, run once and held against the checker, and written."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from cnndsl.cli.common import UsageError, add_spec_options, check_one
from cnndsl.cli.weights import add_weights_options, check_weights_options, load

__all__ = ["add_parser", "run"]

ENDINGS = (".py", ".pt", ".safetensors")


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "build",
        description="Make the nn.Module, run one batch through it, hold it against the checker.",
    )
    add_spec_options(parser)
    parser.add_argument(
        "-o",
        dest="output",
        metavar="FILE",
        type=Path,
        help="write FILE.py, the PyTorch source, or FILE.pt or .safetensors, the weights",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the seed of the weights")
    add_weights_options(parser)


def run(options: Namespace) -> int:
    """Build; 1 where the spec is at fault or the weights are another network's."""
    _check_endings(options)
    report = check_one(options)
    if not report.ok:
        return 1
    from cnndsl.backends.torch_check import disagreements, seed, summary
    from cnndsl.backends.torch_module import build_module

    graph = report.graph
    if options.seed is not None:
        seed(options.seed)
    module = build_module(graph, report.source.text)
    if options.weights is not None and not load(module, options):
        return 1
    found = disagreements(module, graph)
    if found:
        raise AssertionError("the module is not what the checker predicted: " + "; ".join(found))
    print(summary(module, graph))
    print(
        f"\nas predicted: {report.parameters:,} parameters and the output shape of every layer; "
        f"{report.macs:,} multiply-adds"
    )
    if options.output is not None:
        _write(options.output, graph, module, report.source.text)
        print(f"{options.output}: written")
    return 0


def _check_endings(options: Namespace) -> None:
    if options.output is not None and options.output.suffix not in ENDINGS:
        raise UsageError(f"-o {options.output}: expected a file that ends in {', '.join(ENDINGS)}")
    check_weights_options(options)
    if options.seed is not None and not 0 <= options.seed < 2**63:
        raise UsageError(f"--seed {options.seed}: expected a whole number of 0 or more")


def _write(path: Path, graph: Any, module: Any, text: str) -> None:
    try:
        if path.suffix == ".py":
            from cnndsl.backends.python_source import to_python
            from cnndsl.files import write_whole

            write_whole(path, to_python(graph))
        else:
            from cnndsl.backends.weights import save_weights

            save_weights(module, path, text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
