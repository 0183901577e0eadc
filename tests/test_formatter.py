"""The canonical text of a spec: recorded cases, and that it never changes a network."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cnndsl import formatter
from cnndsl.api import check
from cnndsl.diagnostics import SpecError
from cnndsl.formatter import format_source
from cnndsl.parser import parse
from cnndsl.text import Source
from tests.agreement.drawing import draw_spec
from tests.agreement.trees import spec_text
from tests.test_specs import ALL, cases

ROOT = Path(__file__).parent.parent
SEED = 20261122

FILES = sorted([*ROOT.glob("examples/**/*.cnn"), *ROOT.glob("cnndsl/**/*.cnn")])


def fmt(text: str) -> str:
    return format_source(Source(text, "net.cnn"))


def parses(text: str) -> bool:
    try:
        parse(Source(text))
    except SpecError:
        return False
    return True


# Blocks of pages: everything there is that parses.
LANGUAGE = {
    f"docs/{case.place}": case.text
    for case in cases((ROOT / "docs" / "language.md").read_text(encoding="utf-8"), "language.md")
    if parses(case.text)
}
TEXTS = {case.place: case.text for case in ALL if parses(case.text)} | LANGUAGE


def meaning(text: str) -> dict[str, Any]:
    """What a spec says, without the places where it says it."""
    report = check(text).to_json()
    for layer in report["layers"]:
        del layer["line"], layer["column"]
    report["diagnostics"] = [one["rule"] for one in report["diagnostics"]]
    return report


def comments(text: str) -> list[str]:
    """The comments of a text, by a rule of this file's own: outside of quotes, from `#` to the line's end."""
    found = (re.match(r'(?:[^#"]|"[^"]*")*(#.*)', line) for line in text.split("\n"))
    return [one[1].rstrip() for one in found if one is not None]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("\n\n  \n", ""),
        ("relu", "relu\n"),
        ("relu\n\n\n\ntanh\n\n\n", "relu\n\ntanh\n"),
        ("relu\r\ntanh\r\n", "relu\ntanh\n"),
        ("\trelu\t->\ttanh", "relu -> tanh\n"),
        ("conv  16   k3->relu", "conv 16 k3 -> relu\n"),
        ("relu->\ntanh", "relu ->\ntanh\n"),
        ("relu\n->tanh\n->bn", "relu\n  -> tanh\n  -> bn\n"),
        ("conv 2 * C k = 3 eps= 1e-3", "conv 2*C k=3 eps=1e-3\n"),
        ("conv (c1)  (-1)  -  2", "conv (c1) (-1) - 2\n"),
        ("conv a -b k3", "conv a - b k3\n"),
        ("conv a - -b k3", "conv a - -b k3\n"),
        ("conv (2+3*4)  ( c,H / 2 )", "conv (2 + 3*4) (c, H/2)\n"),
        ("conv max( C ,3 ) [ 1,2 ] k=3 if H>8 else 1", "conv max(C, 3) [1, 2] k=3 if H > 8 else 1\n"),
        ("conv 3 k1 x  n+1", "conv 3 k1 x n + 1\n"),
        ("relu x (2)", "relu x (2)\n"),
        ("let  a=1+2*3", "let a = 1 + 2*3\n"),
        ("let a=b*2 if c==-1 and not d else (e,)", "let a = b*2 if c == -1 and not d else (e,)\n"),
        ("param n=f(a+b,by=-c)", "param n = f(a + b, by=-c)\n"),
        ("block  b(c)   {relu}", "block b(c) { relu }\n"),
        ("block b( c,s = 1 ){relu}", "block b(c, s=1) { relu }\n"),
        ("block b{relu}", "block b { relu }\n"),
        ("train{}", "train {}\n"),
        ("train{\n\nepochs   3\n\n}", "train {\n  epochs 3\n}\n"),
        ("a  :b:relu", "a: b: relu\n"),
        ('"x {i}" :relu->@a.b', '"x {i}": relu -> @a.b\n'),
        ("input  left:3x032x32", "input left: 3x32x32\n"),
        ("input 0784", "input 784\n"),
        ("relu::16x_x_", "relu :: 16x_x_\n"),
        ('use "b.cnn":a ,b', 'use "b.cnn": a, b\n'),
        ('use "b.cnn": a,\nb', 'use "b.cnn": a,\n  b\n'),
        ("for a,b in[(1,2)]{relu}", "for a, b in [(1, 2)] { relu }\n"),
        ("if C==3{a}else if not  (D){b}else{c}", "if C == 3 { a } else if not (D) { b } else { c }\n"),
        ("residual if s!=1{relu}", "residual if s != 1 { relu }\n"),
        ("add{relu|bn|@x}", "add { relu | bn | @x }\n"),
        ("[ relu ]x 2", "[relu] x 2\n"),
        ("output y when training{relu}", "output y when training { relu }\n"),
    ],
)  # fmt: skip
def test_blanks(before: str, after: str) -> None:
    assert fmt(before) == after
    assert fmt(after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0", "0"),
        ("007", "7"),
        (".5", "0.5"),
        ("5.", "5.0"),
        ("00.50", "0.50"),
        ("1E-03", "1e-3"),
        ("1e+5", "1e5"),
        ("1.e0", "1.0e0"),
        ("1e00", "1e0"),
    ],
)
def test_numbers_keep_their_values(before: str, after: str) -> None:
    assert fmt(f"dropout {before}") == f"dropout {after}\n"
    assert float(before) == float(after)
    assert before.isdigit() == after.isdigit()


def test_indentation() -> None:
    before = """
      # first
block b(c)   {

add{
 conv c k3
   -> relu
   # before a branch
      | if C != c {
 conv c k1 } else {
 relu
 }
  | [
   conv c k1
  ]
  # last
}
}
let list = [
1,
 2 ]
for i in [1,
2] {
relu
}
if C == 3 { relu }
# between
else { bn }
"""
    assert (
        fmt(before)
        == """# first
block b(c) {
  add {
    conv c k3
      -> relu
    # before a branch
  | if C != c {
      conv c k1 } else {
      relu
    }
  | [
      conv c k1
    ]
    # last
  }
}
let list = [
  1,
  2]
for i in [1,
  2] {
  relu
}
if C == 3 { relu }
# between
else { bn }
"""
    )


def test_comments_that_are_aligned_stay_where_they_are() -> None:
    text = "conv 4 k3            # one\nrelu                 # two\nflatten\n\nlinear 10    # alone\n"
    assert fmt(text) == text


def test_comments_that_are_not_stand_behind_the_longest_line() -> None:
    before = "conv 4 k3 # one\nrelu      # two\nflatten -> linear 10\nbn # three\n\nrelu# four\n"
    after = """conv 4 k3    # one
relu         # two
flatten -> linear 10
bn           # three

relu    # four
"""
    assert fmt(before) == after
    assert fmt(after) == after


def test_a_very_long_line_does_not_push_the_comments_of_the_others() -> None:
    long = " -> ".join(["relu"] * 20)
    text = f"relu    # one\n{long}  # two\nbn      # three\n"
    assert fmt(re.sub(" +#", " #", text)) == text


def test_a_line_that_goes_far_beyond_the_others_column_stands_out() -> None:
    text = "relu       # one\nbn         # two\nrelu -> relu -> relu -> relu   # three\n"
    assert fmt(text) == text
    assert fmt(text.replace("   # three", " # three")) == text.replace("   # three", "  # three")


def test_stretches_with_columns_of_their_own_keep_them() -> None:
    text = "a: [\n  relu       # one\n  bn         # two\n]\nrelu -> relu    # three\n"
    assert fmt(text) == text
    assert fmt(text.replace("  # two", "# two")) == (
        "a: [\n  relu          # one\n  bn            # two\n]\nrelu -> relu    # three\n"
    )


def test_a_line_that_grows_takes_its_comment_along() -> None:
    assert fmt("a:relu->bn->tanh # one\nrelu             # two\n") == (
        "a: relu -> bn -> tanh    # one\nrelu                     # two\n"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_of_the_repository_are_canonical(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert fmt(text) == text


@pytest.mark.parametrize("place", TEXTS)
def test_the_specs_of_pages(place: str) -> None:
    text = TEXTS[place]
    once = fmt(text)
    assert fmt(once) == once
    assert meaning(once) == meaning(text)
    assert comments(once) == comments(text)


@pytest.mark.parametrize("place", LANGUAGE)
def test_the_specs_in_the_language_page_are_canonical(place: str) -> None:
    assert fmt(LANGUAGE[place]) == LANGUAGE[place]


def mangled(text: str, random: Random) -> str:
    """A spec in other blanks: what the canonical text takes back."""

    def blanks(least: int) -> str:
        return "".join(random.choice(" \t") for _ in range(random.randint(least, 3)))

    lines = []
    for line in text.split("\n"):
        parts = re.split(r'("[^"]*"(?: *:)?| +|->|[|{}=,]|(?<=\w):(?= ))', line.strip())
        written = ""
        for part in parts:
            if part.startswith('"') or not part:
                written += part
            elif part.isspace():
                written += blanks(1)
            else:
                free = (
                    part in ("->", "|", ",", ":")
                    or (part == "=" and line.startswith(("let", "param")))
                    or (part in "{}" and not re.search(r"\w\{\w*\}", line))
                )
                written += blanks(0) + part + blanks(0) if free else part
        lines.append(blanks(0) + written + blanks(0))
        if line == "":
            lines.extend([""] * random.randint(0, 2))
    return random.choice(["\n", "\r\n"]).join(lines)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_other_blanks_come_to_the_same_text(path: Path) -> None:
    # Where a comment stands depends on where it stood: without them the form is one.
    text = path.read_text(encoding="utf-8")
    canonical = fmt("\n".join(line.partition("#")[0] for line in text.split("\n")))
    for number in range(10):
        random = Random(f"{SEED}.{path.stem}.{number}")
        assert fmt(mangled(canonical, random)) == canonical, (
            f"mangled with Random({SEED}.{path.stem}.{number})"
        )


@pytest.mark.parametrize("part", range(4))
def test_random_specs(part: int) -> None:
    for number in range(part * 50, part * 50 + 50):
        random = Random(f"{SEED}.{number}")
        text = spec_text(draw_spec(random)[0])
        once = fmt(text)
        repeat = f"draw_spec(Random('{SEED}.{number}'))"
        assert fmt(once) == once, repeat
        assert meaning(once) == meaning(text), repeat
        assert fmt(mangled(once, random)) == once, repeat


def test_a_spec_that_does_not_parse_has_no_form() -> None:
    with pytest.raises(SpecError):
        fmt("add {")


def test_a_form_that_would_change_the_network_is_never_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "_number", lambda text: text + "0")
    with pytest.raises(AssertionError, match="another spec"):
        fmt("conv 16 k3")
    monkeypatch.undo()
    monkeypatch.setattr(formatter._Roles, "gap", lambda self, before, token: "")
    with pytest.raises((AssertionError, SpecError)):
        fmt("conv 16 k3")
