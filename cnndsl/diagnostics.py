"""What can be said about a spec: rules, diagnostics, and the exceptions that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from cnndsl.text import Span

__all__ = [
    "ERRORS",
    "RULES",
    "WARNINGS",
    "Diagnostic",
    "Edit",
    "Fix",
    "PluginError",
    "Related",
    "Severity",
    "SpecError",
]

Severity = Literal["error", "warning"]

# The stable words of interfaces; a diagnostic with any other word is a defect of ours. What each means is
# told in cnndsl/rules, which `check` does not load.
ERRORS: frozenset[str] = frozenset(
    """
    syntax-error
    unknown-layer unknown-argument unknown-name unknown-label unknown-block-file duplicate-label
    duplicate-name reserved-name ambiguous-argument recursive-block unknown-parameter
    missing-argument duplicate-argument too-many-arguments invalid-argument
    missing-input wrong-rank needs-flatten kernel-too-large empty-output padding-too-large
    output-padding-too-large same-needs-stride-1 groups-mismatch not-divisible shape-mismatch
    shape-assertion free-size
    tap-before-label too-large unused-output budget-exceeded
    train-setting data-mismatch
    """.split()
)
WARNINGS: frozenset[str] = frozenset(
    """
    dropped-pixels bias-before-norm no-activation-between activation-on-logits softmax-before-loss
    receptive-field-small heavy-first-linear unused-block unused-param unused-label
    single-value-batchnorm
    """.split()
)
RULES = ERRORS | WARNINGS


class Related(NamedTuple):
    """A second place that a diagnostic speaks of, with what it says there."""

    message: str
    span: Span


class Edit(NamedTuple):
    """Replace the characters of `span` by `text`."""

    span: Span
    text: str


class Fix(NamedTuple):
    """Edits that mend the spec, with the sentence that offers them.

    `certain` where nothing else can have been meant: `cnndsl check --fix` makes these edits.
    """

    title: str
    edits: tuple[Edit, ...]
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: which rule, where, what was expected and what came, and the mend.

    `message` suffices alone; `label` are a few words to stand under the marked text; `related` shows
    where the sizes come from; `help` says what to write.
    """

    rule: str
    message: str
    span: Span
    label: str = ""
    related: tuple[Related, ...] = ()
    help: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    severity: Severity = "error"

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ValueError(f"{self.rule!r} is not a documented rule")


class SpecError(Exception):
    """A spec that cannot be compiled; carries the diagnostics and prints as `cnndsl check` does."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        from cnndsl.render import render_full

        return "\n" + render_full(self.diagnostics)


class PluginError(Exception):
    """A plugin is at fault, not the spec: it cannot be loaded, or a layer of it breaks its own promises.

    The message names the plugin, the layer and the rule; where the plugin's code raised, that exception
    is the cause.
    """
