"""SARIF 2.1.0: the form that the standard wants, and what the diagnostics say in it.

`SCHEMA` is written after the standard and holds what cnndsl writes of it, and nothing else: property names,
which are required, types and bounds. No licence says that a copy of the standard's own schema may lie here.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from cnndsl.api import check
from cnndsl.backends.sarif import reports_to_sarif
from cnndsl.diagnostics import Diagnostic, Edit, Fix, Related
from cnndsl.report import Report
from cnndsl.rules import find_rule
from cnndsl.text import Source


def record(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


def several(items: dict[str, Any], **bounds: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **bounds}


TEXT = {"type": "string"}
FROM_1 = {"type": "integer", "minimum": 1}
FROM_0 = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = record(("text",), text=TEXT)
REGION = record(("startLine",), startLine=FROM_1, startColumn=FROM_1, endLine=FROM_1, endColumn=FROM_1)
ARTIFACT = record((), uri={"type": "string", "pattern": r"^[A-Za-z0-9\-._~:/%!$&'()*+,;=@]+$"})
PLACE = record(("artifactLocation",), artifactLocation=ARTIFACT, region=REGION)
REPLACEMENT = record(("deletedRegion",), deletedRegion=REGION, insertedContent=MESSAGE)
CHANGE = record(
    ("artifactLocation", "replacements"),
    artifactLocation=ARTIFACT,
    replacements=several(REPLACEMENT, minItems=1),
)
RULE = record(
    ("id",),
    id=TEXT,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=record(("text",), text=TEXT, markdown=TEXT),
    defaultConfiguration=record((), level=LEVEL),
)
RESULT = record(
    ("message",),
    ruleId=TEXT,
    ruleIndex=FROM_0,
    level=LEVEL,
    message=MESSAGE,
    locations=several(record((), physicalLocation=PLACE)),
    relatedLocations=several(
        record((), id=FROM_0, physicalLocation=PLACE, message=MESSAGE), uniqueItems=True
    ),
    fixes=several(
        record(("artifactChanges",), description=MESSAGE, artifactChanges=several(CHANGE, minItems=1)),
        uniqueItems=True,
    ),
)
DRIVER = record(
    ("name",),
    name=TEXT,
    version=TEXT,
    semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
    rules=several(RULE, uniqueItems=True),
)
RUN = record(
    ("tool",),
    tool=record(("driver",), driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    artifacts=several(record((), location=ARTIFACT, roles=several(TEXT, uniqueItems=True)), uniqueItems=True),
    results=several(RESULT),
)
SCHEMA = record(("version", "runs"), **{"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": several(RUN)})


def log(*reports: Report) -> dict[str, Any]:
    """The log of reports, held against the schema."""
    found = json.loads(json.dumps(reports_to_sarif(reports)))
    jsonschema.validate(found, SCHEMA)
    assert isinstance(found, dict)
    return found


def with_diagnostics(*diagnostics: Diagnostic) -> Report:
    return Report(diagnostics[0].span.source, check("input 1 -> relu").graph, diagnostics)


def test_several_files() -> None:
    texts = {"a.cnn": "input 1x9x9\nconv 4 k33\ncovn 3\n", "b.cnn": "input 8 -> linear 2", "c.cnn": "add {"}
    (run,) = log(*(check(Source(text, name)) for name, text in texts.items()))["runs"]
    assert [artifact["location"]["uri"] for artifact in run["artifacts"]] == list(texts)
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [
        ("kernel-too-large", "error"),
        ("unknown-layer", "error"),
        ("syntax-error", "error"),
    ]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    kernel = next(rule for rule in rules if rule["id"] == "kernel-too-large")
    documented = find_rule("kernel-too-large")
    assert documented is not None
    assert kernel["shortDescription"]["text"] == documented.meaning
    assert documented.wrong.spec in kernel["help"]["markdown"]
    first = run["results"][0]
    assert first["message"]["text"] == "kernel 33x33 does not fit into 9x9"
    assert [fix["description"]["text"] for fix in first["fixes"]] == [
        "`k9` fits: 4x1x1",
        "`k3` fits: 4x7x7",
    ]
    (place,) = first["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "a.cnn"},
        "region": {"startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 11},
    }
    assert first["relatedLocations"][0]["message"]["text"] == "1x9x9 comes from here"


def test_nothing_found() -> None:
    (run,) = log(check("input 8 -> linear 2"))["runs"]
    assert run["results"] == run["tool"]["driver"]["rules"] == []


def test_fixes_and_other_files() -> None:
    source, other = Source("conv 8 k9", "my net.cnn"), Source("block b { relu }", "blocks.cnn")
    edits = (Edit(source.span(7, 9), "k5"), Edit(source.span(9, 9), " p2"), Edit(other.span(10, 14), "tanh"))
    diagnostic = Diagnostic(
        "kernel-too-large",
        "no",
        source.span(7, 9),
        related=(Related("here", other.span(10, 14)),),
        fixes=(Fix("smaller", edits),),
        severity="warning",
    )
    (result,) = log(with_diagnostics(diagnostic))["runs"][0]["results"]
    assert result["level"] == "warning"
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "blocks.cnn"}
    mine, theirs = result["fixes"][0]["artifactChanges"]
    assert mine["artifactLocation"] == {"uri": "my%20net.cnn"}
    assert [one["insertedContent"]["text"] for one in mine["replacements"]] == ["k5", " p2"]
    assert mine["replacements"][1]["deletedRegion"] == {
        "startLine": 1,
        "startColumn": 10,
        "endLine": 1,
        "endColumn": 10,
    }
    assert theirs["artifactLocation"] == {"uri": "blocks.cnn"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "2.2.0"),
        (("runs", 0, "results", 0, "level"), "bad"),
        (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region", "startLine"), 0),
        (("runs", 0, "artifacts", 0, "location", "uri"), "my net.cnn"),
        (("runs", 0, "results", 0, "ruleid"), "x"),
    ],
)
def test_the_schema_refuses_what_is_wrong(path: tuple[Any, ...], value: Any) -> None:
    found: Any = reports_to_sarif([check("input 1x9x9\nconv 4 k33")])
    at = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA)
