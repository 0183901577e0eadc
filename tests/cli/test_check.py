"""`cnndsl check`: verdicts, formats, several files."""

import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest

from cnndsl.cli import main
from tests.backends.test_sarif import SCHEMA as SARIF
from tests.cli.conftest import LENET, TWO_MISTAKES, Run

POSITION = {
    "type": "object",
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    "required": ["line", "column"],
    "additionalProperties": False,
}
RANGE = {
    "type": "object",
    "properties": {"start": POSITION, "end": POSITION},
    "required": ["start", "end"],
    "additionalProperties": False,
}
COUNT = {"type": ["integer", "null"], "minimum": 0}
SHAPE = {"type": ["array", "null"], "items": {"type": ["integer", "string"]}}


def record(**properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def array(items: object) -> dict[str, object]:
    return {"type": "array", "items": items}


TEXT = {"type": "string"}
VALUES = array(record(name=TEXT, shape=SHAPE))
SCHEMA = record(
    version={"const": 1},
    ok={"type": "boolean"},
    files=array(
        record(
            path=TEXT,
            ok={"type": "boolean"},
            model={"type": ["string", "null"]},
            inputs=VALUES,
            outputs=VALUES,
            parameters=COUNT,
            buffers=COUNT,
            macs=COUNT,
            layers=array(
                record(
                    path=TEXT,
                    op=TEXT,
                    args={"type": "object"},
                    inputs=array(TEXT),
                    output_shape=SHAPE,
                    parameters=COUNT,
                    macs=COUNT,
                    receptive_field=SHAPE,
                    line={"type": "integer", "minimum": 1},
                    column={"type": "integer", "minimum": 1},
                )
            ),
            diagnostics=array(
                record(
                    rule=TEXT,
                    severity={"enum": ["error", "warning"]},
                    message=TEXT,
                    range=RANGE,
                    related=array(record(message=TEXT, range=RANGE)),
                    help=array(TEXT),
                    fixes=array(record(title=TEXT, edits=array(record(range=RANGE, text=TEXT)))),
                )
            ),
        )
    ),
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def lenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("lenet.cnn").write_text(LENET)
    Path("bad.cnn").write_text(TWO_MISTAKES)
    return "lenet.cnn"


def test_a_right_spec(run: Run, lenet: str) -> None:
    result = run("check", lenet)
    assert result.status == 0
    assert result.out == "lenet.cnn: ok, 61,706 parameters, 416,520 multiply-adds\n"
    assert result.err == ""


def test_a_wrong_spec_gets_all_its_mistakes_on_standard_output(run: Run, lenet: str) -> None:
    result = run("check", "bad.cnn")
    assert result.status == 1
    assert "bad.cnn:2:1: error[unknown-layer]" in result.out
    assert "  2 | convv 6 k5\n    | ^^^^^\n" in result.out
    assert result.out.endswith("\n\n1 error in bad.cnn\n")
    assert result.err == ""


def test_concise_is_a_line_each(run: Run, lenet: str) -> None:
    lines = run("check", "bad.cnn", lenet, "--format", "concise").out.splitlines()
    assert lines[0].startswith("bad.cnn:2:1: error[unknown-layer]: ")
    assert lines[1] == "1 error in bad.cnn"
    assert lines[2].startswith("lenet.cnn: ok")


def test_an_unreadable_file_does_not_hide_the_others(run: Run, lenet: str) -> None:
    result = run("check", "nowhere.cnn", lenet, "bad.cnn")
    assert result.status == 2
    assert "cannot read nowhere.cnn" in result.err
    assert "lenet.cnn: ok" in result.out
    assert "1 error in bad.cnn" in result.out


def test_json_is_what_scripts_rely_on(run: Run, lenet: str) -> None:
    result = run("check", lenet, "bad.cnn", "--format", "json")
    assert result.status == 1
    found = json.loads(result.out)
    jsonschema.validate(found, SCHEMA)
    assert found["ok"] is False
    right, wrong = found["files"]
    assert right["model"] == "LeNet5"
    assert right["inputs"] == [{"name": "input", "shape": [1, 28, 28]}]
    assert right["outputs"] == [{"name": "output", "shape": [10]}]
    assert (right["parameters"], right["buffers"], right["macs"]) == (61706, 0, 416520)
    assert right["layers"][0] == {
        "path": "0",
        "op": "conv",
        "args": {"out": 6, "kernel_size": [5, 5], "padding": [2, 2]},
        "inputs": ["input"],
        "output_shape": [6, 28, 28],
        "parameters": 156,
        "macs": 117600,
        "receptive_field": [5, 5],
        "line": 3,
        "column": 1,
    }
    assert wrong["parameters"] is None
    assert wrong["outputs"][0]["shape"] is None
    assert wrong["diagnostics"][0]["range"]["end"] == {"line": 2, "column": 6}


def test_json_of_a_text_that_does_not_parse(run: Run) -> None:
    found = json.loads(run("check", "-e", "add {", "--format", "json").out)
    jsonschema.validate(found, SCHEMA)
    assert found["files"][0]["diagnostics"][0]["rule"] == "syntax-error"


def test_annotations_for_a_workflow(run: Run, lenet: str) -> None:
    result = run("check", lenet, "bad.cnn", "--format", "github")
    assert result.status == 1
    lines = result.out.splitlines()
    assert lines[0].startswith(
        "::error file=bad.cnn,line=2,endLine=2,col=1,endColumn=6,title=unknown-layer::"
    )
    assert lines[-1] == "2 files: 1 ok, 1 with errors"


def test_sarif_for_code_scanning(run: Run, lenet: str) -> None:
    result = run("check", lenet, "bad.cnn", "--format", "sarif")
    assert result.status == 1
    found = json.loads(result.out)
    jsonschema.validate(found, SARIF)
    assert found["runs"][0]["results"][0]["ruleId"] == "unknown-layer"


def test_standard_input(run: Run) -> None:
    assert run("check", "-", stdin=LENET.encode()).out.startswith("<stdin>: ok")


def test_one_parameter_is_not_a_plural(run: Run) -> None:
    out = run("check", "-e", "input 1 -> linear 1 nobias").out
    assert out == "<text>: ok, 1 parameter, 1 multiply-add\n"


def test_a_plugin_is_imported_only_when_asked_for(run: Run, lenet: str) -> None:
    Path("shout_plugin.py").write_text("print('imported')\n")
    assert "imported" not in run("check", lenet).out
    assert "imported" in run("check", lenet, "--plugin", "shout_plugin").out


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], coloured: bool
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for stream, expected in ((io.StringIO(), False), (Terminal(), coloured)):
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["check", "-e", TWO_MISTAKES]) == 1
        assert ("\x1b[" in stream.getvalue()) is expected


def test_long_lines_are_cut_to_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = "input 1x9x9 -> " + "relu -> " * 20 + "conv 4 k33" + " -> relu" * 20
    widths = {}
    for said in ("60", "120", "no number", ""):
        monkeypatch.setenv("COLUMNS", said)
        widths[said] = max(map(len, run("check", "-e", spec).out.splitlines()[1:3]))
    assert 50 <= widths["60"] <= 60 < widths["no number"] == widths[""] <= 100 < widths["120"] <= 120
