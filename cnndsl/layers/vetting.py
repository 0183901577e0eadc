"""Whether a layer from outside is declared in full, so that no gap in it shows later as a defect of ours.

Types are looked at as well: who writes a plugin may not run a type checker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from cnndsl.layers.declaration import Argument, Example, Keeps, Layer, Layout, Reject, SameAs
from cnndsl.layers.kinds import Invalid, Kind, describe_value
from cnndsl.words import RESERVED

__all__ = ["vet"]

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LETTERS = re.compile(r"[A-Za-z_]+")
TEXTS = ("family", "summary", "pytorch", "formula")
RULES = ("shape", "module", "weights", "macs", "receptive")
RANKS = frozenset({0, 1, 2, 3})


def vet(layer: object) -> None:
    """TypeError where this is no layer, ValueError for the first thing that is wrong with it."""
    if not isinstance(layer, Layer):
        raise TypeError(f"expected a Layer, got {layer!r}")
    if not _is_word(layer.name):
        raise ValueError(f"a layer's name is a word such as maxout, not {layer.name!r}")
    problem = next(_problems(layer), None) or next(_argument_problems(layer), None)
    if problem is not None:
        raise ValueError(f"layer {layer.name}: {problem}")


def _is_word(word: Any) -> bool:
    return isinstance(word, str) and WORD.fullmatch(word) is not None


def _problems(layer: Any) -> Iterator[str]:
    for word in (layer.name, *layer.aliases):
        if not _is_word(word):
            yield f"the alias {word!r} is no word"
        elif word in RESERVED:
            yield f"`{word}` is a word of the language"
    for name in TEXTS:
        text = getattr(layer, name)
        if not isinstance(text, str) or not text.strip():
            yield f"its {name} is a text that says something, not {text!r}"
    for name in RULES:
        if not callable(getattr(layer, name)):
            yield f"its {name} is a function, not {getattr(layer, name)!r}"
    if layer.explain is not None and not callable(layer.explain):
        yield f"its explain is a function or None, not {layer.explain!r}"
    if not isinstance(layer.keeps, Keeps) and not callable(layer.keeps):
        yield f"its keeps is a Keeps or a function that gives one, not {layer.keeps!r}"
    if layer.layout not in get_args(Layout):
        yield f"its layout is one of {', '.join(get_args(Layout))}, not {layer.layout!r}"
    if layer.ranks is not None and (not layer.ranks or not frozenset(layer.ranks) <= RANKS):
        yield f"its ranks are some of 0, 1, 2 and 3, or None for any, not {layer.ranks!r}"
    if "{rank}" in layer.pytorch and layer.ranks is None:
        yield "its pytorch has a {rank}, so its ranks have to be given"
    if not layer.examples:
        yield "it has no examples, and messages show the first one"
    for kind, shown in ((Example, layer.examples), (Reject, layer.rejects)):
        for one in shown:
            if not isinstance(one, kind):
                yield f"its {kind.__name__.lower()}s are of the class {kind.__name__}, not {one!r}"
            elif one.use.split()[0] not in (layer.name, *layer.aliases):
                yield f"the {kind.__name__.lower()} `{one.use}` is of another layer"


def _argument_problems(layer: Any) -> Iterator[str]:
    seen: dict[str, str] = {}
    names = [one.name for one in layer.arguments if isinstance(one, Argument)]
    for index, argument in enumerate(layer.arguments):
        if not isinstance(argument, Argument):
            yield f"its arguments are of the class Argument, not {argument!r}"
            continue
        name = f"argument {argument.name}"
        for word in _words(argument):
            if not _is_word(word):
                yield f"{name}: {word!r} is no word"
            elif word in RESERVED:
                yield f"{name}: `{word}` is a word of the language"
            elif word in seen:
                yield f"{name}: `{word}` already stands for the argument {seen[word]}"
        seen.update((word, argument.name) for word in _words(argument))
        if argument.flag and not LETTERS.fullmatch(argument.flag):
            yield f"{name}: a flag is letters alone, not {argument.flag!r}"
        if not isinstance(argument.doc, str) or not argument.doc:
            yield f"{name}: its doc is a few words on what it means"
        kind: Any = argument.kind
        if not isinstance(kind, Kind):
            made = f", write {kind.__name__}()" if isinstance(kind, type) else ""
            yield f"{name}: its kind is a Kind such as Whole(1), not {kind!r}{made}"
            continue
        if argument.variadic and any(later.positional for later in layer.arguments[index + 1 :]):
            yield f"{name}: it takes all positional values, so none can follow it"
        yield from (f"{name}: {problem}" for problem in _default_problems(argument, names))


def _words(argument: Argument) -> Iterable[str]:
    """Every word by which a spec can mean the argument, each once: a switch may have its name."""
    switch = () if argument.switch is None else argument.switch[:1]
    return dict.fromkeys((*argument.keywords, *switch))


def _default_problems(argument: Argument, names: list[str]) -> Iterator[str]:
    default = argument.default
    if argument.required:
        return
    if isinstance(default, SameAs):
        if default.argument not in names:
            yield f"its default is that of {default.argument}, which the layer does not have"
        return
    shown = {"default": default} | ({} if argument.switch is None else {"switch": argument.switch[1]})
    for what, value in shown.items():
        try:
            argument.kind.accept(value, 2)
        except Invalid as invalid:
            yield f"its {what} {describe_value(value)} is none of its values: {invalid.message}"
