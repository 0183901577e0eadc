"""`cnndsl train`: train a spec on data, or several side by side."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from cnndsl.cli.common import UsageError, add_spec_options, fail
from cnndsl.cli.processes import LOST, is_main_process, launch, launched
from cnndsl.cli.under_way import UnderWay
from cnndsl.cli.variants import add_grid_option, show_variants, variants
from cnndsl.cli.weights import add_weights_options, refuse

__all__ = ["add_parser", "run"]

# The options that are settings of a run: they win over the spec's `train` section.
SETTINGS: tuple[tuple[str, type, str, str], ...] = (
    (
        "data",
        str,
        "DATA",
        "a .csv, .csv.gz, .npz or IDX file, a folder with a folder of images a class, "
        "torchvision:NAME?root=DIR or python:MODULE:FUNCTION",
    ),
    ("epochs", int, "N", "how often each sample is seen (10)"),
    ("batch", int, "N", "samples a step (64)"),
    ("optimizer", str, "NAME", "sgd, adam or adamw (adamw)"),
    ("loss", str, "NAME", "cross_entropy, mse or bce (cross_entropy)"),
    (
        "schedule",
        str,
        "NAME",
        "of the learning rate: none, cosine, onecycle, step or plateau (none); with arguments in quotes, "
        "as for --optimizer and --loss: 'step every=10 factor=0.1'",
    ),
    ("warmup", float, "EPOCHS", "over which the learning rate rises at the beginning (0)"),
    ("momentum", float, "X", "of sgd (0)"),
    ("weight_decay", float, "X", "which spares norms and biases (adamw: 0.01, others: 0)"),
    ("label_smoothing", float, "X", "of cross_entropy (0)"),
    ("clip", float, "X", "the largest norm of the gradients (0: any)"),
    ("accumulate", int, "N", "batches that make one step of the optimizer (1)"),
    ("mixup", float, "ALPHA", "mix images in pairs, by Beta(ALPHA, ALPHA) (0: not)"),
    ("ema", float, "DECAY", "validate and keep an average of the weights, like 0.999 (0: not)"),
    ("early_stopping", int, "N", "end after N epochs without a better one (0: not)"),
    ("memory_format", str, "NAME", "how images lie in memory: auto, contiguous or channels_last (auto)"),
    ("checkpoint", float, "MINUTES", "how often the state within an epoch is written (10)"),
    ("val", float, "X", "the fraction held out where the data bring no validation part (0.2)"),
    ("seed", int, "N", "of the split, the weights and the order of the samples (0)"),
    ("device", str, "NAME", "auto, cpu, cuda or mps (auto)"),
    ("precision", str, "NAME", "fp32, bf16 or fp16 (fp32)"),
    (
        "augment",
        str,
        "WORDS",
        "changes to training images: flip vflip shift=2 crop=4 rotate=10 scale=0.1 "
        "brightness=0.2 contrast=0.2 noise=0.05 erase=8, in quotes (none)",
    ),
    (
        "normalize",
        str,
        "NAME",
        "of the channels: none, channels (as the training images have them) or imagenet (none)",
    ),
    ("class_weights", str, "WEIGHTS", "balanced, or a number for each class like 1,2.5 (none)"),
    ("resize", str, "NAME", "what becomes of images of another size: none, crop, stretch or pad (none)"),
    ("memory", int, "MIB", "what images may take in memory; more are read batch by batch (2048)"),
    ("workers", int, "N", "threads or processes that decode images (2)"),
)


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "train",
        description="Train a spec on data and write a run folder; several specs: side by side, in one table.",
    )
    add_spec_options(parser, several=True)
    for name, kind, metavar, words in SETTINGS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=words)
    parser.add_argument(
        "--lr",
        dest="rates",
        metavar="X|NAME=X",
        action="append",
        type=_rate,
        help="the learning rate (0.001; sgd: 0.1), or that of a part of the network; may be given again",
    )
    parser.add_argument(
        "--compile", action="store_const", const=True, help="compile the network with torch.compile"
    )
    add_weights_options(parser)
    for name, words in (("freeze", "stays as it is"), ("unfreeze", "is trained all the same")):
        parser.add_argument(
            f"--{name}",
            metavar="NAME",
            action="append",
            help=f"what {words}: the name of a layer, or a pattern like 'layer[1-3]'; may be given again",
        )
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


def _rate(word: str) -> tuple[str, float]:
    """The name, empty for all others, and the learning rate of `--lr`."""
    name, _, value = word.rpartition("=")
    try:
        return name, float(value)
    except ValueError:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"expected a number or NAME=NUMBER, found {word!r}") from None


def _given(options: Namespace) -> dict[str, Any]:
    """The settings that the command line gives, None where it does not."""
    rates = dict(options.rates or ())
    return {
        **{name: getattr(options, name) for name, *_ in SETTINGS},
        "compile": options.compile,
        "lr": rates.pop("", None),
        "rates": rates or None,
        "freeze": options.freeze,
        "unfreeze": options.unfreeze,
        "weights": None if options.weights is None else str(options.weights),
        "weights_partial": options.weights_partial or None,
    }


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
    under_way = UnderWay(options, _given(options))
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
