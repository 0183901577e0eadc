"""What the network gives where it gives several values: a named tuple."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnndsl.backends.source.naming import unique, variable
from cnndsl.ir import Graph

__all__ = ["Field", "Outputs", "outputs_of"]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the tuple: the field's name, the node that computes it, and if in training mode only."""

    name: str
    value: int
    training_only: bool


@dataclass(frozen=True, slots=True)
class Outputs:
    """The named tuple `name`. A single value that is always there comes without it in evaluation mode."""

    name: str
    fields: tuple[Field, ...]

    @property
    def alone(self) -> int | None:
        """The value that evaluation mode gives as a plain tensor, None where it gives the tuple too."""
        always = [field.value for field in self.fields if not field.training_only]
        return always[0] if len(always) == 1 else None

    @property
    def in_training(self) -> frozenset[int]:
        """The values that are there in training mode only."""
        always = {field.value for field in self.fields if not field.training_only}
        return frozenset(field.value for field in self.fields if field.training_only) - always

    @property
    def annotation(self) -> str:
        """The type of what `forward` returns."""
        return self.name if self.alone is None else f"torch.Tensor | {self.name}"

    def lines(self) -> Iterator[str]:
        """The definition of the tuple; what is not always there comes last, and may be missing."""
        yield f"class {self.name}(NamedTuple):"
        for field in self.fields:
            yield f"    {field.name}: torch.Tensor{' | None = None' * field.training_only}"


def outputs_of(graph: Graph, name: str) -> Outputs | None:
    """The named tuple of a network, to be called `name`; None where it gives one tensor."""
    if len(graph.outputs) == 1:
        return None
    taken: set[str] = set()
    fields = []
    for output in graph.outputs:
        field = unique(variable(output.name) or f"{output.name}_", taken)
        taken.add(field)
        fields.append(Field(field, output.node, output.training_only))
    return Outputs(name, tuple(fields))
