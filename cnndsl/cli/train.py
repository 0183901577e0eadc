"""`cnndsl train`: train a spec on data, or several side by side."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from cnndsl.cli.common import UsageError, add_spec_options, fail
from cnndsl.cli.processes import LOST, is_main_process, launch, launched
from cnndsl.cli.train_options import add_setting_options, given_settings
from cnndsl.cli.under_way import UnderWay
from cnndsl.cli.variants import add_grid_option, show_variants, variants
from cnndsl.cli.weights import refuse

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "train",
        description="Train a spec on data and write a run folder; several specs: side by side, in one table.",
    )
    add_spec_options(parser, several=True)
    add_setting_options(parser)
    parser.add_argument(
        "--processes", type=int, metavar="N", help="train in N processes of this machine, a GPU each (1)"
    )
    parser.add_argument(
        "--find-lr",
        action="store_true",
        help="do not train, but find a learning rate: the loss while it rises, as a plot and a table",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="train with N seeds, from --seed on, and tell means and deviations",
    )
    add_grid_option(parser)
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard's files, too")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the run's folder (runs/NAME-N; of several: runs/comparison-N)",
    )
    parser.add_argument(
        "--resume", type=Path, metavar="RUN", help="go on with the run, or the comparison, in this folder"
    )


def run(options: Namespace) -> int:
    """Train; 1 where the spec or the data are at fault or the loss is no longer a number."""
    if options.find_lr and (options.resume is not None or options.processes is not None):
        raise UsageError("--find-lr begins anew and in one process: leave out --resume and --processes")
    if options.find_lr and options.seeds is not None:
        raise UsageError("--find-lr finds one rate for each network: leave out --seeds")
    if options.processes is not None and not launched():
        if options.processes < 1:
            raise UsageError(f"--processes: {options.processes} are too few, expected at least 1")
        if options.processes > 1:
            return _launch(options)
    if not is_main_process():
        return _beside(options)
    return _train(options)


def _launch(options: Namespace) -> int:
    """Train in several processes; what is wrong with a spec is said before they start."""
    if "-" in options.specs:
        raise UsageError("--processes: several processes cannot read the spec from standard input")
    if options.resume is None:
        found = variants(options)
        if not all(variant.report.ok for variant in found):
            show_variants(found)
            return 1
    words = list(options.words)
    at = next(index for index, word in enumerate(words) if word.split("=")[0] == "--processes")
    del words[at : at + (1 if "=" in words[at] else 2)]
    return launch(words, options.processes)


def _beside(options: Namespace) -> int:
    """Train as one of several processes that is not the first, which alone speaks of what all find."""
    from cnndsl.diagnostics import SpecError

    try:
        return _train(options)
    except (UsageError, SpecError) as error:
        if launched():
            fail(str(error))
        return LOST


def _train(options: Namespace) -> int:
    from cnndsl.backends.matching import WeightsError
    from cnndsl.training.errors import (
        DataError,
        ProcessLost,
        RunFolderError,
        SettingError,
        TrainingError,
        WriteError,
    )
    from cnndsl.training.world import part

    main = is_main_process()
    under_way = UnderWay(options, given_settings(options))
    try:
        status = under_way.run()
    except (SettingError, RunFolderError) as error:
        raise UsageError(str(error)) from error
    except WriteError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        what = f" {error.filename}" if error.filename else ""
        raise UsageError(f"cannot write{what}: {(error.strerror or str(error)).lower()}") from error
    except WeightsError as error:
        refuse(error, options)
        return 1
    except ProcessLost as error:
        if main and not launched():
            fail(str(error))
        return LOST
    except (DataError, TrainingError) as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        if main:
            fail(under_way.interrupted())
        return 130
    finally:
        part()
        if main:
            under_way.tell()
    return status
