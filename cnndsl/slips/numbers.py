"""The slips in shapes, sizes, signs and repeats."""

from __future__ import annotations

import re

from cnndsl.slips.slip import Mend, Slip
from cnndsl.slips.stop import NAME, Stop, shown

__all__ = ["minus", "number_and_letters", "repeats", "shape", "sizes_with_x"]

# Sizes that are joined by anything but x: `(1, 28, 28)`, `1 x 28 x 28`, `28×28`.
_SIZES = re.compile(r"\s*[:=]?\s*[(\[]?\s*([0-9]+(?:\s*[,xX*×]\s*[0-9]+)*)\s*[)\]]?(?=\s*(?:#.*|->.*)?$)")


def shape(stop: Stop) -> Slip | None:
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
    named = re.match(rf"\s*({NAME})(\s+)([0-9]\w*)", written)
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


def sizes_with_x(stop: Stop) -> Slip | None:
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


def number_and_letters(stop: Stop) -> Slip | None:
    parts = re.fullmatch(r"([0-9]+)([A-Za-z_]\w*)", stop.word)
    if parts is None:
        return None
    number, word = parts[1], parts[2]
    apart = Mend(
        f"write `{number} {shown(word)}`",
        ((stop.at, stop.end, f"{number} {word}"),),
        certain=re.fullmatch(r"[a-z]{1,2}[0-9x]+", word) is not None,
    )
    product = Mend(f"write `{number}*{shown(word)}`", ((stop.at, stop.end, f"{number}*{word}"),))
    return stop.say(
        f"`{shown(stop.word)}` is neither a number nor a name",
        "put a blank between two arguments"
        if apart.certain
        else f"a product is written `{number}*{shown(word)}`, and a blank stands between two arguments",
        mends=(apart,) if apart.certain else (product, apart),
    )


def minus(stop: Stop) -> Slip | None:
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


def repeats(stop: Stop) -> Slip | None:
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
        turned = re.match(rf"\s+({NAME})", stop.after)
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
