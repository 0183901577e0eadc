"""The state of one elaboration, and what every part of it does: report, evaluate, count, open scopes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, Related, SpecError
from cnndsl.elaboration.builder import GraphBuilder, Labelled, OpenScope
from cnndsl.elaboration.declarations import BlockEntry, Declarations, Home
from cnndsl.elaboration.labels import find_labelled
from cnndsl.elaboration.provenance import use_notes
from cnndsl.expressions import UNDECIDED, Environment, Undecided, evaluate
from cnndsl.ir import Output, ScopeKind, Use
from cnndsl.layers.declaration import Operation
from cnndsl.slips import form_of
from cnndsl.text import Source, Span

__all__ = ["MOST_NODES", "MOST_STEPS", "Context", "Place", "Stated", "TooLarge"]

MOST_NODES = 100_000
# Statements run, so that empty loops end too; a network of MOST_NODES needs far fewer.
MOST_STEPS = 300_000
# A name holds the names of all scopes around it: deep scopes with long names multiply.
MOST_CHARACTERS = 50_000_000
MOST_DIAGNOSTICS = 100
# Mistakes that are made again, in a loop: after so many the rest of it has nothing new to say.
MOST_AGAIN = 5_000


class TooLarge(Exception):
    """The spec is beyond the bounds; a diagnostic has been reported."""


@dataclass(slots=True)
class Place:
    """Where in the run we are: names in sight, the current value, the scope, the blocks in use."""

    names: Environment
    current: int
    scope: OpenScope
    uses: tuple[Use, ...]
    body: s.Body

    def inside(self) -> Place:
        """The same place in braces of its own: what is bound there ends there."""
        return Place(Environment(self.names), self.current, self.scope, self.uses, self.body)


class Stated(NamedTuple):
    """An assertion: what it states of the value of `node`, in axes of the value of the node `arriving`."""

    shape: s.ShapeLiteral
    node: int
    arriving: int
    names: Environment


@dataclass(slots=True)
class Reporter:
    """Diagnostics in the order of their places, one for each mistake."""

    found: list[Diagnostic] = field(default_factory=list)
    seen: set[tuple[str, Span, str]] = field(default_factory=set)
    again: int = 0

    def add(self, diagnostic: Diagnostic) -> None:
        # A block used ten times is wrong once: the first use tells. What stands nowhere has its message only.
        span = diagnostic.span
        mistake = (diagnostic.rule, span, "" if span.end > span.start else diagnostic.message)
        if mistake in self.seen:
            self.again += 1
            if self.again > MOST_AGAIN:
                raise TooLarge
            return
        self.seen.add(mistake)
        self.found.append(diagnostic)
        if len(self.found) >= MOST_DIAGNOSTICS:
            raise TooLarge


class Context:
    """One elaboration: the graph so far, what was found wrong, how far we are from the bounds."""

    def __init__(self, source: Source, spec: s.Body, parameters: dict[str, Any]) -> None:
        self.source = source
        self.spec = spec
        self.builder = GraphBuilder(spec.span)
        self.reporter = Reporter()
        self.given = parameters
        # What the letters of open sizes stand for in this run, and what the spec states of its values then.
        self.letters: Mapping[str, int] = {}
        self.stated: list[Stated] = []
        self.parameters: dict[str, Any] = {}
        self.outputs: list[Output] = []
        self.depth = 0
        self.steps = 0
        self.active: list[BlockEntry] = []
        self.uses: tuple[Use, ...] = ()
        # The loops and repeats that run, and a function that says which round each is in.
        self.rounds: list[tuple[Span, Callable[[], str]]] = []
        self.root_names = Environment()
        self.declared = Declarations()
        # The file whose blocks and names are in sight: another one inside a block that `use` brought.
        self.home = Home(self.root_names)
        self.files: dict[str, str] = {}

    def error(
        self,
        rule: str,
        message: str,
        span: Span,
        *help: str,
        label: str = "",
        related: tuple[Related, ...] = (),
    ) -> None:
        self.report(Diagnostic(rule, message, span, label, related, help))

    def report(self, diagnostic: Diagnostic) -> None:
        rounds = tuple(Related(what(), span) for span, what in reversed(self.rounds))
        notes = (*diagnostic.related, *rounds, *use_notes(self.uses))
        if len(notes) > len(diagnostic.related):
            diagnostic = replace(diagnostic, related=notes)
        self.reporter.add(diagnostic)

    def misplaced(self, word: str, span: Span) -> None:
        """Say that a word of the language stands where a layer should."""
        self.error("syntax-error", f"`{word}` is a word of the language, not a layer", span, *form_of(word))

    def too_large(self, message: str, span: Span) -> TooLarge:
        self.error("too-large", message, span)
        return TooLarge()

    def step(self, span: Span) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise self.too_large(f"more than {MOST_STEPS:,} steps", span)
        full = self.builder.full(MOST_NODES, MOST_CHARACTERS)
        if full:
            raise self.too_large(full, span)

    def value(self, expression: s.Expression, place: Place) -> Any:
        """An expression's value, UNDECIDED where it has none; mistakes are reported."""
        try:
            return evaluate(expression, place.names, self.builder.value(place.current))
        except Undecided:
            return UNDECIDED
        except SpecError as error:
            for diagnostic in error.diagnostics:
                self.report(diagnostic)
            return UNDECIDED

    def lose(self, place: Place, span: Span, word: str = "?") -> None:
        """After a mistake the value is unknown, and what depends on it stays silent."""
        unknown = Operation(name=word, summary="unknown after a mistake")
        place.current = self.builder.append(place.scope, unknown, (place.current,), None, span, place.uses)

    def tap(self, tap: s.Tap, place: Place) -> int | None:
        """The node whose value a tap gives; None after a mistake, which is reported."""
        found = self.find_labelled(tap, place)
        if found is None:
            return None
        if self.builder.node(found.node).training_only and not self.builder.training_only:
            self.error(
                "unknown-label",
                f"`{tap.span.text}` is computed in training mode only",
                tap.span,
                "outside of `output ... when training` it would be missing in evaluation mode",
                related=(Related("it stands here", found.span),),
            )
            return None
        return found.node

    def find_labelled(self, tap: s.Tap, place: Place) -> Labelled | None:
        """What a tap's label names; None after a mistake, which is reported."""
        arriving = self.builder.value(place.current)
        return find_labelled(tap, place.scope, place.names, arriving, place.body, self.builder, self.report)

    def scoped(
        self, span: Span, place: Place, label: str | None, kind: ScopeKind, run: Callable[[Place], None]
    ) -> OpenScope | None:
        """Run something in a scope of its own where it has a label, else in the scope around it."""
        if label is None:
            run(place)
            return None
        inside = self.builder.open(place.scope, label, kind, span, input=place.current)
        at = replace(place, scope=inside)
        run(at)
        inside.output = place.current = at.current
        return inside

    def inner(self, body: s.Body, place: Place) -> None:
        """Run a body in braces or brackets of its own: what `let` binds there ends there."""
        raise NotImplementedError

    def body(self, body: s.Body, place: Place) -> None:
        """Run the statements of a body; `place.current` is then the value that leaves it."""
        raise NotImplementedError

    def item(self, item: s.Statement, place: Place, label: str | None) -> None:
        """Run an item. `label` is the key that a label gives it."""
        raise NotImplementedError
