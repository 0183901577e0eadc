"""Candidates for the rest: inputs, assertions, words of the language, weights that a size is asked of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnndsl import syntax as s
from cnndsl.diagnostics import Edit
from cnndsl.fixes.candidates import Candidate, Case, Maker, every_statement

__all__ = ["GENERAL"]

# The inputs that networks have most often, by the first that checks.
_USUAL = ("1x28x28", "3x32x32", "3x224x224", "784", "1x128")


def usual_input(case: Case) -> Iterator[Candidate]:
    """A line that says what arrives."""
    written = next((one for one in every_statement(case.tree) if isinstance(one, s.Input)), None)
    if written is not None:
        axes = [
            axis if isinstance(axis, int) else 224 if number else 3
            for number, axis in enumerate(written.shape.axes)
        ]
        for size in (224, 64, 32):
            shape = "x".join(str(size if axis == 224 else axis) for axis in axes)
            yield case.replace(f"write `input {shape}`", written.shape.span, shape)
        return
    at = _behind_the_head(case.text)
    for shape in _USUAL:
        yield Candidate(f"begin with `input {shape}`", (case.edit(at, at, f"input {shape}\n"),))


def _behind_the_head(text: str) -> int:
    """The offset of the first line that is no comment and no model's name."""
    at = 0
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.lstrip().startswith(("#", "model ")):
            break
        at += len(line)
    return at if text[at:].strip() else 0


def real_shape(case: Case) -> Iterator[Candidate]:
    """The assertion says what the value is."""
    found = re.search(r"got (\d+(?:x\d+)*)$", case.diagnostic.message)
    if found is not None:
        yield case.replace(f"`:: {found[1]}` is what it gives", case.span, found[1])


def input_first(case: Case) -> Iterator[Candidate]:
    """An input that stands behind layers moves to the front."""
    if "stands before the first layer" not in case.diagnostic.message:
        return
    text = case.span.text
    out = case.without_item(case.span, "").edits[0]
    if out.text == "":
        edits = (case.edit(0, 0, f"{text}\n"), out)
        yield Candidate(f"put `{text}` first", edits)


def no_second_use(case: Case) -> Iterator[Candidate]:
    """A block's use of itself is taken out."""
    if case.statement is not None:
        yield case.without_item(case.statement.span, f"take `{case.statement.span.text}` out")


def misplaced(case: Case) -> Iterator[Candidate]:
    """A statement that stands where it cannot is taken out."""
    if "top level only" in case.diagnostic.message:
        yield case.without_item(case.span, "take it out")


def stray_word(case: Case) -> Iterator[Candidate]:
    """A word of the language where a layer should stand, with nothing behind it."""
    if "is a word of the language" in case.diagnostic.message and case.statement is not None:
        if case.span.text == "else":
            return
        yield Candidate(
            f"take `{case.span.text}` out",
            (Edit(case.source.span(case.span.start, case.span.end), ""),),
        )


GENERAL: dict[str, tuple[Maker, ...]] = {
    "missing-input": (usual_input,),
    "shape-assertion": (real_shape,),
    "recursive-block": (no_second_use,),
    "syntax-error": (input_first, stray_word, misplaced),
}
