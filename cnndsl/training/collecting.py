"""Values of training settings on their way together, each with the place that it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from cnndsl.diagnostics import Diagnostic
from cnndsl.text import Span
from cnndsl.training.errors import SettingError

__all__ = ["Collected", "Location", "Origin", "blame", "put_once"]

# What stands where a value comes from: a place in the spec, or the words that the caller used.
Origin = Span | str
Location = tuple[str, ...]


@dataclass(slots=True)
class Collected:
    """Values as TrainSettings takes them, and where each came from."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[Location, Origin] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def put(self, location: Location, value: Any, origin: Origin) -> None:
        """Set a value, in the setting that its location begins with."""
        target = self.values
        for part in location[:-1]:
            if target.get(part) is None:
                target[part] = {}
            target = target[part]
        target[location[-1]] = plain(value)
        self.origins[location] = origin

    def complain(self, message: str, span: Span, help: tuple[str, ...] = ()) -> None:
        """Note a mistake in the spec."""
        self.problems.append(Diagnostic("train-setting", message, span, help=help))

    def origin(self, location: Location) -> Origin:
        """The origin of a value, or of the setting that it belongs to."""
        while location not in self.origins and len(location) > 1:
            location = location[:-1]
        return self.origins[location]


def put_once(location: Location, value: Any, span: Span, collected: Collected) -> None:
    """Set a value that a line of the spec gives, which may not give it again."""
    if len(location) > 1 and location in collected.origins:
        collected.complain(f"`{location[-1]}` is given twice", span)
        return
    collected.put(location, value, span)


def blame(origin: Origin, message: str, help: tuple[str, ...], collected: Collected) -> None:
    """Report a mistake at its origin: noted where that is the spec, raised where it is the caller."""
    if isinstance(origin, Span):
        collected.complain(message, origin, help)
    else:
        raise SettingError("; ".join([f"{origin}: {message}", *help]))


def plain(value: Any) -> Any:
    """Numbers of the language as pydantic's strict models take them: 10.0 is a whole number there."""
    if isinstance(value, list | tuple):
        return tuple(map(plain, value))
    if isinstance(value, Fraction):
        value = float(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
