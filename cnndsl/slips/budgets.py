"""The slips in what is asserted of a network: `assert params < 5M`."""

from __future__ import annotations

import re

from cnndsl.slips.slip import Mend, Slip
from cnndsl.slips.stop import Stop, shown

__all__ = ["limits"]

_FORM = "`assert params < 5M and memory(batch=32) < 2GB`"


def limits(stop: Stop) -> Slip | None:
    """What stands wrong behind `assert`."""
    line = re.match(r"\s*assert\b(.*)$", stop.before)
    if line is None:
        return _behind_an_arrow(stop)
    turned = re.match(r"\s*[<>]", stop.after)
    if stop.word == "=" and turned is not None:
        sign = f"{turned[0].strip()}="
        mend = stop.instead(f"write `{sign}`", sign, stop=stop.end + turned.end())
        return stop.say(stop.cannot, f"the sign is written `{sign}`", mends=(mend,))
    if stop.word == "=":
        return stop.say(
            stop.cannot, "two values are compared with `==`", mends=(stop.instead("write `==`", "=="),)
        )
    if stop.word == "," and stop.bracket != "(":
        return stop.say(
            stop.cannot,
            f"limits are joined by `and`: {_FORM}",
            mends=(stop.instead("write `and`", " and", stop.gap),),
        )
    if stop.word == "not" or line[1].rstrip().endswith("not"):
        return stop.say(f"{stop.cannot}: a limit says what has to hold", "the opposite of `<` is `>=`")
    if re.search(r"[0-9]$", stop.before) and re.fullmatch(r"[A-Za-z]+", stop.word) and stop.bracket != "(":
        joined = re.search(r"[0-9.]+$", stop.before)
        number = "" if joined is None else joined[0]
        mend = stop.instead("take the blank out", "", stop.gap, stop.at)
        return stop.say(
            stop.cannot, f"an amount is written without a blank: `{number}{shown(stop.word)}`", mends=(mend,)
        )
    if stop.bracket == "(" and re.search(r"[<>=]", line[1]):
        assert stop.opened is not None, "a bracket is open"
        if re.search(r"\w$", stop.text[: stop.opened]):
            compared = re.search(r"\s*[<>=]=?\s*$", stop.before)
            place = stop.gap if compared is None else stop.line_start + compared.start()
            return stop.say(
                "`(` is never closed",
                "close it with `)` before the comparison",
                first=stop.opened,
                stop=stop.opened + 1,
                mends=(Mend("close it with `)`", ((place, place, ")"),)),),
            )
        closing = stop.text.find(")", stop.end, stop.line_end)
        edits = ((stop.opened, stop.opened + 1, ""), (closing, closing + 1, ""))
        return stop.say(
            f"{stop.cannot}: limits stand without brackets",
            _FORM,
            mends=(Mend("take the brackets out", edits),) if closing > 0 else (),
        )
    return None


def _behind_an_arrow(stop: Stop) -> Slip | None:
    """`relu -> assert params < 5M`: what is asserted stands on a line of its own."""
    arrow = re.search(r"\s*->\s*(?=assert\b)", stop.before)
    if arrow is None:
        return None
    first, end = stop.line_start + arrow.start(), stop.line_start + arrow.end()
    mend = Mend("begin a new line", ((first, end, "\n"),), certain=True)
    return stop.say(
        "`assert` begins a line of its own",
        _FORM,
        first=end,
        stop=end + len("assert"),
        mends=() if stop.bracket else (mend,),
    )
