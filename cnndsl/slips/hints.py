"""The slips in the language's own signs: commas, arrows, brackets, shapes, missing operands."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnndsl.slips import Mend, Slip, form_of
from cnndsl.slips.stop import KEYWORDS, Stop, shown

__all__ = ["HINTS", "element_end"]

_ARROW_HELP = "an arrow leads from one layer to the next: `conv 16 k3 -> relu`"
# A line of a hundred thousand commas is mended no further.
MOST_EDITS = 30
_NAME = r"[A-Za-z_]\w*"
# Sizes that are joined by anything but x: `(1, 28, 28)`, `1 x 28 x 28`, `28×28`.
_SIZES = re.compile(r"\s*[:=]?\s*[(\[]?\s*([0-9]+(?:\s*[,xX*×]\s*[0-9]+)*)\s*[)\]]?(?=\s*(?:#.*|->.*)?$)")
_ENDS = re.compile(r'"[^"\n]*"|->|[\[\](){}|#\n]')


def element_end(text: str, at: int, end: int) -> int:
    """Where the element around `at` ends: before an arrow, a bar, a bracket or the line's end."""
    depth = 0
    for found in _ENDS.finditer(text, at, end):
        if found[0] in ("(", "["):
            depth += 1
        elif found[0] in (")", "]") and depth:
            depth -= 1
        elif found[0] in ("->", "|", "}", "{", "]", ")", "#", "\n") and (not depth or found[0] in "#\n"):
            return len(text[at : found.start()].rstrip()) + at
    return len(text[at:end].rstrip()) + at


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


def _shape(stop: Stop) -> Slip | None:
    """The slips in the shape behind `input` or `::`."""
    gap = stop.gap
    bare = re.search(r"(\binput\b(?:\s+\w+\s*:)?|::)$", stop.text[max(0, gap - 60) : gap])
    if bare is not None and (not stop.before or stop.word in ("->", "|", "}", "]")):
        first = max(0, gap - 60) + bare.start()
        return stop.say(
            f"the shape is missing behind `{bare[1]}`", "a shape is written `3x32x32`", first=first, stop=gap
        )
    line = re.search(r"(input\b|::)(?!.*->)(.*)$", stop.before)
    if line is None or stop.word == "|":
        return None
    begin = stop.line_start + line.start(2)
    written = stop.text[begin : stop.line_end]
    sizes = _SIZES.match(written)
    if sizes is not None:
        shape = "x".join(re.findall("[0-9]+", sizes[1]))
        lead = line[1]
        mend = stop.instead(f"write `{lead} {shown(shape)}`", f" {shape}", begin, begin + sizes.end())
        return stop.say(
            f"{stop.cannot}: a shape is written {shown(shape)}",
            f"`{lead} {shown(shape)}`",
            first=begin + len(written) - len(written.lstrip()),
            stop=begin + sizes.end(),
            mends=(mend,),
        )
    if "SHAPE" not in stop.expected:
        return None
    if stop.word == "," and re.match(r"\s*[0-9]+x[0-9x]+\s*(?:#|->|$)", stop.after):
        return stop.say(
            f"{stop.cannot}: {stop.wanted}", mends=(stop.instead("take the comma out", "", stop.gap),)
        )
    named = re.match(rf"\s*({_NAME})(\s+)([0-9]\w*)", written)
    if named is not None and line[1] == "input":
        place = begin + named.end(1)
        return stop.say(
            f"{stop.cannot}: {stop.wanted}",
            f"a name ends in a colon: `input {named[1]}: {named[3]}`",
            mends=(Mend("put a colon behind the name", ((place, place, ":"),), certain=True),),
        )
    free = "`input 3xHxW`" if line[1] == "input" else "`:: 16x_x_`"
    what = "a free axis is a capital letter" if line[1] == "input" else "a size that does not matter"
    return stop.say(f"{stop.cannot}: {stop.wanted}", f"whole numbers are joined by x; {what}: {free}")


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
    if "LABEL" in stop.expected and stop.before:
        return stop.say(
            f"{stop.cannot}: {stop.wanted}", mends=(Mend("take the comma out", ((stop.at, stop.end, ""),)),)
        )
    branch = re.search(r"\b(?:add|mul|concat|sub|max|min)\s*\{[^}]*$", stop.before)
    following = re.match(rf"\s*({_NAME})", stop.after)
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


def _sizes_with_x(stop: Stop) -> Slip | None:
    word = stop.word
    if re.fullmatch(r"[0-9]+(?:x[0-9]+)+", word) is None:
        return None
    keyword = re.search(r"\b([a-z]{1,2})\s*=$", stop.before)
    element = re.split(r"->|[|{\[]", stop.before)[-1]
    flag = (keyword[1] if keyword else "k") + word
    first = stop.line_start + keyword.start() if keyword else stop.at
    free = keyword is not None or re.search(r"\bk(?:\d|=)", element) is None
    return stop.say(
        f"`{shown(word)}` is a shape, and no shape can stand here",
        f"sizes for several axes are written as a flag: `{shown(flag)}`; "
        "a shape stands behind `input` and `::`",
        mends=(stop.instead(f"write `{shown(flag)}`", flag, first),) if free else (),
    )


def _number_and_letters(stop: Stop) -> Slip | None:
    parts = re.fullmatch(r"([0-9]+)([A-Za-z_]\w*)", stop.word)
    if parts is None:
        return None
    flag = re.fullmatch(r"[a-z]{1,2}[0-9x]+", parts[2]) is not None
    return stop.say(
        f"`{shown(stop.word)}` is neither a number nor a name",
        "put a blank between them, or begin with a letter",
        mends=(
            Mend(
                f"write `{parts[1]} {shown(parts[2])}`",
                ((stop.at, stop.end, f"{parts[1]} {parts[2]}"),),
                flag,
            ),
        ),
    )


def _minus(stop: Stop) -> Slip | None:
    if stop.word != "-" or "NUMBER" not in stop.expected or "SIGN" in stop.expected:
        return None
    operand = re.match(r"\s*([\w.]+)", stop.after)
    mends: tuple[Mend, ...] = ()
    if operand is not None:
        end = stop.end + operand.end()
        mends = (
            stop.instead(f"write `(-{operand[1]})`", f"(-{operand[1]})", stop=end),
            Mend("take the minus out", ((stop.at, end, operand[1]),)),
        )
    return stop.say(
        stop.cannot, "an argument that begins with a minus stands in parentheses: `(-1)`", mends=mends
    )


def _repeats(stop: Stop) -> Slip | None:
    count = re.fullmatch(r"x([0-9]+)", stop.word)
    if count is not None and "WORD" not in stop.expected:
        mend = stop.instead(f"write `x {count[1]}`", f"x {count[1]}")
        return stop.say(stop.cannot, f"a repeat is written with blanks: `x {count[1]}`", mends=(mend,))
    closed = stop.before.endswith(("]", "}"))
    if stop.word in ("*", "×") and (closed or stop.word == "×"):
        return stop.say(
            stop.cannot,
            "a repeat is written with an x and blanks: `[...] x 2`",
            mends=(
                stop.instead(
                    "write `x`", " x ", stop.gap, stop.end + len(stop.after) - len(stop.after.lstrip())
                ),
            ),
        )
    if closed and re.fullmatch(r"[0-9]+", stop.word):
        return stop.say(
            stop.cannot,
            "a repeat is written with an x and blanks: `[...] x 2`",
            mends=(Mend(f"write `x {shown(stop.word)}`", ((stop.at, stop.at, "x "),)),),
        )
    if (
        re.fullmatch(r"[0-9]+", stop.word)
        and re.match(r"\s*[x*×]?\s*[\[A-Za-z]", stop.after)
        and "LABEL" in stop.expected
    ):
        turned = re.match(rf"\s+({_NAME})", stop.after)
        if turned is not None and re.fullmatch(r"[a-z]{1,2}\d[\dx]*|x", turned[1]) is None:
            new = f"{turned[1]} {stop.word}"
            end = stop.end + turned.end()
            return stop.say(
                f"`{shown(stop.word)}` stands before `{shown(turned[1])}`: arguments stand behind the layer",
                mends=(stop.instead(f"write `{shown(new)}`", new, stop=end)._replace(certain=False),),
            )
        if "x" in stop.after or "[" in stop.after:
            return stop.say(stop.cannot, "a repeat stands behind: `[conv 16 k3 p1 -> relu] x 3`")
    if re.fullmatch(r"[0-9.]+", stop.word) and "LABEL" in stop.expected:
        return stop.say(f"a layer's name is missing before `{shown(stop.word)}`", "such as `conv 16 k3`")
    return None


def _equals(stop: Stop) -> Slip | None:
    if stop.word not in ("=", ":="):
        return None
    if re.search(r"\bif\b[^{]*$", stop.before):
        return stop.say(
            stop.cannot, "two values are compared with `==`", mends=(stop.instead("write `==`", "=="),)
        )
    assigned = re.search(rf"({_NAME})$", stop.before)
    if "IN" in stop.expected or assigned is None or assigned[1] in KEYWORDS:
        return None
    help = "a name for a layer is written `name: layer`; a value `let name = value`"
    begins = re.search(r"(?:^|[\[{|:]|->)\s*$", stop.before[: assigned.start()]) is not None
    first = stop.line_start + assigned.start()
    if not begins:
        return stop.say(stop.cannot, help)
    name = assigned[1]
    if _in_train(stop):
        mend = stop.instead(
            "take the `=` out", " ", stop.gap, stop.end + len(stop.after) - len(stop.after.lstrip())
        )
        return stop.say(stop.cannot, f"a training setting is written `{name} value`", mends=(mend,))
    is_layer = re.match(r"\s*[A-Za-z_\[]", stop.after) and not re.match(
        rf"\s*(?:{_NAME}\s*(?:[-+*/(]|$|#)|\[\s*[0-9\]])", stop.after
    )
    if is_layer:
        mend = stop.instead(f"write `{shown(name)}:`", f"{name}:", first)
        return stop.say(stop.cannot, help, mends=(mend,))
    mend = stop.instead(f"write `let {shown(name)} =`", f"let {name} =", first)
    return stop.say(stop.cannot, help, mends=(mend,) if not stop.bracket else ())


def _in_train(stop: Stop) -> bool:
    return stop.opened is not None and re.search(r"\btrain\s*$", stop.text[: stop.opened][-40:]) is not None


def _colons(stop: Stop) -> Slip | None:
    if stop.word != ":":
        return None
    if re.match(r"\s*(?:let|param)\s+\w+$", stop.before):
        return stop.say(stop.cannot, *stop.line_help, mends=(stop.instead("write `=`", " =", stop.gap),))
    if _in_train(stop):
        return stop.say(
            stop.cannot,
            "a training setting is written `name value`",
            mends=(stop.instead("take the colon out", ""),),
        )
    argument = re.search(rf"\s({_NAME})$", stop.before)
    if stop.line_help or argument is None:
        return None
    help = "a label stands before its layer, `name: layer`; an argument is written `name=value`"
    end = stop.end + len(stop.after) - len(stop.after.lstrip())
    mend = stop.instead(f"write `{shown(argument[1])}=`", "=", stop.gap, end)
    return stop.say(stop.cannot, help, mends=(mend,))


def _label_alone(stop: Stop) -> Slip | None:
    """A label whose layer stands on the next line."""
    before = stop.text[: stop.at].rstrip()
    line = before[before.rfind("\n") + 1 :]
    if stop.before or not re.search(rf"(?:^|->|[\[{{|])\s*(?:{_NAME}|\"[^\"]*\")\s*:$", line):
        return None
    return stop.say(
        "a label stands on the line of its layer",
        first=len(before) - len(line.lstrip()),
        stop=len(before),
        mends=(stop.instead("join the lines", " ", len(before), stop.at),),
    )


def _missing_equals(stop: Stop) -> Slip | None:
    if not re.match(r"\s*(?:let|param)\s+\w+$", stop.before) or stop.expected & {"WORD"}:
        return None
    return stop.say(
        f"{stop.cannot}: {stop.wanted}",
        *stop.line_help,
        mends=(Mend("put `=` before it", ((stop.at, stop.at, "= "),), certain=True),),
    )


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


def _model_name(stop: Stop) -> Slip | None:
    words = re.match(r"\s*model\s+(.*)$", stop.before)
    if words is None:
        return None
    end = element_end(stop.text, stop.at, stop.line_end)
    first = stop.line_start + words.start(1)
    one = "".join(re.findall(r"\w+", stop.text[first:end]))
    mends = (
        (Mend(f"write `model {shown(one)}`", ((first, end, one),)),) if re.match(r"[A-Za-z_]", one) else ()
    )
    return stop.say(stop.cannot, "a model's name is one word: `model LeNet5`", mends=mends)


def _keyword(stop: Stop) -> Slip | None:
    if stop.word not in KEYWORDS:
        return None
    return stop.say(f"{stop.cannot}: {stop.wanted}", *form_of(stop.word))


Hint = Callable[[Stop], Slip | None]

# In the order in which they are asked.
HINTS: tuple[Hint, ...] = (
    _quotation,
    _shape,
    _brace_on_its_own_line,
    _commas,
    _arrows,
    _bars,
    _nothing_before,
    _sizes_with_x,
    _number_and_letters,
    _minus,
    _repeats,
    _round_bracket_left_open,
    _model_name,
    _equals,
    _colons,
    _label_alone,
    _missing_equals,
    _round_brackets,
    _missing_arrow,
    _keyword,
)
