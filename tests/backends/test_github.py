"""Annotations for GitHub workflows, held against the rules of workflow commands."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from cnndsl.api import check
from cnndsl.backends.github import github_annotations
from cnndsl.backends.places import relative_path, uri
from cnndsl.diagnostics import Diagnostic, Fix, Related
from cnndsl.report import Report
from cnndsl.text import Source


def annotation(diagnostic: Diagnostic) -> str:
    empty = check("input 1 -> relu")
    (line,) = github_annotations([Report(diagnostic.span.source, empty.graph, (diagnostic,))])
    return line


def read(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command taken apart as the runner does it: command, properties, message."""
    found = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert found is not None, line
    properties = dict(part.split("=", 1) for part in found[2].split(","))

    def plain(text: str) -> str:
        for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            text = text.replace(code, character)
        return text

    return found[1], {name: plain(value) for name, value in properties.items()}, plain(found[3])


def test_place_rule_and_message() -> None:
    source = Source("input 1x9x9\nconv 4 k33\n", "nets/a.cnn")
    report = check(source)
    (line,) = github_annotations([report])
    command, properties, message = read(line)
    assert command == "error"
    assert properties == {
        "file": "nets/a.cnn",
        "line": "2",
        "endLine": "2",
        "col": "8",
        "endColumn": "11",
        "title": "kernel-too-large",
    }
    assert message.split("\n") == [
        "kernel 33x33 does not fit into 9x9",
        "nets/a.cnn:1:1: 1x9x9 comes from here",
        "fix: `k9` fits: 4x1x1",
        "fix: `k3` fits: 4x7x7",
    ]


def test_what_means_something_to_the_runner_is_escaped() -> None:
    source = Source("relu", "a,b:100%\n.cnn")
    span = source.span(0, 4)
    diagnostic = Diagnostic(
        "shape-mismatch",
        "50% :: a, b\r\n::set-output",
        span,
        related=(Related("100%", span),),
        help=("x: y, z",),
        fixes=(Fix("do, it", ()),),
        severity="warning",
    )
    line = annotation(diagnostic)
    assert "\n" not in line
    assert line.startswith("::warning file=a%2Cb%3A100%25%0A.cnn,line=1,")
    command, properties, message = read(line)
    assert command == "warning"
    assert properties["file"] == "a,b:100%\n.cnn"
    # control characters inside a message are shown, never sent
    assert message.split("\n")[0] == "50% :: a, b␍␊::set-output"
    assert message.split("\n")[2:] == ["help: x: y, z", "fix: do, it"]


def test_a_stretch_of_several_lines_has_no_columns() -> None:
    source = Source("add {\n  relu\n}\n", "a.cnn")
    _, properties, _ = read(annotation(Diagnostic("shape-mismatch", "no", source.span(0, 14))))
    assert properties == {"file": "a.cnn", "line": "1", "endLine": "3", "title": "shape-mismatch"}


def test_a_place_without_width_is_one_column_wide() -> None:
    source = Source("add {", "a.cnn")
    _, properties, _ = read(annotation(Diagnostic("syntax-error", "no", source.span(5, 5))))
    assert (properties["col"], properties["endColumn"]) == ("6", "7")


def test_a_text_has_no_file() -> None:
    _, properties, _ = read(annotation(Diagnostic("syntax-error", "no", Source("x").span(0, 1))))
    assert "file" not in properties


@pytest.mark.parametrize(
    ("name", "path", "place"),
    [
        ("a.cnn", "a.cnn", "a.cnn"),
        ("./x/../a b.cnn", "a b.cnn", "a%20b.cnn"),
        ("{here}/nets/ä#?.cnn", "nets/ä#?.cnn", "nets/%C3%A4%23%3F.cnn"),
        ("/elsewhere/a%.cnn", "/elsewhere/a%.cnn", "file:///elsewhere/a%25.cnn"),
        ("../a.cnn", "../a.cnn", "file://{above}/a.cnn"),
        ("<stdin>", None, "%3Cstdin%3E"),
    ],
)
def test_names_of_files(
    name: str, path: str | None, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = Source("", name.format(here=os.getcwd()))
    assert relative_path(source) == path
    assert uri(source) == place.format(above=tmp_path.parent)
