"""Bad values for every argument of every layer: one diagnostic, on that argument, in words of the language.

What is accepted after all has to run in PyTorch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod

import pytest
import torch

import cnndsl
from cnndsl.diagnostics import RULES, Diagnostic
from cnndsl.ir import Node
from cnndsl.layers import layers
from cnndsl.layers.declaration import Argument, Example, Layer
from cnndsl.layers.kinds import describe_value

# As they are written behind `=`.
BAD = (
    "0",
    "(-1)",
    "2147483648",
    "(-2147483648)",
    "1.5",
    "1e300",
    "banana",
    '"a text"',
    "true",
    "none",
    "[]",
    "[1, 2, 3, 4, 5, 6, 7, 8]",
    "[[1]]",
    "(1, 0)",
    '(1, "x")',
)

# Values of each rank, the last one as no literal can write it.
ARRIVING = {
    0: "input 12",
    1: "input 12x16",
    2: "input 12x8x8",
    3: "input 12x4x4x4",
    4: "input 12x2x2x2 -> unsqueeze 2",
}

# What a person who writes specs does not know.
JARGON = re.compile(
    r"\b(None|True|False|NoneType|int|float|str|bool|tuple|dict|kwargs?|NaN)\b|object at|<class"
)

# Where two arguments contradict each other, the one that is blamed for the other.
CONTRADICTIONS = {
    ("rrelu", "upper"): "lower",
    ("narrow", "start"): "length",
    ("fold", "padding"): "output_size",
}

EXPECTED = re.compile(r"\b(expected|must|only|at most|not|is for|takes|comes after|above|below|has|may)\b")

# Numbers that are run in PyTorch at most.
MOST = 1_000_000


def checked(layer: Layer, example: Example) -> Node:
    """The node of an example."""
    node = cnndsl.check(f"input {example.input} -> {example.use}").graph.nodes[-1]
    assert node.layer is layer
    return node


def fitting(layer: Layer, argument: Argument) -> tuple[Example, Node]:
    """The first example in which the argument is given."""
    nodes = ((example, checked(layer, example)) for example in layer.examples)
    return next((example, node) for example, node in nodes if argument.name in node.given)


def uses(layer: Layer) -> Iterator[tuple[str, str, Argument]]:
    """Each argument with each bad value: the whole spec, the argument as it stands there, which it is."""
    for argument in layer.arguments:
        example, node = fitting(layer, argument)
        others = [
            f"{name}={describe_value(node.arguments[name])}" for name in node.given if name != argument.name
        ]
        written = [f"{word}={value}" for word in argument.keywords[:1] for value in BAD]
        if argument.flag:
            written += [f"{argument.flag}{number}" for number in ("0", "2147483648", "1x0", "1x1x1x1x1")]
        for one in written:
            yield f"input {example.input} -> {' '.join([layer.name, *others, one])}", one, argument


def weight_of(report: cnndsl.Report) -> int:
    """How many numbers there are to be computed."""
    return sum(prod(node.output_shape or ()) + node.parameters for node in report.graph.nodes)


def faults(found: Diagnostic, layer: Layer, argument: Argument, written: str) -> Iterator[str]:
    """What is wrong with a diagnostic for the argument that is written so."""
    if found.rule not in RULES:
        yield f"{found.rule} is no rule"
    if found.rule == "missing-argument" and "none" in written:
        return  # `size=none` is as good as no size
    other = CONTRADICTIONS.get((layer.name, argument.name))
    if other is not None and found.span.text.startswith(f"{other}="):
        return
    # a word that means nothing and a number beyond all bounds are to blame themselves
    inside = found.rule in ("unknown-name", "too-large") and found.span.text in written
    if found.span.text != written and not inside:
        yield f"blames `{found.span.text}`"
    texts = (found.message, found.label, *found.help)
    for text in texts:
        if JARGON.search(text):
            yield f"says {text!r}"
    if found.message[:1].isupper() or found.message.endswith("."):
        yield f"is written {found.message!r}"
    came = re.findall(r"\d[\d.]*|[a-z]+", written.partition("=")[2] or written)
    if came and not any(part in text for part in came for text in texts):
        yield f"does not say what came: {found.message!r}"
    if found.rule in ("invalid-argument", "unknown-name") and not EXPECTED.search(" ".join(texts)):
        yield f"does not say what was expected: {found.message!r}"


@pytest.mark.parametrize("layer", [one for one in layers() if one.arguments], ids=lambda one: one.name)
def test_a_bad_argument_is_blamed(layer: Layer) -> None:
    torch.set_num_threads(1)
    wrong: list[str] = []
    for text, written, argument in uses(layer):
        report = cnndsl.check(text)
        if report.ok:
            if weight_of(report) > MOST:
                continue
            try:
                shape = report.graph.nodes[0].output_shape
                assert shape is not None
                result = cnndsl.compile(text)(torch.ones(2, *shape))
                assert tuple(result.shape[1:]) == report.graph.nodes[-1].output_shape
            except Exception as error:
                wrong.append(f"{text}: accepted, but {type(error).__name__}: {error}")
            continue
        if len(report.diagnostics) != 1:
            wrong.append(f"{text}: {[one.message for one in report.diagnostics]}")
        wrong += [
            f"{text} ({argument.name}): {fault}"
            for fault in faults(report.diagnostics[0], layer, argument, written)
        ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "layer", [one for one in layers() if one.ranks is not None], ids=lambda one: one.name
)
def test_a_wrong_rank_is_blamed_on_the_layer(layer: Layer) -> None:
    for rank, arriving in ARRIVING.items():
        if layer.ranks is None or rank in layer.ranks:
            continue
        for example in layer.examples:
            report = cnndsl.check(f"{arriving} -> {example.use}")
            assert [one.rule for one in report.diagnostics] == ["wrong-rank"], example.use
            (found,) = report.diagnostics
            assert found.span.text == layer.name
            assert found.message.startswith(f"`{layer.name}` takes ")
            assert "arrives" in found.message
