"""What a spec declares before anything runs: its name, its input, its blocks, its training settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, SpecError
from cnndsl.elaboration.binding import reads_as_flag
from cnndsl.expressions import AXES, Environment, Undecided, evaluate
from cnndsl.ir import TrainSetting
from cnndsl.layers import find, find_join, flags
from cnndsl.text import Span
from cnndsl.words import RESERVED

__all__ = ["Declarations", "collect", "reserved"]

Report = Callable[[Diagnostic], None]

# Sections 5 and 8 of the language that this version does not run yet.
_LATER = {
    s.FileUse: "`use` of another file",
    s.OutputBlock: "a named `output`",
}


@dataclass(slots=True)
class Declarations:
    """What stands at the top level of a spec besides layers."""

    model: str | None = None
    input: s.Input | None = None
    blocks: dict[str, s.Block] = field(default_factory=dict)
    train: s.Train | None = None

    def train_settings(self, names: Environment, report: Report) -> tuple[TrainSetting, ...]:
        """The lines of the `train` section, their arguments evaluated."""
        if self.train is None:
            return ()
        settings = []
        for setting in self.train.settings:
            try:
                settings.append(_setting(setting, names))
            except Undecided:
                continue
            except SpecError as error:
                for diagnostic in error.diagnostics:
                    report(diagnostic)
        return tuple(settings)


def _setting(setting: s.Setting, names: Environment) -> TrainSetting:
    positional: list[tuple[Any, Span]] = []
    keywords: dict[str, tuple[Any, Span]] = {}
    for argument in setting.arguments:
        if isinstance(argument.value, s.Tap):
            message = "a training setting takes no taps"
            raise SpecError((Diagnostic("train-setting", message, argument.span),))
        # A word such as `sgd` is itself unless it is bound.
        value = evaluate(argument.value, names, None, None)
        if argument.keyword is None:
            positional.append((value, argument.span))
        elif argument.keyword in keywords:
            message = f"`{argument.keyword}` is given twice"
            raise SpecError((Diagnostic("duplicate-argument", message, argument.span),))
        else:
            keywords[argument.keyword] = (value, argument.span)
    return TrainSetting(
        name=setting.name.word,
        positional=tuple(value for value, _ in positional),
        keywords={keyword: value for keyword, (value, _) in keywords.items()},
        span=setting.name.span,
        positional_spans=tuple(span for _, span in positional),
        keyword_spans={keyword: span for keyword, (_, span) in keywords.items()},
    )


def reserved(name: s.Name, report: Report) -> bool:
    """Whether a name that is to be bound means something else already; reported if so."""
    if name.word in RESERVED:
        why = "is a word of the language"
    elif name.word in AXES:
        why = "is an axis of the arriving value"
    elif reads_as_flag(name.word, flags()):
        why = "reads as a flag of a layer"
    else:
        return False
    mend = f"{name.word}_" if name.word in RESERVED else f"my_{name.word}"
    report(
        Diagnostic(
            "reserved-name", f"`{name.word}` {why}", name.span, help=(f"another name, such as `{mend}`",)
        )
    )
    return True


def collect(spec: s.Body, report: Report) -> Declarations:
    """Gather the declarations of a spec, refusing those that stand twice or below the top level."""
    declared = Declarations()
    started = False
    for statement in spec.statements:
        match statement:
            case s.Model():
                if declared.model is not None:
                    report(Diagnostic("duplicate-name", "the model already has a name", statement.name.span))
                declared.model = statement.name.word
            case s.Input():
                _input(statement, declared, started, report)
            case s.Block():
                _block(statement, declared, report)
            case s.Train():
                if declared.train is not None:
                    message = "there is a `train` section already"
                    report(Diagnostic("duplicate-name", message, statement.span))
                else:
                    declared.train = statement
            case s.FileUse() | s.OutputBlock():
                message = f"{_LATER[type(statement)]} is not supported by this version of cnndsl yet"
                report(Diagnostic("syntax-error", message, statement.span))
            case s.Param() | s.Let() | s.Lost():
                pass
            case _:
                started = True
        for body in s.bodies(statement):
            _only_top_level(body, report)
    return declared


def _input(statement: s.Input, declared: Declarations, started: bool, report: Report) -> None:
    if declared.input is not None:
        message = "several inputs are not supported by this version of cnndsl yet"
        report(Diagnostic("syntax-error", message, statement.span))
        return
    if started:
        message = "`input` stands before the first layer"
        report(Diagnostic("syntax-error", message, statement.span))
    declared.input = statement


def _block(statement: s.Block, declared: Declarations, report: Report) -> None:
    name = statement.name
    if reserved(name, report):
        return
    found = find(name.word)
    # Aliases may be taken over: `dense` is a good name for a block of DenseNet's.
    if (found is not None and found.layer.name == name.word) or find_join(name.word) is not None:
        message = f"`{name.word}` is a layer already"
        report(Diagnostic("duplicate-name", message, name.span, help=("give the block another name",)))
        return
    if name.word in declared.blocks:
        message = f"there is a block `{name.word}` already"
        report(Diagnostic("duplicate-name", message, name.span))
        return
    declared.blocks[name.word] = statement
    seen: set[str] = set()
    for parameter in statement.parameters:
        if reserved(parameter.name, report):
            continue
        if parameter.name.word in seen:
            message = f"the block already has a parameter `{parameter.name.word}`"
            report(Diagnostic("duplicate-name", message, parameter.name.span))
        seen.add(parameter.name.word)


def _only_top_level(body: s.Body, report: Report) -> None:
    """Refuse declarations inside a body: they would hold for the whole spec all the same."""
    pending = [body]
    while pending:
        for statement in pending.pop().statements:
            if isinstance(
                statement,
                (s.Model, s.Input, s.Block, s.Train, s.Param, s.FileUse, s.OutputBlock),
            ):
                word = statement.span.text.split(None, 1)[0]
                report(
                    Diagnostic(
                        "syntax-error",
                        f"`{word}` stands at the top level only",
                        statement.span,
                        help=("move it out of the brackets",),
                    )
                )
            pending.extend(s.bodies(statement))
