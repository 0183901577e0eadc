"""Reading on behind a place that does not parse.

The slip is mended where a mend is known; else what stands around it gives way to a word for something that
is lost. Then the text is read again, until it parses or nothing gets on any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnndsl.diagnostics import Diagnostic
from cnndsl.slips.draft import Draft
from cnndsl.slips.slip import Mend, Slip
from cnndsl.slips.stop import CLOSES, OPENS
from cnndsl.text import Source

__all__ = ["KEPT", "LOST", "Recovered", "recover", "without_follow_ups"]

# What stands in the place of a lost item, and of a lost declaration, which leaves the value as it is.
LOST, KEPT = "__lost__", "__kept__"

MOST_SLIPS = 25
# Every slip means reading the whole text again: long texts get fewer.
MOST_READ = 100_000

_SIGNS = re.compile(r'#[^\n]*|"[^"\n]*"|->|[\[\](){}|\n]')
# A value that is spliced into a label: its braces part no items.
_SPLICE = re.compile(r"\{[^{}\n]*\}[^\s{}]*[ \t]*:")
_DECLARES = re.compile(r"\s*(?:let|param|model|use|output|train|block|input)\b")
_WORDS = re.compile(r"[A-Za-z_]\w*")

Attempt = Callable[[str], Slip | None]


class Recovered(NamedTuple):
    """The text as it could be read, what was wrong, and the words that stand in what was lost.

    `complete` is False where the text does not parse to its end.
    """

    draft: Draft
    diagnostics: tuple[Diagnostic, ...]
    lost: frozenset[str]
    complete: bool


def recover(source: Source, slip: Slip, attempt: Attempt) -> Recovered:
    """Mend or leave out what does not parse. `attempt` reads a text: its first slip, or None."""
    draft = Draft(source, source.text)
    found: list[Diagnostic] = []
    lost: set[str] = set()
    left = max(3, min(4 * MOST_SLIPS, MOST_READ // max(1, len(source.text))))
    at: Slip | None = slip
    while at is not None and left > 0 and len(found) < MOST_SLIPS:
        mended = None
        for number, mend in enumerate(at.mends):
            if left <= 0:
                break
            left -= 1
            tried = draft.edited(mend.edits)
            following = attempt(tried.text)
            if following is None or _is_beyond(following, at, mend):
                mended = tried, following, at.mends[number:]
                break
        if mended is not None:
            found.append(draft.diagnostic(at, mended[2]))
            draft, at = mended[0], mended[1]
            continue
        found.append(draft.diagnostic(at, ()))
        if at.structural:
            return Recovered(draft, tuple(found), frozenset(lost), complete=False)
        first, stop = lost_stretch(draft.text, at)
        stretch = draft.text[first:stop]
        lost.update(_WORDS.findall(stretch))
        word = KEPT if _DECLARES.match(stretch) else LOST
        draft = draft.edited(((first, stop, word),))
        left -= 1
        following = attempt(draft.text)
        if following is not None and not _is_behind(following, first, first + len(word)):
            return Recovered(draft, tuple(found), frozenset(lost), complete=False)
        at = following
    return Recovered(draft, tuple(found), frozenset(lost), complete=at is None)


def _is_beyond(following: Slip, slip: Slip, mend: Mend) -> bool:
    """Whether the slip that comes after a mend is another one, not the same or one that the mend made."""
    if slip.structural and (following.structural or not mend.certain):
        return False
    first, (start, end, new) = mend.edits[0][0], mend.edits[-1]
    if slip.parsed and not following.parsed:
        return False
    reached = start + len(new) if slip.parsed else max(slip.at + len(new) - (end - start), start + len(new))
    return _is_behind(following, first, reached)


def _is_behind(slip: Slip, first: int, stop: int) -> bool:
    """Whether a slip stands behind a stretch; what is refused in a whole text may stand before it too."""
    return slip.at > stop or (slip.parsed and slip.at <= first)


def lost_stretch(text: str, slip: Slip) -> tuple[int, int]:
    """What gives way around a slip: the item between two arrows, bars or line ends, brackets kept whole."""
    line_start = text.rfind("\n", 0, min(slip.at, slip.first)) + 1
    at = min(max(slip.at, slip.first), len(text))
    first, outside = line_start, ""
    stack: list[tuple[int, str, int]] = []
    for sign in _SIGNS.finditer(text, line_start, at):
        what = sign[0]
        if what == "{" and _SPLICE.match(text, sign.start()):
            stack.append((first, what, sign.start()))
        elif what in OPENS:
            before = text[line_start : sign.start()].rstrip()
            parts = what == "{" or (
                what == "[" and (not before or before.endswith(("->", "|", "{", "[", ":")))
            )
            stack.append((first, what, sign.start()))
            if parts:
                first = sign.end()
        elif what in CLOSES:
            if stack and stack[-1][1] == CLOSES[what]:
                first = stack.pop()[0]
        elif what in ("->", "|", "\n") and not (stack and stack[-1][1] == "(") and sign.end() <= at:
            first = sign.end()
    outside = "".join(OPENS[what] for _, what, place in stack if place >= first)
    stop = _stretch_end(text, at, outside)
    first += len(text[first:at]) - len(text[first:at].lstrip())
    return min(first, slip.first) if slip.first >= line_start else first, max(stop, first)


def _stretch_end(text: str, at: int, owed: str) -> int:
    """Where the item around `at` ends; `owed` are the brackets that close on the way."""
    pending = list(owed)
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    is_separator = text.startswith(("->", "|"), at)
    for sign in _SIGNS.finditer(text, at):
        what = sign[0]
        if what in OPENS:
            pending.append(OPENS[what])
        elif what in CLOSES:
            if not pending:
                return len(text[at : sign.start()].rstrip()) + at
            if what == pending[-1]:
                pending.pop()
        elif (what in ("->", "|") and not pending and not (is_separator and sign.start() == at)) or (
            what[0] in "#\n" and "}" not in pending and "]" not in pending
        ):
            return len(text[at : sign.start()].rstrip()) + at
        if sign.start() > line_end and not pending:
            break
    return len(text[at:line_end].rstrip()) + at


def without_follow_ups(
    diagnostics: Sequence[Diagnostic], slips: Sequence[Diagnostic], lost: frozenset[str]
) -> tuple[Diagnostic, ...]:
    """The mistakes that are none of the slips' making: not in what was mended, nor names that were lost."""
    mended = [edit.span for slip in slips for fix in slip.fixes[:1] for edit in fix.edits]

    def follows(one: Diagnostic) -> bool:
        if any(one.span.start < span.end and span.start < one.span.end for span in mended):
            return True
        if one.rule == "missing-input":
            # Where something is lost, a text of blocks alone cannot be told from a network.
            return "input" in lost or (bool(lost) and _DECLARES.match(one.span.text) is not None)
        if one.rule == "unknown-parameter":
            return "param" in lost
        named = one.rule in (
            "unknown-name",
            "unknown-layer",
            "unknown-label",
            "tap-before-label",
            "unknown-argument",
        )
        return named and not lost.isdisjoint(_WORDS.findall(one.span.text))

    return tuple(one for one in diagnostics if not follows(one))
