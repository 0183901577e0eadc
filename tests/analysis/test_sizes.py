"""Sizes in closed form: what is said, why, and where. That it is true is what `tests/sizes` is about."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest

from cnndsl import Report, check
from cnndsl.analysis.sizes.periodic import EVERYTHING, NOTHING, PeriodicSet
from cnndsl.analysis.sizes.quasilinear import IDENTITY, Function, merge
from cnndsl.analysis.sizes.wording import formula_text, normal_form, set_text


def said(report: Report) -> dict[str, str]:
    return {one.axis: one.text for one in report.sizes}


@pytest.mark.parametrize(
    ("spec", "height", "width"),
    [
        # by hand: the last pool needs 2, so 4 before it, 8 before that, ...
        ("input 3x32x32 -> maxpool 2 -> maxpool 2 -> maxpool 2 -> gap", "H >= 8", "W >= 8"),
        ("input 3x32x32 -> conv 8 k5 -> gap", "H >= 5", "W >= 5"),
        ("input 3x32x32 -> conv 8 k5 p2 -> gap", "every H", "every W"),
        ("input 3x32x32 -> maxpool k3 s2 ceil -> gap", "H >= 2", "W >= 2"),
        ("input 3x32x32 -> maxpool 2 -> flatten -> linear 10", "32 <= H <= 33", "32 <= W <= 33"),
        ("input 3x32x32 -> flatten -> linear 10", "H == 32", "W == 32"),
        ("input 3x32x32 -> add { identity | maxpool 2 -> upsample 2 }", "H % 2 == 0", "W % 2 == 0"),
        ("input 3x33x32 -> add { conv 3 k3 | crop 1 }", "H >= 3", "W >= 3"),
        ("input 3x32x32 -> adaptiveavgpool 7 -> flatten -> linear 10", "every H", "every W"),
        ("input 3x32x32 -> pixelunshuffle 4 -> conv 8 k2", "H >= 8 and H % 4 == 0", "W >= 8 and W % 4 == 0"),
        ("input 3x32x32 -> upsample 1.5 -> pixelunshuffle 3", "H % 2 == 0", "W % 2 == 0"),
        ("input 3x8x8 -> pad 3 mode=reflect", "H >= 4", "W >= 4"),
        ("input 3x8x8 -> upsample 0.7", "not determined", "not determined"),
        # rows count once as sizes and once as features: 8x6 and 6x8 hold as many
        ("input 1x8x6 -> flatten -> unflatten 6 8", "H == 8", "W == 6"),
        ("input 3x8x8 -> layernorm axes=2 noaffine", "H == 8", "W == 8"),
        ("input 1x6x1 -> mul { identity | maxpool k4x1 }", "4 <= H <= 7", "every W"),
    ],
)
def test_other_sizes_of_a_fixed_spec(spec: str, height: str, width: str) -> None:
    report = check(spec, sizes=True)
    assert said(report) == {"H": height, "W": width}
    assert not report.open_shapes


def test_other_inputs() -> None:
    assert said(check("input 2x20 -> conv 4 k3 s2", sizes=True)) == {"L": "L >= 3"}
    assert said(check("input 20 -> linear 4", sizes=True)) == {}
    both = check("input a: 1x8x8\ninput b: 1x8x8\nadd @a", sizes=True)
    assert said(both) == {"a.H": "a.H == 8", "a.W": "a.W == 8", "b.H": "b.H == 8", "b.W": "b.W == 8"}


def test_a_reason_says_where_and_why() -> None:
    report = check(
        "input 3x32x32\nconv 8 k3 p1\nresidual {\n  maxpool 2 -> upsample 2\n}\nconv 8 k5", sizes=True
    )
    height = report.sizes[0]
    assert height.text == "H >= 6 and H % 2 == 0"
    assert [(one.condition, one.message, one.span.first.line) for one in height.reasons] == [
        ("H % 2 == 0", "`residual` at line 3 needs 2*floor(H/2) == H", 3),
        ("H >= 6", "`conv 8 k5` at line 6: with H = 4, kernel 5x5 does not fit into 4x32", 6),
    ]
    assert 6 in height
    assert 5 not in height


def test_weights_that_fit_say_so() -> None:
    report = check("input 1x28x28\nmaxpool 4 -> flatten\nlinear 10", sizes=True)
    assert (
        report.sizes[0].reasons[-1].message
        == "`linear 10` at line 3 was made for 49: it needs floor(H/4) == 7"
    )


def test_a_layer_in_a_block_is_spoken_of_with_its_use() -> None:
    report = check("input 3x32x32\nblock b() { maxpool 2 }\nb -> b", sizes=True)
    (reason,) = report.sizes[0].reasons
    assert reason.message.startswith("`maxpool 2` at line 2, in the `b` of line 3: with H = 3,")


def test_json() -> None:
    report = check("input 3x32x32 -> pixelunshuffle 4 -> conv 8 k2", sizes=True).to_json()
    height = report["sizes"]["H"]
    reasons = height.pop("reasons")
    assert height == {
        "valid": "H >= 8 and H % 4 == 0",
        "min": 8,
        "max": None,
        "period": 4,
        "residues": [0],
        "also": [],
        "except": [],
    }
    assert [one["condition"] for one in reasons] == ["H % 4 == 0", "H >= 8"]
    assert reasons[1]["range"]["start"] == {"line": 1, "column": 38}
    assert "sizes" not in check("input 3x32x32 -> relu").to_json()
    unclear = check("input 3x8x8 -> upsample 0.7", sizes=True).to_json()["sizes"]["H"]
    assert (unclear["valid"], unclear["min"], unclear["also"]) == (None, None, [])


# Open sizes


def test_shapes_are_formulas() -> None:
    report = check("input 3xHxW\nconv 8 k3 s2 p1 -> maxpool 2\ngap -> flatten -> linear 10")
    assert report.ok
    shapes = [report.shape(node) for node in report.graph.nodes]
    assert shapes[:3] == [
        (3, "H", "W"),
        (8, "floor((H + 1)/2)", "floor((W + 1)/2)"),
        (8, "floor((H + 1)/4)", "floor((W + 1)/4)"),
    ]
    assert shapes[-1] == (10,)
    assert said(report) == {"H": "H >= 3", "W": "W >= 3"}
    json = report.to_json()
    assert json["inputs"] == [{"name": "input", "shape": [3, "H", "W"]}]
    assert (json["parameters"], json["macs"]) == (8 * 27 + 8 + 90, None)
    assert [layer["macs"] for layer in json["layers"]] == [None, 0, 0, 0, 80]


def test_shapes_are_as_simple_as_the_valid_sizes_allow() -> None:
    report = check("input 3xHx32 -> residual { maxpool 4 -> upsample 4 }")
    assert [report.shape(node) for node in report.graph.nodes] == [
        (3, "H", 32),
        (3, "floor(H/4)", 8),
        (3, "H", 32),
        (3, "H", 32),
    ]


@pytest.mark.parametrize(
    ("spec", "place", "message", "help"),
    [
        (
            "input 3xHxW\nmaxpool 32\nflatten\nlinear 10",
            (4, 1),
            "the weights of `linear` would depend on the open size H: 3*floor(H/32)*floor(W/32) arrives",
            "put `gap` before `flatten`, or `adaptiveavgpool 7`",
        ),
        (
            "input 3xHx28 -> posembed",
            (1, 17),
            "the weights of `posembed` would depend on the open size H: 3xHx28 arrives",
            "an adaptive pool before it, such as `adaptiveavgpool 7`, gives all sizes one",
        ),
        (
            "input CxHxW -> conv 8 k3",
            (1, 16),
            "the weights of `conv` would depend on the open size C: CxHxW arrives",
            "give the size as a number, in the spec or with `--input`",
        ),
        (
            "input 3xHxW -> maxpool 2 -> if H > 3 { relu }",
            (1, 32),
            "`H` is floor(H/2) here, an open size: what the spec says would depend on it",
            "give the size as a number, in the spec or with `--input`",
        ),
        (
            "input 3xHxW -> upsample size=(H*2, 7)",
            (1, 31),
            "`H` is read here, an open size: what the spec says would depend on it",
            "give the size as a number, in the spec or with `--input`",
        ),
    ],
)
def test_what_depends_on_an_open_size(spec: str, place: tuple[int, int], message: str, help: str) -> None:
    report = check(spec)
    (found,) = report.diagnostics
    assert (found.rule, found.message, found.help) == ("free-size", message, (help,))
    assert (found.span.first.line, found.span.first.column) == place
    assert report.sizes == ()
    assert not report.graph.complete


def test_what_is_read_and_settled_is_no_open_size() -> None:
    assert check("input 3xHxW -> gap -> if H == 1 { relu }").ok
    assert check("input 3xHxW -> conv C*2 k1").ok


@pytest.mark.parametrize(
    ("assertion", "height"),
    [
        ("(8, H, W)", "H == 1"),
        ("(8, (H + 1)//2, (W + 1)//2)", "every H"),
        ("(8, H/2, W/2)", "not determined"),
        ("(8, H//2, _)", "H % 2 == 0"),
        ("8x14x_", "27 <= H <= 28"),
        ("(8, _, 2*3 + 1)", "every H"),
    ],
)
def test_assertions_are_conditions(assertion: str, height: str) -> None:
    report = check(f"input 3xHxW -> conv 8 k3 s2 p1 :: {assertion}")
    assert said(report)["H"] == height


def test_sizes_that_only_go_together_are_not_told_apart() -> None:
    report = check("input 3xHxW -> add { identity | permute 1 3 2 }")
    assert said(report) == {"H": "not determined", "W": "not determined"}
    assert report.sizes[0].reasons[-1].message == "`add` at line 1: W and H are compared with each other"
    assert said(check("input 3xNxN -> add { identity | permute 1 3 2 }")) == {"N": "every N"}
    # a map of one pixel is refused, a row of pixels is not
    assert said(check("input 3xHxW -> instancenorm")) == {"H": "not determined", "W": "not determined"}


def test_a_letter_is_one_size() -> None:
    report = check("input a: 1xHxW\ninput b: 3xHxW\nconcat @a -> conv 8 k3 s2")
    assert said(report) == {"H": "H >= 3", "W": "W >= 3"}
    assert said(check("input 3xHxH -> flatten")) == {"H": "every H"}
    assert check("input 3xHxH -> flatten").open_shapes[1] == ("3*H^2",)


def test_the_caller_settles_open_sizes() -> None:
    report = check("input 3xHxW -> conv 8 k3", input=(3, 8, 8))
    assert report.graph.nodes[-1].output_shape == (8, 6, 6)
    assert not report.sizes
    one = check("input a: 1xHxW\ninput b: 1xHxW\nadd @a -> conv 8 k3", input={"a": (1, 8, 8)})
    assert said(one) == {"H": "H == 8", "W": "W == 8"}


def test_a_spec_that_no_size_mends() -> None:
    (found,) = check("input 3xHxW -> conv 8 k3 -> conv 8 k3 g3").diagnostics
    assert found.rule == "groups-mismatch"
    assert found.help[-1] == "no size was found that passes; this is with H = W = 224"
    (other,) = check("input 3xHxW -> convv 8").diagnostics
    assert other.rule == "unknown-layer"


def test_a_size_without_a_name() -> None:
    (found,) = check("input 3x_xW -> relu").diagnostics
    assert (found.rule, found.help) == (
        "missing-input",
        ("an open size is called by a capital letter: `input 3xHxW`",),
    )


def test_unusual_sizes_are_found() -> None:
    assert said(check("input 3xHxH -> conv 4 k3 :: 4x15x_")) == {"H": "H == 17"}


# What sizes are made of


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        (EVERYTHING, "every H"),
        (NOTHING, "no H"),
        (PeriodicSet.at_least(2), "H >= 2"),
        (PeriodicSet.of(5), "H == 5"),
        (PeriodicSet.of(1, 2, 3), "H <= 3"),
        (PeriodicSet.of(5, 7), "H in {5, 7}"),
        (PeriodicSet.of(4, 6, 8, 10, 12, 14), "4 <= H <= 14 and H % 2 == 0"),
        (~PeriodicSet.of(9), "every H but 9"),
        (PeriodicSet.residues(4, frozenset({0, 1, 2})), "H % 4 != 3"),
        (PeriodicSet.residues(8, frozenset({0, 1, 2})), "H % 8 <= 2"),
        (PeriodicSet.residues(8, frozenset({6, 7})), "H % 8 >= 6"),
        (PeriodicSet.residues(8, frozenset({1, 4})), "H % 8 in {1, 4}"),
        (PeriodicSet.at_least(20) | PeriodicSet.of(5), "H >= 20 or H == 5"),
        (
            PeriodicSet.residues(2, frozenset({0})).without(PeriodicSet.of(4)),
            "H % 2 == 0, but not H == 4",
        ),
    ],
)
def test_sets_in_words(sizes: PeriodicSet, text: str) -> None:
    assert set_text(sizes, "H") == text


def drawn_set(random: Random) -> PeriodicSet:
    start, period = random.randint(0, 12), random.randint(1, 6)
    return PeriodicSet(
        start, period, random.getrandbits(start), random.choice((0, random.getrandbits(period)))
    )


def test_normal_forms_hold_the_same_numbers() -> None:
    random = Random(7)
    for _ in range(2000):
        sizes = drawn_set(random)
        form = normal_form(sizes)
        again = {
            n
            for n in range(1, 80)
            if n in form.also
            or (
                form.minimum is not None
                and form.minimum <= n <= (form.maximum or n)
                and n % form.period in form.residues
                and n not in form.exceptions
            )
        }
        assert again == {n for n in range(1, 80) if n in sizes}, sizes


def test_operations_on_sets() -> None:
    random = Random(8)
    for _ in range(1000):
        a, b = drawn_set(random), drawn_set(random)
        for n in range(1, 60):
            assert (n in (a & b), n in (a | b), n in ~a) == (n in a and n in b, n in a or n in b, n not in a)
        assert a.canonical() == (a & EVERYTHING)
        assert a.within(b) == all(n in b for n in range(1, 80) if n in a)


def test_functions_are_what_they_compute() -> None:
    """Random chains of operations, held against the same ones on numbers."""
    random = Random(9)
    for _ in range(600):
        function, numbers = IDENTITY, list(range(1, 150))
        for _ in range(random.randint(1, 6)):
            other = random.choice((-3, -1, 1, 2, 3, 4, 5))
            operation = random.choice("+*/%m")
            if operation == "+":
                function, numbers = function + other, [n + other for n in numbers]
            elif operation == "*":
                function, numbers = function * other, [n * other for n in numbers]
            elif operation == "/":
                function, numbers = function // other, [n // other for n in numbers]
            elif operation == "%":
                function, numbers = function % other, [n % other for n in numbers]
            else:
                half = (IDENTITY + other) // 2
                larger = (function - half).where(lambda value: value > 0)
                function = merge([(function, larger), (half, ~larger)])
                numbers = [max(n, (i + other) // 2) for i, n in enumerate(numbers, 1)]
        assert [function.at(n) for n in range(1, 150)] == numbers
        positive = function.where(lambda value: value > 0)
        assert [n in positive for n in range(1, 150)] == [value > 0 for value in numbers]
        assert function.canonical().equals(function) == EVERYTHING


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (IDENTITY, "H"),
        (IDENTITY * 2 - 1, "2*H - 1"),
        ((IDENTITY - 3) // 2 + 1, "floor((H - 1)/2)"),
        (IDENTITY // 4 * 6, "6*floor(H/4)"),
        (IDENTITY // 4 * 6 + 7, "6*floor((H + 4)/4) + 1"),
        (IDENTITY * 3 // 2, "floor(3*H/2)"),
        (IDENTITY * IDENTITY, "H^2"),
        (IDENTITY % 2, "(1, 0, 1, 0, ... for H = 1, 2, 3, 4, ...)"),
    ],
)
def test_formulas(function: Function, text: str) -> None:
    assert formula_text(function, "H") == text


def test_a_fixed_spec_loads_nothing_of_this() -> None:
    code = (
        "import sys, cnndsl; cnndsl.check('input 3x8x8 -> conv 8 k3'); "
        "sys.exit(any('analysis.sizes' in name for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
