"""What is said of a word that no layer, or no argument of the layer, is called."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cnndsl.layers import find, find_join, join_names, names
from cnndsl.layers.declaration import Layer
from cnndsl.words import FLAG, advice, guess

__all__ = ["join_help", "keyword_help", "layer_help", "word_problem"]

# The answers are cached: a mistake in a loop is made every time round.


def layer_help(word: str, blocks: Iterable[str]) -> tuple[str, ...]:
    """Help lines for a word that is no layer and no block."""
    return _layer_help(word, frozenset(blocks), names())


@lru_cache(maxsize=64)
def _layer_help(word: str, blocks: frozenset[str], vocabulary: tuple[str, ...]) -> tuple[str, ...]:
    from cnndsl.layers.habits import WORDS
    from cnndsl.layers.plugins import is_installed

    if is_installed(word):
        return (f'an installed plugin has this name: `--plugin {word}`, in Python `load_plugins("{word}")`',)
    known = {one: found.layer.name for one in vocabulary if (found := find(one)) is not None}
    known |= {one: one for one in (*join_names(), *blocks, "residual")}
    return advice(word, known, WORDS) or ("`cnndsl layers` lists the layers",)


def join_help(word: str) -> tuple[str, ...]:
    """Help lines for a word before `{` that is no join."""
    from cnndsl.layers.habits import WORDS

    joins = (*join_names(), "residual")
    return (
        *advice(word, {one: one for one in joins}, WORDS),
        f"the joins are {', '.join(join_names())} and residual",
    )


@lru_cache(maxsize=64)
def keyword_help(layer: Layer, word: str) -> str:
    """The help line for a keyword that the layer does not have."""
    return _sentence(_guess_argument(layer, word, frozenset()), "did you mean `{}`?") or _arguments_of(layer)


@lru_cache(maxsize=64)
def word_problem(layer: Layer, word: str, bound: frozenset[str], wanted: bool) -> tuple[str, ...]:
    """Rule, message and help for a bare word that is no flag, no switch and no name of `bound`.

    Where a value is `wanted`, the word was meant as a name.
    """
    if any(word in argument.keywords for argument in layer.arguments):
        return "unknown-argument", f"`{word}` stands without its value", f"write `{word}=...`"
    flag = FLAG.fullmatch(word)
    near = _guess_argument(layer, word, bound)
    if near in bound and flag is None:
        return "unknown-name", f"nothing is called `{word}` here", f"did you mean `{near}`?"
    if flag is not None and len(flag[1]) <= 2:
        flags = [f"`{one.flag}` ({one.name})" for one in layer.arguments if one.flag]
        help = f"its flags are {', '.join(flags)}" if flags else "it has no flags"
        if any(flag[1] in one.keywords for one in layer.arguments):
            help = f"write `{flag[1]}={flag[2]}`"
        return "unknown-argument", f"`{layer.name}` has no flag `{flag[1]}`", help
    if wanted and near is None and find(word) is None and find_join(word) is None:
        return "unknown-name", f"nothing is called `{word}` here"
    return "unknown-argument", f"`{layer.name}` has no argument `{word}`", _word_help(layer, word, near)


def _word_help(layer: Layer, word: str, near: str | None) -> str:
    for argument in layer.arguments:
        if word in argument.kind.words:
            return f"write `{argument.flag or argument.name}={word}`"
    if find(word) is not None or find_join(word) is not None:
        return f"a layer stands behind an arrow: `-> {word}`"
    switches = [argument.switch[0] for argument in layer.arguments if argument.switch]
    form = "did you mean `{}`?" if near in switches else "did you mean `{}=...`?"
    return _sentence(near, form) or _arguments_of(layer)


def _guess_argument(layer: Layer, word: str, bound: frozenset[str]) -> str | None:
    from cnndsl.layers.habits import ARGUMENTS, NOT_ARGUMENTS

    names = [argument.name for argument in layer.arguments]
    habits = {habit: text.format(layer=layer.name) for habit, text in NOT_ARGUMENTS.items()}
    for habit, meant in ARGUMENTS.items():
        likeliest = next((one for one in meant if one in names), None)
        if likeliest is not None:
            habits[habit] = likeliest
    known = {one: one for one in bound}
    for argument in layer.arguments:
        known |= dict.fromkeys(argument.keywords, argument.name)
        if argument.switch is not None:
            known[argument.switch[0]] = argument.switch[0]
    return guess(word, known, habits)


def _sentence(near: str | None, form: str) -> str:
    """A guess in words; a guess that is a sentence stays one."""
    if near is None:
        return ""
    return near if " " in near else form.format(near)


def _arguments_of(layer: Layer) -> str:
    names = [argument.name for argument in layer.arguments]
    if len(names) < 2:
        return f"its only argument is {names[0]}" if names else "it takes no arguments"
    return f"its arguments are {', '.join(names)}"
