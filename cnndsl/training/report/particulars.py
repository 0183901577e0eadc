"""What a run was made with, data, settings and versions, and how it is used."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from cnndsl.dims import format_shape
from cnndsl.training.report.html import Row, facts, heading, pre, section
from cnndsl.training.settings import TrainSettings

if TYPE_CHECKING:
    from cnndsl.training.records import RunConfig, RunFolder

__all__ = ["settings", "use"]

# What the numbers may depend on.
PACKAGES = ("numpy", "accelerate", "safetensors", "pillow")
# More classes than this are counted, not named.
NAMED = 40


def settings(config: RunConfig) -> str:
    """Every setting, those that are not the defaults stressed, the data, and the versions."""
    own, usual = config.settings.model_dump(), TrainSettings().model_dump()
    rows = [
        Row([name, _written(value)], "changed" if value != usual[name] else "")
        for name, value in sorted(own.items(), key=lambda item: item[1] == usual[item[0]])
    ]
    parts = (
        ("settings; bold ones are not the defaults", rows),
        ("data", _data(config)),
        ("versions", _versions(config)),
    )
    columns = [f"{heading(title)}{facts(of)}" for title, of in parts]
    return section(
        "settings",
        "Settings and versions",
        f'<div class="beside"><div>{columns[0]}</div><div>{columns[1]}{columns[2]}</div></div>',
    )


def use(folder: RunFolder, config: RunConfig) -> str:
    """The commands that go on with a run."""
    place = shlex.quote(str(folder.path))
    commands = {
        f"cnndsl predict {place} IMAGES...": "classes and probabilities",
        f"cnndsl evaluate {place} --data DATA": "loss and accuracy on other data",
        f"cnndsl train --resume {place} --epochs {2 * config.settings.epochs}": "train on",
    }
    width = max(map(len, commands))
    shell = "\n".join(f"{command:<{width}}   # {what}" for command, what in commands.items())
    given = repr(str(folder.path)) + ("" if config.spec is not None else ", model=module")
    python = f"run = cnndsl.load_run({given})\nrun.predict(images).classes"
    return section("use", "Using it", *([] if config.spec is None else [pre(shell)]), pre(python))


def _data(config: RunConfig) -> list[Row]:
    data = config.data
    classes = ", ".join(data.classes) if len(data.classes) <= NAMED else f"{len(data.classes):,}"
    rows = [
        Row(["path", data.path]),
        Row(["sample", format_shape(config.input)]),
        Row(["classes", classes]),
        Row(["training", f"{data.train:,} samples"]),
        Row(["validation", f"{data.val:,} samples"]),
        *([] if data.test is None else [Row(["test", f"{data.test:,} samples"])]),
        *(Row(["", note]) for note in data.notes),
    ]
    if data.normalization is not None:
        mean, std = (
            ", ".join(f"{value:.4g}" for value in of)
            for of in (data.normalization.mean, data.normalization.std)
        )
        rows.append(Row(["normalised by", f"mean {mean}; standard deviation {std}"]))
    return [*rows, Row(["checksum", data.fingerprint])]


def _versions(config: RunConfig) -> list[Row]:
    rows = [Row(["cnndsl", config.cnndsl]), Row(["torch", config.torch])]
    for name in PACKAGES:
        try:
            rows.append(Row([name, version(name)]))
        except PackageNotFoundError:
            continue
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    return [*rows, Row(["Python", platform.python_version()]), Row(["system", system])]


def _written(value: Any) -> str:
    """A setting as the language has it.

    >>> _written({"name": "sgd", "lr": 0.1, "nesterov": False}), _written(()), _written(None)
    ('sgd lr=0.1 nesterov=false', 'none', 'none')
    """
    if value is None or value in ((), {}):
        return "none"
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            words = [f"{key}={_written(one)}" for key, one in value.items() if key != "name"]
            return " ".join([value["name"], *words] if "name" in value else words)
        case tuple() | list():
            return ", ".join(map(_written, value))
        case float():
            return f"{value:g}"
    return str(value)
