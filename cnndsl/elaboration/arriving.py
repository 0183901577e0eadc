"""What arrives: the inputs of a spec, with the shapes that it says or the caller gives."""

from __future__ import annotations

from collections.abc import Mapping

from cnndsl import syntax as s
from cnndsl.dims import AXIS_LETTERS, LARGEST, Shape, Value, format_shape
from cnndsl.elaboration.builder import Labelled
from cnndsl.elaboration.context import Context
from cnndsl.layers.declaration import INPUT
from cnndsl.text import Span
from cnndsl.words import did_you_mean

__all__ = ["Arriving", "input_problem", "open_letters"]


class Arriving(Context):
    """The nodes of the inputs, which come before all others."""

    def inputs(self, given: Shape | Mapping[str, Shape] | None) -> int:
        """Append the inputs; the node of the last one, which is the current value then."""
        written = self.declared.inputs
        names = [one.name or "input" for one in written] or ["input"]
        shapes = self._given(given, names)
        if not written:
            return self._undeclared(shapes)
        current = 0
        for one, name in zip(written, names, strict=True):
            # No place of the text says a shape that the caller gives.
            shape = shapes.get(name)
            span = one.span if shape is None else self.source.span(0, 0)
            current = self.append_input(self._written(one) if shape is None else shape, span, name)
            if one.name is not None:
                self.builder.root.labels[name] = Labelled(current, one.span)
        return current

    def append_input(self, shape: Shape | None, span: Span, name: str) -> int:
        value = None if shape is None else Value(shape)
        return self.builder.append(self.builder.root, INPUT, (), value, span, (), path=name)

    def _given(self, given: Shape | Mapping[str, Shape] | None, names: list[str]) -> Mapping[str, Shape]:
        """The caller's shapes by the inputs' names."""
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            if len(names) == 1:
                return {names[0]: given}
            self.error(
                "missing-input",
                f"the spec has {len(names)} inputs, {' and '.join(names)}; the shape given has no name",
                self.declared.inputs[0].span,
                f"say which one is meant: `--input {names[0]}={format_shape(given)}`",
            )
            return {}
        for name in given:
            if name not in names:
                listed = ", ".join(f"`{one}`" for one in names)
                self.error(
                    "unknown-parameter",
                    f"the spec has no input `{name}`",
                    self.source.span(0, 0),
                    *(did_you_mean(name, names) or (f"it has {listed}",)),
                )
        return given

    def _undeclared(self, shapes: Mapping[str, Shape]) -> int:
        """The input of a spec whose text says nothing of one."""
        span = self.source.span(0, 0)
        shape = shapes.get("input")
        if shape is None and self.spec.statements:
            first = self.spec.statements[0].span
            self.error(
                "missing-input",
                "the spec does not say what arrives",
                self.source.span(first.start, first.end),
                "begin it with a line such as `input 1x28x28`, or give `--input 1x28x28`",
            )
        elif not self.spec.statements:
            self.error(
                "syntax-error",
                "the spec is empty",
                span,
                "write layers: `input 1x28x28 -> flatten -> linear 10`",
            )
        return self.append_input(shape, span, "input")

    def _written(self, one: s.Input) -> Shape | None:
        """The shape that the text says; None after a mistake, which is reported."""
        sizes = [self.letters.get(axis, axis) if isinstance(axis, str) else axis for axis in one.shape.axes]
        shape = tuple(size for size in sizes if isinstance(size, int))
        if len(shape) < len(sizes):
            letters = AXIS_LETTERS.get(len(sizes), "")
            example = "x".join(
                letters[i : i + 1] if axis == "_" else str(axis) for i, axis in enumerate(one.shape.axes)
            )
            self.error(
                "missing-input",
                "the input has a size without a name",
                one.shape.span,
                f"an open size is called by a capital letter: `input {example}`",
            )
            return None
        problem = input_problem(shape)
        if problem is not None:
            self.error(*problem, one.shape.span)
            return None
        return shape


def open_letters(spec: s.Body, given: Shape | Mapping[str, Shape] | None) -> tuple[str, ...]:
    """What the open sizes of a spec's inputs are called; those of inputs that the caller gives left out."""
    if given is not None and not isinstance(given, Mapping):
        return ()
    found = [
        size
        for one in spec.statements
        if isinstance(one, s.Input) and (given is None or (one.name or "input") not in given)
        for size in one.shape.axes
        if isinstance(size, str) and size != "_"
    ]
    return tuple(dict.fromkeys(found))


def input_problem(shape: Shape) -> tuple[str, str] | None:
    """The rule and message for a shape that no value has; None for a good one."""
    if not 1 <= len(shape) <= 4:
        return (
            "wrong-rank",
            f"{format_shape(shape)} has {len(shape)} axes; a value has 1 to 4, the batch not written",
        )
    if any(size < 1 for size in shape):
        return ("invalid-argument", f"{format_shape(shape)} has an empty axis")
    if any(size > LARGEST for size in shape):
        return ("too-large", f"{format_shape(shape)} is above the largest size, 2^31 - 1")
    return None
