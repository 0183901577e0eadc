"""Candidates for windows that do not fit: kernels, padding, strides, pools too many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cnndsl import syntax as s
from cnndsl.fixes.candidates import Candidate, Case, every_statement, plain
from cnndsl.layers.declaration import Layer

__all__ = [
    "keeping_padding",
    "less_output_padding",
    "less_padding",
    "number_for_same",
    "one_pool_fewer",
    "padded",
    "smaller_dilation",
    "smaller_kernel",
]


def keeping_padding(args: Any, limit_to_half: bool) -> tuple[int, ...] | None:
    """The padding that keeps a map's size at stride 1; None where no whole number does."""
    kernel, dilation = args.get("kernel_size"), args.get("dilation")
    if not isinstance(kernel, tuple):
        return None
    reach = [d * (k - 1) for k, d in zip(kernel, dilation or (1,) * len(kernel), strict=True)]
    if any(r % 2 for r in reach) or (
        limit_to_half and any(r // 2 > k // 2 for r, k in zip(reach, kernel, strict=True))
    ):
        return None
    return tuple(r // 2 for r in reach)


def padded(case: Case) -> Iterator[Candidate]:
    """The window with a padding with which it fits."""
    args, arriving, layer = case.args, case.arriving, case.layer
    if arriving is None or layer is None or not isinstance(args.get("kernel_size"), tuple):
        return
    is_pool = "ceil_mode" in args
    keeping = keeping_padding(args, is_pool)
    kernel = args["kernel_size"]
    dilation = args.get("dilation") or (1,) * len(kernel)
    least = tuple(
        max(0, d * (k - 1) + 1 - n + 1) // 2
        for k, d, n in zip(kernel, dilation, arriving.spatial, strict=True)
    )
    word = _flag_word(case, "kernel_size", kernel)
    if is_pool and all(n == 1 for n in arriving.spatial):
        # There is nothing to take the maximum of.
        return
    for padding in dict.fromkeys(one for one in (keeping, least) if one is not None and any(one)):
        if any(p > max(2, n) for p, n in zip(padding, arriving.spatial, strict=True)):
            # More border than map was not meant.
            continue
        candidate = case.set_argument("padding", padding)
        if candidate is not None:
            keeps = padding == keeping and all(step == 1 for step in args.get("stride", ()))
            what = "keeps the size" if keeps else "fits"
            yield candidate._replace(title=f"`{word} p{_short(padding)}` {what}: {{shape}}")


def smaller_kernel(case: Case) -> Iterator[Candidate]:
    """The largest kernel that fits, odd as the one before, and the usual one; never a kernel of 1."""
    args, arriving = case.args, case.arriving
    if arriving is None or not isinstance(args.get("kernel_size"), tuple):
        return
    kernel = args["kernel_size"]
    padding = args.get("padding")
    sides = padding if isinstance(padding, tuple) else (0,) * len(kernel)
    dilation = args.get("dilation") or (1,) * len(kernel)
    sizes = []
    for n, k, p, d in zip(arriving.spatial, kernel, sides, dilation, strict=True):
        most = min(k, (n + 2 * p - 1) // d + 1)
        sizes.append(most - 1 if k % 2 and most % 2 == 0 and most > 1 else most)
    usual = 2 if "ceil_mode" in args else 3
    common = tuple(
        min(most, 2 * p + 1 if p and usual == 3 else usual) for most, p in zip(sizes, sides, strict=True)
    )
    for tried in dict.fromkeys((tuple(sizes), common)):
        candidate = case.set_argument("kernel_size", tried) if max(tried) > 1 else None
        if candidate is not None:
            new = candidate.edits[0].text.strip()
            name = "" if new[0].isalpha() or case.call is None else f"{case.call.name} "
            yield candidate._replace(title=f"`{name}{new}` fits: {{shape}}")


def _short(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes[:1] if len(set(sizes)) == 1 else sizes))


def _flag_word(case: Case, name: str, value: tuple[int, ...]) -> str:
    layer = case.layer
    before = None if layer is None else case.written_argument(layer, name)
    if before is not None and len(before.span.text) <= 20:
        text = before.span.text
        return f"{case.call.name} {text}" if text[0].isdigit() and case.call is not None else text
    return f"k{_short(value)}"


def smaller_dilation(case: Case) -> Iterator[Candidate]:
    """The window without its dilation."""
    if any(d > 1 for d in case.args.get("dilation") or ()):
        candidate = case.set_argument("dilation", 1)
        if candidate is not None:
            yield candidate


def one_pool_fewer(case: Case) -> Iterator[Candidate]:
    """The pool itself, or the one that made the map too small, is taken out."""
    layer, arriving = case.layer, case.arriving
    statement = case.statement
    if layer is None or arriving is None or statement is None:
        return
    yield from fewer_rounds(case, case.statements)
    if layer.family == "pooling" and all(n == 1 for n in arriving.spatial):
        yield case.without_item(
            statement.span, f"take `{statement.span.text}` out: the map is {arriving} already"
        )
    at = case.node
    while at is not None and at.inputs:
        at = case.graph.nodes[at.inputs[0]]
        if isinstance(at.layer, Layer) and at.layer.family == "pooling" and "kernel_size" in at.arguments:
            around = [
                (one, plain(one))
                for one in every_statement(case.tree)
                if one.span.start <= at.span.start and at.span.end <= one.span.end
            ]
            yield from fewer_rounds(case, around)
            candidate = case.without_item(at.span, f"take `{at.span.text}` of line {at.span.first.line} out")
            if candidate.edits[0].text != "identity":
                yield candidate
            return


def fewer_rounds(case: Case, around: list[tuple[s.Statement, s.Statement]]) -> Iterator[Candidate]:
    """A repeat around the item runs as often as it fits."""
    rounds = [re.match(r"in round (\d+) of", note.message) for note in case.diagnostic.related]
    failed = next((int(found[1]) for found in rounds if found is not None), None)
    for statement, _ in around:
        at: s.Statement = statement
        while isinstance(at, (s.Labelled, s.Assertion, s.Repeat)):
            if isinstance(at, s.Repeat) and isinstance(at.times, s.Number):
                times = int(at.times.value) - 1 if failed is None else failed - 1
                if times > 0:
                    title = f"`x {times}` fits: {{shape}}"
                    yield case.replace(title, at.times.span, str(times), ends_at=at.span.end)
            at = at.item


def number_for_same(case: Case) -> Iterator[Candidate]:
    """`p=same` with a stride: the padding as a number, or no stride."""
    padding = keeping_padding(case.args, limit_to_half=False)
    if padding is not None:
        candidate = case.set_argument("padding", padding)
        if candidate is not None:
            yield candidate._replace(title=f"`p{_short(padding)}` instead of `{case.span.text}`: {{shape}}")
    stride = case.written_argument(case.layer, "stride") if case.layer is not None else None
    if stride is not None:
        yield case.without(f"take `{stride.span.text}` out: {{shape}}", stride.span)


def less_padding(case: Case) -> Iterator[Candidate]:
    """The largest padding that is taken."""
    args, arriving = case.args, case.arriving
    padding = args.get("padding")
    if arriving is None or not isinstance(padding, tuple):
        return
    kernel = args.get("kernel_size")
    if isinstance(kernel, tuple) and len(kernel) == len(padding):
        sizes = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
        candidate = case.set_argument("padding", sizes)
        if candidate is not None and sizes != padding:
            yield candidate
        wider = tuple(max(k, 2 * p + 1 if k % 2 else 2 * p) for p, k in zip(padding, kernel, strict=True))
        candidate = case.set_argument("kernel_size", wider)
        if candidate is not None and wider != kernel:
            yield candidate
    most = min(arriving.spatial, default=0) - 1
    if most > 0 and "kernel_size" in args:
        candidate = case.set_argument("padding", tuple(min(p, most) for p in padding))
        if candidate is not None:
            yield candidate
    yield case.without(f"take `{case.span.text}` out", case.span)


def less_output_padding(case: Case) -> Iterator[Candidate]:
    """An output padding below the stride."""
    stride = case.args.get("stride")
    if isinstance(stride, tuple):
        sizes = tuple(min(s_ - 1, p) for s_, p in zip(stride, case.args["output_padding"], strict=True))
        candidate = case.set_argument("output_padding", sizes)
        if candidate is not None and any(sizes):
            yield candidate
    yield case.without(f"take `{case.span.text}` out: {{shape}}", case.span)
