"""The examples of the rules, run: what cnndsl says of them today."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from cnndsl.api import check
from cnndsl.diagnostics import Diagnostic
from cnndsl.rules.declaration import Example, Rule

__all__ = ["found", "message"]

NAME = "net.cnn"


def found(example: Example) -> tuple[Diagnostic, ...]:
    """What a check says of an example; its files lie in a folder that is gone afterwards.

    >>> from cnndsl.rules import find_rule
    >>> [one.rule for one in found(find_rule("unused-param").wrong)]
    ['unused-param']
    """
    with TemporaryDirectory(prefix="cnndsl-") as folder:
        for name, text in ((NAME, example.spec), *example.files):
            (Path(folder) / name).write_text(text, encoding="utf-8")
        pairs = (option.partition("=") for option in example.options[1::2])
        params = {name: int(value) for name, _, value in pairs}
        return check(Path(folder) / NAME, params=params).diagnostics


def message(rule: Rule) -> str:
    """What is said of the rule's wrong example.

    >>> from cnndsl.rules import find_rule
    >>> message(find_rule("kernel-too-large"))
    'kernel 3x3 does not fit into 1x1'
    """
    return rule.said or found(rule.wrong)[0].message
