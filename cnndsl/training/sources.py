"""Where settings come from: the `train` section of a spec, then the caller, who wins.

Each value keeps its origin, so that a wrong one is reported at its own place: in the spec, or as the
option of the command line (the keyword of a Python call) that gave it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from cnndsl.diagnostics import SpecError
from cnndsl.ir import TrainSetting
from cnndsl.layers.kinds import describe_value
from cnndsl.text import Span
from cnndsl.training.address import beside
from cnndsl.training.by_name import BY_NAME, hold_names, put_by_name
from cnndsl.training.collecting import Collected, Location, put_once
from cnndsl.training.data_settings import Augment
from cnndsl.training.data_words import (
    AUGMENT_EXAMPLES,
    AUGMENT_SWITCHES,
    collect_class_weights,
    number,
    put_augment,
    put_class_weights,
)
from cnndsl.training.errors import SettingError
from cnndsl.training.settings import TrainSettings
from cnndsl.training.wording import CHOICES, arguments_of, listed, report, switches_of
from cnndsl.words import did_you_mean

__all__ = ["resolve"]


# What callers give under a name of its own.
ELSEWHERE: Mapping[str, Location] = {
    "lr": ("optimizer", "lr"),
    "weights": ("weights", "path"),
    "weights_partial": ("weights", "partial"),
    "label_smoothing": ("loss", "label_smoothing"),
    "momentum": ("optimizer", "momentum"),
    "weight_decay": ("optimizer", "weight_decay"),
}
# Settings that may stand alone: `compile` is `compile true`.
SWITCHES = frozenset(name for name, info in TrainSettings.model_fields.items() if info.annotation is bool)
# Values that are paths.
PATHS = (("data",), ("weights", "path"))


def resolve(
    settings: Sequence[TrainSetting] = (),
    given: Mapping[str, Any] | None = None,
    option: str = "--{}",
    base: TrainSettings | None = None,
    names: Mapping[str, bool] | None = None,
) -> tuple[TrainSettings, tuple[str, ...]]:
    """The settings of a run, and what has to be said about them.

    `settings` are the lines of the spec. `given` comes from the caller: the names of TrainSettings, `lr`
    and `weights_partial`; an optimizer, loss or schedule is a name or a settings object such as
    `SGD(lr=0.1)`; None counts as not given. `option` is how the caller's names are called in messages.
    `base` are settings that hold where nothing else is said, as those of a run that is taken up again.
    `names` are the network's, of its state dict, each with whether it is trainable: patterns are held
    against them.

    A relative path in a spec starts from the folder of the spec.

    Errors: SpecError with rule train-setting and the guilty words of the spec; SettingError for what the
    caller gave.

    >>> resolve(given={"optimizer": "sgd", "lr": 0.05, "epochs": 3})[0].optimizer
    SGD(name='sgd', lr=0.05, momentum=0.0, weight_decay=0.0, nesterov=False, decay_all=False)
    """
    collected = Collected({} if base is None else base.model_dump())
    for setting in settings:
        _collect_line(setting, collected)
    notes = _collect_given({k: v for k, v in (given or {}).items() if v is not None}, option, collected)
    try:
        result = TrainSettings.model_validate(collected.values)
    except ValidationError as error:
        for detail in error.errors():
            report(detail, collected)
    else:
        if names is not None:
            hold_names(result, names, collected, option)
    if collected.problems:
        raise SpecError(tuple(sorted(collected.problems, key=lambda problem: problem.span.start)))
    return result, notes


def _collect_line(setting: TrainSetting, collected: Collected) -> None:
    name = setting.name
    fields = ["lr" if field == "rates" else field for field in TrainSettings.model_fields]
    if name not in fields:
        expected = f"expected {', '.join(fields)}"
        collected.complain(
            f"unknown training setting `{name}`", setting.span, (*did_you_mean(name, fields), expected)
        )
        return
    if (name,) in collected.origins:
        collected.complain(f"`{name}` is set twice", setting.span)
        return
    collected.origins[(name,)] = setting.span
    if name in BY_NAME:
        BY_NAME[name](setting, collected)
        return
    if name == "class_weights":
        collect_class_weights(setting, collected)
        return
    if name in SWITCHES and not setting.positional and not setting.keywords:
        collected.values[name] = True
    slots, switches = _slots(setting)
    for value, span in zip(setting.positional, setting.positional_spans, strict=True):
        if isinstance(value, str) and value in switches:
            put_once((name, value), True, span, collected)
        elif slots:
            place = slots.pop(0)
            put_once(place, _beside(value, span) if place in PATHS else value, span, collected)
        elif name == "augment" and value in Augment.model_fields:
            collected.complain(f"`{value}` wants a value, like {value}={AUGMENT_EXAMPLES[value]}", span)
        else:
            collected.complain(f"`{name}` takes no further value, found {describe_value(value)}", span)
    for key, value in setting.keywords.items():
        if name in CHOICES or name == "augment":
            put_once((name, key), value, setting.keyword_spans[key], collected)
        else:
            span = setting.keyword_spans[key]
            collected.complain(f"`{name}` takes a value and no arguments, found `{key}=`", span)
    if not setting.positional and name not in SWITCHES and name != "augment":
        wanted = f", {listed(CHOICES[name])}" if name in CHOICES else ""
        collected.complain(f"`{name}` needs a value{wanted}", setting.span)


def _slots(setting: TrainSetting) -> tuple[list[Location], list[str]]:
    """Where a line's positional values go, in their order, and the words that mean `word=true`."""
    name = setting.name
    if name == "augment":
        return [], AUGMENT_SWITCHES
    if name == "weights":
        return [("weights", "path")], ["partial"]
    if name not in CHOICES:
        return [(name,)], []
    chosen = setting.positional[0] if setting.positional else None
    model = CHOICES[name].get(chosen) if isinstance(chosen, str) else None
    arguments = {} if model is None else model.model_fields
    switches = switches_of(name, str(chosen))
    first = [key for key in arguments if key != "name" and key not in switches]
    return [(name, "name"), *((name, key) for key in first)], switches


def _collect_given(given: Mapping[str, Any], option: str, collected: Collected) -> tuple[str, ...]:
    notes: list[str] = []
    for name, value in given.items():
        if name not in CHOICES or isinstance(value, BaseModel):
            continue
        value, *words = value.split() if isinstance(value, str) and value.strip() else [value]
        before = collected.values.get(name, {})
        # a learning rate that was said without an optimizer is for any
        if before.get("name", value) != value:
            dropped = [f"{key}={describe_value(of)}" for key, of in before.items() if key != "name"]
            if dropped:
                notes.append(f"the spec's {' '.join(dropped)} belong to {before['name']} and are left out")
            collected.values[name] = {}
            collected.origins = {k: v for k, v in collected.origins.items() if k[0] != name}
        collected.put((name, "name"), value, option.format(name))
        for word in words:
            _put_word(name, str(value), word, option.format(name), collected)
    for name, value in given.items():
        if isinstance(value, BaseModel):
            collected.put((name,), value.model_dump(), option.format(name))
        elif name in ("freeze", "unfreeze", "rates"):
            put_by_name(name, value, option, collected)
        elif name == "augment":
            put_augment(value, option.format(name), collected)
        elif name == "class_weights":
            put_class_weights(value, _called(name, option), collected)
        elif name not in CHOICES:
            location = ELSEWHERE.get(name, (name,))
            if location[0] not in TrainSettings.model_fields:
                near = did_you_mean(name, [*TrainSettings.model_fields, *ELSEWHERE])
                raise SettingError("; ".join([f"unknown setting {_called(name, option)}", *near]))
            collected.put(location, value, _called(name, option))
    if "path" not in (collected.values.get("weights") or {"path": None}):
        raise SettingError(f"there are no weights to load in part: give {option.format('weights')} too")
    for name, choices in CHOICES.items():
        # arguments alone (`--lr 0.1`) belong to the default choice
        chosen = collected.values.get(name)
        if chosen is not None and "name" not in chosen:
            chosen["name"] = next(n for n, m in choices.items() if isinstance(_default(name), m))
    return tuple(notes)


def _called(name: str, option: str) -> str:
    """What a setting is called where the caller gives it: `--early-stopping`, `early_stopping`."""
    return option.format(name.replace("_", "-") if option.startswith("-") else name)


def _put_word(name: str, choice: str, word: str, called: str, collected: Collected) -> None:
    """A word of `--schedule "step every=3"`, as a line of the train section has it."""
    key, equals, text = word.partition("=")
    if not equals and key not in switches_of(name, choice):
        known = [field for field in arguments_of(name, choice) if field != "name"]
        takes = f"`{choice}` takes {', '.join(known)}" if known else f"`{choice}` takes none"
        raise SettingError(f"{called}: expected NAME=VALUE, found `{word}`; {takes}")
    collected.put((name, key), number(text) if equals else True, called)


def _beside(path: Any, span: Span) -> Any:
    """A path in a spec, seen from where the program runs; a text from elsewhere has no folder."""
    name = span.source.name
    if isinstance(path, str) and path and not name.startswith("<"):
        return beside(path, Path(name).parent)
    return path


def _default(name: str) -> Any:
    return TrainSettings.model_fields[name].default
