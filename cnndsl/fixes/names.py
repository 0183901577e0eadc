"""Candidates for words that mean nothing where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnndsl import syntax as s
from cnndsl.fixes.candidates import Candidate, Case, Maker, every_statement
from cnndsl.fixes.near import near_words
from cnndsl.layers import find, find_join, flags, join_names, names
from cnndsl.layers.declaration import Layer
from cnndsl.words import FLAG, RESERVED

__all__ = ["NAMES"]


def _blocks(case: Case) -> dict[str, s.Block]:
    return {one.name.word: one for one in every_statement(case.tree) if isinstance(one, s.Block)}


def spelled_layer(case: Case) -> Iterator[Candidate]:
    """A layer, block or join of nearly this name."""
    word = case.span.text
    if not word.isidentifier():
        return
    is_join = isinstance(case.item, s.Join)
    known = {*join_names(), "residual"} if is_join else {*names(), *join_names(), *_blocks(case)}
    if not any(letter.isupper() for letter in word):
        # PyTorch's class names are for those who write them.
        known = {one for one in known if one.islower()}
    for near, certain in near_words(word, known):
        yield case.replace(f"did you mean `{near}`?", case.span, near, certain=certain)
    for line in case.diagnostic.help:
        for near in re.findall(r"did you mean `(\w+)`", line):
            yield case.replace(f"did you mean `{near}`?", case.span, near)


def run_together(case: Case) -> Iterator[Candidate]:
    """`conv16 k3`, `maxpool2`."""
    parts = re.fullmatch(r"([A-Za-z_]+?)(\d+)", case.span.text)
    if parts is not None and (find(parts[1]) is not None or parts[1] in _blocks(case)):
        new = f"{parts[1]} {parts[2]}"
        yield case.replace(f"write `{new}`", case.span, new, certain=True)


def keyword_meant(case: Case) -> Iterator[Candidate]:
    """A word of the language, misspelled, behind which its own syntax parses all the same."""
    for near, certain in near_words(
        case.span.text, RESERVED - {"x", "or", "and", "in", "not", "true", "false"}
    ):
        yield case.replace(f"did you mean `{near}`?", case.span, near, certain=certain)


def arguments_on_the_next_line(case: Case) -> Iterator[Candidate]:
    """`k3 p1` on a line of its own: it belongs to the layer before."""
    flag = FLAG.fullmatch(case.span.text)
    before = case.text[: case.span.start]
    if flag is not None and flag[1] in flags() and before.strip():
        gap = len(before.rstrip())
        code = before[:gap]
        gap = len(code[:-2].rstrip()) if code.endswith("->") else gap
        what = "join the lines" if "\n" in before[gap:] else "take the arrow out"
        yield Candidate(what, (case.edit(gap, case.span.start, " "),), certain=True, ends_at=case.end_of_item)


def unknown_item(case: Case) -> Iterator[Candidate]:
    """What is left where no layer is near: to take the item out."""
    if case.statement is not None and isinstance(case.item, s.Call) and not case.item.arguments:
        yield case.without_item(case.statement.span, f"take `{case.statement.span.text}` out")


def spelled_name(case: Case) -> Iterator[Candidate]:
    """A bound name of nearly this name, or a number that was glued to a letter."""
    word = case.span.text
    operator = re.match(r"(not|and|or)\(", word)
    if operator is not None:
        at = case.span.start + operator.end(1)
        yield Candidate(f"write `{operator[1]} (`", (case.edit(at, at, " "),), certain=True)
    bound: set[str] = set("CHWDL")
    for statement in every_statement(case.tree):
        if isinstance(statement, (s.Let, s.Param)):
            bound.add(statement.name.word)
        elif isinstance(statement, s.For):
            bound.update(name.word for name in statement.names)
        elif isinstance(statement, s.Block):
            bound.update(parameter.name.word for parameter in statement.parameters)
    for near, certain in near_words(word, bound):
        yield case.replace(f"did you mean `{near}`?", case.span, near, certain=certain)
    if case.layer is not None:
        words = [(one, word_) for one in case.layer.arguments for word_ in one.kind.words]
        for near, certain in near_words(word, {one for _, one in words}):
            yield case.replace(f"did you mean `{near}`?", case.span, near, certain=certain)
    called = re.match(r"([A-Za-z_]\w*)\(", word)
    if called is not None:
        from cnndsl.functions import FUNCTIONS

        for near, certain in near_words(called[1], FUNCTIONS):
            span = case.source.span(case.span.start, case.span.start + len(called[1]))
            yield case.replace(f"did you mean `{near}`?", span, near, certain=certain)
    if word.isidentifier():
        yield from missing_arrow(case)


def spelled_argument(case: Case) -> Iterator[Candidate]:
    """An argument, flag or switch of nearly this name."""
    word = case.span.text
    layer = case.layer
    if layer is None:
        yield from _block_parameter(case)
        return
    keyword = re.match(r"\s*=", case.text[case.span.end :]) is not None
    if keyword:
        if any(one.switch is not None and one.switch[0] == word for one in layer.arguments):
            yield from _switch_with_value(case, word)
        known = {name for one in layer.arguments for name in one.keywords}
        for near, certain in near_words(word, known):
            yield case.replace(f"did you mean `{near}=`?", case.span, near, certain=certain)
        for line in case.diagnostic.help:
            for near in re.findall(r"did you mean `(\w+)", line):
                yield case.replace(f"did you mean `{near}=`?", case.span, near)
        whole = re.match(r"\w+\s*=\s*[\w.+-]+", case.text[case.span.start :])
        if whole is not None:
            span = case.source.span(case.span.start, case.span.start + whole.end())
            yield case.without(f"take `{span.text}` out", span)
        return
    repeat = re.fullmatch(r"x(\d+)", word)
    if repeat is not None:
        yield case.replace(f"write `x {repeat[1]}`", case.span, f"x {repeat[1]}", certain=True)
    yield from missing_arrow(case)
    switches = {one.switch[0] for one in layer.arguments if one.switch is not None}
    for near, certain in near_words(word, switches):
        yield case.replace(f"did you mean `{near}`?", case.span, near, certain=certain)
    yield from _flag_meant(case, layer, word)
    for argument in layer.arguments:
        if word in argument.kind.words:
            new = f"{argument.flag or argument.name}={word}"
            yield case.replace(f"write `{new}`", case.span, new, certain=True)
    yield case.without(f"take `{word}` out", case.span)


def _flag_meant(case: Case, layer: Layer, word: str) -> Iterator[Candidate]:
    flag = FLAG.fullmatch(word)
    if flag is None or case.call is None:
        return
    given = {
        found[1]
        for one in case.call.arguments
        if isinstance(one.value, s.Name) and (found := FLAG.fullmatch(one.value.word))
    }
    if any(flag[1] in one.keywords for one in layer.arguments):
        new = f"{flag[1]}={flag[2]}"
        yield case.replace(f"write `{new}`", case.span, new, certain=True)
    for argument in sorted(layer.arguments, key=lambda one: not one.required):
        if argument.flag and argument.flag not in given:
            new = argument.flag + flag[2]
            yield case.replace(f"did you mean `{new}`?", case.span, new)
    yield case.replace(f"write `{flag[2]}`", case.span, flag[2])


def _switch_with_value(case: Case, word: str) -> Iterator[Candidate]:
    whole = re.match(r"\w+\s*=\s*(\w+)", case.text[case.span.start :])
    if whole is None:
        return
    span = case.source.span(case.span.start, case.span.start + whole.end())
    if whole[1] in ("true", "True", "1"):
        yield case.replace(f"write `{word}`", span, word, certain=True)
    elif whole[1] in ("false", "False", "0"):
        yield case.without(f"take `{span.text}` out", span)._replace(certain=True)


def _block_parameter(case: Case) -> Iterator[Candidate]:
    call = case.call
    block = None if call is None else _blocks(case).get(call.name)
    if block is None:
        return
    for near, certain in near_words(case.span.text, {one.name.word for one in block.parameters}):
        yield case.replace(f"did you mean `{near}=`?", case.span, near, certain=certain)
    whole = re.match(r"\w+\s*=\s*[\w.+-]+", case.text[case.span.start :])
    if whole is not None:
        span = case.source.span(case.span.start, case.span.start + whole.end())
        yield case.without(f"take `{span.text}` out", span)


def missing_arrow(case: Case) -> Iterator[Candidate]:
    """`linear 2 relu`, `maxpool 2 conv 32 k3`: a layer among the arguments."""
    call = case.call
    if call is None:
        return
    known = _blocks(case)
    for argument in call.arguments:
        value = argument.value
        if argument.span.start < case.span.start or not isinstance(value, (s.Name, s.Tap)):
            continue
        if (
            isinstance(value, s.Tap)
            or find(value.word) is not None
            or find_join(value.word) is not None
            or value.word in known
        ):
            at = argument.span.start
            yield Candidate(
                "put `->` between them", (case.edit(at, at, "-> "),), certain=True, ends_at=call.span.end
            )
            return


def renamed(case: Case) -> Iterator[Candidate]:
    """A name that is taken gets another, wherever it stands."""
    word = case.span.text
    if not word.isidentifier():
        return
    new = f"{word}_" if word in RESERVED else f"my_{word}"
    # A bare word behind a layer is a flag, not this name.
    edits = tuple(
        case.edit(found.start(), found.end(), new)
        for found in re.finditer(
            rf"(?:(?<=let )|(?<=param )|(?<![\w.@\"])(?!\w+\s*=)){re.escape(word)}\b",
            case.text,
        )
        if not _in_comment(case.text, found.start()) and not _is_flag_there(case.text, found.start())
    )
    if 0 < len(edits) <= 50:
        yield Candidate(f"call it `{new}`", edits)


def _is_flag_there(text: str, at: int) -> bool:
    before = re.search(r"([\w)\]]+)[ \t]+$", text[max(0, at - 60) : at])
    return before is not None and before[1] not in (
        "let",
        "param",
        "for",
        "in",
        "and",
        "or",
        "not",
        "if",
        "else",
    )


def _in_comment(text: str, at: int) -> bool:
    return "#" in text[text.rfind("\n", 0, at) + 1 : at]


def told_apart(case: Case) -> Iterator[Candidate]:
    """`cbr c1`, where that is a flag and a name."""
    flag = FLAG.fullmatch(case.span.text)
    if flag is not None:
        for new in (f"{flag[1]}={flag[2]}", f"({case.span.text})"):
            yield case.replace(f"write `{new}`", case.span, new)


NAMES: dict[str, tuple[Maker, ...]] = {
    "unknown-layer": (run_together, arguments_on_the_next_line, spelled_layer, keyword_meant, unknown_item),
    "unknown-name": (spelled_name,),
    "unknown-argument": (spelled_argument,),
    "reserved-name": (renamed,),
    "ambiguous-argument": (told_apart,),
    "syntax-error": (keyword_meant,),
}
