"""`cnndsl explain`: what a diagnostic means, why it matters, a wrong and a right example."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from cnndsl.cli.common import UsageError, use_color
from cnndsl.cli.tables import page_width, table
from cnndsl.diagnostics import RULES, WARNINGS
from cnndsl.rules import GROUPS, Example, Rule, find_rule
from cnndsl.terminal import Style
from cnndsl.words import did_you_mean

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "explain", description="What a diagnostic means, why it matters, a wrong and a right example."
    )
    parser.add_argument("rule", metavar="RULE", nargs="?", help="the word in brackets, such as needs-flatten")
    parser.add_argument("--markdown", action="store_true", help="as Markdown: the page docs/rules.md")


def run(options: Namespace) -> int:
    """Print the list of all rules, or one rule's page."""
    one = None if options.rule is None else _named(options.rule)
    if options.markdown:
        from cnndsl.cli.rules_page import page, section

        print(page() if one is None else section(one))
        return 0
    style = Style(use_color(sys.stdout))
    width = page_width()
    print("\n".join(_list(style, width) if one is None else _page(one, style, width)))
    return 0


def _named(word: str) -> Rule:
    """The rule, also as it is copied out of a message: `error[needs-flatten]`."""
    name = word.partition("[")[2].rstrip("]:") if "[" in word else word.lower()
    rule = find_rule(name)
    if rule is None:
        near = did_you_mean(name, RULES) or ("`cnndsl explain` lists the rules",)
        raise UsageError(f"no rule `{name}`; {near[0]}")
    return rule


def _list(style: Style, width: int) -> Iterator[str]:
    widest = max(map(len, RULES))
    for group, rules in GROUPS.items():
        yield style.bold(group)
        yield from table([(rule.name, rule.meaning) for rule in rules], width, (widest,))
        yield ""
    yield "`cnndsl explain RULE` tells more of one"


def _page(rule: Rule, style: Style, width: int) -> Iterator[str]:
    severity = "warning" if rule.name in WARNINGS else "error"
    yield f"{style.severity(severity, f'{severity}[{rule.name}]:')} {style.bold(rule.meaning)}"
    yield ""
    yield from wrap(rule.why, width)
    yield ""
    yield style.severity(severity, "wrong")
    yield from _example(rule.wrong)
    yield ""
    yield from (f"  {line}".rstrip() for line in _said(rule, style).splitlines())
    yield ""
    yield style.good("right")
    yield from _example(rule.right)
    if severity == "warning":
        yield ""
        yield f"where it is meant, at the end of its line: `# cnndsl: ignore[{rule.name}]`"


def _example(example: Example) -> Iterator[str]:
    yield from (f"  {line}" for line in example.spec.splitlines())
    for name, text in example.files:
        yield f"  {name}:"
        yield from (f"    {line}" for line in text.splitlines())
    if example.options:
        yield f"  $ cnndsl {example.command} net.cnn {' '.join(example.options)}"


def _said(rule: Rule, style: Style) -> str:
    """What cnndsl says of the wrong example, as `check` shows it."""
    if rule.said:
        return rule.said
    from cnndsl.render import render_full
    from cnndsl.rules.running import NAME, found

    diagnostics = found(rule.wrong)
    shown = render_full(diagnostics, style.color)
    return shown.replace(diagnostics[0].span.source.name, NAME)
