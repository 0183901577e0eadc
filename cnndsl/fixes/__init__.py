"""Fixes: changes to a spec that were tried out, and are offered because they work.

For each mistake the candidates are gathered, each is made to the text, and the whole text is checked again. A
fix is offered where the mistake is gone then and no other has come. Loaded only where fixes are asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnndsl.diagnostics import Diagnostic, Edit, Fix, Related
from cnndsl.fixes.arguments import ARGUMENTS
from cnndsl.fixes.candidates import Candidate, Case, Maker, defined
from cnndsl.fixes.edits import applied, shifted
from cnndsl.fixes.general import GENERAL
from cnndsl.fixes.joins import JOINS
from cnndsl.fixes.labels import LABELS
from cnndsl.fixes.names import NAMES
from cnndsl.fixes.sizes import SIZES
from cnndsl.ir import Graph
from cnndsl.parser import parse_all
from cnndsl.syntax import Body
from cnndsl.text import Source

__all__ = ["Checked", "with_fixes"]

# Fixes that are offered for one mistake, candidates that are tried for one, and mistakes that get any.
MOST_OFFERED = 3
MOST_TRIED = 16
MOST_MISTAKES = 20
# Work in all: characters and layers that are read again. A spec of 200 layers can be checked 60 times.
MOST_WORK = 1_500_000
MOST_CHECKS = 80


class Checked(NamedTuple):
    """What a check of a text gives."""

    graph: Graph
    diagnostics: tuple[Diagnostic, ...]


Again = Callable[[str], Checked]


def with_fixes(source: Source, checked: Checked, again: Again) -> tuple[Diagnostic, ...]:
    """The diagnostics, those of errors with the fixes that work. `again` checks another text alike."""
    errors = [one for one in checked.diagnostics if one.severity == "error"]
    tree = parse_all(source).body or Body(source.span(0, 0), ())
    trial = _Trial(source, Counter(map(_mistake, errors)), again, checked.graph)
    fixed: dict[int, Diagnostic] = {}
    for error in errors[:MOST_MISTAKES]:
        if error.span.source is source:
            fixed[id(error)] = _fixed(error, Case(source, tree, checked.graph, error), trial)
    return tuple(fixed.get(id(one), one) for one in checked.diagnostics)


def _mistake(diagnostic: Diagnostic) -> tuple[str, str]:
    return diagnostic.rule, diagnostic.message


def _fixed(diagnostic: Diagnostic, case: Case, trial: _Trial) -> Diagnostic:
    """The diagnostic with the fixes that work, and without help lines that they replace."""
    made: list[Fix] = []
    seen: set[tuple[Edit, ...]] = set()
    tried = 0
    for candidate in _candidates(diagnostic, case):
        if candidate.edits in seen:
            continue
        seen.add(candidate.edits)
        tried += 1
        if tried > MOST_TRIED or trial.spent or len(made) == MOST_OFFERED:
            break
        fix = trial.run(diagnostic, candidate)
        if fix is not None and fix.certain:
            # What else would work was not meant.
            made = [fix]
            break
        if fix is not None:
            made.append(fix)
    help = tuple(line for line in diagnostic.help if not _is_said(line, case, made))
    return Diagnostic(
        diagnostic.rule,
        diagnostic.message,
        diagnostic.span,
        diagnostic.label,
        (*diagnostic.related, *_definition(case, made)),
        help,
        tuple(made),
        diagnostic.severity,
    )


def _definition(case: Case, fixes: Sequence[Fix]) -> tuple[Related, ...]:
    """Where the name is made that was meant: the slip may as well be there."""
    if case.diagnostic.rule not in ("unknown-name", "unknown-layer", "unknown-label") or not fixes:
        return ()
    word = fixes[0].edits[0].text.lstrip("@")
    return tuple(Related(f"`{word}` is made here", span) for span in defined(case.tree, word)[:1])


def _candidates(diagnostic: Diagnostic, case: Case) -> list[Candidate]:
    if diagnostic.rule == "syntax-error" and diagnostic.fixes:
        return [Candidate(fix.title, fix.edits, fix.certain) for fix in diagnostic.fixes]
    makers: Sequence[Maker] = (
        *LABELS.get(diagnostic.rule, ()),
        *NAMES.get(diagnostic.rule, ()),
        *ARGUMENTS.get(diagnostic.rule, ()),
        *SIZES.get(diagnostic.rule, ()),
        *JOINS.get(diagnostic.rule, ()),
        *GENERAL.get(diagnostic.rule, ()),
    )
    return [candidate for maker in makers for candidate in maker(case)]


def _is_said(line: str, case: Case, fixes: Sequence[Fix]) -> bool:
    """Whether a help line offers what a fix does, or what was tried and does not work."""
    if any(line == fix.title for fix in fixes):
        return True
    code = line.partition("`")[2].partition("`")[0]
    if any(code and code in fix.title for fix in fixes):
        return True
    return line.startswith(("did you mean", "write `", "for example")) and bool(fixes)


class _Trial:
    """Tries candidates out, and counts the work."""

    def __init__(
        self, source: Source, mistakes: Counter[tuple[str, str]], again: Again, graph: Graph
    ) -> None:
        self.source = source
        self.mistakes = mistakes
        self.again = again
        self.cost = len(source.text) + 100 * len(graph.nodes)
        self.checks = 0

    @property
    def spent(self) -> bool:
        """Whether enough work was done."""
        return self.checks >= MOST_CHECKS or (self.checks + 1) * self.cost > MOST_WORK

    def run(self, diagnostic: Diagnostic, candidate: Candidate) -> Fix | None:
        """The fix, if the text is better with it."""
        self.checks += 1
        checked = self.again(applied(self.source.text, candidate.edits))
        left = Counter(_mistake(one) for one in checked.diagnostics if one.severity == "error")
        allowed = self.mistakes - Counter([_mistake(diagnostic)])
        if left - allowed:
            return None
        title = candidate.title
        if "{shape}" in title:
            shape = _shape_at(checked.graph, shifted(candidate.ends_at, candidate.edits))
            title = title.replace(": {shape}", f": {shape}" if shape else "")
        return Fix(title, candidate.edits, candidate.certain)


def _shape_at(graph: Graph, end: int) -> str:
    """The value of the item that ends at an offset, as text; empty where it is unknown."""
    for node in reversed(graph.nodes):
        if node.span.end == end and node.output is not None:
            return str(node.output)
    return ""
