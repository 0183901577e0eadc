"""The grammar, and the places of every kind of syntax node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lark import Lark

from cnndsl import syntax as s
from cnndsl.api import check
from cnndsl.diagnostics import SpecError
from cnndsl.parser import grammar_path, parse
from cnndsl.text import Source, Span


def is_node(found: object) -> bool:
    """Whether this is a syntax node: a named tuple that knows its span."""
    return hasattr(found, "_fields") and hasattr(found, "span")


def nodes(node: object) -> Iterator[Any]:
    """Every syntax node in a tree, from the outside in."""
    if is_node(node):
        yield node
    if isinstance(node, tuple) and not isinstance(node, Span):
        for entry in node:
            yield from nodes(entry)


def places(text: str, kind: type) -> list[str]:
    """The texts of the spans of all nodes of a kind, in the order of the tree."""
    return [node.span.text for node in nodes(parse(Source(text))) if type(node) is kind]


def shape_of(text: str) -> object:
    """A tree without its places, to compare what two texts mean."""

    def plain(node: object) -> object:
        if isinstance(node, Span):
            return None
        if not isinstance(node, tuple):
            return node
        parts = [plain(entry) for entry in node]
        return (type(node).__name__, *parts) if is_node(node) else tuple(parts)

    return plain(parse(Source(text)))


def test_the_grammar_is_lalr_without_colliding_tokens() -> None:
    text = grammar_path().read_text(encoding="utf-8")
    Lark(text, parser="lalr", start=["spec", "expression"], strict=True)


def test_the_grammar_names_no_layer() -> None:
    text = grammar_path().read_text(encoding="utf-8")
    code = "\n".join(line.partition("//")[0] for line in text.splitlines())
    assert not [word for word in ("conv", "relu", "maxpool", "linear", "concat") if f'"{word}"' in code]


SPAN_TEXTS: list[tuple[type, str, list[str]]] = [
    (s.Number, "conv 16 1.5", ["16", "1.5"]),
    (s.Amount, "assert 1.5k < macs<2GB", ["1.5k", "2GB"]),
    (s.Text, 'train { data "a b" }', ['"a b"']),
    (s.Truth, "conv bias=true (false)", ["true", "false"]),
    (s.Name, "conv k3 s=n", ["k3", "n"]),
    (s.Listing, "let a = [ 1, [2] ] ", ["[ 1, [2] ]", "[2]"]),
    (s.Tuple, "conv (1, 2) k=( 3 , )", ["(1, 2)", "( 3 , )"]),
    (s.Parenthesised, "conv ( 1 ) (2)", ["( 1 )", "(2)"]),
    (s.Unary, "let a = - 1 * -b\nlet c = not  d", ["- 1", "-b", "not  d"]),
    (s.Chain, "let a = 1 + 2 * 3 - 4", ["1 + 2 * 3 - 4", "2 * 3"]),
    (s.Comparison, "if 1 < n <= 4 { a }", ["1 < n <= 4"]),
    (s.Logical, "if a and b or c { d }", ["a and b or c", "a and b"]),
    (s.Conditional, "conv 1 if a else 2 k3", ["1 if a else 2"]),
    (s.FunctionCall, "conv min( a, 2 ) k=max(1)", ["min( a, 2 )", "max(1)"]),
    (s.Tap, 'add @a @b.c -> @"d-{i}".e', ["@a", "@b.c", '@"d-{i}".e']),
    (s.Argument, "conv 16 k3 s = 2 (1) @a", ["16", "k3", "s = 2", "(1)", "@a"]),
    (s.Call, "conv 16 k3 -> relu\ntanh # c", ["conv 16 k3", "relu", "tanh"]),
    (s.Group, "[ a\n\nb ] x 2 -> [c]", ["[ a\n\nb ]", "[c]"]),
    (s.Join, "add {\n a | b\n} -> c", ["add {\n a | b\n}"]),
    (s.Residual, "residual if a { b } -> residual { c }", ["residual if a { b }", "residual { c }"]),
    (s.Reuse, "a -> reuse  b -> c", ["reuse  b"]),
    (s.Repeat, "a 1 x 2 x n + 1 -> b", ["a 1 x 2 x n + 1", "a 1 x 2"]),
    (s.Label, 'a : b -> "c {i}" : d -> e{i+1}: f', ["a", '"c {i}"', "e{i+1}"]),
    (s.Labelled, "a : b 1 -> c", ["a : b 1"]),
    (s.ShapeLiteral, "input 3xHx_\na :: 1x2 -> b :: ( c, 2 )", ["3xHx_", "1x2", "( c, 2 )"]),
    (s.Assertion, "a 1 :: 1x2 -> b", ["a 1 :: 1x2"]),
    (s.For, "for a, b in c {\n d\n} -> e", ["for a, b in c {\n d\n}"]),
    (s.If, "if a { b }\nelse if c { d } else { e } -> f", [
        "if a { b }\nelse if c { d } else { e }", "if c { d } else { e }"
    ]),
    (s.Input, "input 3x2 -> input a : 4", ["input 3x2", "input a : 4"]),
    (s.Model, "model  A # b", ["model  A"]),
    (s.Param, "param a = 1 + 2 # c", ["param a = 1 + 2"]),
    (s.Let, "let a = b", ["let a = b"]),
    (s.Parameter, "block a( b, c = 2 ) { d }", ["b", "c = 2"]),
    (s.Block, "block a( b ) { c }\nblock d { e }", ["block a( b ) { c }", "block d { e }"]),
    (s.FileUse, 'use "a"\nuse "b": c, d', ['use "a"', 'use "b": c, d']),
    (s.OutputBlock, "output a when training { b }", ["output a when training { b }"]),
    (s.Budget, "relu\nassert  params < 5 and macs<1G  # so\nrelu", ["assert  params < 5 and macs<1G"]),
    (s.Setting, "train {\n lr 0.1 a=b\n epochs 3\n}", ["lr 0.1 a=b", "epochs 3"]),
    (s.Train, "train {\n lr 1\n}\n", ["train {\n lr 1\n}"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "expected"), SPAN_TEXTS, ids=lambda one: getattr(one, "__name__", "")
)
def test_spans_are_exact(kind: type, text: str, expected: list[str]) -> None:
    assert places(text, kind) == expected


def test_every_kind_of_node_is_among_them() -> None:
    kinds = {kind for kind in vars(s).values() if "span" in getattr(kind, "_fields", ())}
    assert kinds - {s.Body, s.Lost} == {kind for kind, _, _ in SPAN_TEXTS}


def test_parts_of_nodes_have_spans_of_their_own() -> None:
    body = parse(Source("a: conv 16 k = 3\nadd { b }\nblock c( d ) { e }"))
    labelled, join, block = body.statements
    assert isinstance(labelled, s.Labelled) and isinstance(labelled.item, s.Call)
    assert labelled.item.name_span.text == "conv"
    assert [one.keyword_span and one.keyword_span.text for one in labelled.item.arguments] == [None, "k"]
    assert isinstance(join, s.Join) and join.name_span.text == "add"
    assert isinstance(block, s.Block) and block.name.span.text == "c"


def test_a_splice_lies_where_it_stands() -> None:
    (labelled,) = parse(Source('"a-{ i + 1 }b{j}": relu')).statements
    assert isinstance(labelled, s.Labelled)
    parts = [part if isinstance(part, str) else part.span.text for part in labelled.label.parts]
    assert parts == ["a-", "i + 1", "b", "j"]


PLAIN = "input 3x8x8 -> conv 4 k3 -> relu -> [tanh -> gelu] x 2 -> add { relu | tanh } -> bn"

SAME = {
    "newlines": "input 3x8x8\nconv 4 k3\nrelu\n[tanh\ngelu] x 2\nadd { relu | tanh }\nbn",
    "newlines in brackets": (
        "input 3x8x8\nconv 4 k3\nrelu\n[\n\n tanh\n\n gelu\n\n] x 2\nadd {\n relu\n|\n tanh\n\n}\nbn\n"
    ),
    "arrows at the ends": (
        "input 3x8x8 ->\nconv 4 k3 ->\n\nrelu -> \n [tanh -> gelu] x 2\n -> add { relu\n | tanh }\n-> bn"
    ),
    "comments": (
        "# a\n  # b\ninput 3x8x8 # c\n# d\nconv 4 k3 -> # e ]\nrelu\n# }\n"
        "-> [ # f\ntanh # g\n# h\ngelu # i\n] x 2 # j\nadd { # k\n# l\nrelu # m\n"
        "| # n\ntanh # o\n} # p\n# q\nbn # r"
    ),
    "blanks": "  input  3x8x8   ->conv 4   k3->relu  ->  [ tanh->gelu ]  x  2->add{relu|tanh}  -> bn   ",
    "tabs": (
        "\tinput\t3x8x8\t->\tconv\t4\tk3\nrelu\n\t[tanh\t->\tgelu]\tx\t2\n\tadd\t{\trelu\t|\ttanh\t}\n\tbn\t"
    ),
    "carriage returns": (
        "input 3x8x8\r\nconv 4 k3 ->\r\nrelu\r\n\r\n[tanh # a\r\ngelu\r\n] x 2\r\n"
        "add { relu\r\n| tanh }\r\nbn\r\n"
    ),
    "form feeds": "input 3x8x8\n\f\nconv 4 k3 -> relu -> [tanh -> gelu] x 2 -> add { relu | tanh } -> bn",
    "many empty lines": "\n\n\n" + PLAIN.replace(" -> relu", "\n\n\n \n\t\n->\n\n\nrelu", 1) + "\n\n\n",
    "no newline at the end, a comment": PLAIN + " # the end",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_texts_that_mean_the_same(text: str) -> None:
    assert shape_of(text) == shape_of(PLAIN)


@pytest.mark.parametrize("text", ["\ufeffinput 4 -> linear 3\n", "\ufeff# a\r\ninput 4\r\nlinear 3"])
def test_a_byte_order_mark_means_nothing(text: str, tmp_path: object) -> None:
    assert check(text).ok


def test_columns_are_counted_in_characters() -> None:
    (found,) = check("input 4 # für\nlinear 3 # é 🎉\n[linear 3 -> lineer 3]").diagnostics
    assert (found.span.first.line, found.span.first.column, found.span.text) == (3, 14, "lineer")
    (found,) = check("input 4\r\n\r\nlinear 3\r\nlineer 3\r\n").diagnostics
    assert (found.span.first.line, found.span.first.column, found.span.last.column) == (4, 1, 7)


def test_a_newline_inside_an_item_is_an_arrow() -> None:
    assert shape_of("conv 16\nk3") == shape_of("conv 16 -> k3") != shape_of("conv 16 k3")


def test_f_bracket_without_a_blank_is_a_call() -> None:
    assert shape_of("a min(1)") != shape_of("a min (1)")
    assert places("a min (1)", s.Argument) == ["min", "(1)"]


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("let a = 1 + 2 * 3", "2 * 3"),
        ("let a = 1 * 2 + 3", "1 * 2"),
        ("let a = -1 + 2", "-1"),
        ("let a = 1 - (2 - 3)", "2 - 3"),
    ],
)
def test_precedence(text: str, inner: str) -> None:
    assert inner in places(text, s.Chain) + places(text, s.Unary)


def test_comparisons_bind_weaker_than_sums_and_stronger_than_not() -> None:
    assert places("if not a + 1 < 2 and b { c }", s.Unary) == ["not a + 1 < 2"]
    assert places("if a < 1 or b and c { d }", s.Logical) == ["a < 1 or b and c", "b and c"]


def test_a_positional_argument_ends_before_a_minus_of_its_own() -> None:
    assert places("conv a - b", s.Argument) == ["a - b"]
    assert places("conv a * -b c", s.Argument) == ["a * -b", "c"]
    with pytest.raises(SpecError):
        parse(Source("conv -b"))


@pytest.mark.parametrize(
    "word", ["relu6", "k3", "x2", "inputs", "iff", "elsewhere", "notes", "trueish", "form"]
)
def test_words_that_only_begin_like_words_of_the_language(word: str) -> None:
    assert places(f"{word} {word}", s.Call) == [f"{word} {word}"]
    assert places(f"a -> b\n{word}: c", s.Label) == [word]


def test_an_else_that_is_no_word_of_its_own() -> None:
    assert len(parse(Source("if a { b }\nelsewhere { c | d }")).statements) == 2


def test_what_does_not_parse_is_said_once_and_the_rest_is_checked() -> None:
    report = check(
        "input 4\nlinear (3\nlinear 2, -> lineer\nadd { relu ^ | tanh } -> conv 3 -> relu\nconv k3\n"
    )
    found = [(one.span.first.line, one.rule, one.span.text) for one in report.diagnostics]
    assert found == [
        (2, "syntax-error", "("),
        (3, "syntax-error", ","),
        (3, "unknown-layer", "lineer"),
        (4, "syntax-error", "^"),
        (4, "missing-argument", "conv"),
        (5, "missing-argument", "conv"),
    ]
    report.graph.verify()
