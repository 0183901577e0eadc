"""The rules as Markdown: docs/rules.md."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.cli.reference import escaped
from cnndsl.diagnostics import WARNINGS
from cnndsl.rules import GROUPS, Example, Rule
from cnndsl.rules.running import message

__all__ = ["page", "section"]

INTRODUCTION = """# Rules

Every diagnostic has a rule, a stable word that stands in brackets behind its severity. This page tells of
each what it means, why it matters, and shows a spec that is wrong and one that is right. The page is made
from the declarations of the rules by `make docs`; the test-suite runs every example. `cnndsl explain RULE`
shows the same in a terminal.

An **error** means that the spec does not build, or breaks a rule of the [language](language.md) that is
stricter on purpose. A **warning** is about a spec that builds and is hardly meant so. A spec with errors has
no warnings, and warnings never change the verdict. `cnndsl check --strict` makes errors of them,
`--ignore RULE` leaves some out, `--select RULE` all others, and a comment at the end of a line silences them
there:

```cnn
input 3x7x7
maxpool 2       # cnndsl: ignore[dropped-pixels]
```

Several rules stand with commas between them. No comment silences an error, and a comment with a word that is
no warning is told of, as `unknown-name`. The other commands only say how many warnings there are."""


def page() -> str:
    """The whole page."""
    contents = [
        f"- [{_title(group)}](#{_title(group).lower().replace(' ', '-')}): "
        + ", ".join(f"[{rule.name}](#{rule.name})" for rule in rules)
        for group, rules in GROUPS.items()
    ]
    parts = [INTRODUCTION, "\n".join(contents)]
    for group, rules in GROUPS.items():
        parts.append(f"## {_title(group)}")
        parts.extend(map(section, rules))
    return "\n\n".join(parts)


def _title(group: str) -> str:
    return "Warnings" if group == "warnings" else f"Errors of {group}"


def section(rule: Rule) -> str:
    """What there is to say about one rule."""
    return "\n\n".join(_parts(rule))


def _parts(rule: Rule) -> Iterator[str]:
    yield f"### {rule.name}"
    meaning = escaped(rule.meaning)
    yield f"{meaning[0].upper()}{meaning[1:]}. {escaped(rule.why)}"
    severity = "warning" if rule.name in WARNINGS else "error"
    yield f"Wrong{_circumstances(rule.wrong)}:"
    yield f"```text\n{rule.wrong.spec}```"
    yield f"> {severity}: {escaped(message(rule))}"
    yield f"Right{_circumstances(rule.right)}:"
    yield f"```text\n{rule.right.spec}```"


def _circumstances(example: Example) -> str:
    said = [f"where `{name}` is `{text.strip()}`" for name, text in example.files if text.count("\n") == 1]
    if example.options:
        data = [f"`{name}` holds `{text.splitlines()[0]}`" for name, text in example.files]
        said.append(f"with `cnndsl {example.command} {' '.join(example.options)}`")
        said.extend(f"where {one}, and rows of such numbers" for one in data)
    return f", {', '.join(said)}" if said else ""
