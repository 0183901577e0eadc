"""Candidates for labels: those that are not there, that stand twice, and those without their colon."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnndsl import syntax as s
from cnndsl.fixes.candidates import Candidate, Case, Maker, every_statement, plain
from cnndsl.fixes.near import near_words
from cnndsl.layers import find, find_join

__all__ = ["LABELS"]


def spelled_label(case: Case) -> Iterator[Candidate]:
    """A label of nearly this name."""
    labels = {
        one.label.literal
        for statement in every_statement(case.tree)
        for one in _labelled(statement)
        if one.label.literal is not None
    }
    word = case.span.text.lstrip("@")
    first, dot, rest = word.partition(".")
    for near, certain in near_words(first, labels):
        yield case.replace(f"did you mean `@{near}`?", case.span, f"@{near}{dot}{rest}", certain=certain)
    if dot:
        last = word.rpartition(".")
        for near, certain in near_words(last[2], labels):
            yield case.replace(
                f"did you mean `@{last[0]}.{near}`?", case.span, f"@{last[0]}.{near}", certain=certain
            )
    for label in sorted(labels):
        yield case.replace(f"`@{label}` fits", case.span, f"@{label}")


def _labelled(statement: s.Statement) -> Iterator[s.Labelled]:
    while isinstance(statement, (s.Labelled, s.Assertion, s.Repeat)):
        if isinstance(statement, s.Labelled):
            yield statement
        statement = statement.item


def second_name(case: Case) -> Iterator[Candidate]:
    """A label that stands twice in its scope gets a number."""
    word = case.span.text.strip('":')
    if isinstance(case.statement, s.Labelled) or word.isidentifier():
        for number in (2, 3, 4):
            base = re.sub(r"\d+$", "", word)
            new = f"{base}{number}"
            if not re.search(rf"\b{re.escape(new)}\b", case.text):
                yield case.replace(f"call it `{new}`", case.span, case.span.text.replace(word, new))
                break
    if isinstance(
        plain(case.statement) if case.statement is not None else None, (s.Let, s.Param, s.Block, s.Model)
    ):
        assert case.statement is not None, "looked at above"
        yield case.without_item(case.statement.span, "take it out")


def colon_behind(case: Case) -> Iterator[Candidate]:
    """`bn1 bn`: a word that is no layer, with a layer as its first argument."""
    call = case.call
    if call is None or not call.arguments or call.name_span != case.span:
        return
    first = call.arguments[0]
    word = first.value.word if isinstance(first.value, s.Name) and first.keyword is None else ""
    blocks = {one.name.word for one in every_statement(case.tree) if isinstance(one, s.Block)}
    if word and (find(word) is not None or find_join(word) is not None or word in blocks):
        yield case.replace(f"`{call.name}: {word}` is a label and its layer", case.span, f"{call.name}:")


def one_label(case: Case) -> Iterator[Candidate]:
    """`bn1: relu: relu`: the label before the last one is taken out."""
    statement = case.statement
    if not isinstance(statement, s.Labelled) or case.diagnostic.related:
        return
    inner = statement.item
    if isinstance(inner, s.Labelled):
        start = statement.label.span.start
        title = f"take `{statement.label.span.text}:` out"
        yield Candidate(title, (case.edit(start, inner.span.start, ""),), ends_at=case.end_of_item)


LABELS: dict[str, tuple[Maker, ...]] = {
    "unknown-label": (spelled_label,),
    "tap-before-label": (spelled_label,),
    "unknown-layer": (colon_behind,),
    "duplicate-label": (one_label, second_name),
    "duplicate-name": (second_name,),
}
