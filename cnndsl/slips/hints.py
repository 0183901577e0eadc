"""The slips in the language's own signs: commas, arrows, brackets, shapes, missing operands."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnndsl.slips import form_of
from cnndsl.slips.budgets import limits
from cnndsl.slips.naming import colons, equals, label_alone, missing_equals, model_name
from cnndsl.slips.numbers import minus, number_and_letters, repeats, shape, sizes_with_x
from cnndsl.slips.slip import Mend, Slip
from cnndsl.slips.stop import KEYWORDS, NAME, Stop, element_end, shown

__all__ = ["HINTS"]

_ARROW_HELP = "an arrow leads from one layer to the next: `conv 16 k3 -> relu`"
# A line of a hundred thousand commas is mended no further.
MOST_EDITS = 30


def _quotation(stop: Stop) -> Slip | None:
    word = stop.word
    if not word.startswith('"') or (len(word) > 1 and word.endswith('"')):
        return None
    close = Mend('close it with `"`', ((stop.line_end, stop.line_end, '"'),))
    drop = Mend("take the mark out", ((stop.at, stop.at + 1, ""),))
    opens = not stop.text[stop.at + 1 : stop.at + 2].isspace() and stop.before.endswith(("use", "data"))
    return stop.say(
        "the quotation mark is never closed",
        'a text ends with `"` on the same line',
        stop=stop.at + 1,
        mends=(close, drop) if opens else (drop, close),
    )


def _brace_on_its_own_line(stop: Stop) -> Slip | None:
    if stop.word != "{" or stop.before or stop.gap == 0:
        return None
    return stop.say(
        stop.cannot,
        "it stands on the line of the word that it belongs to: `add { ... }`",
        mends=(stop.instead("put it on the line before", " {", stop.gap),),
    )


def _commas(stop: Stop) -> Slip | None:
    if stop.word != ",":
        return None
    listed = re.search(r"\bin\s+([^\[(]*)$", stop.before)
    if listed is not None:
        first = stop.line_start + listed.start(1)
        last = element_end(stop.text, stop.at, stop.line_end)
        values = stop.text[first:last]
        return stop.say(
            "a list stands in brackets",
            "`for c in [16, 32] { ... }`",
            mends=(stop.instead(f"write `[{shown(values)}]`", f"[{values}]", first, last),),
        )
    if stop.bracket == "(" or (stop.bracket == "[" and not stop.expected & {"_ARROW", "LABEL"}):
        return None
    if stop.before and ("LABEL" in stop.expected or re.match(r"\s*for\b[^\[]*\bin$", stop.before)):
        return stop.say(
            f"{stop.cannot}: {stop.wanted}", mends=(Mend("take the comma out", ((stop.at, stop.end, ""),)),)
        )
    branch = re.search(r"\b(?:add|mul|concat|sub|max|min)\s*\{[^}]*$", stop.before)
    following = re.match(rf"\s*({NAME})", stop.after)
    if branch is not None and following is not None and not re.search(r"\d|=", following[1]):
        return stop.say(
            "branches are not separated by commas",
            "`|` parts the branches of a join: `add { a | b }`",
            mends=(stop.instead("write `|`", " |"),),
        )
    last = element_end(stop.text, stop.at, stop.line_end)
    commas = [stop.at, *(stop.at + 1 + i for i in _loose_commas(stop.text[stop.at + 1 : last]))][:MOST_EDITS]
    edits = tuple(
        (at, at + 1, "" if stop.text[at + 1 : at + 2].isspace() or at + 1 == last else " ") for at in commas
    )
    return stop.say(
        "arguments are not separated by commas",
        "a blank is enough: `conv 16 k3 p1`",
        mends=(Mend("take the commas out" if len(edits) > 1 else "take the comma out", edits, certain=True),),
    )


def _twice(stop: Stop) -> Slip | None:
    """The same word or sign twice: `, ,`, `= =`, `1000 1000`, a comma where a list begins."""
    before = re.search(r"""([\w.]+|"[^"]*"|[=,@\[(])$""", stop.before)
    if before is None:
        return None
    listed = stop.word == "," and before[1] in ("[", "(", ",")
    doubled = before[1] == stop.word and "_ARROW" not in stop.expected and stop.word != "["
    if not listed and not doubled:
        return None
    behind = stop.end + len(stop.after) - len(stop.after.lstrip(" \t"))
    start, end = (stop.gap, stop.end) if stop.gap < stop.at else (stop.at, behind)
    message = f"`{shown(stop.word)}` stands here twice" if doubled else f"{stop.cannot}: {stop.wanted}"
    return stop.say(message, mends=(stop.instead(f"take one `{shown(stop.word)}` out", "", start, end),))


def _missing_comma(stop: Stop) -> Slip | None:
    """`[64, 128 256]`: two values in a list with nothing between them."""
    if stop.opened is None or re.match(r"""[\w"(\[]""", stop.word) is None or stop.word in KEYWORDS:
        return None
    inside = stop.text[stop.opened + 1 : stop.at]
    value = re.search(r"""([\w.]+|[)\]"])\s*$""", inside)
    listed = "RSQB" in stop.expected and "_ARROW" not in stop.expected
    called = re.search(r"\w$", stop.text[: stop.opened][-1:]) is not None
    arguments = "RPAR" in stop.expected and ("," in inside or called)
    if value is None or not (listed or arguments) or value[1] in ("and", "or", "not", "in", "if", "else"):
        return None
    return stop.say(
        f"a comma is missing between `{shown(value[1])}` and `{shown(stop.word)}`",
        "the values of a list are separated by commas: `[64, 128, 256]`",
        mends=(
            Mend("put `,` between them", ((stop.gap, stop.gap, ","),), certain="," in inside or called),
            Mend(f"close `{stop.bracket}` before it", ((stop.gap, stop.gap, ")" if arguments else "]"),)),
        ),
    )


def _loose_commas(text: str) -> list[int]:
    """The offsets of the commas that stand in no bracket."""
    depth, found = 0, []
    for offset, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            found.append(offset)
    return found


def _arrows(stop: Stop) -> Slip | None:
    if stop.word == ">" and stop.before.endswith(("=", "-")):
        first = stop.line_start + len(stop.before) - 1
        return stop.say(
            stop.cannot, "an arrow is written `->`", mends=(stop.instead("write `->`", "->", first),)
        )
    if stop.word != "->":
        return None
    behind = stop.end + len(stop.after) - len(stop.after.lstrip(" \t"))
    drop = Mend("take the arrow out", ((stop.at, behind, ""),), certain=True)
    if not stop.before:
        return stop.say("there is nothing for `->` to feed", _ARROW_HELP, mends=(drop,))
    declared = re.match(r"\s*(let|param|model|use)\b", stop.before)
    if declared is not None and "_ARROW" not in stop.expected and "_NL" in stop.expected:
        start = stop.line_start + len(stop.before)
        end = stop.end + len(stop.after) - len(stop.after.lstrip(" \t"))
        return stop.say(
            stop.cannot,
            *stop.line_help,
            mends=(stop.instead("begin a new line", "\n", start, end),) if not stop.bracket else (),
        )
    if stop.before.endswith("->"):
        return stop.say("there is nothing between two arrows", mends=(drop,))
    if stop.before.endswith(("{", "[", "|")):
        return stop.say(f"there is nothing for `->` to feed behind `{stop.before[-1]}`", mends=(drop,))
    return stop.say(stop.cannot, *(stop.line_help or (_ARROW_HELP,)))


def _bars(stop: Stop) -> Slip | None:
    if stop.word != "|" or "TAP" in stop.expected:
        return None
    residual = re.search(r"\bresidual\b[^}]*$", stop.before)
    bars = "`|` parts the branches of a join: `add { a | b }`"
    if residual is None:
        return stop.say(stop.cannot, bars)
    first = stop.line_start + residual.start()
    return stop.say(
        stop.cannot,
        f"a residual has one branch; {bars}",
        mends=(Mend("write `add`", ((first, first + len("residual"), "add"),)),),
    )


def _nothing_before(stop: Stop) -> Slip | None:
    if stop.word not in ("}", "]", "|") or "LABEL" not in stop.expected:
        return None
    message = f"something is missing before `{stop.word}`: {stop.wanted}"
    if stop.before.endswith("->"):
        arrow = stop.line_start + len(stop.before) - 2
        drop = stop.instead("take the arrow out", "", len(stop.text[:arrow].rstrip()), arrow + 2)
        return stop.say(message, "write a layer behind the arrow, or take it out", mends=(drop,))
    fill = Mend("write `identity`", ((stop.gap, stop.at, " identity "),))
    return stop.say(message, "an empty branch is written `identity`", mends=(fill,))


def _round_brackets(stop: Stop) -> Slip | None:
    if stop.word != "(" or "LABEL" not in stop.expected:
        return None
    depth, closing = 0, -1
    for offset in range(stop.at, len(stop.text)):
        depth += (stop.text[offset] == "(") - (stop.text[offset] == ")")
        if not depth:
            closing = offset
            break
    edits = ((stop.at, stop.end, "["), (closing, closing + 1, "]"))
    return stop.say(
        stop.cannot,
        "a group stands in square brackets: `[conv 16 k3 -> relu] x 2`",
        mends=(Mend("write `[` and `]`", edits, certain=True),) if closing > 0 else (),
    )


def _missing_arrow(stop: Stop) -> Slip | None:
    """A layer directly behind a shape, a tap or a closing bracket."""
    if re.match(r'[A-Za-z_@\["]', stop.word) is None or "_ARROW" not in stop.expected or not stop.before:
        return None
    if (
        stop.word in ("x", "for", "if", "else", "let", "param")
        or "WORD" in stop.expected
        or stop.word in ("and", "or")
    ):
        return None
    what = re.search(r"(\S{1,40})$", stop.before)
    assert what is not None, "something stands before"
    return stop.say(
        f"an arrow is missing between `{shown(what[1])}` and `{shown(stop.word)}`",
        _ARROW_HELP,
        mends=(Mend("put `->` between them", ((stop.at, stop.at, "-> "),), certain=True),),
    )


def _round_bracket_left_open(stop: Stop) -> Slip | None:
    """`conv (16 k3`: an expression goes on behind a bracket that should have been closed."""
    inside = "RPAR" in stop.expected or ("RSQB" in stop.expected and "_ARROW" not in stop.expected)
    if stop.opened is None or not inside or stop.bracket not in ("(", "["):
        return None
    closing = ")" if stop.bracket == "(" else "]"
    return stop.say(
        f"`{stop.bracket}` is never closed",
        f"close it with `{closing}`",
        first=stop.opened,
        stop=stop.opened + 1,
        mends=(
            Mend(
                f"put `{closing}` before `{shown(stop.word)}`"
                if stop.before
                else f"put `{closing}` at the end of the line",
                ((stop.gap, stop.gap, closing),),
            ),
        ),
    )


def _keyword(stop: Stop) -> Slip | None:
    if stop.word not in KEYWORDS:
        return None
    declares = stop.word in ("model", "param", "let", "block", "use", "train", "output", "input", "assert")
    if declares and stop.before and "_NL" in stop.expected and not stop.bracket:
        return stop.say(
            f"`{stop.word}` begins a line of its own",
            mends=(stop.instead("begin a new line", "\n", stop.gap, stop.at),),
        )
    return stop.say(f"{stop.cannot}: {stop.wanted}", *form_of(stop.word))


Hint = Callable[[Stop], Slip | None]

# In the order in which they are asked.
HINTS: tuple[Hint, ...] = (
    _quotation,
    limits,
    shape,
    _brace_on_its_own_line,
    _twice,
    _commas,
    _arrows,
    _bars,
    _nothing_before,
    sizes_with_x,
    number_and_letters,
    minus,
    repeats,
    _missing_comma,
    _round_bracket_left_open,
    model_name,
    equals,
    colons,
    label_alone,
    missing_equals,
    _round_brackets,
    _missing_arrow,
    _keyword,
)
