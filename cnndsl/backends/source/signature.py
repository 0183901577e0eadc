"""A parameter as it stands in the signature of a generated constructor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnndsl.backends.source.naming import literal
from cnndsl.backends.source.parts import TypeName

__all__ = ["NEUTRAL", "Parameter", "default_of"]

# Parameters that may be left out where they do nothing, as in PyTorch.
NEUTRAL = {"stride": 1, "dilation": 1, "groups": 1, "padding": 0}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constructor parameter and its value in every instance.

    `is_size` for a count of channels. `default` is the value it may be left out for, as source; such
    parameters stand last.
    """

    name: str
    values: tuple[Any, ...]
    is_size: bool
    is_positional: bool
    default: str | None = None

    @property
    def annotation(self) -> str:
        """The type of the values, as an annotation."""
        types = dict.fromkeys(map(type_of, self.values))
        return " | ".join(sorted(types, key="None".__eq__))

    @property
    def code(self) -> str:
        """The parameter as it stands in a signature."""
        default = "" if self.default is None else f" = {self.default}"
        return f"{self.name}: {self.annotation}{default}"


def type_of(value: Any) -> str:
    """The annotation for a value."""
    if value is None:
        return "None"
    if isinstance(value, (tuple, list)):
        entries = " | ".join(dict.fromkeys(map(type_of, value)))
        return f"tuple[{entries}, ...]" if isinstance(value, tuple) else f"list[{entries}]"
    return "type[nn.Module]" if isinstance(value, TypeName) else type(value).__name__


def default_of(name: str, values: Sequence[Any]) -> str | None:
    """The default of a parameter that does nothing at one of its values, as source."""
    for value in values:
        if value is None or value is False or is_neutral(name, value):
            return literal(value)
    return None


def is_neutral(name: str, value: Any) -> bool:
    """Whether the value is what PyTorch has for the keyword where nothing is said."""
    return type(value) is int and NEUTRAL.get(name) == value
