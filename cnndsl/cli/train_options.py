"""The options of `cnndsl train` that are settings of a run."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from cnndsl.cli.weights import add_weights_options

__all__ = ["add_setting_options", "given_settings"]

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


def add_setting_options(parser: ArgumentParser) -> None:
    """Declare them."""
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


def _rate(word: str) -> tuple[str, float]:
    """The name, empty for all others, and the learning rate of `--lr`."""
    name, _, value = word.rpartition("=")
    try:
        return name, float(value)
    except ValueError:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"expected a number or NAME=NUMBER, found {word!r}") from None


def given_settings(options: Namespace) -> dict[str, Any]:
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
