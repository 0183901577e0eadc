"""The slips of people who come from other languages: their signs, statements and blocks."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnndsl.slips.slip import Mend, Slip
from cnndsl.slips.stop import Stop, shown

__all__ = ["HABITS"]

# Signs of other languages: what is said, and what stands there instead, if that is certain.
_SIGNS = {
    **dict.fromkeys(("→", "=>", "⟶", "–>", "—>"), ("an arrow is written `->`", "->")),
    **dict.fromkeys(("“", "”", "„"), ('a text stands in straight double quotes: `"text"`', '"')),
    **dict.fromkeys(("−", "–", "—"), ("a minus is written `-`", "-")),
    **dict.fromkeys(("\u00a0", "\u3000", "\u200b", "\ufeff"), ("a blank of another kind stands here", " ")),
    **dict.fromkeys(("&", "&&"), ("conditions are joined by `and`", " and ")),
    "||": ("conditions are joined by `or`", " or "),
    "!": ("the opposite of a condition is `not condition`", " not "),
    "//": ("a comment begins with `#`", "#"),
    "/*": ("a comment begins with `#`", ""),
    "@": ("a tap names a label: `@name`", ""),
    "**": ("a square is written `n*n`", ""),
}
_PYTHON = {
    "def": "`block name(a, b=1) { ... }` makes a block",
    "class": "`model Name` names the network; `block name(a, b=1) { ... }` makes a block",
    "import": '`use "file.cnn"` brings the blocks of another file',
    "from": '`use "file.cnn": name` brings a block of another file',
    "return": "the last value is the network's output: nothing has to be returned",
    "while": "`for i in range(3) { ... }` runs a known number of times",
    "with": "",
    "print": "",
    "self": "a name for a layer is written `name: layer`",
}


def _sign(stop: Stop) -> Slip | None:
    word = stop.word
    if word in ("–", "—") and stop.after.startswith(">"):
        word += ">"
    if word == "\\" and not stop.after.strip():
        following = stop.text[stop.end :]
        end = stop.end + len(following) - len(following.lstrip())
        return stop.say(
            stop.cannot,
            "the arguments of a layer stand on one line",
            mends=(stop.instead("join the lines", " ", stop.gap, end),),
        )
    if word == ";":
        new = "" if not stop.after.partition("#")[0].strip() else " ->"
        what = "take the semicolon out" if not new else "write `->`"
        return stop.say(
            stop.cannot,
            "a new line or `->` leads to the next layer",
            mends=(stop.instead(what, new, stop.gap),),
        )
    if word == "'":
        quoted = re.match(r"([^'\n]*)'", stop.after)
        mends: tuple[Mend, ...] = ()
        if quoted is not None:
            mends = (stop.instead("write double quotes", f'"{quoted[1]}"', stop=stop.end + quoted.end()),)
        return stop.say(stop.cannot, 'a text stands in double quotes: `"text"`', mends=mends)
    if word not in _SIGNS:
        return None
    said, new = _SIGNS[word]
    end = stop.at + len(word)
    title = f"write `{new.strip()}`" if new.strip() else "write an ordinary blank"
    if new.strip().isalpha():
        # a word wants blanks around it, and those that stand there are enough
        end += len(stop.after) - len(stop.after.lstrip(" "))
        return stop.say(stop.cannot, said, mends=(stop.instead(title, new, stop.gap, end),))
    return stop.say(stop.cannot, said, stop=end, mends=(stop.instead(title, new, stop=end),) if new else ())


def _percent(stop: Stop) -> Slip | None:
    """`dropout 50%`: the sign divides with remainder, so reading stops behind it."""
    before = stop.text[: stop.at].rstrip()
    share = re.search(r"([0-9]+(?:\.[0-9]+)?\s*%)(?:\s*-)?$", before[-40:])
    if share is None or (share[0].endswith("-") and stop.word != ">"):
        return None
    offset = len(before) - len(before[-40:])
    first, end = offset + share.start(), offset + share.end(1)
    number = f"{float(share[1].rstrip('% ')) / 100:g}"
    return stop.say(
        f"`{share[1]}` is no number: a share is written from 0 to 1",
        first=first,
        stop=end,
        mends=(stop.instead(f"write `{number}`", number, first, end),),
    )


def _elif(stop: Stop) -> Slip | None:
    found = re.search(r"(?:^|\})\s*(elif|elseif|elsif)\b(?!.*->)", stop.before + " " + stop.word)
    if found is None:
        return None
    first = stop.line_start + found.start(1)
    end = first + len(found[1])
    return stop.say(
        f"`{found[1]}` is written `else if`",
        first=first,
        stop=end,
        mends=(stop.instead("write `else if`", "else if", first, end),),
    )


def _block_with_colon(stop: Stop) -> Slip | None:
    """`for c in list:` and an indented body, as in Python."""
    head = re.match(r"(\s*)(?:for|if|else|block|train|output|residual)\b", stop.before)
    if stop.word != ":" or head is None:
        return None
    mends: tuple[Mend, ...] = ()
    if not stop.after.partition("#")[0].strip():
        end, inside = stop.line_end, False
        for line in re.finditer(r"\n([ \t]*)(\S?)[^\n]*", stop.text[stop.line_end :]):
            if line[2] and len(line[1]) <= len(head[1]):
                break
            inside = inside or bool(line[2])
            end = stop.line_end + line.start() + len(line[0].rstrip()) if line[2] else end
        if inside:
            edits = ((stop.gap, stop.end, " {"), (end, end, f"\n{head[1]}}}"))
            mends = (Mend("put braces around the lines", edits, certain=True),)
    return stop.say(f"{stop.cannot}: expected `{{`", *stop.line_help, mends=mends)


def _module_prefix(stop: Stop) -> Slip | None:
    """`nn.Conv2d(...)`, `self.conv1 = ...`."""
    prefix = re.search(
        r"(?:^|->|[=:\[{|])\s*((?:torch|nn|F|keras|layers|tf|self)(?:\s*\.\s*(?:nn|functional|layers))*)$",
        stop.before,
    )
    if stop.word != "." or prefix is None:
        return None
    first = stop.line_start + prefix.start(1)
    return stop.say(
        f"`{prefix[1]}.` is not written here: a layer is called by its name",
        "`conv 16 k3 p1` is a convolution; only the output's channels are written, for what arrives is known",
        first=first,
        mends=(Mend(f"take `{prefix[1]}.` out", ((first, stop.end, ""),)),),
    )


def _python_statement(stop: Stop) -> Slip | None:
    found = re.match(r"\s*(\w+)\b", stop.before + " " + stop.word)
    if found is None or found[1] not in _PYTHON:
        return None
    first = stop.line_start + found.start(1)
    return stop.say(
        f"a spec has no `{shown(found[1])}`: it lists layers",
        *filter(None, [_PYTHON[found[1]]]),
        first=first,
        stop=first + len(found[1]),
    )


# In the order in which they are asked.
HABITS: tuple[Callable[[Stop], Slip | None], ...] = (
    _percent,
    _sign,
    _elif,
    _block_with_colon,
    _module_prefix,
    _python_statement,
)
