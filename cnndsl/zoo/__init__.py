"""Known networks as specs: `zoo:resnet50` names one wherever a spec is wanted.

A family of networks is one .cnn file, with `param`s for what differs between its members. `index.toml` lists
the members with their values. The text of a member is the family's with these values put in and the blocks
of other files in place of `use`: a spec that stands by itself.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.parser import parse
from cnndsl.text import Source, Span

__all__ = ["PREFIX", "Family", "families", "source"]

PREFIX = "zoo:"

_FOLDER = os.path.dirname(__file__)
# A value that makes a longer line is written a row a line.
_WIDEST = 100


class Family(NamedTuple):
    """A spec with its title, and its networks: what each sets, by the network's name."""

    file: str
    title: str
    networks: Mapping[str, Mapping[str, Any]]


def families() -> tuple[Family, ...]:
    """The families of the zoo, by age and kind.

    >>> [family.title for family in families() if "resnet50" in family.networks]
    ['ResNet of bottlenecks, 2015; ResNeXt and Wide ResNet, 2016']
    """
    import tomllib

    with open(os.path.join(_FOLDER, "index.toml"), "rb") as file:
        index = tomllib.load(file)
    return tuple(Family(name, entries.pop("title"), entries) for name, entries in index.items())


def source(name: str) -> Source:
    """The spec of a network; FileNotFoundError, with the nearest name, where the zoo does not have it.

    >>> source("resnet101").text.splitlines()[2]
    'model ResNet101'
    """
    known = families()
    for family in known:
        if name in family.networks:
            text = _standalone(family.file, family.networks[name])
            return Source(text, PREFIX + name)
    from cnndsl.words import did_you_mean

    near = did_you_mean(name, [network for family in known for network in family.networks])
    hint = near[0] if near else "`cnndsl zoo` lists what there is"
    raise FileNotFoundError(errno.ENOENT, f"the zoo has no `{name}`; {hint}", PREFIX + name)


def _standalone(file: str, values: Mapping[str, Any]) -> str:
    """A family's text with a member's values, and with the blocks that it uses from other files."""
    tree = _tree(f"{file}.cnn")
    edits: list[tuple[Span, str]] = []
    brought: dict[str, str] = {}
    for statement in tree.statements:
        match statement:
            case s.Model():
                edits.append((statement.name.span, values["model"]))
            case s.Input() if "input" in values:
                edits.append((statement.shape.span, values["input"]))
            case s.Param() if statement.name.word in values:
                edits.append((statement.value.span, _literal(values[statement.name.word])))
            case s.FileUse():
                before = len(brought)
                _bring(_tree(statement.path.value), [name.word for name in statement.names], brought)
                new = [*brought.values()][before:]
                edits.append((statement.span, "\n" * (before > 0) + "\n\n".join(new)))
    text = tree.span.source.text
    for span, replacement in reversed(edits):
        text = text[: span.start] + _in_column(replacement, len(span.text), text[span.end :])
    return text


def _in_column(replacement: str, width: int, rest: str) -> str:
    """What comes in place of `width` characters, with the comment behind them left in its column."""
    blanks = len(rest) - len(rest.lstrip(" "))
    if not rest[blanks:].startswith("#"):
        return replacement + rest
    return replacement + " " * max(2, blanks + width - len(replacement)) + rest[blanks:]


@cache
def _tree(file: str) -> s.Body:
    with open(os.path.join(_FOLDER, file), encoding="utf-8") as spec:
        return parse(Source(spec.read(), file))


def _bring(home: s.Body, names: Iterable[str], brought: dict[str, str]) -> None:
    """Put the text of the blocks `names` of a file into `brought`, those that they use before them."""
    for name in names:
        found = _find(home, name)
        if found is None or name in brought:
            continue
        block, its_home = found
        _bring(its_home, _called(block.body), brought)
        brought[name] = _with_comment(block.span)


def _find(home: s.Body, name: str) -> tuple[s.Block, s.Body] | None:
    """A block and the file where it stands, from a file that has it or uses it."""
    for statement in home.statements:
        if isinstance(statement, s.Block) and statement.name.word == name:
            return statement, home
        if isinstance(statement, s.FileUse) and name in {used.word for used in statement.names}:
            return _find(_tree(statement.path.value), name)
    return None


def _called(body: s.Body) -> Iterator[str]:
    """The layers and blocks that a body uses, in its order."""
    for statement in body.statements:
        item = statement
        while isinstance(item, (s.Labelled, s.Repeat, s.Assertion)):
            item = item.item
        if isinstance(item, s.Call):
            yield item.name
        for inner in s.bodies(statement):
            yield from _called(inner)


def _with_comment(block: Span) -> str:
    """The text of a block with the comment lines above it."""
    lines = block.source.text[: block.start].splitlines()
    first = len(lines)
    while first > 0 and lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join([*lines[first:], block.text])


def _literal(value: Any) -> str:
    """A value as specs write it; rows of a table are tuples.

    >>> [_literal(value) for value in (True, 0.5, "relu", [3, 4], [[64, 7], [128]])]
    ['true', '0.5', '"relu"', '[3, 4]', '[(64, 7), (128,)]']
    """
    if not isinstance(value, list):
        return _entry(value)
    entries = [_entry(entry) for entry in value]
    line = f"[{', '.join(entries)}]"
    return line if len(line) <= _WIDEST else "[\n  " + ",\n  ".join(entries) + "\n]"


def _entry(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"({', '.join(map(_entry, value))}{',' if len(value) == 1 else ''})"
    return repr(value)
