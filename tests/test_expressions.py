"""The expressions of the language: what they come to, held against Python's own, and their mistakes."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from cnndsl import expressions
from cnndsl import syntax as s
from cnndsl.api import check
from cnndsl.diagnostics import SpecError
from cnndsl.dims import Value
from cnndsl.expressions import Environment, Undecided, evaluate
from cnndsl.parser import parse
from cnndsl.text import Source

SEED = 20261125
IMAGE = Value((3, 32, 24))


def value(
    text: str,
    arriving: Value | None = IMAGE,
    words: frozenset[str] | None = frozenset(),
    **names: Any,
) -> Any:
    (statement,) = parse(Source(f"let v = {text}")).statements
    assert isinstance(statement, s.Let)
    environment = Environment()
    for name, bound in names.items():
        environment.bind(name, bound)
    return evaluate(statement.value, environment, arriving, words)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("10 - 2 - 3", 5),
        ("10 - (2 - 3)", 11),
        ("7 // 2 * 2", 6),
        ("7 % 4 % 2", 1),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("- - 3", 3),
        ("2 - -3", 5),
        ("+3", 3),
        ("not 1 == 2", True),
        ("not true or true", True),
        ("not (true or true)", False),
        ("true or false and false", True),
        ("(true or false) and false", False),
        ("1 + 1 == 2 and 2 < 3", True),
        ("1 if true else 2 if true else 3", 1),
        ("1 if false else 2 if false else 3", 3),
        ("(1 if true else 2) + 10", 11),
        ("1 if true else 2 + 10", 1),
        ("1.5e1", 15.0),
        (".5 + 1.", 1.5),
        ('"same"', "same"),
        ("[1, (2, 3)] + []", [1, (2, 3)]),
        ("(1,) + (2,)", (1, 2)),
        ("(1, 2)", (1, 2)),
    ],
)
def test_precedence_and_values(text: str, result: Any) -> None:
    found = value(text)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("6 / 3", 2),
        ("7 / 2", 3.5),
        ("1 / 49 * 49", 1),
        ("5 / 3 + 1 / 3", 2),
        ("(C + 1) / 2 * H", 64),
        ("2 / 3 // 1", 0),
        ("7 / 2 % 1", 0.5),
        ("0.3 / 0.1", 0.3 / 0.1),
        ("-(1 / 3) * 3", -1),
        ("1 / 3 if true else 0", 1 / 3),
    ],
)
def test_division_is_exact_inside_an_expression(text: str, result: Any) -> None:
    found = value(text)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("3 > 2 > 1 == 1", True),
        ("1 < 2 > 1 != 2", True),
        ("1 == 1.0", True),
        ('"a" == "a" != "b"', True),
        ("[1, 2] == [1, 2]", True),
        ("(1, 2) != (2, 1)", True),
        # what stands behind a comparison that fails is not looked at
        ("2 < 1 < nothing", False),
    ],
)
def test_comparisons_are_chained(text: str, result: bool) -> None:
    assert value(text) is result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("true or nothing", True),
        ("false and nothing", False),
        ("1 if true else nothing", 1),
        ("nothing if false else 2", 2),
    ],
)
def test_what_does_not_count_is_not_looked_at(text: str, result: Any) -> None:
    assert value(text) is result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("min(3, 2)", 2),
        ("max([1, 5, 2])", 5),
        ("abs(-2.5)", 2.5),
        ("round(2.6)", 3),
        ("floor(-0.5)", -1),
        ("ceil(0.1)", 1),
        ("int(7.9)", 7),
        ("len([1, [2, 3]])", 2),
        ("range(3)", [0, 1, 2]),
        ("range(1, 7, 2)", [1, 3, 5]),
        ("sum(range(5))", 10),
        ("zip([1, 2], (3, 4))", [(1, 3), (2, 4)]),
        ("divisible(33)", 32),
        ("divisible(18, by=4)", 20),
        ("divisible(24 * 0.35)", 8),
    ],
)
def test_functions(text: str, result: Any) -> None:
    assert value(text) == result


def test_names_and_axes() -> None:
    assert value("width * C - H // W", width=4) == 11
    assert value("C", Value((10,))) == 10
    assert value("L", Value((2, 50))) == 50
    assert value("D * W", Value((1, 5, 6, 7))) == 35
    assert value("mode", words=frozenset({"mode"})) == "mode"
    assert value("anything", words=None) == "anything"
    # what is bound wins over a word that stands for itself
    assert value("mode", words=frozenset({"mode"}), mode=2) == 2


def test_inner_names_hide_outer_ones() -> None:
    outer = Environment()
    outer.bind("a", 1)
    outer.bind("b", 2)
    inner = Environment(outer)
    inner.bind("a", 3)
    assert (inner.lookup("a"), inner.lookup("b"), inner.lookup("c")) == ((3,), (2,), None)
    assert (inner.here("a"), inner.here("b")) == (True, False)
    assert inner.names() == {"a", "b"}


def test_an_axis_of_an_unknown_value_is_undecided() -> None:
    with pytest.raises(Undecided):
        value("C * 2", None)
    assert value("2 if true else C", None) == 2


@pytest.mark.parametrize(
    ("text", "rule", "place", "said"),
    [
        ("1 + nothing", "unknown-name", "nothing", "nothing is called `nothing`"),
        ("mim(1, 2)", "unknown-name", "mim(1, 2)", "no function `mim`"),
        ("2 * (3 / 0)", "invalid-argument", "0", "division by zero"),
        ("3 % 0", "invalid-argument", "0", "division by zero"),
        ("3 // (1 - 1)", "invalid-argument", "(1 - 1)", "division by zero"),
        ('1 + "a"', "invalid-argument", '"a"', "expected a number"),
        ("1 + true", "invalid-argument", "true", "expected a number"),
        ("-[1]", "invalid-argument", "[1]", "expected a number"),
        ("[1] + (2,)", "invalid-argument", "[1]", "expected a number"),
        ("1 and true", "invalid-argument", "1", "expected true or false, got 1"),
        ("not 0", "invalid-argument", "0", "true or false"),
        ("2 if 1 else 3", "invalid-argument", "1", "expected true or false"),
        ('1 < "a"', "invalid-argument", '"a"', "expected a number"),
        ("D", "wrong-rank", "D", "with the axes C, H, W"),
        ("len(3)", "invalid-argument", "len(3)", "`len` does not take these arguments"),
        ("zip([1], [1, 2])", "invalid-argument", "zip([1], [1, 2])", "different lengths: 1, 2"),
        ("divisible(8, by=2, by=4)", "duplicate-argument", "by=4", "given twice"),
        ("65536 * 65536", "too-large", "65536 * 65536", "2^31 - 1"),
        ("1e308 * 10", "too-large", "1e308 * 10", "not a finite number"),
        ("range(200000)", "too-large", "range(200000)", "more than 100,000 entries"),
        ("range(60000) + range(60000)", "too-large", "range(60000) + range(60000)", "entries"),
        ("-" * 200 + "1", "too-large", "-" * 99, "nested deeper than 100"),
    ],
)  # fmt: skip
def test_mistakes_have_a_place(text: str, rule: str, place: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        value(text)
    (found,) = caught.value.diagnostics
    assert found.rule == rule
    assert said in found.message
    assert found.span.text.startswith(place)
    assert rule == "too-large" or found.span.text == place


def test_a_mistake_in_a_spec_is_shown_at_its_place() -> None:
    report = check("input 3x8x8\nconv C/2 k3\nlet a = b + 1\nconv a k3\nif C { relu }\n")
    assert [(one.rule, one.span.text) for one in report.diagnostics] == [
        ("invalid-argument", "C/2"),
        ("unknown-name", "b"),
    ]


class Drawer:
    """Draws an expression together with the Python that means the same."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def number(self, depth: int) -> tuple[str, str]:
        kind = self.random.randint(0, 7) if depth else 0
        if kind <= 1:
            digits = str(self.random.randint(0, 12))
            return digits, f"F({digits})"
        if kind == 2:
            ours, theirs = self.number(depth - 1)
            return f"({ours})", f"({theirs})"
        if kind == 3:
            ours, theirs = self.number(0)
            return f"-{ours}", f"-{theirs}"
        if kind == 4:
            (a, x), (b, y), (c, z) = self.number(depth - 1), self.truth(depth - 1), self.number(depth - 1)
            return f"({a} if {b} else {c})", f"({x} if {y} else {z})"
        (a, x), (b, y) = self.number(depth - 1), self.number(depth - 1)
        sign = self.random.choice(["+", "-", "*", "/", "//", "%"])
        return f"{a} {sign} {b}", f"{x} {sign} {y}"

    def truth(self, depth: int) -> tuple[str, str]:
        kind = self.random.randint(0, 3) if depth else 0
        if kind == 0:
            word = self.random.choice(["true", "false"])
            return word, word.title()
        if kind == 1:
            a, x = self.truth(depth - 1)
            return f"not {a}", f"not {x}"
        if kind == 2:
            (a, x), (b, y) = self.truth(depth - 1), self.truth(depth - 1)
            word = self.random.choice(["and", "or"])
            return f"{a} {word} {b}", f"{x} {word} {y}"
        parts = [self.number(depth - 1) for _ in range(self.random.randint(2, 3))]
        signs = [self.random.choice(["<", "<=", ">", ">=", "==", "!="]) for _ in parts]
        ours, theirs = parts[0]
        for sign, (a, x) in zip(signs, parts[1:], strict=False):
            ours, theirs = f"{ours} {sign} {a}", f"{theirs} {sign} {x}"
        return f"({ours})", f"({theirs})"


def test_random_expressions_mean_what_python_means() -> None:
    decided = 0
    for case in range(1500):
        random = Random(f"{SEED}.{case}")
        ours, theirs = Drawer(random).number(4)
        repeat = f"Random('{SEED}.{case}'): {ours}"
        try:
            expected = Fraction(eval(theirs, {"F": Fraction}))
        except ZeroDivisionError:
            with pytest.raises(SpecError):
                value(ours)
            continue
        found = value(ours)
        decided += 1
        assert found == (expected.numerator if expected.denominator == 1 else float(expected)), repeat
        assert isinstance(found, int) == (expected.denominator == 1), repeat
    assert decided > 1000


def test_a_wrong_operator_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    true_operate = expressions._Evaluator._operate

    def confused(self: Any, operator: str, *rest: Any) -> Any:
        return true_operate(self, {"//": "/"}.get(operator, operator), *rest)

    monkeypatch.setattr(expressions._Evaluator, "_operate", confused)
    with pytest.raises(AssertionError):
        test_random_expressions_mean_what_python_means()
