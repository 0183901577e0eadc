"""The literate cases of tests/specs: what the language promises, sentence by sentence.

A case is a fenced `cnn` block. In a comment at the end of a line, `# error: [rule]` says that this error
is reported on that line, and `# shape: 16x14x14` what the last item of the line gives. First lines of
`# input: 3x32x32`, `# set: h=64`, `# parameters: 10` and `# keys: 0.weight 0.bias` are for the whole
case. An expectation that is not met fails, and so does an error that is not expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cnndsl import Report, check
from cnndsl.dims import format_shape

FOLDER = Path(__file__).parent / "specs"


@dataclass(frozen=True)
class Case:
    """One fenced block, and where it stands."""

    place: str
    text: str


def cases(text: str, name: str) -> Iterator[Case]:
    for found in re.finditer(r"^```cnn\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield Case(f"{name}:{text.count(chr(10), 0, found.start()) + 1}", found[1])


ALL = [case for path in sorted(FOLDER.glob("*.md")) for case in cases(path.read_text(), path.name)]


def directive(text: str, word: str) -> str | None:
    found = re.search(rf"^# {word}: (.*)$", text, re.MULTILINE)
    return found[1].strip() if found else None


def mismatches(case: Case) -> list[str]:
    """What differs between the case's expectations and what the checker says."""
    shape = directive(case.text, "input")
    given = tuple(map(int, shape.split("x"))) if shape else None
    params = {}
    for pair in (directive(case.text, "set") or "").split():
        name, value = pair.split("=")
        params[name] = int(value)
    report = check(case.text, given, params)
    report.graph.verify()
    wanted = []
    for number, line in enumerate(case.text.splitlines(), 1):
        wanted += [(number, rule) for rule in re.findall(r"# error: \[([\w-]+)\]", line)]
    found = [(one.span.first.line, one.rule) for one in report.diagnostics]
    wrong = [f"line {line}: {rule} is not reported" for line, rule in wanted if (line, rule) not in found]
    wrong += [f"line {line}: {rule} is not expected" for line, rule in found if (line, rule) not in wanted]
    return wrong + numbers(case, report)


def numbers(case: Case, report: Report) -> list[str]:
    wrong = []
    for number, line in enumerate(case.text.splitlines(), 1):
        shape = re.search(r"# shape: ([\dx]+)", line)
        if shape:
            here = [n for n in report.graph.nodes if n.span.last.line == number and n.span.end > n.span.start]
            output = here[-1].output_shape if here else None
            if output is None or format_shape(output) != shape[1]:
                wrong.append(f"line {number}: {output} is not {shape[1]}")
    parameters = directive(case.text, "parameters")
    if parameters is not None and report.parameters != int(parameters.replace(",", "")):
        wrong.append(f"{report.parameters} parameters")
    keys = directive(case.text, "keys")
    if keys is not None:
        ours = [
            f"{node.path}.{weight.name}" if weight.name else node.path
            for node in report.graph.nodes
            for weight in node.weights
        ]
        if ours != keys.split():
            wrong.append(f"keys {' '.join(ours)}")
    return wrong


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.place)
def test_the_checker_says_what_the_case_expects(case: Case) -> None:
    assert mismatches(case) == []


@pytest.mark.parametrize(
    "text",
    [
        "input 3x8x8\nconv 8 k9\n",
        "input 3x8x8\nconv 8 k3  # error: [kernel-too-large]\n",
        "input 3x8x8\nconv 8 k3  # shape: 8x8x8\n",
        "# parameters: 1\ninput 3x8x8 -> conv 8 k3\n",
        "# keys: conv.weight\ninput 3x8x8 -> conv 8 k3\n",
    ],
)
def test_the_comparison_can_fail(text: str) -> None:
    assert mismatches(Case("planted", text))


def test_every_rule_of_today_is_in_some_case() -> None:
    from cnndsl.diagnostics import RULES

    later = {"unknown-block-file", "free-size", "unused-output", "data-mismatch", "train-setting"}
    text = "".join(case.text for case in ALL)
    missing = {rule for rule in RULES if f"error: [{rule}]" not in text}
    assert missing <= later, sorted(missing - later)
