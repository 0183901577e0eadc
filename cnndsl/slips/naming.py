"""The slips in names: labels, values, arguments, settings, the model's own."""

from __future__ import annotations

import re

from cnndsl.slips.slip import Mend, Slip
from cnndsl.slips.stop import KEYWORDS, NAME, Stop, element_end, shown

__all__ = ["colons", "equals", "label_alone", "missing_equals", "model_name"]


def model_name(stop: Stop) -> Slip | None:
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


def equals(stop: Stop) -> Slip | None:
    if stop.word not in ("=", ":="):
        return None
    if re.search(r"\bif\b[^{]*$", stop.before):
        return stop.say(
            stop.cannot, "two values are compared with `==`", mends=(stop.instead("write `==`", "=="),)
        )
    assigned = re.search(rf"({NAME})$", stop.before)
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
        rf"\s*(?:{NAME}\s*(?:[-+*/(]|$|#)|\[\s*[0-9\]])", stop.after
    )
    if is_layer:
        mend = stop.instead(f"write `{shown(name)}:`", f"{name}:", first)
        return stop.say(stop.cannot, help, mends=(mend,))
    mend = stop.instead(f"write `let {shown(name)} =`", f"let {name} =", first)
    return stop.say(stop.cannot, help, mends=(mend,) if not stop.bracket else ())


def _in_train(stop: Stop) -> bool:
    return stop.opened is not None and re.search(r"\btrain\s*$", stop.text[: stop.opened][-40:]) is not None


def colons(stop: Stop) -> Slip | None:
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
    label = re.match(rf"\s*({NAME})[ \t]+(?=[A-Za-z_\[])", stop.after)
    if label is not None and "LABEL" in stop.expected:
        new, end = f"{label[1]}: ", stop.end + label.end()
        mend = stop.instead(f"write `{shown(label[1])}:`", new, stop=end)
        return stop.say(stop.cannot, "a label stands before its colon, `name: layer`", mends=(mend,))
    argument = re.search(rf"\s({NAME})$", stop.before)
    if stop.line_help or argument is None:
        return None
    help = "a label stands before its layer, `name: layer`; an argument is written `name=value`"
    end = stop.end + len(stop.after) - len(stop.after.lstrip())
    mend = stop.instead(f"write `{shown(argument[1])}=`", "=", stop.gap, end)
    return stop.say(stop.cannot, help, mends=(mend,))


def label_alone(stop: Stop) -> Slip | None:
    """A label whose layer stands on the next line."""
    before = stop.text[: stop.at].rstrip()
    line = before[before.rfind("\n") + 1 :]
    if stop.before or not re.search(rf"(?:^|->|[\[{{|])\s*(?:{NAME}|\"[^\"]*\")\s*:$", line):
        return None
    return stop.say(
        "a label stands on the line of its layer",
        first=len(before) - len(line.lstrip()),
        stop=len(before),
        mends=(stop.instead("join the lines", " ", len(before), stop.at),),
    )


def missing_equals(stop: Stop) -> Slip | None:
    if not re.match(r"\s*(?:let|param)\s+\w+$", stop.before) or stop.expected & {"WORD"}:
        return None
    return stop.say(
        f"{stop.cannot}: {stop.wanted}",
        *stop.line_help,
        mends=(Mend("put `=` before it", ((stop.at, stop.at, "= "),), certain=True),),
    )
