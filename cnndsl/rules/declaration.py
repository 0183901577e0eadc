"""What a rule is: its word, two sentences and two specs."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Example", "Rule", "rule"]


class Example(NamedTuple):
    """A spec, and what the command line adds to it.

    `options` are those of the command; `files` lie beside the spec, by name; `command` is `check`, or
    `train` for what only shows with data.
    """

    spec: str
    options: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    command: str = "check"


class Rule(NamedTuple):
    """A rule: `meaning` says in a line what is reported, `why` what would happen otherwise and what to do.

    `wrong` gives the rule and nothing else, `right` gives nothing. `said` is the message on the wrong
    example where finding it out takes more than a check.
    """

    name: str
    meaning: str
    why: str
    wrong: Example
    right: Example
    said: str = ""


def rule(
    name: str, meaning: str, why: str, wrong: str | Example, right: str | Example, said: str = ""
) -> Rule:
    """A rule whose examples may be bare specs; prose may be broken into lines as one likes."""
    examples = [Example(one) if isinstance(one, str) else one for one in (wrong, right)]
    first, second = (one._replace(spec=_trimmed(one.spec)) for one in examples)
    return Rule(name, " ".join(meaning.split()), " ".join(why.split()), first, second, said)


def _trimmed(spec: str) -> str:
    """A spec from a text in triple quotes: without the first newline and the margin, with a last newline."""
    from textwrap import dedent

    return dedent(spec).strip("\n") + "\n"
