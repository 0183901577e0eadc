"""How diagnostics look, held against recorded texts."""

import re
from random import Random

import pytest

from cnndsl.diagnostics import Diagnostic, Edit, Fix, Related
from cnndsl.render import render_concise, render_full
from cnndsl.text import Source, Span


def span_of(source: Source, words: str, occurrence: int = 0) -> Span:
    start = -1
    for _ in range(occurrence + 1):
        start = source.text.index(words, start + 1)
    return source.span(start, start + len(words))


def shown(text: str) -> str:
    """A recorded text, without the bar that marks its left edge in this file."""
    return "\n".join(line.strip()[1:] for line in text.strip().splitlines())


LENET = Source("input 1x11x11\nconv 4 k3 p1\nmaxpool 2\nconv 8 k9\n", "lenet.cnn")
TOO_LARGE = Diagnostic(
    "kernel-too-large",
    "kernel 9x9 does not fit into 5x5",
    span_of(LENET, "k9"),
    "needs at least 9x9, padding included",
    related=(Related("5x5 comes from here: (11 + 2*0 - 2)//2 + 1 = 5", span_of(LENET, "maxpool 2")),),
    help=("`k9 p2` fits: 8x1x1",),
)


def test_the_example_of_the_design() -> None:
    assert render_full([TOO_LARGE]) == shown("""
        |lenet.cnn:4:8: error[kernel-too-large]: kernel 9x9 does not fit into 5x5
        |  3 | maxpool 2
        |    | --------- 5x5 comes from here: (11 + 2*0 - 2)//2 + 1 = 5
        |  4 | conv 8 k9
        |    |        ^^ needs at least 9x9, padding included
        |  help: `k9 p2` fits: 8x1x1
    """)


def test_concise_is_the_first_line() -> None:
    assert render_concise([TOO_LARGE]) == render_full([TOO_LARGE]).splitlines()[0]


def test_lines_that_are_left_out_and_a_fix() -> None:
    place = span_of(LENET, "k9")
    diagnostic = Diagnostic(
        "kernel-too-large",
        "too large",
        place,
        related=(Related("the input", span_of(LENET, "1x11x11")),),
        fixes=(Fix("add `p2`", (Edit(place, "k9 p2"),)),),
    )
    assert render_full([diagnostic]) == shown("""
        |lenet.cnn:4:8: error[kernel-too-large]: too large
        |  1 | input 1x11x11
        |    |       ------- the input
        |  ...
        |  4 | conv 8 k9
        |    |        ^^
        |  help: add `p2`
        |  4 + conv 8 k9 p2
    """)


def test_several_labels_on_a_line_hang_below_it() -> None:
    source = Source("add { conv 16 k3 | conv 8 k1 | identity }", "net.cnn")
    diagnostic = Diagnostic(
        "shape-mismatch",
        "branches differ",
        span_of(source, "add"),
        related=(
            Related("16x6x6", span_of(source, "conv 16 k3")),
            Related("8x8x8", span_of(source, "conv 8 k1")),
            Related("3x8x8", span_of(source, "identity")),
        ),
    )
    assert render_full([diagnostic]) == shown("""
        |net.cnn:1:1: error[shape-mismatch]: branches differ
        |  1 | add { conv 16 k3 | conv 8 k1 | identity }
        |    | ^^^   ----------   ---------   -------- 3x8x8
        |    |       |            |
        |    |       |            8x8x8
        |    |       16x6x6
    """)


def test_overlapping_marks_stand_on_rows_of_their_own() -> None:
    source = Source("conv 16 k3", "net.cnn")
    diagnostic = Diagnostic(
        "shape-mismatch",
        "no",
        span_of(source, "k3"),
        "here",
        related=(Related("this layer", span_of(source, "conv 16 k3")),),
    )
    assert render_full([diagnostic]) == shown("""
        |net.cnn:1:9: error[shape-mismatch]: no
        |  1 | conv 16 k3
        |    |         ^^ here
        |    | ---------- this layer
    """)


def test_a_span_of_several_lines_is_shown_by_its_ends() -> None:
    source = Source("add {\n  conv 16 k3\n| conv 8 k3\n  -> relu\n  -> relu\n}\n", "net.cnn")
    diagnostic = Diagnostic("shape-mismatch", "no", source.span(0, source.text.index("}") + 1), "ends here")
    assert render_full([diagnostic]) == shown("""
        |net.cnn:1:1: error[shape-mismatch]: no
        |  1 | add {
        |    | ^^^^^
        |  ...
        |  6 | }
        |    | ^ ends here
    """)


def test_the_end_of_the_text() -> None:
    source = Source("add { conv 16 k3", "net.cnn")
    end = len(source.text)
    diagnostic = Diagnostic("syntax-error", "`{` is never closed", source.span(end, end), "expected `}`")
    assert render_full([diagnostic]) == shown("""
        |net.cnn:1:17: error[syntax-error]: `{` is never closed
        |  1 | add { conv 16 k3
        |    |                 ^ expected `}`
    """)


def test_an_empty_text() -> None:
    source = Source("", "empty.cnn")
    assert render_full([Diagnostic("syntax-error", "empty", source.span(0, 0))]) == shown("""
        |empty.cnn:1:1: error[syntax-error]: empty
        |  1 |
        |    | ^
    """)


def test_carets_stand_under_tabs_and_wide_characters() -> None:
    source = Source("\tconv\t日本 k9 # \x1b[31m", "net.cnn")
    diagnostic = Diagnostic("unknown-name", "no `日本`", span_of(source, "日本"), "what")
    assert render_full([diagnostic]) == shown("""
        |net.cnn:1:7: error[unknown-name]: no `日本`
        |  1 |     conv    日本 k9 # ␛[31m
        |    |             ^^^^ what
    """)


def test_a_long_line_is_cut_around_its_mark() -> None:
    source = Source("relu -> " * 60 + "conv 8 k9" + " -> relu" * 60, "net.cnn")
    diagnostic = Diagnostic("kernel-too-large", "no", span_of(source, "k9"), "here")
    _, line, marks = render_full([diagnostic]).splitlines()
    assert len(line) <= 100
    assert line.count("…") == 2
    assert line[marks.index("^") : marks.rindex("^") + 1] == "k9"


def test_a_long_line_with_marks_far_apart_is_shown_twice() -> None:
    source = Source("tanh" + " -> relu" * 60 + " -> conv 8 k9", "net.cnn")
    related = (Related("from here", span_of(source, "tanh")),)
    diagnostic = Diagnostic("kernel-too-large", "no", span_of(source, "k9"), "here", related)
    lines = render_full([diagnostic]).splitlines()[1:]
    for line, marks in zip(lines[::2], lines[1::2], strict=True):
        found = re.search(r"[\^-]+", marks)
        assert found is not None
        assert line[slice(*found.span())] in ("k9", "tanh")


def test_a_place_in_another_file() -> None:
    other = Source("block basic(c) { conv c k9 }", "blocks.cnn")
    diagnostic = Diagnostic(
        "kernel-too-large", "no", span_of(LENET, "k9"), related=(Related("in here", span_of(other, "k9")),)
    )
    assert render_full([diagnostic]) == shown("""
        |lenet.cnn:4:8: error[kernel-too-large]: no
        |  4 | conv 8 k9
        |    |        ^^
        |  in blocks.cnn:
        |  1 | block basic(c) { conv c k9 }
        |    |                         -- in here
    """)


@pytest.mark.parametrize("render", [render_full, render_concise])
def test_colours_change_nothing_but_the_colour(render: object) -> None:
    assert callable(render)
    warning = Diagnostic("shape-mismatch", "no", span_of(LENET, "k3"), severity="warning")
    coloured = render([TOO_LARGE, warning], color=True)
    assert "\x1b[1;31m" in coloured
    assert "\x1b[1;33m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render([TOO_LARGE, warning])


def test_an_attack_on_the_terminal_is_shown_not_done() -> None:
    source = Source("conv \x1b]0;title\x07 \u202e \x9b31m", "evil\x1b[2J.cnn")
    text = render_full([Diagnostic("syntax-error", "bad \x1b[1m\nnews", source.span(5, 6))])
    assert all(character.isprintable() or character == "\n" for character in text)
    assert len(text.splitlines()) == 3


def columns_of(text: str) -> list[str]:
    """The characters of a line by terminal column, by a rule of this file's own; a wide one fills two."""
    wide = {"日", "本", "語", "　"}
    found: list[str] = []
    for character in text:
        if character in "\u0301\u200d\ufe0f":
            found[-1] += character
        else:
            found.extend([character, ""] if character in wide else [character])
    return found


@pytest.mark.parametrize("columns", [40, 57, 100])
def test_marks_stand_under_their_text_and_nothing_is_too_wide(columns: int) -> None:
    for case in range(300):
        random = Random(f"20261124.{columns}.{case}")
        repeat = f"Random('20261124.{columns}.{case}')"
        text = "".join(
            random.choice(["conv", " ", "k3", "->", "日本", "語", "e\u0301", "a\ufe0f", "\t", "x"])
            for _ in range(random.randint(1, 60))
        ).strip("\u0301 \t")
        if not text:
            continue
        source = Source(text, "net.cnn")
        starts = [at for at in range(len(text)) if text[at] not in "\u0301\ufe0f\t"]
        start = random.choice(starts)
        end = random.choice([at for at in (*starts, len(text)) if at > start])
        label = "l" * random.randint(0, 30)
        diagnostic = Diagnostic("syntax-error", "no", source.span(start, end), label)
        _, line, *marks = render_full([diagnostic], columns=columns).splitlines()
        rows = [columns_of(row) for row in (line, *marks)]
        assert all(len(row) <= columns for row in rows), repeat
        carets = [at for at, sign in enumerate(rows[1]) if sign == "^"]
        marked = "".join(rows[0][carets[0] : carets[-1] + 1])
        wanted = text[start:end].replace("\t", " ")
        assert re.sub(" +", " ", marked).rstrip("…").strip() in re.sub(" +", " ", wanted), repeat
        if "…" not in line:
            assert marked.split() == wanted.split(), repeat
        if label:
            assert "".join(marks).count(label) == 1, repeat


def test_a_label_that_does_not_fit_stands_below() -> None:
    source = Source("relu -> " * 9 + "conv 8 k9", "net.cnn")
    label = "needs at least 9x9, padding included"
    diagnostic = Diagnostic("kernel-too-large", "no", span_of(source, "k9"), label)
    assert render_full([diagnostic], columns=60) == shown("""
        |net.cnn:1:80: error[kernel-too-large]: no
        |  1 | …> relu -> relu -> conv 8 k9
        |    |                           ^^
        |    |                   needs at least 9x9, padding included
    """)


def test_the_narrowest_terminal_still_shows_something() -> None:
    source = Source("relu -> " * 9 + "conv 8 k9", "net.cnn")
    diagnostic = Diagnostic("kernel-too-large", "no", span_of(source, "k9"))
    assert render_full([diagnostic], columns=1) == render_full([diagnostic], columns=40)


def test_a_mark_that_is_wider_than_the_terminal() -> None:
    source = Source("conv " * 60, "net.cnn")
    _, line, marks = render_full(
        [Diagnostic("syntax-error", "no", source.span(5, 300))], columns=60
    ).splitlines()
    assert len(line) <= 60
    assert len(marks) <= 60
    assert line.endswith("…")


def test_a_fix_over_several_lines_shows_them_where_they_are_few() -> None:
    source = Source("relu\n" * 8 + "tanh", "net.cnn")

    def shown_last(*starts: int) -> list[str]:
        edits = tuple(Edit(source.span(start, start + 4), "bn") for start in starts)
        found = Diagnostic("syntax-error", "no", source.span(0, 4), fixes=(Fix("norms", edits),))
        return render_full([found]).splitlines()[2:]

    assert shown_last(0, 5)[-3:] == ["  help: norms", "  1 + bn", "  2 + bn"]
    assert shown_last(0, 40)[-1] == "  help: norms"


def test_line_ends_of_other_systems_leave_no_trace() -> None:
    source = Source("relu\r\nconv\r\n", "net.cnn")
    assert render_full([Diagnostic("syntax-error", "no", source.span(6, 10))]) == shown("""
        |net.cnn:2:1: error[syntax-error]: no
        |  2 | conv
        |    | ^^^^
    """)
