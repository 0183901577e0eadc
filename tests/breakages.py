"""`python -m tests.breakages --cases N --seed S`: how well one mistake is told.

Each case is a spec of examples/ or of the zoo with one random breakage, by which it no longer checks: a
token deleted, doubled, swapped with the next or misspelled, a number or a stride changed, an item taken
out, a comma put in; each as often as the others. Counted is in how many a fix is offered, and in how many
the place that is named is where the breakage was made: on its line (of a deletion: the line before or
behind it), or at an item that holds it. The notes beside a message name places too: those are counted
apart.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from cnndsl import syntax as s
from cnndsl import zoo
from cnndsl.api import check
from cnndsl.diagnostics import Diagnostic
from cnndsl.parser import parse
from cnndsl.report import Report
from cnndsl.text import Source

EXAMPLES = Path(__file__).parent.parent / "examples"

_TOKENS = re.compile(r'#[^\n]*|"[^"\n]*"|->|::|[A-Za-z_]\w*|[0-9][\w.]*|[^\w\s]')


class Breakage(NamedTuple):
    """A text that was broken: its characters from `start` to `end` gave way to `new`."""

    kind: str
    original: str
    start: int
    end: int
    new: str

    @property
    def text(self) -> str:
        return self.original[: self.start] + self.new + self.original[self.end :]


class Outcome(NamedTuple):
    """What was said of a breakage."""

    breakage: Breakage
    report: Report
    fixed: bool
    named: bool
    noted: bool


def specs() -> list[str]:
    """The examples that check without anything given, and the first network of each family of the zoo."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.cnn"))]
    texts += [zoo.source(next(iter(family.networks))).text for family in zoo.families()]
    return [text for text in texts if check(text).ok]


def tokens(text: str) -> list[tuple[int, int]]:
    """Where the tokens stand, comments left out, and what belongs to training."""
    end = text.find("\ntrain {")
    found = _TOKENS.finditer(text, 0, len(text) if end < 0 else end)
    return [one.span() for one in found if not one[0].startswith("#")]


def breakages(texts: list[str], random: Random) -> Iterator[Breakage]:
    """Random breakages of one kind, in random texts, without end."""
    kind = random.choice((deleted, doubled, swapped, misspelled, renumbered, strided, item_out, comma))
    while True:
        text = random.choice(texts)
        places = tokens(text)
        made = kind(text, places, random.randrange(len(places) - 1), random)
        if made is not None and made.text != text:
            yield made


def deleted(text: str, places: list[tuple[int, int]], at: int, random: Random) -> Breakage | None:
    start, end = places[at]
    return Breakage("deleted", text, start, end, "")


def doubled(text: str, places: list[tuple[int, int]], at: int, random: Random) -> Breakage | None:
    _, end = places[at]
    return Breakage("doubled", text, end, end, " " + text[slice(*places[at])])


def swapped(text: str, places: list[tuple[int, int]], at: int, random: Random) -> Breakage | None:
    (first, middle), (behind, end) = places[at], places[at + 1]
    if "\n" in text[middle:behind]:
        return None
    return Breakage("swapped", text, first, end, text[behind:end] + text[middle:behind] + text[first:middle])


def misspelled(text: str, places: list[tuple[int, int]], at: int, random: Random) -> Breakage | None:
    start, end = places[at]
    word = text[start:end]
    if not word.isalpha() or len(word) < 3:
        return None
    i = random.randrange(len(word) - 1)
    forms = (
        word[:i] + word[i + 1 :],
        word[:i] + word[i] + word[i:],
        word[:i] + word[i + 1] + word[i] + word[i + 2 :],
        word[:i] + random.choice("aeiourstln") + word[i + 1 :],
    )
    return Breakage("misspelled", text, start, end, random.choice(forms))


def renumbered(text: str, places: list[tuple[int, int]], at: int, random: Random) -> Breakage | None:
    start, end = places[at]
    found = re.fullmatch(r"([a-z]*)(\d+)", text[start:end])
    if found is None:
        return None
    number = int(found[2])
    other = random.choice([number + 1, max(0, number - 1), number * 2, number // 2, random.randrange(100)])
    return Breakage("renumbered", text, start, end, f"{found[1]}{other}")


def strided(text: str, places: list[tuple[int, int]], at: int, random: Random) -> Breakage | None:
    start, end = places[at]
    if re.fullmatch(r"k\d+", text[start:end]) is None:
        return None
    return Breakage("strided", text, end, end, random.choice([" s2", " s3"]))


def item_out(text: str, places: list[tuple[int, int]], at: int, random: Random) -> Breakage | None:
    """`flatten` and the like with their arrow."""
    start, end = places[at]
    if text[start:end] not in ("flatten", "gap", "relu", "maxpool", "bn", "identity"):
        return None
    behind = re.compile(r"(?: \d+)?(?: [ks]\d+)*(?: p\d+)? *-> *").match(text, end)
    return None if behind is None else Breakage("item out", text, start, behind.end(), "")


def comma(text: str, places: list[tuple[int, int]], at: int, random: Random) -> Breakage | None:
    _, end = places[at]
    return Breakage("comma", text, end, end, ",") if text[end : end + 1] == " " else None


def outcome(breakage: Breakage) -> Outcome | None:
    """What is said of a breakage; None where the text still checks."""
    report = check(breakage.text)
    if report.ok:
        return None
    errors = [one for one in report.with_fixes().diagnostics if one.severity == "error"]
    lines = _lines(breakage)
    places = [(one.span.start, one.span.end) for one in errors]
    notes = [(note.span.start, note.span.end) for one in errors for note in one.related]
    return Outcome(
        breakage,
        report,
        any(one.fixes for one in errors),
        any(_is_there(breakage, lines, place) for place in places),
        any(_is_there(breakage, lines, place) for place in places + notes),
    )


def _lines(breakage: Breakage) -> set[int]:
    """The lines of the broken text that hold the breakage, or stand next to what was deleted."""
    text = breakage.text
    first, last = breakage.start, breakage.start + len(breakage.new)
    if not breakage.new:
        first = len(text[:first].rstrip())
        last += len(text[last:]) - len(text[last:].lstrip())
    return set(range(text.count("\n", 0, first) + 1, text.count("\n", 0, last) + 2))


def _is_there(breakage: Breakage, lines: set[int], place: tuple[int, int]) -> bool:
    text = breakage.text
    if text.count("\n", 0, place[0]) + 1 in lines:
        return True
    shift = len(breakage.new) - (breakage.end - breakage.start)
    start, end = (at if at <= breakage.start else max(breakage.start, at - shift) for at in place)
    item = _item_at(breakage.original, start, end)
    return item is not None and item[0] <= breakage.start and breakage.end <= item[1]


def _item_at(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The innermost item of the whole text that holds a stretch; declarations and groups are none."""
    found = None
    pending = [parse(Source(text))]
    while pending:
        for statement in pending.pop().statements:
            if statement.span.start <= start and end <= statement.span.end:
                if not isinstance(statement, (s.Block, s.Group, s.For, s.If)):
                    found = statement.span.start, statement.span.end
                pending.extend(s.bodies(statement))
    return found


def draw(seed: str, texts: list[str]) -> Outcome:
    """A breakage by which a spec no longer checks, and what is said of it."""
    random = Random(seed)
    for breakage in breakages(texts, random):
        found = outcome(breakage)
        if found is not None:
            return found
    raise AssertionError("breakages never end")


def shares(outcomes: list[Outcome]) -> tuple[float, float, float]:
    """The shares with a fix, with the place named, and with the place named or noted."""
    count = len(outcomes)
    return (
        sum(one.fixed for one in outcomes) / count,
        sum(one.named for one in outcomes) / count,
        sum(one.noted for one in outcomes) / count,
    )


def shown(one: Outcome) -> str:
    line = one.breakage.text.count("\n", 0, one.breakage.start) + 1
    before = one.breakage.original.splitlines()[one.breakage.original.count("\n", 0, one.breakage.start)]
    after = [*one.breakage.text.splitlines(), ""][line - 1]
    said = "\n".join(f"    {_concise(two)}" for two in one.report.diagnostics)
    marks = ("" if one.fixed else " NO FIX") + ("" if one.named else " ELSEWHERE")
    return f"{one.breakage.kind}{marks}, line {line}\n  - {before.strip()}\n  + {after.strip()}\n{said}"


def _concise(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.span.first.line}: {diagnostic.rule}: {diagnostic.message}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.breakages", description=__doc__)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--verbose", action="store_true", help="show those without a fix or with another place"
    )
    options = parser.parse_args(arguments)
    texts = specs()
    outcomes = [draw(f"{options.seed}.{case}", texts) for case in range(options.cases)]
    if options.verbose:
        for case, one in enumerate(outcomes):
            if not (one.fixed and one.named):
                print(f"case {case}: {shown(one)}")
    kinds = Counter(one.breakage.kind for one in outcomes)
    for kind in sorted(kinds):
        _print(kind, [one for one in outcomes if one.breakage.kind == kind])
    _print("all", outcomes)
    return 0


def _print(kind: str, outcomes: list[Outcome]) -> None:
    fixed, named, noted = shares(outcomes)
    said = f"{fixed:4.0%} with a fix, {named:4.0%} named, {noted:4.0%} named or noted"
    print(f"{kind:12} {len(outcomes):4} cases, {said}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
