"""Settings that speak of parts of the network by their names: `freeze`, `unfreeze` and learning rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cnndsl.ir import TrainSetting
from cnndsl.layers.kinds import describe_value
from cnndsl.training.collecting import Collected, blame, put_once
from cnndsl.training.errors import SettingError
from cnndsl.training.patterns import misnomers
from cnndsl.training.settings import TrainSettings

__all__ = ["BY_NAME", "hold_names", "put_by_name"]

QUOTED = ('a pattern stands in quotes, like `freeze "layer[1-3]"`',)


def collect_patterns(setting: TrainSetting, collected: Collected) -> None:
    """`freeze conv1 "layer[1-3]"`: patterns, as words or texts."""
    name, patterns = setting.name, []
    for value, span in zip(setting.positional, setting.positional_spans, strict=True):
        if not isinstance(value, str) or not value:
            collected.complain(f"`{name}` wants names, found {describe_value(value)}", span, QUOTED)
            continue
        patterns.append(value)
        collected.origins[(name, value)] = span
    for key, span in setting.keyword_spans.items():
        collected.complain(f"`{name}` takes names and no arguments, found `{key}=`", span)
    if not setting.positional and not setting.keywords:
        collected.complain(f"`{name}` needs the names of layers", setting.span, QUOTED)
    collected.values[name] = tuple(patterns)


def collect_rates(setting: TrainSetting, collected: Collected) -> None:
    """`lr 0.01 layer4=0.001 "layer[1-3]" 0.0001`: the optimizer's rate, and rates of what names fit."""
    pattern: str | None = None
    for value, span in zip(setting.positional, setting.positional_spans, strict=True):
        if isinstance(value, str):
            if pattern is not None:
                collected.complain(f"`lr` wants a number behind `{pattern}`", span)
            pattern = value
        else:
            place = ("optimizer", "lr") if pattern is None else ("rates", pattern)
            put_once(place, value, span, collected)
            pattern = None
    if pattern is not None:
        collected.complain(f"`lr` wants a number behind `{pattern}`", setting.positional_spans[-1])
    for key, value in setting.keywords.items():
        put_once(("rates", key), value, setting.keyword_spans[key], collected)
    if not setting.positional and not setting.keywords:
        collected.complain("`lr` needs a value", setting.span)


# Settings that speak of parts of the network by their names.
BY_NAME: Mapping[str, Callable[[TrainSetting, Collected], None]] = {
    "freeze": collect_patterns,
    "unfreeze": collect_patterns,
    "lr": collect_rates,
}


def put_by_name(name: str, value: Any, option: str, collected: Collected) -> None:
    """Patterns replace those of the spec; rates are added to its, and hold where both fit."""
    called = option.format("lr" if name == "rates" else name)
    if name == "rates":
        if not isinstance(value, Mapping):
            raise SettingError(f"{called}: expected learning rates by name, such as {{'fc': 0.001}}")
        before = collected.values.pop("rates", {})
        collected.values["rates"] = {key: of for key, of in before.items() if key not in value} | dict(value)
    else:
        value = (value,) if isinstance(value, str) else tuple(value)
        if not all(isinstance(pattern, str) and pattern for pattern in value):
            raise SettingError(f"{called}: expected names of layers, found {value!r}")
        collected.values[name] = value
    collected.origins[(name,)] = called
    collected.origins.update({(name, str(pattern)): called for pattern in value})


def hold_names(settings: TrainSettings, names: Mapping[str, bool], collected: Collected, option: str) -> None:
    """Hold the patterns against a network's names, and blame each wrong one on its place."""
    for wrong in misnomers(settings, names):
        called = option.format("lr" if wrong.setting == "rates" else wrong.setting)
        origin = collected.origins.get((wrong.setting, wrong.pattern), called)
        blame(origin, wrong.message, wrong.help, collected)
