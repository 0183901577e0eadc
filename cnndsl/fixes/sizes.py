"""Candidates for sizes that do not fit: groups, ranks, features, the input itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnndsl import syntax as s
from cnndsl.fixes.candidates import Candidate, Case, Maker, every_statement
from cnndsl.fixes.windows import (
    less_output_padding,
    less_padding,
    number_for_same,
    one_pool_fewer,
    padded,
    smaller_dilation,
    smaller_kernel,
)
from cnndsl.layers import find
from cnndsl.layers.declaration import Layer

__all__ = ["SIZES", "sizes_in_the_input"]


def channels_last(case: Case) -> Iterator[Candidate]:
    """`input 28x28x1`: an image whose channels stand last."""
    for statement in every_statement(case.tree):
        if not isinstance(statement, s.Input):
            continue
        axes = statement.shape.axes
        if len(axes) == 3 and axes[2] in (1, 3, 4) and all(isinstance(n, int) and n > 4 for n in axes[:2]):
            shape = f"{axes[2]}x{axes[0]}x{axes[1]}"
            yield case.replace(
                f"channels stand first: `input {shape}`",
                statement.shape.span,
                shape,
                ends_at=statement.span.end,
            )


def sizes_in_the_input(case: Case) -> Iterator[Candidate]:
    """The text's own input, larger, or of sizes that halve well."""
    for statement in every_statement(case.tree):
        if not isinstance(statement, s.Input) or len(statement.shape.axes) < 2:
            continue
        axes = statement.shape.axes
        if not all(isinstance(one, int) for one in axes):
            return
        for multiple in (4, 8, 16, 32):
            sizes = [axes[0], *(-(-int(str(n)) // multiple) * multiple for n in axes[1:])]
            shape = "x".join(map(str, sizes))
            if tuple(sizes) != tuple(axes):
                yield case.replace(f"`input {shape}` fits", statement.shape.span, shape, ends_at=-1)


def groups(case: Case) -> Iterator[Candidate]:
    """The nearest numbers of groups that divide both, and the nearest output that the groups divide."""
    args, arriving = case.args, case.arriving
    name = "groups" if "groups" in args else "num_groups" if "num_groups" in args else ""
    if arriving is None or not name or not isinstance(args.get(name), int):
        return
    wanted, channels = args[name], arriving.channels
    out = args.get("out", channels)
    near = range(max(1, wanted - 64), min(wanted + 65, channels + 1))
    valid = [g for g in near if channels % g == 0 and out % g == 0 and g != 1]
    for g in sorted(valid, key=lambda g: (abs(g - wanted), g))[:2]:
        candidate = case.set_argument(name, g)
        if candidate is not None:
            yield candidate
    if "out" in args and channels % wanted == 0:
        for size in sorted(
            {max(wanted, out // wanted * wanted), -(-out // wanted) * wanted}, key=lambda n: abs(n - out)
        ):
            candidate = case.set_argument(
                "out", size, f"`{case.call.name if case.call else ''} {size}` fits: {{shape}}"
            )
            if candidate is not None:
                yield candidate
    written = case.written_argument(case.layer, name) if case.layer is not None else None
    if written is not None and not case.layer.argument(name).required:  # type: ignore[union-attr]
        yield case.without(f"take `{written.span.text}` out", written.span)


def divisor(case: Case) -> Iterator[Candidate]:
    """The nearest numbers that divide what has to be divided."""
    found = re.search(r"\d+", case.span.text)
    arriving = case.arriving
    if found is None or arriving is None:
        return
    given = int(found[0])
    numbers = {int(one) for one in re.findall(r"\d+", case.diagnostic.message) if len(one) < 10} | set(
        arriving.shape
    )
    near = {
        n
        for n in range(max(1, given - 32), given + 33)
        if any(m % n == 0 and n <= m for m in numbers) and n != given
    }
    for n in sorted(near, key=lambda n: (abs(n - given), n))[:5]:
        start = case.span.start + found.start()
        span = case.source.span(start, start + len(found[0]))
        new = case.span.text[: found.start()] + str(n) + case.span.text[found.end() :]
        yield case.replace(f"`{new}` fits: {{shape}}", span, str(n))


def enough_left(case: Case) -> Iterator[Candidate]:
    """What takes too much off takes nothing off."""
    yield case.without(f"take `{case.span.text}` out: {{shape}}", case.span)
    if case.statement is not None:
        yield case.without_item(case.statement.span, f"take `{case.statement.span.text}` out")


def features(case: Case) -> Iterator[Candidate]:
    """The ways from an image to features."""
    call, arriving, statement = case.call, case.arriving, case.statement
    if call is None or arriving is None or statement is None:
        return
    written = statement.span.text if len(statement.span.text) <= 40 else call.name
    numbers = 1
    for n in arriving.shape:
        numbers *= n
    says = {
        "flatten": f"takes all {numbers} numbers",
        "gap -> flatten": f"takes the mean of each of the {arriving.channels} channels",
    }
    for way, what in says.items():
        candidate = case.insert_before(way, f"`{way} -> {written}` {what}: {{shape}}")
        if candidate is not None:
            yield candidate
    end = call.span.end
    yield Candidate(
        f"`{written} last` works on the last axis alone: {{shape}}",
        (case.edit(end, end, " last"),),
        ends_at=end,
    )


def rank(case: Case) -> Iterator[Candidate]:
    """A layer for another kind of value: its class for this one, a flatten more or a flatten less."""
    call, layer, arriving, statement = case.call, case.layer, case.arriving, case.statement
    if call is None or layer is None or arriving is None or statement is None:
        return
    if call.name != layer.name and (layer.ranks is None or arriving.rank in layer.ranks):
        numbered = re.sub(r"[123]d$", f"{arriving.rank}d", call.name)
        new = numbered if find(numbered) is not None and numbered != call.name else layer.name
        yield case.replace(f"write `{new}`: {{shape}}", call.name_span, new)
    if arriving.rank == 0:
        at = case.node
        while at is not None and at.inputs:
            at = case.graph.nodes[at.inputs[0]]
            if isinstance(at.layer, Layer) and at.layer.name == "flatten":
                yield case.without_item(at.span, f"take `{at.span.text}` of line {at.span.first.line} out")
                break
            if at.output is None or at.output.rank:
                break
        if not call.arguments and layer.family != "normalisation":
            yield case.without_item(statement.span, f"take `{statement.span.text}` out")
    else:
        candidate = case.insert_before("flatten", f"`flatten -> {call.name}` fits: {{shape}}")
        if candidate is not None:
            yield candidate


def one_size(case: Case) -> Iterator[Candidate]:
    """A pool that gives every image one size, before the features are made or weighted."""
    node = case.node
    if node is None or not node.inputs:
        return
    before = case.graph.nodes[node.inputs[0]]
    flat = before.layer.name == "flatten"
    start = before.span.start if flat else node.span.start
    pools = re.findall(r"`(gap|adaptiveavgpool [^`]+)`", " ".join(case.diagnostic.help))
    for pool in pools:
        yield Candidate(
            f"`{pool} -> {before.span.text if flat else node.span.text}` fits: {{shape}}",
            (case.edit(start, start, f"{pool} -> "),),
            ends_at=case.end_of_item,
        )


def letters_of_axes(case: Case) -> Iterator[Candidate]:
    """An axis that the arriving value does not have."""
    if case.span.text in "HWDL" and len(case.span.text) == 1:
        for letter in "CHWL":
            if letter != case.span.text:
                yield case.replace(f"write `{letter}`", case.span, letter)


_WINDOW: tuple[Maker, ...] = (
    channels_last,
    padded,
    smaller_kernel,
    smaller_dilation,
    one_pool_fewer,
    sizes_in_the_input,
)

SIZES: dict[str, tuple[Maker, ...]] = {
    "kernel-too-large": _WINDOW,
    "empty-output": (channels_last, enough_left, padded),
    "padding-too-large": (less_padding, channels_last),
    "output-padding-too-large": (less_output_padding,),
    "same-needs-stride-1": (number_for_same,),
    "groups-mismatch": (groups,),
    "not-divisible": (groups, divisor),
    "needs-flatten": (features,),
    "wrong-rank": (rank, letters_of_axes),
    "free-size": (one_size,),
}
