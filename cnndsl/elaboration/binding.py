"""Arguments as written, bound to the arguments that a layer or a block declares.

Everything that is written either lands in a declared argument or is an error at its own place; nothing is
ignored. Several mistakes in one use are all reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, SpecError
from cnndsl.dims import Value
from cnndsl.elaboration.unknown import keyword_help, word_problem
from cnndsl.expressions import AXES, UNDECIDED, Environment, Undecided, evaluate
from cnndsl.layers.declaration import Argument, Layer, SameAs
from cnndsl.layers.kinds import Invalid, PerAxis
from cnndsl.text import Span
from cnndsl.words import FLAG, closest, did_you_mean

__all__ = ["Bound", "bind_block", "bind_layer", "reads_as_flag"]


class Bound(NamedTuple):
    """The arguments of one use, by canonical name; `spans` says where the written ones stand.

    `decided` is False where a value depends on something that an earlier mistake left unknown.
    """

    arguments: Mapping[str, Any]
    spans: Mapping[str, Span]
    decided: bool


def reads_as_flag(word: str, letters: Iterable[str]) -> bool:
    """Whether a word is a short flag with one of these letters, such as `k3`."""
    found = FLAG.fullmatch(word)
    return found is not None and found[1] in letters


def _flag_value(digits: str) -> int | tuple[int, ...]:
    numbers = tuple(int(number) if len(number) <= 10 else 10**10 for number in digits.split("x"))
    return numbers[0] if len(numbers) == 1 else numbers


class _Slots:
    """What has been given so far."""

    def __init__(self, report: Callable[[Diagnostic], None]) -> None:
        self.report = report
        self.values: dict[str, Any] = {}
        self.spans: dict[str, Span] = {}
        self.failed = False

    def error(self, rule: str, message: str, span: Span, *help: str) -> None:
        self.failed = True
        self.report(Diagnostic(rule, message, span, help=help))

    def put(self, name: str, value: Any, span: Span) -> None:
        if name in self.values:
            first = self.spans[name]
            self.error(
                "duplicate-argument",
                f"`{name}` is given twice, as `{first.text}` and as `{span.text}`",
                span,
                "take one of them out",
            )
        else:
            self.values[name] = value
            self.spans[name] = span

    def evaluate(self, run: Callable[[], Any], argument: Argument | None = None) -> Any:
        """What `run` computes for an argument; UNDECIDED where that fails, the mistakes reported."""
        try:
            return run()
        except Undecided:
            return UNDECIDED
        except SpecError as error:
            self.failed = True
            for diagnostic in error.diagnostics:
                if diagnostic.rule == "unknown-name" and not diagnostic.help and argument is not None:
                    takes = f"{argument.name} takes {argument.kind.expected}"
                    diagnostic = replace(diagnostic, help=(takes,))
                self.report(diagnostic)
            return UNDECIDED


def bind_layer(
    layer: Layer,
    use: s.Call,
    names: Environment,
    arriving: Value | None,
    report: Callable[[Diagnostic], None],
    takes: frozenset[int] | None = None,
) -> Bound | None:
    """Bind a layer's arguments; None where a mistake was reported.

    `takes` are the ranks of the values that the layer may get: how many axes an argument has to have
    is not said of a value that it cannot get.
    """
    slots = _Slots(report)
    flags = {argument.flag: argument for argument in layer.arguments if argument.flag}
    switches = {
        argument.switch[0]: (argument, argument.switch[1])
        for argument in layer.arguments
        if argument.switch is not None
    }
    keywords = {word: argument for argument in layer.arguments for word in argument.keywords}
    places = [argument for argument in layer.arguments if argument.positional]
    variadic: list[tuple[Any, Span]] = []
    place = 0
    for written in use.arguments:
        value = written.value
        if isinstance(value, s.Tap):
            slots.error(
                "unknown-argument",
                f"`{layer.name}` takes no `{value.span.text}`: only joins take taps",
                written.span,
                f"to feed it to the layer, write `{value.span.text} -> {layer.name}`",
            )
            continue
        if written.keyword is not None:
            argument = keywords.get(written.keyword)
            if argument is None:
                assert written.keyword_span is not None
                message = f"`{layer.name}` has no argument `{written.keyword}`"
                help = keyword_help(layer, written.keyword)
                slots.error("unknown-argument", message, written.keyword_span, help)
                continue
            expression, words = value, argument.kind.words
            if words and isinstance(value, s.Name) and closest(value.word, names.names()) is None:
                # Not a slip in a name, so the argument says which words it takes.
                words |= {value.word}
            result = slots.evaluate(lambda e=expression, w=words: evaluate(e, names, arriving, w), argument)  # type: ignore[misc]
            slots.put(argument.name, result, written.span)
            continue
        if isinstance(value, s.Name):
            if value.word in switches:
                argument, result = switches[value.word]
                slots.put(argument.name, result, written.span)
                continue
            flag = FLAG.fullmatch(value.word)
            if flag is not None and flag[1] in flags:
                # Flags of plugins reserve no names, so the word may be one.
                if layer.plugin and names.lookup(value.word) is not None:
                    _ambiguous(slots, value.word, f"the flag `{flag[1]}`", flag, written.span)
                else:
                    slots.put(flags[flag[1]].name, _flag_value(flag[2]), written.span)
                continue
            if names.lookup(value.word) is None and value.word not in AXES:
                is_word = place < len(places) and value.word in places[place].kind.words
                if not is_word:
                    following = places[place] if place < len(places) else None
                    wanted = (
                        following is not None and following.required and following.name not in slots.values
                    )
                    bound = frozenset(names.names())
                    rule, message, *advice = word_problem(layer, value.word, bound, wanted)
                    slots.error(rule, message, value.span, *advice)
                    continue
        if place < len(places) and places[place].variadic:
            words = places[place].kind.words
            result = slots.evaluate(lambda e=value, w=words: evaluate(e, names, arriving, w))  # type: ignore[misc]
            variadic.append((result, written.span))
            continue
        if place >= len(places):
            allowed = "no positional arguments" if not places else f"at most {len(places)}"
            listed = ", ".join(f"`{argument.name}`" for argument in places)
            slots.error(
                "too-many-arguments",
                f"`{layer.name}` takes {allowed}" + (f": {listed}" if listed else ""),
                written.span,
                "take it out, or name the argument that is meant",
            )
            continue
        words = places[place].kind.words
        result = slots.evaluate(lambda e=value, w=words: evaluate(e, names, arriving, w))  # type: ignore[misc]
        slots.put(places[place].name, result, written.span)
        place += 1
    if variadic:
        first, last = variadic[0][1], variadic[-1][1]
        gathered = variadic[0][0] if len(variadic) == 1 else tuple(value for value, _ in variadic)
        if any(value is UNDECIDED for value, _ in variadic):
            gathered = UNDECIDED
        slots.put(places[place].name, gathered, first.to(last))
    rank = None if arriving is None or (takes is not None and arriving.rank not in takes) else arriving.rank
    return _complete_layer(layer, use, rank, slots)


def _complete_layer(layer: Layer, use: s.Call, rank: int | None, slots: _Slots) -> Bound | None:
    """Normal forms, defaults, and what is missing."""
    decided = True
    result: dict[str, Any] = {}
    for argument in layer.arguments:
        if argument.name not in slots.values:
            continue
        value = slots.values[argument.name]
        if value is UNDECIDED:
            decided = False
            continue
        axes = rank
        if axes is None:
            axes = len(value) if isinstance(value, (tuple, list)) else 1
        try:
            result[argument.name] = argument.kind.accept(value, axes)
        except Invalid as invalid:
            slots.error(invalid.rule, f"{argument.name}: {invalid.message}", slots.spans[argument.name])
    missing = [
        f"{argument.name}, the {argument.doc}"
        for argument in layer.arguments
        if argument.required and argument.name not in slots.values
    ]
    if missing and not slots.failed:
        slots.error(
            "missing-argument",
            f"`{layer.name}` needs {'; and '.join(missing)}",
            use.name_span,
            f"for example `{_example(layer)}`",
        )
    if slots.failed:
        return None
    for argument in layer.arguments:
        if argument.name in slots.values:
            continue
        default = argument.default
        if isinstance(default, SameAs):
            default = result.get(default.argument)
        elif isinstance(argument.kind, PerAxis) and default is not None:
            default = argument.kind.accept(default, rank or 1)
        result[argument.name] = default
    return Bound(result, slots.spans, decided)


def _example(layer: Layer) -> str:
    return layer.examples[0].use


def _ambiguous(slots: _Slots, word: str, what: str, flag: re.Match[str], span: Span) -> None:
    slots.error(
        "ambiguous-argument",
        f"`{word}` is a value's name and reads as {what} too",
        span,
        f"write `{flag[1]}={flag[2]}` or `({word})`",
    )


def bind_block(
    block: s.Block,
    use: s.Call,
    names: Environment,
    arriving: Value | None,
    outside: Environment,
    report: Callable[[Diagnostic], None],
) -> Environment | None:
    """Bind a block's parameters in a new environment inside `outside`; None after a mistake."""
    slots = _Slots(report)
    parameters = [parameter.name.word for parameter in block.parameters]
    place = 0
    for written in use.arguments:
        value = written.value
        if isinstance(value, s.Tap):
            slots.error(
                "unknown-argument",
                f"the block `{use.name}` takes no `{value.span.text}`: only joins take taps",
                written.span,
                f"to feed it to the block, write `{value.span.text} -> {use.name}`",
            )
            continue
        if written.keyword is not None:
            if written.keyword not in parameters:
                assert written.keyword_span is not None
                listed = ", ".join(parameters) or "none"
                slots.error(
                    "unknown-argument",
                    f"the block `{use.name}` has no parameter `{written.keyword}`",
                    written.keyword_span,
                    *(did_you_mean(written.keyword, parameters) or (f"its parameters are: {listed}",)),
                )
                continue
            slots.put(written.keyword, _evaluated(slots, value, names, arriving), written.span)
            continue
        if isinstance(value, s.Name):
            flag = FLAG.fullmatch(value.word)
            if flag is not None and flag[1] in parameters:
                if names.lookup(value.word) is not None:
                    _ambiguous(slots, value.word, f"the parameter `{flag[1]}`", flag, written.span)
                else:
                    slots.put(flag[1], _flag_value(flag[2]), written.span)
                continue
        if place >= len(parameters):
            count = f"at most {len(parameters)}" if parameters else "no arguments"
            slots.error(
                "too-many-arguments",
                f"the block `{use.name}` takes {count}"
                + (f": {', '.join(parameters)}" if parameters else ""),
                written.span,
            )
            continue
        slots.put(parameters[place], _evaluated(slots, value, names, arriving), written.span)
        place += 1
    inside = Environment(outside)
    for parameter in block.parameters:
        name = parameter.name.word
        if name in slots.values:
            inside.bind(name, slots.values[name])
        elif parameter.default is not None:
            inside.bind(name, _evaluated(slots, parameter.default, inside, arriving))
        elif not slots.failed:
            slots.error(
                "missing-argument",
                f"the block `{use.name}` needs a value for `{name}`",
                use.name_span,
                f"for example `{use.name} {name}=...`",
            )
    return None if slots.failed else inside


def _evaluated(slots: _Slots, value: s.Expression, names: Environment, arriving: Value | None) -> Any:
    return slots.evaluate(lambda: evaluate(value, names, arriving))
