"""How the settings that speak of data are written: `augment flip crop=4`, `class_weights 1 2.5`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from cnndsl.ir import TrainSetting
from cnndsl.training.collecting import Collected, plain
from cnndsl.training.data_settings import Augment
from cnndsl.training.errors import SettingError

__all__ = [
    "AUGMENT_EXAMPLES",
    "AUGMENT_SWITCHES",
    "collect_class_weights",
    "number",
    "put_augment",
    "put_class_weights",
]

AUGMENT_SWITCHES = [name for name, info in Augment.model_fields.items() if info.annotation is bool]
# Values that make sense, for messages.
AUGMENT_EXAMPLES: Mapping[str, str] = {
    "shift": "2",
    "crop": "4",
    "rotate": "10",
    "scale": "0.1",
    "brightness": "0.2",
    "contrast": "0.2",
    "noise": "0.05",
    "erase": "8",
}
WEIGHTS = "class_weights"


def collect_class_weights(setting: TrainSetting, collected: Collected) -> None:
    """`class_weights balanced`, `class_weights 1 2.5` or `class_weights [1, 2.5]`."""
    for key, span in setting.keyword_spans.items():
        collected.complain(f"`{WEIGHTS}` takes no arguments, found `{key}=`", span)
    values = setting.positional
    if values:
        collected.values[WEIGHTS] = plain(values[0] if len(values) == 1 else values)
        if len(values) == 1:
            collected.origins[(WEIGHTS,)] = setting.positional_spans[0]
    elif not setting.keywords:
        collected.complain(f"`{WEIGHTS}` needs `balanced`, or a number for each class", setting.span)


def put_class_weights(value: Any, called: str, collected: Collected) -> None:
    """From the command line, `balanced` or `1,2.5`; from Python, the same or numbers."""
    if isinstance(value, str) and "," in value:
        value = tuple(map(number, value.split(",")))
    collected.values[WEIGHTS] = plain(value)
    collected.origins[(WEIGHTS,)] = called


def put_augment(value: Any, called: str, collected: Collected) -> None:
    """`flip crop=4` in one text, or a mapping from names to values; it takes the place of the spec's."""
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, str):
        words = value.replace(",", " ").split()
        value = {}
        for word in words:
            name, equals, text = word.partition("=")
            if not equals and name not in AUGMENT_SWITCHES and name != "none":
                raise SettingError(
                    f"{called}: `{name}` wants a value, like {name}={AUGMENT_EXAMPLES.get(name, 4)}"
                )
            if name != "none":
                value[name] = number(text) if equals else True
    if not isinstance(value, dict):
        raise SettingError(f"{called}: expected changes like flip crop=4, found {value!r}")
    collected.origins = {place: of for place, of in collected.origins.items() if place[0] != "augment"}
    collected.values["augment"] = {str(name): plain(of) for name, of in value.items()}
    collected.origins[("augment",)] = called


def number(text: str) -> Any:
    """A number, true or false, or the word itself, which is no good then."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
