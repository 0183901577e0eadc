"""`# cnndsl: ignore[rule]` at the end of a line: that warning is meant there, and is not told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cnndsl.diagnostics import ERRORS, WARNINGS, Diagnostic
from cnndsl.text import Source, Span
from cnndsl.words import did_you_mean

__all__ = ["without_silenced"]

# A comment begins at the first # outside quotation marks, and may hold several remarks.
_COMMENT = re.compile(r'(?:[^"#\n]|"[^"\n]*")*(#.*)')
_REMARK = re.compile(r"#\s*cnndsl:\s*(\w*)\s*(\[[^\]\n]*\])?")
_WORD = re.compile(r"[^\s,\[\]]+")


def without_silenced(source: Source, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The warnings that no comment silences, and one for each comment that cannot be meant so.

    >>> text = "input 3x7x7\\nmaxpool 2   # cnndsl: ignore[dropped-pixels]\\n"
    >>> source = Source(text)
    >>> warning = Diagnostic("dropped-pixels", "...", source.span(12, 21), severity="warning")
    >>> without_silenced(source, [warning])
    []
    """
    remarks = {id(source): _Remarks(source)}
    kept = []
    for one in found:
        place = remarks.setdefault(id(one.span.source), _Remarks(one.span.source))
        if one.rule not in place.silenced.get(one.span.first.line, ()):
            kept.append(one)
    return [*kept, *remarks[id(source)].wrong]


class _Remarks:
    """What the comments of a text silence, by line, and what is wrong with them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.silenced: dict[int, set[str]] = {}
        self.wrong: list[Diagnostic] = []
        at = source.text.find("cnndsl:")
        while at >= 0:
            number = source.position(at).line
            line = source.line(number)
            start = source.text.rfind("\n", 0, at) + 1
            self.silenced[number] = set(self._rules(line, start))
            at = source.text.find("cnndsl:", start + len(line))

    def _rules(self, line: str, start: int) -> Iterator[str]:
        """The warnings that a line's comment silences; `start` is where the line begins."""
        comment = _COMMENT.match(line)
        for remark in _REMARK.finditer(line, comment.start(1)) if comment is not None else ():
            listed = list(_WORD.finditer(line, *remark.span(2))) if remark[2] else []
            if remark[1] != "ignore" and not listed:
                # Any sentence that begins with our name.
                continue
            if remark[1] != "ignore" or not listed:
                span = self.source.span(start + remark.start(), start + remark.end())
                self._complain("this comment silences nothing", span)
                continue
            for word in listed:
                span = self.source.span(start + word.start(), start + word.end())
                if word[0] in WARNINGS:
                    yield word[0]
                elif word[0] in ERRORS:
                    self._complain(f"`{word[0]}` is an error, which no comment silences", span)
                else:
                    self._complain(f"there is no warning `{word[0]}`", span, *did_you_mean(word[0], WARNINGS))

    def _complain(self, message: str, span: Span, *help: str) -> None:
        help = help or (
            "write it like `# cnndsl: ignore[dropped-pixels]`; `cnndsl explain` lists the warnings",
        )
        self.wrong.append(Diagnostic("unknown-name", message, span, help=help, severity="warning"))
