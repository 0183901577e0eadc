"""`--weights` and `--weights-partial`, for the commands that load weights."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from cnndsl.cli.common import UsageError, fail

if TYPE_CHECKING:
    from torch import nn

    from cnndsl.backends.matching import WeightsError

__all__ = ["add_weights_options", "check_weights_options", "load", "refuse"]


def add_weights_options(parser: ArgumentParser) -> None:
    """Add --weights and --weights-partial."""
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="load a state dict: .safetensors, .pt or .pth"
    )
    parser.add_argument(
        "--weights-partial",
        action="store_true",
        help="load what fits by name and shape, and say what does not",
    )


def check_weights_options(options: Namespace) -> None:
    """UsageError for --weights-partial alone."""
    if options.weights_partial and options.weights is None:
        raise UsageError("--weights-partial says how --weights FILE is loaded: give both")


def load(module: nn.Module, options: Namespace) -> bool:
    """Load what --weights names and say so; False where it does not fit, which was said."""
    from cnndsl.backends.matching import WeightsError
    from cnndsl.backends.weights import load_weights

    path: Path = options.weights
    try:
        match = load_weights(module, path, options.weights_partial)
    except WeightsError as error:
        refuse(error, options)
        return False
    except OSError as error:
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    print(f"{path}: {match}", file=sys.stderr)
    return True


def refuse(error: WeightsError, options: Namespace) -> None:
    """Say why weights were not loaded, and what would load the rest of them."""
    fail(str(error))
    if error.fitting and not options.weights_partial:
        count = "the one that fits" if error.fitting == 1 else f"the {error.fitting} that fit"
        print(f"  help: `--weights-partial` loads {count}", file=sys.stderr)
