"""Every declaration is whole: documented, exampled, its examples and rejects true."""

from __future__ import annotations

import pytest

import cnndsl
from cnndsl.diagnostics import RULES
from cnndsl.layers import all_joins, layers
from cnndsl.layers.declaration import Example, Join, Layer, Reject, SameAs
from cnndsl.layers.kinds import Invalid

OPERATIONS: tuple[Layer | Join, ...] = (*layers(), *all_joins())
EXAMPLES = [(one, example) for one in OPERATIONS for example in one.examples]
REJECTS = [(one, reject) for one in OPERATIONS for reject in one.rejects]


def use_of(pair: object) -> str:
    return pair.use if isinstance(pair, (Example, Reject)) else ""


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_a_declaration_is_documented(one: Layer | Join) -> None:
    assert one.summary[0].islower()
    assert not one.summary.endswith(".")
    assert one.examples
    assert one.rejects or (isinstance(one, Layer) and one.ranks is None and not one.arguments)
    if isinstance(one, Layer):
        assert one.formula
        assert one.family
        assert len({word for argument in one.arguments for word in argument.keywords}) == sum(
            len(argument.keywords) for argument in one.arguments
        )


@pytest.mark.parametrize("one", layers(), ids=lambda one: one.name)
def test_defaults_are_values_that_the_argument_takes(one: Layer) -> None:
    for argument in one.arguments:
        assert not argument.doc[0].isupper()
        assert not argument.doc.endswith(".")
        if argument.required or isinstance(argument.default, SameAs):
            continue
        try:
            argument.kind.accept(argument.default, 2)
        except Invalid as error:
            pytest.fail(f"{argument.name}: {error.message}")


@pytest.mark.parametrize(("one", "example"), EXAMPLES, ids=use_of)
def test_an_example_checks_to_its_shape(one: Layer | Join, example: Example) -> None:
    report = cnndsl.check(f"input {example.input} -> {example.use} :: {example.output}")
    assert report.ok, [diagnostic.message for diagnostic in report.diagnostics]


@pytest.mark.parametrize(("one", "reject"), REJECTS, ids=use_of)
def test_a_reject_breaks_its_rule(one: Layer | Join, reject: Reject) -> None:
    assert reject.rule in RULES
    report = cnndsl.check(f"input {reject.input} -> {reject.use}")
    assert [diagnostic.rule for diagnostic in report.diagnostics] == [reject.rule]
    if reject.argument is not None and reject.rule != "missing-argument":
        written = report.diagnostics[0].span.text
        assert written in reject.use
        assert written != one.name, "the argument is to blame, not the layer"


@pytest.mark.parametrize("one", layers(), ids=lambda one: one.name)
def test_every_argument_is_away_from_its_default_in_some_example(one: Layer) -> None:
    missing = {argument.name for argument in one.arguments}
    for example in one.examples if missing else ():
        report = cnndsl.check(f"input {example.input} -> {example.use}")
        assert report.graph is not None
        node = report.graph.nodes[-1]
        assert node.layer.name == one.name
        missing -= set(node.given)
    assert not missing
