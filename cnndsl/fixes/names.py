"""Candidates for words that mean nothing where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cnndsl import syntax as s
from cnndsl.fixes.candidates import Candidate, Case, Maker, every_statement, plain
from cnndsl.layers import find, find_join, flags, join_names, names
from cnndsl.layers.declaration import Layer
from cnndsl.words import FLAG, RESERVED

__all__ = ["NAMES", "near_words"]

MOST_NEAR = 4


def distance(one: str, other: str) -> int:
    """How many letters have to be put in, taken out, changed or swapped with the next."""
    rows = [list(range(len(other) + 1))]
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def near_words(word: str, known: Iterable[str]) -> list[tuple[str, bool]]:
    """The known words that are a slip or two away, the nearest first, and whether that one alone is near."""
    if len(word) > 40:
        return []
    most = 1 if len(word) <= 3 else 2 if len(word) <= 6 else 3
    ranked = sorted(
        (gap, one)
        for one in set(known)
        if abs(len(one) - len(word)) <= most and (gap := distance(word.lower(), one.lower())) <= most
    )
    if not ranked:
        return []
    alone = len(ranked) == 1 or ranked[1][0] > ranked[0][0]
    small = ranked[0][0] <= (1 if len(word) <= 4 else 2)
    return [(one, alone and small and number == 0) for number, (_, one) in enumerate(ranked[:MOST_NEAR])]


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


def spelled_name(case: Case) -> Iterator[Candidate]:
    """A bound name of nearly this name, or a number that was glued to a letter."""
    word = case.span.text
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


def told_apart(case: Case) -> Iterator[Candidate]:
    """`cbr c1`, where that is a flag and a name."""
    flag = FLAG.fullmatch(case.span.text)
    if flag is not None:
        for new in (f"{flag[1]}={flag[2]}", f"({case.span.text})"):
            yield case.replace(f"write `{new}`", case.span, new)


NAMES: dict[str, tuple[Maker, ...]] = {
    "unknown-layer": (run_together, arguments_on_the_next_line, spelled_layer, keyword_meant, unknown_item),
    "unknown-label": (spelled_label,),
    "tap-before-label": (spelled_label,),
    "unknown-name": (spelled_name,),
    "unknown-argument": (spelled_argument,),
    "reserved-name": (renamed,),
    "duplicate-label": (second_name,),
    "duplicate-name": (second_name,),
    "ambiguous-argument": (told_apart,),
    "syntax-error": (keyword_meant,),
}
