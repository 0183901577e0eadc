"""What is said of a setting that pydantic refuses, in the words of the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from cnndsl.layers.kinds import describe_value
from cnndsl.training.collecting import Collected, Location, blame
from cnndsl.training.data_settings import Augment, Channels, Given, ImageNet, Unchanged
from cnndsl.training.settings import (
    SGD,
    Adam,
    AdamW,
    Bce,
    Constant,
    Cosine,
    CrossEntropy,
    Mse,
    OneCycle,
    Plateau,
    Step,
    TrainSettings,
)
from cnndsl.words import did_you_mean

__all__ = ["CHOICES", "arguments_of", "listed", "report", "switches_of"]

# The settings that are a choice with arguments of its own: `optimizer sgd lr=0.1`.
CHOICES: Mapping[str, Mapping[str, type[BaseModel]]] = {
    "optimizer": {"sgd": SGD, "adam": Adam, "adamw": AdamW},
    "loss": {"cross_entropy": CrossEntropy, "mse": Mse, "bce": Bce},
    "normalize": {"none": Unchanged, "channels": Channels, "imagenet": ImageNet, "given": Given},
    "schedule": {"none": Constant, "cosine": Cosine, "onecycle": OneCycle, "plateau": Plateau, "step": Step},
}


def report(detail: ErrorDetails, collected: Collected) -> None:
    """Say an error of pydantic's in our words, at the place where the value came from."""
    location = tuple(str(part) for part in detail["loc"])
    choices = CHOICES.get(location[0], {})
    if len(location) > 1 and location[1] in choices:
        choice, location = location[1], (location[0], *location[2:])
    else:
        choice = location[0]
    at = location if len(location) > 1 or location[0] not in CHOICES else (location[0], "name")
    message, help = _sentence(detail, at, choice)
    blame(collected.origin(at), message, help, collected)


def _sentence(detail: ErrorDetails, location: Location, choice: str) -> tuple[str, tuple[str, ...]]:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    name = location[-2] if location[-1].isdigit() else location[-1]
    if kind == "extra_forbidden":
        known = [key for key in arguments_of(location[0], choice) if key != "name"]
        takes = f"it takes {', '.join(known)}" if known else "it takes none"
        return f"`{choice}` has no argument `{name}`", (*did_you_mean(name, known), takes)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        known = list(CHOICES[location[0]])
        value = value.get("name")
        return (
            f"unknown {location[0]} {_quoted(value)}, expected {listed(known)}",
            did_you_mean(str(value), known),
        )
    if kind == "literal_error":
        known = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        return f"`{name}` is {_quoted(value)}, expected {listed(known)}", did_you_mean(str(value), known)
    if kind == "needs_momentum":
        return str(detail["msg"]), ()
    if kind == "numbers_of_channels":
        return str(detail["msg"]), ("such as `normalize given mean=[0.5] std=[0.25]`",)
    bounds = {
        "greater_than": "more than {gt:g}",
        "greater_than_equal": "at least {ge:g}",
        "less_than": "less than {lt:g}",
        "less_than_equal": "at most {le:g}",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "finite_number": "a finite number",
        "bool_type": "true or false",
        "string_type": "a text in quotes",
        "string_too_short": "a path",
        "tuple_type": "a list of numbers, like [0.5, 0.5, 0.5]",
    }
    wanted = bounds[kind].format(**context) if kind in bounds else str(detail["msg"]).lower()
    wanted = wanted.removeprefix("expected ")
    return f"`{name}` is {_quoted(value)}, expected {wanted}", ()


def switches_of(setting: str, choice: str) -> list[str]:
    """The arguments of a choice that are words: `nesterov` stands for `nesterov=true`."""
    model = CHOICES[setting].get(choice)
    fields = {} if model is None else model.model_fields
    return [key for key, info in fields.items() if info.annotation is bool]


def arguments_of(setting: str, choice: str) -> Sequence[str]:
    model = Augment if setting == "augment" else CHOICES.get(setting, {}).get(choice, TrainSettings)
    return list(model.model_fields)


def _quoted(value: Any) -> str:
    return f"`{value}`" if isinstance(value, str) else describe_value(value)


def listed(words: Sequence[str] | Mapping[str, Any]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
