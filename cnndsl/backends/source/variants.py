"""Which uses of a block share a class although one has a part that the other lacks.

A block is one class where one of its uses has every part that any other use has, in the same order
and with the same connections. What the others lack then stands behind an `if`, as a person writes it:
a child that is left out is `None`, a join that is left out hands on one of its branches, and a
numbered sequential is made of a list to which the optional entries are added. Activations may be of
different classes. Uses that differ in more than that, or in so many ways that the conditions would
hide the block, have classes of their own; but stages, rows of uses of one block, that differ in their
lengths are written in place, as a class for each length would say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnndsl.analysis.flow import Flow, Unit
from cnndsl.backends.source.matching import is_numbered, is_stage, match_entries, match_flows
from cnndsl.backends.source.parts import Entry, Inline, Path, Tree

__all__ = ["Gate", "Shared", "Variant", "alone", "gates", "places", "share"]

# A class has this many different conditions at most.
CONDITIONS = 4


@dataclass(frozen=True, slots=True)
class Variant:
    """Uses of a block that have the same parts: their scopes, and the first one's flow and children."""

    numbers: tuple[int, ...]
    flow: Flow
    entries: tuple[Entry, ...]
    is_sequential: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """Scopes that share a class; the first of them has every part.

    For each scope, `paths` leads from the places of the first one's parts to those of its own, which
    may be numbered otherwise; `lacking` are the values of the first one that it does not compute, and
    `passes` says which value then stands for such a one.
    """

    numbers: tuple[int, ...]
    paths: tuple[Mapping[Path, Path], ...]
    lacking: tuple[frozenset[int], ...]
    passes: Mapping[int, int]

    @property
    def is_uniform(self) -> bool:
        """Whether no scope lacks anything, and all have the same places."""
        return all(paths is self.paths[0] for paths in self.paths)

    def has(self, path: Path) -> tuple[bool, ...]:
        """Which of the scopes have the part at a place of the first one."""
        return tuple(path in paths for paths in self.paths)


@dataclass(frozen=True, slots=True)
class Gate:
    """Steps in a row that some scopes lack: their values, the last of which is used further on.

    `instead` is the value that stands for the last one where the steps are left out, `present` says
    which of the scopes have them.
    """

    units: tuple[Unit, ...]
    instead: int
    present: tuple[bool, ...]

    @property
    def result(self) -> int:
        """The value that is used further on."""
        return self.units[-1].gives[0]


@dataclass(frozen=True, slots=True)
class Match:
    """How one variant goes into another."""

    variant: Variant
    paths: Mapping[Path, Path]
    lacking: frozenset[int]
    passes: Mapping[int, int]


def share(variants: Sequence[Variant]) -> Iterator[Shared]:
    """The variants of one block, put together where they may share a class."""
    rest = sorted(variants, key=lambda variant: -weight(variant))
    while rest:
        whole, *others = rest
        matches = [itself(whole)]
        rest = []
        for variant in others:
            match = match_variants(whole, variant)
            if match is None or not is_readable([*matches, match]):
                rest.append(variant)
            else:
                matches.append(match)
        yield shared(matches)


def alone(variant: Variant) -> Shared:
    """The scopes of one variant."""
    return shared([itself(variant)])


def itself(variant: Variant) -> Match:
    """The variant as one that lacks nothing."""
    return Match(variant, {path: path for path, _ in places(variant.entries)}, frozenset(), {})


def weight(variant: Variant) -> int:
    """How much there is to a variant: one that lacks something weighs less."""
    return len(variant.flow.units) + sum(1 for _ in places(variant.entries))


def shared(matches: Sequence[Match]) -> Shared:
    """The scopes of several variants as one."""
    passes: dict[int, int] = {}
    for match in matches:
        passes.update(match.passes)
    each = [(number, match) for match in matches for number in match.variant.numbers]
    return Shared(
        tuple(number for number, _ in each),
        tuple(match.paths for _, match in each),
        tuple(match.lacking for _, match in each),
        passes,
    )


def is_readable(matches: Sequence[Match]) -> bool:
    """Whether one class for all the variants can be written, and read."""
    whole, last = matches[0].variant, matches[-1]
    known = [match.passes for match in matches[:-1]]
    if any(last.passes.get(value, other) != other for passes in known for value, other in passes.items()):
        return False
    together = shared(matches)
    present = {path: together.has(path) for path in matches[0].paths}
    for path, has in present.items():
        parent = path[:-1]
        if parent and not all(present[parent]) and has != present[parent]:
            return False
    conditions = {has for has in present.values() if not all(has)}
    found = () if whole.is_sequential else gates(whole.flow, together)
    return found is not None and len(conditions | {gate.present for gate in found}) <= CONDITIONS


def match_variants(whole: Variant, variant: Variant) -> Match | None:
    """How a variant goes into one that has all its parts, None where it does not."""
    if whole.is_sequential != variant.is_sequential and whole.is_sequential:
        return None
    if whole.is_sequential and is_stage(whole.entries):
        return None
    in_order = whole.is_sequential and is_numbered(whole.entries) and is_numbered(variant.entries)
    paths = match_entries(whole.entries, variant.entries, in_order, 0 if in_order else 1)
    if paths is None or whole.is_sequential:
        return None if paths is None else Match(variant, paths, frozenset(), {})
    passes = match_flows(whole.flow, variant.flow)
    return None if passes is None else Match(variant, paths, frozenset(passes), passes)


def places(entries: Sequence[Entry], path: Path = ()) -> Iterator[tuple[Path, Tree]]:
    """All entries with their places, those in sequentials that are written in place too."""
    for key, tree in entries:
        yield (*path, key), tree
        if isinstance(tree, Inline):
            yield from places(tree.entries, (*path, key))


def gates(flow: Flow, scopes: Shared) -> tuple[Gate, ...] | None:
    """The steps of a flow that some scopes lack, put together where they stand in a row.

    None where they are connected with the rest in a way that one `if` can't say.
    """
    found: list[Gate] = []
    run: list[Unit] = []
    before: tuple[bool, ...] = ()
    for unit in (*flow.units, None):
        present = (
            tuple(unit.gives[0] not in lacking for lacking in scopes.lacking) if unit and unit.gives else ()
        )
        if run and present != before:
            gate = gate_of(flow, run, before, scopes.passes)
            if gate is None:
                return None
            found.append(gate)
            run = []
        if unit is not None and not all(present):
            run.append(unit)
            before = present
    return tuple(found)


def gate_of(
    flow: Flow, units: Sequence[Unit], present: tuple[bool, ...], passes: Mapping[int, int]
) -> Gate | None:
    """The gate for steps in a row, None where more than the last one's value is used further on."""
    inside = {unit.gives[0] for unit in units}
    outside = [unit for unit in flow.units if inside.isdisjoint(unit.gives)]
    used = {value for unit in outside for value in unit.takes}.union(flow.returns)
    value = units[-1].gives[0]
    if used & inside != {value} or any(unit.is_copy or unit.content.training_only for unit in units):
        return None
    while value in inside:
        value = passes[value]
    return Gate(tuple(units), value, present)
