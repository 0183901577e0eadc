"""Candidates for branches that do not go together."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl import syntax as s
from cnndsl.diagnostics import Edit
from cnndsl.dims import Value, format_shape
from cnndsl.fixes.branches import Branch, branches, chain, edited, pairs
from cnndsl.fixes.candidates import Candidate, Case, Maker
from cnndsl.fixes.sizes import sizes_in_the_input
from cnndsl.fixes.windows import keeping_padding

__all__ = ["JOINS"]


def channels_inside(case: Case) -> Iterator[Candidate]:
    """The last layer of a branch that makes channels makes those of the other branch."""
    yield from _channels(case, inside=True)


def channels_before(case: Case) -> Iterator[Candidate]:
    """A layer before the join makes the channels that a branch has."""
    yield from _channels(case, inside=False)


def _channels(case: Case, inside: bool) -> Iterator[Candidate]:
    for one, other in pairs(case):
        if inside == (one.span is None or case.node is None):
            continue
        if one.value.rank != other.value.rank or one.value.channels == other.value.channels:
            continue
        for node in chain(case, one):
            if node.arguments.get("out") == one.value.channels:
                candidate = edited(case, node, "out", other.value.channels)
                if candidate is not None:
                    yield candidate
                break


def windows(case: Case) -> Iterator[Candidate]:
    """A window in a branch keeps the size, or has the stride that the other branch has."""
    for one, other in pairs(case):
        if one.value.rank != other.value.rank or one.value.spatial == other.value.spatial:
            continue
        sliding = [node for node in chain(case, one) if {"kernel_size", "stride"} <= node.arguments.keys()]
        for node in sliding[:4]:
            args = node.arguments
            keeping = keeping_padding(args, "ceil_mode" in args)
            if keeping is not None and args.get("padding") != keeping:
                yield from _some(edited(case, node, "padding", keeping))
            ratio = _ratio(one.value, other.value, args["stride"])
            if ratio is not None and ratio != args["stride"]:
                yield from _some(edited(case, node, "stride", ratio))
            if args.get("ceil_mode") is False:
                yield from _some(edited(case, node, "ceil_mode", True))
            if "output_padding" in args:
                more = tuple(
                    b - a + p
                    for a, b, p in zip(
                        one.value.spatial, other.value.spatial, args["output_padding"], strict=True
                    )
                )
                if all(0 <= op < st for op, st in zip(more, args["stride"], strict=True)):
                    yield from _some(edited(case, node, "output_padding", more))


def all_branches(case: Case) -> Iterator[Candidate]:
    """Every branch that differs is brought to the size of one, each by a change of its own."""
    found = branches(case)
    if len(found) < 3 or len({one.value.rank for one in found}) > 1:
        # Of two branches, one alone has to change.
        return
    shapes = [one.value.shape for one in found]
    fixed = {one.value.shape for one in found if _is_short(one)}
    adds = case.node is not None and case.node.layer.name != "concat"
    for target in sorted(set(shapes), key=lambda shape: (shape not in fixed, -shapes.count(shape))):
        edits: list[Edit] = []
        for one in found:
            changes = _changes(case, one, target, adds)
            if changes is None:
                break
            edits += changes
        else:
            placed = sorted(edits, key=lambda edit: (edit.span.start, edit.span.end))
            size = format_shape(target if adds else target[1:])
            yield Candidate(f"every branch gives {size}", tuple(placed), ends_at=case.end_of_item)


def _changes(case: Case, branch: Branch, target: tuple[int, ...], adds: bool) -> list[Edit] | None:
    """The edits that may bring a branch to a shape; None where there are none."""
    edits: list[Edit] = []
    if branch.value.spatial != target[1:]:
        for node in chain(case, branch):
            keeping = keeping_padding(node.arguments, "ceil_mode" in node.arguments)
            candidate = None
            if keeping is not None and node.arguments.get("padding") not in (None, keeping):
                candidate = edited(case, node, "padding", keeping)
            if candidate is not None:
                edits += candidate.edits
                break
        else:
            return None
    if adds and branch.value.channels != target[0]:
        for node in chain(case, branch):
            if node.arguments.get("out") == branch.value.channels:
                candidate = edited(case, node, "out", target[0])
                if candidate is None:
                    return None
                edits += candidate.edits
                break
        else:
            return None
    return edits


def _some(candidate: Candidate | None) -> Iterator[Candidate]:
    if candidate is not None:
        yield candidate


def _ratio(one: Value, other: Value, stride: tuple[int, ...]) -> tuple[int, ...] | None:
    """The stride with which the first branch would have the sizes of the other."""
    found = []
    for a, b, st in zip(one.spatial, other.spatial, stride, strict=True):
        arrived = a * st
        step = max(1, round(arrived / b)) if b else 0
        if step < 1:
            return None
        found.append(step)
    return tuple(found)


def _is_short(branch: Branch) -> bool:
    """Whether a branch hands on what arrived, or a tap."""
    return branch.span is None or branch.span.text == "identity" or branch.span.text.startswith("@")


def projection(case: Case) -> Iterator[Candidate]:
    """A 1x1 convolution on the short way, with the stride that the sizes ask for."""
    # The short way before the others: it is where a projection belongs.
    for one, other in sorted(pairs(case), key=lambda pair: not _is_short(pair[0])):
        a, b = one.value, other.value
        if a.rank != b.rank or not a.rank or not a.channels_first:
            continue
        strides = []
        for n, m in zip(a.spatial, b.spatial, strict=True):
            step = -(-n // m) if m else 0
            if step < 1 or (n - 1) // step + 1 != m:
                break
            strides.append(step)
        else:
            wide = tuple(strides)
            step_text = (
                "" if set(wide) == {1} else f" s{format_shape(wide[:1] if len(set(wide)) == 1 else wide)}"
            )
            yield from _on_branch(case, one, f"conv {b.channels} k1{step_text}")


def _on_branch(case: Case, branch: Branch, item: str) -> Iterator[Candidate]:
    """The candidates that let a branch go through one item more."""
    whole = case.item
    end = case.end_of_item
    if branch.span is None and isinstance(whole, s.Residual):
        if whole.condition is None:
            word = case.source.span(whole.span.start, whole.span.start + len("residual"))
            close = len(case.text[: whole.span.end - 1].rstrip())
            edits = (Edit(word, "add"), case.edit(close, close, f" | {item}"))
            yield Candidate(f"`add {{ ... | {item} }}` fits: {{shape}}", edits, ends_at=end)
    elif branch.span is None:
        yield from _some(
            case.insert_before(item, f"`{item} -> {whole.span.text if whole else ''}` fits: {{shape}}")
        )
    elif branch.span.text == "identity":
        yield Candidate(
            f"`{item}` instead of `identity` fits: {{shape}}", (Edit(branch.span, item),), ends_at=end
        )
    elif isinstance(whole, s.Call):
        # A tap among the arguments: the join is written with branches.
        taps = [one.span.text for one in whole.arguments]
        listed = [
            f"{tap} -> {item}" if one.span == branch.span else tap
            for one, tap in zip(whole.arguments, taps, strict=True)
        ]
        new = f"{whole.name} {{ identity | {' | '.join(listed)} }}"
        yield Candidate(f"`{new}` fits: {{shape}}", (Edit(whole.span, new),), ends_at=end)
    else:
        at = branch.span.end
        yield Candidate(
            f"`-> {item}` at the end of the branch fits: {{shape}}",
            (case.edit(at, at, f" -> {item}"),),
            ends_at=end,
        )


def borders(case: Case) -> Iterator[Candidate]:
    """A branch that is a little smaller is padded or upsampled, one that is a little larger is cropped."""
    for one, other in pairs(case):
        a, b = one.value, other.value
        if a.rank != b.rank or not a.rank:
            continue
        gaps = [m - n for n, m in zip(a.spatial, b.spatial, strict=True)]
        if not any(gaps):
            continue
        # `pad` and `crop` take the last axis first.
        sides = [side for gap in reversed(gaps) for side in (abs(gap) // 2, abs(gap) - abs(gap) // 2)]
        if all(gap >= 0 for gap in gaps):
            if max(gaps) <= 4:
                yield from _on_branch(case, one, f"pad {' '.join(map(str, sides))}")
            sizes = format_shape(b.spatial[:1] if len(set(b.spatial)) == 1 else b.spatial)
            text = sizes if "x" not in sizes else f"({', '.join(map(str, b.spatial))})"
            yield from _on_branch(case, one, f"upsample size={text}")
        elif all(gap <= 0 for gap in gaps) and all(
            -4 * gap <= n for gap, n in zip(gaps, a.spatial, strict=True)
        ):
            yield from _on_branch(case, one, f"crop {' '.join(map(str, sides))}")


def flattened(case: Case) -> Iterator[Candidate]:
    """A branch that gives an image beside one that gives a vector."""
    for one, other in pairs(case):
        if one.value.rank and not other.value.rank:
            yield from _on_branch(case, one, "flatten")


def widened(case: Case) -> Iterator[Candidate]:
    """The widths of vectors: a linear layer brings them together."""
    for one, other in pairs(case):
        if not one.value.rank and not other.value.rank:
            yield from _on_branch(case, one, f"linear {other.value.channels}")


JOINS: dict[str, tuple[Maker, ...]] = {
    "shape-mismatch": (
        channels_inside,
        windows,
        all_branches,
        projection,
        borders,
        flattened,
        widened,
        channels_before,
        sizes_in_the_input,
    ),
}
