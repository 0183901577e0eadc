"""What to say when a text does not parse: what stands there, what was expected, and the mend."""

from __future__ import annotations

import re

from cnndsl.slips.habits import HABITS
from cnndsl.slips.hints import HINTS
from cnndsl.slips.slip import Mend, Slip
from cnndsl.slips.stop import CLOSES, KEYWORDS, OPENS, Stop, find_stop, shown

__all__ = ["describe_slip", "python_style"]


def describe_slip(text: str, at: int, start: int, end: int, expected: frozenset[str]) -> Slip:
    """The slip of a text that cannot go on at offset `at`; `expected` are the grammar's tokens.

    What was read is the stretch from `start` to `end`: the whole spec, or a splice in a label.
    """
    if start and not text[at:end].strip():
        stop = find_stop(text, end, start, end, expected)
        return Slip(f"something is missing before `}}`: {stop.wanted}", (), end, end, end + 1)
    if not text[at:end].strip():
        # Nothing follows: the message stands behind the last word, not on an empty line further down.
        at = len(text[:end].rstrip())
    stop = find_stop(text, at, start, end, expected)
    slip = _called(stop) or (_ending(stop, start) if not stop.word else _closing(stop, start))
    if slip is not None:
        return slip
    for hint in (*HABITS, *HINTS):
        slip = hint(stop)
        if slip is not None:
            return slip
    return stop.say(f"{stop.cannot}: {stop.wanted}", *stop.line_help)


def python_style(text: str, first: int, end: int) -> Slip:
    """The slip of `conv(16, 3)`: arguments in brackets directly behind the word."""
    name, _, arguments = text[first:end].partition("(")
    inside = arguments.rpartition(")")[0] if ")" in arguments else arguments
    words = re.sub(r"\s*=\s*", "=", re.sub(r"\s*,\s*", " ", inside)).split()
    written = " ".join([name, *words])
    return Slip(
        "arguments stand behind the layer without brackets or commas",
        (),
        end,
        first,
        end,
        (Mend(f"write `{shown(written)}`", ((first, end, written),), certain=True),),
    )


def _called(stop: Stop) -> Slip | None:
    """A layer that is called as in Python, where that is what the text cannot go on with."""
    if stop.bracket != "(" or stop.opened is None or stop.word not in ("=", ")", "@", ","):
        return None
    line = stop.text[stop.line_start : stop.opened]
    called = re.search(r"(?<!block )\b[A-Za-z_]\w*$", line)
    if called is None or called[0] in KEYWORDS:
        return None
    closing = stop.text.find(")", stop.at, stop.line_end)
    end = closing + 1 if closing >= 0 else stop.end
    return python_style(stop.text, stop.line_start + called.start(), end)


def _ending(stop: Stop, start: int) -> Slip:
    """The slip of a text that ends too early."""
    at = stop.at
    if stop.opened is not None:
        bracket = stop.bracket
        closing = OPENS[bracket]
        mends = tuple(
            Mend(f"close it with `{closing}`{_where(stop.text, place, new)}", ((place, place, new),))
            for place, new in _places_to_close(stop.text, stop.opened, at)
        )
        return stop.say(
            f"`{bracket}` is never closed",
            f"close it with `{closing}`",
            first=stop.opened,
            stop=stop.opened + 1,
            mends=mends,
            structural=True,
        )
    if stop.before.endswith("->"):
        arrow = at - 2
        return stop.say(
            "nothing follows the last `->`",
            "write a layer behind it, or take the arrow out",
            mends=(stop.instead("take the arrow out", "", len(stop.text[:arrow].rstrip()), at),),
        )
    return stop.say(f"the text ends too early: {stop.wanted}", *stop.line_help)


def _where(text: str, place: int, new: str) -> str:
    """Where in a text of several lines something is put."""
    if "\n" not in text.strip():
        return ""
    line = text.count("\n", 0, place) + 1
    return f" before line {line}" if new.endswith("\n") else f" at the end of line {line}"


def _places_to_close(text: str, opened: int, end: int) -> list[tuple[int, str]]:
    """Where the partner of the bracket at `opened` may have been meant to stand, the likeliest first."""
    closing = OPENS[text[opened]]
    line_end = text.find("\n", opened, end)
    line_end = end if line_end < 0 else line_end
    code = text[opened:line_end].partition("#")[0].rstrip()
    places = []
    if len(code) > 1:
        repeat = re.search(r"\s+x\s+[\w+*()]+$", code)
        if repeat is not None and closing == "]":
            places.append((opened + repeat.start(), closing))
        if closing == ")":
            word = re.match(r"\(\s*[^\s,\]|}>]+", code)
            places += [(opened + word.end(), closing)] if word is not None else []
        arrow = code.find("->") if closing == ")" else -1
        places += [(opened + len(code[:arrow].rstrip()), closing)] if arrow > 0 else []
        places.append((opened + len(code), f" {closing}" if closing == "}" else closing))
    else:
        line_start = text.rfind("\n", 0, opened) + 1
        indent = len(text[line_start:opened]) - len(text[line_start:opened].lstrip())
        for line in re.finditer(r"^([ \t]*)\S.*$", text[line_end:end], re.MULTILINE):
            if len(line[1]) <= indent and not line[0].lstrip().startswith((closing, "#")):
                before = line_end + line.start()
                places.append((before, f"{' ' * indent}{closing}\n"))
                break
    places.append((end, f"\n{closing}" if closing == "}" and "\n" in text[opened:end] else closing))
    return list(dict.fromkeys(places))


def _closing(stop: Stop, start: int) -> Slip | None:
    """A closing bracket that has no partner, or another one."""
    word = stop.word
    if word not in CLOSES or stop.bracket == CLOSES[word]:
        return None
    if stop.opened is None:
        return stop.say(
            f"`{word}` closes nothing",
            f"open it with `{CLOSES[word]}` before, or take it out",
            mends=(
                Mend(
                    f"take `{word}` out",
                    ((stop.gap if stop.gap > stop.line_start else stop.at, stop.end, ""),),
                ),
            ),
            structural=True,
        )
    partner = OPENS[stop.bracket]
    line = stop.text.count("\n", 0, stop.opened) + 1
    here = stop.text.count("\n", 0, stop.at) + 1
    insert = Mend(f"close it with `{partner}`", ((stop.gap, stop.gap, partner),))
    replace = Mend(f"write `{partner}`", ((stop.at, stop.end, partner),))
    closes_outer = CLOSES[word] in stop.text[start : stop.opened]
    return stop.say(
        f"`{word}` does not close the `{stop.bracket}`" + (f" of line {line}" if line != here else ""),
        f"it is closed with `{partner}`",
        mends=(insert, replace) if closes_outer else (replace, insert),
        structural=True,
    )
