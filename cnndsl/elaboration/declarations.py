"""What a spec declares before anything runs: its name, inputs, outputs, blocks and training settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, Related, SpecError
from cnndsl.elaboration.binding import reads_as_flag
from cnndsl.expressions import AXES, Environment, Undecided, evaluate
from cnndsl.ir import TrainSetting
from cnndsl.layers import find, find_join, flags
from cnndsl.text import Span
from cnndsl.words import RESERVED

__all__ = ["BlockEntry", "Declarations", "Home", "collect", "reserved"]

Report = Callable[[Diagnostic], None]


@dataclass(slots=True, eq=False)
class Home:
    """What the blocks of one file see: each other, those that `use` brought, and the top-level names."""

    names: Environment
    blocks: dict[str, BlockEntry] = field(default_factory=dict)
    # What a `use` should have brought and did not; whether it may have been any block.
    missing: set[str] = field(default_factory=set)
    is_open: bool = False


class BlockEntry(NamedTuple):
    """A block, and where it is at home."""

    block: s.Block
    home: Home


@dataclass(slots=True)
class Declarations:
    """What stands at the top level of a spec besides layers."""

    model: str | None = None
    inputs: list[s.Input] = field(default_factory=list)
    blocks: dict[str, s.Block] = field(default_factory=dict)
    uses: list[s.FileUse] = field(default_factory=list)
    outputs: list[s.OutputBlock] = field(default_factory=list)
    train: s.Train | None = None
    # The last statement that computes something.
    last: s.Statement | None = None

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
            case s.FileUse():
                declared.uses.append(statement)
            case s.OutputBlock():
                _output(statement, declared, report)
                started, declared.last = True, statement
            case s.Param() | s.Let() | s.Budget() | s.Lost():
                pass
            case _:
                started, declared.last = True, statement
        for body in s.bodies(statement):
            _only_top_level(body, report)
    return declared


def _input(statement: s.Input, declared: Declarations, started: bool, report: Report) -> None:
    if started:
        message = "`input` stands before the first layer"
        report(Diagnostic("syntax-error", message, statement.span))
    for other in declared.inputs:
        if other.name == statement.name:
            named = f"an input `{other.name}`" if other.name else "an input without a name"
            report(
                Diagnostic(
                    "duplicate-name",
                    f"there is {named} already",
                    statement.span,
                    related=(Related("it stands here", other.span),),
                    help=("several inputs have names: `input left: 1x28x28`, then `@left -> ...`",),
                )
            )
            return
    declared.inputs.append(statement)


def _output(statement: s.OutputBlock, declared: Declarations, report: Report) -> None:
    name, when = statement.name, statement.when
    if name.word in RESERVED or name.word.startswith("_"):
        why = "is a word of the language" if name.word in RESERVED else "begins with an underscore"
        report(
            Diagnostic(
                "reserved-name", f"`{name.word}` {why}", name.span, help=("another name for the output",)
            )
        )
    for other in declared.outputs:
        if other.name.word == name.word:
            report(
                Diagnostic(
                    "duplicate-name",
                    f"there is an output `{name.word}` already",
                    name.span,
                    related=(Related("it stands here", other.name.span),),
                )
            )
    if when is not None and when.word != "training":
        report(
            Diagnostic(
                "syntax-error",
                f"an output exists always or `when training`, not `when {when.word}`",
                when.span,
                help=(f"`output {name.word} when training {{ ... }}`",),
            )
        )
    declared.outputs.append(statement)


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
                (s.Model, s.Input, s.Block, s.Train, s.Param, s.FileUse, s.OutputBlock, s.Budget),
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
