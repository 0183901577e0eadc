"""Patterns on the names of a network's weights, in settings: whether they do what they are for.

Without PyTorch, so that `check` can tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cnndsl.backends.paths import help_with_path, matches, prefixes
from cnndsl.layers.declaration import Weight
from cnndsl.report import Report
from cnndsl.training.settings import TrainSettings

__all__ = ["Misnomer", "is_frozen", "misnomers", "weights_of"]


class Misnomer(NamedTuple):
    """A pattern that does not do what its setting is for."""

    setting: str
    pattern: str
    message: str
    help: tuple[str, ...]


def is_frozen(name: str, settings: TrainSettings) -> bool:
    """Whether the weight, or buffer, of this name stays as it is."""
    return any(matches(pattern, name) for pattern in settings.freeze) and not any(
        matches(pattern, name) for pattern in settings.unfreeze
    )


def misnomers(settings: TrainSettings, names: Mapping[str, bool]) -> Iterator[Misnomer]:
    """What is wrong with the patterns of `settings` for a network.

    `names` are those of the network's state dict, each with whether it is trainable.
    """
    trained = [name for name, trainable in names.items() if trainable and not is_frozen(name, settings)]
    frozen = [name for name in names if any(matches(pattern, name) for pattern in settings.freeze)]
    for setting, candidates, why in (
        ("freeze", list(names), ""),
        ("unfreeze", frozen, "nothing that `{}` names is frozen"),
        ("rates", trained, "all that `{}` names is frozen: a learning rate would do nothing"),
    ):
        for pattern in getattr(settings, setting):
            if not any(matches(pattern, name) for name in names):
                yield Misnomer(
                    setting,
                    pattern,
                    f"no layer and no weight is called `{pattern}`",
                    help_with_path(pattern, names),
                )
            elif not any(matches(pattern, name) for name in candidates):
                yield Misnomer(setting, pattern, why.format(pattern), ())
    trainable = [name for name in names if names[name]]
    if settings.freeze and trainable and not trained:
        last = prefixes(trainable[-1])[0]
        yield Misnomer(
            "freeze",
            settings.freeze[0],
            "all weights are frozen: nothing is left to train",
            (f"`unfreeze {last}` trains that part",),
        )


def weights_of(report: Report) -> dict[str, Weight]:
    """The weights of a spec's network by their names in its state dict, which is not built for it."""
    return {
        f"{node.path}.{weight.name}" if weight.name else node.path: weight
        for node in report.graph.nodes
        for weight in node.weights
    }
