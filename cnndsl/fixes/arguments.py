"""Candidates for arguments that are missing, too many, or have a value that is not taken."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnndsl import syntax as s
from cnndsl.fixes.candidates import Candidate, Case, Maker, every_statement, plain, written
from cnndsl.fixes.names import missing_arrow
from cnndsl.layers.kinds import PerAxis, Real, Truth

__all__ = ["ARGUMENTS"]


def join_next_line(case: Case) -> Iterator[Candidate]:
    """Arguments that stand on the line below their layer."""
    call = case.call
    if call is None:
        return
    following = re.match(
        r"[ \t]*(?:->)?[ \t]*\n[ \t]*([a-z]{1,2}\d[\dx]*|[a-z_]+=)", case.text[call.span.end :]
    )
    if following is not None:
        end = call.span.end + following.start(1)
        yield Candidate("join the lines", (case.edit(call.span.end, end, " "),), certain=True, ends_at=end)


def usual_values(case: Case) -> Iterator[Candidate]:
    """A value for what is missing: the commonest kernel, the channels that arrive, that of the other uses."""
    call, layer = case.call, case.layer
    if call is None:
        return
    if layer is None:
        yield from _block_values(case, call)
        return
    given = written(layer, call)
    missing = [one.name for one in layer.arguments if one.required and one.name not in given]
    arriving = case.arriving
    end = call.span.end
    if missing == ["kernel_size"]:
        is_pool = layer.family == "pooling"
        for flags in ("2",) if is_pool else ("k3 p1", "k3", "k1", "k2 s2", "k5 p2"):
            if not is_pool and "padding" in given:
                flags = flags.split()[0]
            yield _added(case, end, flags, f"`{call.span.text} {flags}` fits: {{shape}}")
        return
    if missing == ["out"]:
        first = call.name_span.end
        sizes = list(dict.fromkeys(_wanted_sizes(case, arriving.channels if arriving is not None else None)))
        for size in sizes[:4]:
            yield _added(case, first, str(size), f"`{call.name} {size}` fits: {{shape}}")
        return
    if set(missing) == {"out", "kernel_size"} and arriving is not None:
        for size in list(dict.fromkeys(_wanted_sizes(case, arriving.channels)))[:3]:
            yield _added(case, end, f"{size} k3 p1", f"`{call.name} {size} k3 p1` fits: {{shape}}")
        return
    for example in layer.examples[:3]:
        written_there = example.use.partition(" ")[2]
        if not call.arguments and written_there:
            yield _added(case, end, written_there, f"`{example.use}` fits: {{shape}}")


def _added(case: Case, at: int, text: str, title: str) -> Candidate:
    return Candidate(title, (case.edit(at, at, f" {text}"),), ends_at=case.end_of_item)


def _wanted_sizes(case: Case, arriving: int | None) -> Iterator[int]:
    """Sizes that are likely: what the item's neighbours have, what arrives, the number of classes."""
    assert case.call is not None
    same = [
        one
        for one in map(plain, every_statement(case.tree))
        if isinstance(one, s.Call) and one.name == case.call.name
    ]
    near = sorted(same, key=lambda one: abs(one.span.start - case.call.span.start) if case.call else 0)
    if case.call.name in ("linear", "dense", "fc", "Linear"):
        yield from (10,) if same and case.call is same[-1] else ()
    if arriving is not None:
        yield arriving
    for one in near:
        for argument in one.arguments:
            if isinstance(argument.value, s.Number) and isinstance(argument.value.value, int):
                yield argument.value.value
                break
    yield 10


def _block_values(case: Case, call: s.Call) -> Iterator[Candidate]:
    """What other uses of the block give, or what arrives, for a parameter that is missing."""
    block = next(
        (
            one
            for one in every_statement(case.tree)
            if isinstance(one, s.Block) and one.name.word == call.name
        ),
        None,
    )
    found = re.search(r"needs a value for `(\w+)`", case.diagnostic.message)
    if block is None or found is None:
        return
    name = found[1]
    names = [one.name.word for one in block.parameters]
    place = names.index(name) if name in names else 0
    likely: list[str] = []
    for other in map(plain, every_statement(case.tree)):
        if isinstance(other, s.Call) and other.name == call.name and other is not call:
            positional = [one for one in other.arguments if one.keyword is None]
            given = [one for one in other.arguments if one.keyword == name]
            if given:
                likely.append(given[0].value.span.text)
            elif place < len(positional):
                likely.append(positional[place].span.text)
    numbers = [one for one in likely if re.fullmatch(r"[\d.]+", one)]
    likely = [*dict.fromkeys(numbers or likely), "C", "64", "2", "1"]
    positional_first = place == 0 and not call.arguments
    for value in likely[:5]:
        text = value if positional_first else f"{name}={value}"
        yield _added(
            case,
            call.name_span.end if positional_first else call.span.end,
            text,
            f"`{call.name} {text}` fits: {{shape}}",
        )


def taken_out(case: Case) -> Iterator[Candidate]:
    """The argument goes."""
    yield case.without(f"take `{case.span.text}` out", case.span)


def either_taken_out(case: Case) -> Iterator[Candidate]:
    """Of an argument that is given twice, one goes; both are the same: that is certain."""
    layer, call = case.layer, case.call
    if call is None:
        return
    yield case.without(f"take `{case.span.text}` out", case.span)._replace(
        certain=sum(one.span.text == case.span.text for one in call.arguments) > 1
    )
    first = re.search(r"as `([^`]*)` and as", case.diagnostic.message)
    for argument in call.arguments:
        if first is not None and argument.span.text == first[1] and argument.span != case.span:
            yield case.without(f"take `{first[1]}` out", argument.span)
    if layer is not None:
        given = written(layer, call)
        free = [one for one in layer.arguments if one.flag and one.name not in given]
        number = re.search(r"[\dx]+$", case.span.text)
        for one in free if number is not None else ():
            assert number is not None, "looked at above"
            yield case.replace(f"did you mean `{one.flag}{number[0]}`?", case.span, one.flag + number[0])


def named(case: Case) -> Iterator[Candidate]:
    """A value too many was meant for an argument that has a flag."""
    layer, call = case.layer, case.call
    if layer is None or call is None:
        return
    given = written(layer, call)
    for argument in layer.arguments:
        if argument.name not in given and argument.flag and case.span.text.isdigit():
            new = argument.flag + case.span.text
            yield case.replace(f"write `{new}`", case.span, new)


def unbracketed(case: Case) -> Iterator[Candidate]:
    """`conv (16, 3)`: arguments in brackets, behind a blank."""
    inside = re.fullmatch(r"\(\s*(.*?)\s*,?\s*\)", case.span.text, re.DOTALL)
    if inside is not None and "(" not in inside[1]:
        new = re.sub(r"\s*,\s*", " ", inside[1])
        yield case.replace(f"write `{new}`", case.span, new)


def nearest_value(case: Case) -> Iterator[Candidate]:
    """The nearest value that the argument takes."""
    layer, call = case.layer, case.call
    text = case.span.text
    lead = re.match(r"(?:[A-Za-z_]+\s*=\s*|[A-Za-z_]*(?=[\d.]))", text)
    prefix = lead[0] if lead is not None else ""
    rest = text[len(prefix) :]
    share = re.fullmatch(r"\(?(-?[\d.]+)\)?", rest)
    name, argument = "", None
    if layer is not None and call is not None:
        given = {one.span: name for name, one in written(layer, call).items()}
        name = given.get(case.span, case.diagnostic.message.partition(":")[0])
        argument = next((one for one in layer.arguments if one.name == name), None)
    kind = getattr(argument.kind, "kind", argument.kind) if argument is not None else None
    if share is not None:
        try:
            value = float(share[1])
        except ValueError:
            return
        wanted: list[str] = []
        if isinstance(kind, Real):
            wanted += [f"{value / 100:g}", f"{value / 10:g}"] if value > 1 else [f"{abs(value):g}"]
        elif isinstance(kind, Truth):
            wanted += ["true" if value else "false"] if value in (0, 1) else []
        else:
            wanted += [str(abs(int(value)))] if value < 0 else []
            wanted += [str(int(value)), str(int(value) + 1)] if value != int(value) else []
            minimum = getattr(kind, "minimum", 1)
            wanted += [str(minimum)] if value < minimum else []
        for new in wanted:
            yield case.replace(f"write `{prefix}{new}`", case.span, prefix + new)
        if argument is not None and not argument.required:
            yield case.without(f"take `{text}` out", case.span)
    several = re.fullmatch(r"(\d+)(?:x\d+)+", rest)
    if several is not None:
        arriving = case.arriving
        if arriving is not None and isinstance(kind, PerAxis) and arriving.rank > 1:
            sizes = rest.split("x")
            new = "x".join((sizes + sizes[-1:] * 3)[: arriving.rank])
            yield case.replace(f"write `{prefix}{new}`", case.span, prefix + new)
        yield case.replace(f"write `{prefix}{several[1]}`", case.span, prefix + several[1])
    if "/" in rest and "//" not in rest:
        new = rest.replace("/", "//")
        yield case.replace(f"write `{prefix}{new}`", case.span, prefix + new)
    quoted = re.fullmatch(r'"([A-Za-z_]\w*|[\d.]+)"', rest)
    if quoted is not None:
        yield case.replace(f"write `{prefix}{quoted[1]}`", case.span, prefix + quoted[1])
    if argument is not None and argument.kind.words:
        from cnndsl.fixes.near import near_words

        for near, certain in near_words(rest.strip('"'), argument.kind.words):
            yield case.replace(f"did you mean `{near}`?", case.span, prefix + near, certain=certain)
    if rest in ("True", "False"):
        yield case.replace(f"write `{prefix}{rest.lower()}`", case.span, prefix + rest.lower(), certain=True)
    if argument is not None and not argument.required and share is None:
        yield case.without(f"take `{text}` out", case.span)


ARGUMENTS: dict[str, tuple[Maker, ...]] = {
    "missing-argument": (join_next_line, missing_arrow, usual_values),
    "duplicate-argument": (either_taken_out,),
    "too-many-arguments": (missing_arrow, named, taken_out),
    "invalid-argument": (unbracketed, nearest_value),
    "too-large": (nearest_value,),
    "unknown-argument": (),
}
