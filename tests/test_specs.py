"""Literate cases: every fenced `cnn` block of `specs/*.md` says itself what the checker finds.

`# error: [rule]` at the end of a line: this rule is reported there, several in turn for several; `#
warning: [rule]` likewise. `# shape: 16x32x32` at the end of a line: what the line's last item gives.
Directives, in the first lines, are for the whole case: `# input: 3x32x32`, `# set: h=64 w=2`, `#
parameters: 19440`, `# keys: 0.weight 0.bias`. Whatever is found and not expected fails, and the other way
round: a spec without an expected error has none. On a page that says ANY_WARNINGS, because it is about
something else, warnings are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cnndsl.api import check
from cnndsl.diagnostics import RULES
from cnndsl.report import Report
from tests.shape_comments import shapes_by_line

SPECS = Path(__file__).parent / "specs"

# What a text alone cannot raise: what training alone reads.
ELSEWHERE = {"data-mismatch", "train-setting"}
ANY_WARNINGS = "<!-- warnings are left out on this page -->"

_FOUND = re.compile(r"#((?:[\s#]*(?:error|warning):(?:\s*\[[a-z0-9-]+\])+)+)\s*$")
_SEVERITY = re.compile(r"(error|warning):((?:\s*\[[a-z0-9-]+\])+)")
_SHAPE = re.compile(r"#\s*shape:\s*([0-9]+(?:x[0-9]+)*)\s*$")
_DIRECTIVE = re.compile(r"# (input|set|parameters|keys): ([^#]*)")


@dataclass(frozen=True)
class Case:
    """One fenced block: where it stands, and its text."""

    place: str
    text: str
    any_warnings: bool = False


def cases(page: str, name: str) -> Iterator[Case]:
    """The cases of a page; AssertionError where a block never ends."""
    text: list[str] | None = None
    start = 0
    for number, line in enumerate(page.splitlines(), 1):
        if text is None and line == "```cnn":
            text, start = [], number
        elif text is not None and line == "```":
            yield Case(f"{name}:{start}", "\n".join(text) + "\n", ANY_WARNINGS in page)
            text = None
        elif text is not None:
            text.append(line)
    assert text is None, f"{name}:{start} never ends"


ALL = [
    case for path in sorted(SPECS.glob("*.md")) for case in cases(path.read_text(encoding="utf-8"), path.name)
]


def directives(text: str) -> dict[str, str]:
    """The directives in the comments that a case begins with."""
    found = {}
    for line in text.splitlines():
        directive = _DIRECTIVE.match(line)
        if directive is not None:
            found[directive[1]] = directive[2].strip()
        elif not line.startswith("#"):
            break
    return found


def mismatches(case: Case) -> list[str]:
    """What differs between the case's expectations and what the checker says; empty where nothing does."""
    given = directives(case.text)
    shape = tuple(map(int, given["input"].split("x"))) if "input" in given else None
    params = {name: int(value) for name, value in (pair.split("=") for pair in given.get("set", "").split())}
    report = check(case.text, shape, params)
    report.graph.verify()
    told = [one for one in report.diagnostics if one.severity == "error" or not case.any_warnings]
    wanted: Counter[tuple[int, str, str]] = Counter()
    wrong = []
    shapes = shapes_by_line(report)
    for number, line in enumerate(case.text.splitlines(), 1):
        listed, promise = _FOUND.search(line), _SHAPE.search(line)
        if listed is not None:
            for severity, rules in _SEVERITY.findall(listed[1]):
                wanted.update((number, severity, rule) for rule in re.findall(r"[a-z0-9-]+", rules))
        elif promise is not None and shapes.get(number) != tuple(map(int, promise[1].split("x"))):
            wrong.append(f"line {number}: {shapes.get(number)} is not {promise[1]}")
        elif "error:" in line or "warning:" in line or ("shape:" in line and promise is None):
            wrong.append(f"line {number}: this expectation cannot be read")
    found = Counter((one.span.first.line, one.severity, one.rule) for one in told)
    messages = {(one.span.first.line, one.severity, one.rule): one.message for one in told}
    wrong += [f"line {line}: {rule} is no rule" for line, _, rule in wanted if rule not in RULES]
    wrong += [
        f"line {line}: {kind} {rule} is not reported" for line, kind, rule in (wanted - found).elements()
    ]
    wrong += [
        f"line {one[0]}: {one[1]} {one[2]} is not expected: {messages[one]}"
        for one in (found - wanted).elements()
    ]
    return wrong + totals(given, report)


def totals(given: dict[str, str], report: Report) -> list[str]:
    """What is wrong with the number of parameters and the names of the weights."""
    wrong = []
    if "parameters" in given and report.parameters != int(given["parameters"].replace(",", "")):
        wrong.append(f"{report.parameters} parameters are not {given['parameters']}")
    if "keys" in given:
        keys = [
            f"{node.path}.{weight.name}" if weight.name else node.path
            for node in report.graph.nodes
            for weight in node.weights
        ]
        if keys != given["keys"].split():
            wrong.append(f"the keys are {' '.join(keys)}")
    return wrong


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.place)
def test_the_checker_says_what_the_case_expects(case: Case) -> None:
    wrong = mismatches(case)
    assert not wrong, "\n".join([case.place, case.text, *wrong])


@pytest.mark.parametrize("rule", sorted(RULES - ELSEWHERE))
def test_each_rule_stands_in_three_cases(rule: str) -> None:
    assert sum(f"[{rule}]" in case.text for case in ALL) >= 3


def test_there_are_enough_cases() -> None:
    assert len(ALL) >= 250


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("input 4x4 -> linear 3\n", "line 1: error needs-flatten is not expected"),
        ("input 4 -> linear 3   # error: [needs-flatten]\n", "line 1: error needs-flatten is not reported"),
        ("input 4x4\nlinear 3   # error: [wrong-rank]\n", "line 2: error wrong-rank is not reported"),
        ("input 4x4   # error: [needs-flatten]\nlinear 3\n", "line 2: error needs-flatten is not expected"),
        ("input 4x4\nlinear 3  # error: [needs-flatten] [needs-flatten]\n", "needs-flatten is not reported"),
        ("input 4 -> linear 3   # error: [no-such-rule]\n", "no-such-rule is no rule"),
        ("input 4 -> linear 3   # error: needs-flatten\n", "cannot be read"),
        ("input 3x7x7\nmaxpool 2\n", "line 2: warning dropped-pixels is not expected"),
        ("input 3x8x8\nmaxpool 2   # warning: [dropped-pixels]\n", "warning dropped-pixels is not reported"),
        ("input 3x7x7\nmaxpool 2   # error: [dropped-pixels]\n", "line 2: warning dropped-pixels is not exp"),
        ("input 4 -> linear 3   # shape: 4\n", "line 1: (3,) is not 4"),
        ("input 4 -> linear 3   # shape: 3x\n", "cannot be read"),
        ("let a = 1   # shape: 3\ninput 4\n", "line 1: None is not 3"),
        ("# parameters: 16\ninput 4 -> linear 3\n", "15 parameters are not 16"),
        ("# keys: 0.weight\ninput 4 -> linear 3\n", "the keys are 0.weight 0.bias"),
    ],
)
def test_the_comparison_can_fail(text: str, complaint: str) -> None:
    good = "# parameters: 15\n# keys: 0.weight 0.bias\ninput 4 -> linear 3   # shape: 3\n"
    assert mismatches(Case("good", good)) == []
    wrong = mismatches(Case("planted", text))
    assert any(complaint in one for one in wrong), wrong


def test_a_page_may_leave_warnings_out() -> None:
    text = "input 3x7x7\nmaxpool 2\n"
    (case,) = cases(f"{ANY_WARNINGS}\n```cnn\n{text}```\n", "page")
    assert case.any_warnings
    assert mismatches(case) == []
    planted = "input 3x7x7\nmaxpool 2   # warning: [dropped-pixels]\n"
    assert mismatches(Case("planted", planted, any_warnings=True))


def test_a_block_that_never_ends_is_refused() -> None:
    with pytest.raises(AssertionError, match="page:2 never ends"):
        list(cases("# a\n```cnn\nrelu\n", "page"))
