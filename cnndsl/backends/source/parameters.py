"""The constructor parameters of a generated class: what differs between its instances.

Values that agree are written out. A value that differs becomes a parameter, named as the author of
the block named it, else as PyTorch does; a size that is a simple multiple of another is written so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, NamedTuple

from cnndsl.backends.source.naming import unique, variable
from cnndsl.backends.source.signature import NEUTRAL, Parameter, default_of
from cnndsl.backends.source.values import (
    ABSENT,
    Key,
    agree,
    candidates,
    filled,
    is_constant,
    is_varying_size,
    key_of,
)
from cnndsl.layers.windows import repeat

__all__ = ["SIZES", "Parameters", "Request"]

# PyTorch's names for counts of channels or features.
SIZES = frozenset(
    "in_channels out_channels in_features out_features num_features num_channels normalized_shape "
    "groups num_parameters data".split()
)

# The counts of channels that a class begins with are given by position, so many of them; the rest by keyword.
POSITIONAL = 2


class Request(NamedTuple):
    """An argument whose values are to be written: `wish` is its keyword, `path` the keys of its child.

    `key` are the values as source; `is_size` where it is a count of channels.
    """

    values: Sequence[Any]
    key: Key
    wish: str
    path: tuple[str, ...]
    is_size: bool


@dataclass(slots=True)
class Parameters:
    """Names for what differs.

    `words` are the block's own parameters and their values, `arriving` and `leaving` the first axes
    of the value that comes and of the one that goes, in every instance.
    """

    words: Mapping[str, Sequence[Any]]
    arriving: Sequence[Any]
    leaving: Sequence[Any]
    is_vector: bool
    texts: dict[Key, str] = field(default_factory=dict)
    named: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    halves: dict[Key, Key] = field(default_factory=dict)
    sizes: set[Key] = field(default_factory=set)

    def resolve(self, requests: Sequence[Request]) -> None:
        """Find an expression for every request's values; `text` then gives it."""
        self.halves = dict(half_kernels(requests))
        self.sizes = {request.key for request in requests if request.is_size}
        wanted: dict[Key, list[Request]] = {}
        partial: dict[Key, list[Request]] = {}
        for request in requests:
            key = request.key
            if request.wish == "padding" and key in self.halves:
                continue
            if "" in key:
                partial.setdefault(key, []).append(request)
            elif not is_constant(key):
                wanted.setdefault(key, []).append(request)
        self.name_words(wanted)
        arriving = key_of(self.arriving)
        is_wanted = arriving in wanted or any(
            agree(arriving, key) for key in partial if key in self.sizes and not is_constant(arriving)
        )
        if is_wanted and arriving not in self.texts:
            derived = self.derive_arriving()
            if derived is None:
                self.name_arriving()
            else:
                self.texts[arriving] = derived
        rest = {key: asked for key, asked in wanted.items() if key not in self.texts}
        for key, asked in list(rest.items()):
            derived = self.derive(asked[0].values, self.bases()) if key in self.sizes else None
            if derived is not None:
                self.texts[key] = derived
                del rest[key]
        self.name_rest(rest)
        self.resolve_partial(partial)

    def name_words(self, wanted: Mapping[Key, Sequence[Request]]) -> None:
        """Make parameters of the block's own that are wanted as they are."""
        keys = {name: key_of([repeat(value) for value in values]) for name, values in self.words.items()}
        spelled = {name: self.spelled(name, key, wanted.get(key, ())) for name, key in keys.items()}
        for name, key in keys.items():
            if key in wanted and key not in self.texts:
                word = spelled[name]
                is_own = list(spelled.values()).count(word) == 1 and word not in self.words
                self.name(key, wanted[key][0].values, self.legal(word if is_own else name))

    def spelled(self, name: str, key: Key, asked: Sequence[Request]) -> str:
        """A parameter that is one letter in the spec, a flag there, by PyTorch's word for what it is."""
        wishes = {request.wish for request in asked}
        if len(name) > 1 or not wishes:
            return name
        if key not in self.sizes or wishes == {"groups"}:
            return wishes.pop() if len(wishes) == 1 else name
        return f"out_{self.unit}" if key == key_of(self.leaving) else self.unit

    @property
    def unit(self) -> str:
        """What sizes count."""
        return "features" if self.is_vector else "channels"

    def name_arriving(self) -> None:
        """Make a parameter of what arrives."""
        self.sizes.add(key_of(self.arriving))
        self.name(key_of(self.arriving), self.arriving, self.legal(f"in_{self.unit}"))

    def resolve_partial(self, partial: Mapping[Key, Sequence[Request]]) -> None:
        """Find expressions for the arguments of a child that not every instance has.

        Only instances that have it count. What they agree on is written, unless a parameter of the same
        name has these values in them.
        """
        rest: dict[Key, Sequence[Request]] = {}
        for key, asked in partial.items():
            text = self.partial_text(key, asked)
            if text is None:
                rest[key] = [filled_in(one) for one in asked]
            else:
                self.texts[key] = text
        self.name_rest({asked[0].key: asked for asked in rest.values()})
        for key, asked in rest.items():
            self.texts[key] = self.texts[asked[0].key]

    def partial_text(self, key: Key, asked: Sequence[Request]) -> str | None:
        """The expression for values that some instances lack, None where a new parameter has to be made."""
        values = asked[0].values
        is_same, is_size = is_constant(key), any(request.is_size for request in asked)
        written = next(text for text in key if text)
        known = [text for other, text in self.texts.items() if "" not in other and agree(key, other)]
        for request in asked:
            does_nothing = is_same and written == str(NEUTRAL.get(request.wish))
            if request.wish in known and not does_nothing:
                return request.wish
        if is_size and known:
            return known[0]
        if is_size or not is_same:
            for name, word in self.words.items():
                other = key_of([repeat(value) for value in word])
                if agree(key, other) and not is_constant(other):
                    self.name_base(other, word, name)
                    return self.texts[other]
        derived = self.derive(values, self.bases()) if is_size else None
        return written if derived is None and is_same else derived

    def name(self, key: Key, values: Sequence[Any], name: str) -> None:
        """Make a parameter of the values."""
        self.named[name] = tuple(values)
        self.texts[key] = name

    def name_values(self, values: Sequence[Any], name: str) -> str:
        """The parameter that has these values, made where there is none."""
        key = key_of([repeat(value) for value in values])
        if key not in self.texts:
            self.name(key, values, self.legal(name))
        return self.texts[key]

    def expression(self, values: Sequence[Any]) -> str:
        """The expression for sizes that are a parameter of the block, what arrives or what leaves."""
        key = key_of(values)
        if key not in self.texts and key == key_of(self.arriving):
            self.name_arriving()
        name = next((name for name, word in self.words.items() if key_of(word) == key), "")
        return self.texts.get(key) or self.name_values(values, name)

    def legal(self, name: str) -> str:
        """The name, changed where Python or generated code means something else by it."""
        return unique(variable(name) or f"{name}_", self.named)

    def word_bases(self) -> dict[str, Sequence[int]]:
        """The block's parameters that are whole numbers and differ between the instances."""
        return {name: values for name, values in self.words.items() if is_varying_size(values)}

    def bases(self) -> dict[str, Sequence[int]]:
        """What sizes may be written as multiples of: the block's parameters, and what arrives."""
        bases = self.word_bases()
        for name in ("in_channels", "in_features"):
            if name in self.named and is_varying_size(self.named[name]):
                bases.setdefault(name, self.named[name])
        return bases

    def derive_arriving(self) -> str | None:
        """What arrives as a multiple of a word of the block, as in a bottleneck."""
        # Two uses may agree by chance.
        if len(set(self.arriving)) < 3:
            return None
        for name, base in self.word_bases().items():
            text = self.derive(self.arriving, {name: base})
            if text is not None and "//" not in text:
                return text
        return None

    def derive(self, values: Sequence[Any], bases: Mapping[str, Sequence[int]]) -> str | None:
        """The values as a simple expression of the bases, None where there is none."""
        if not is_varying_size(values):
            return None
        for words, template in candidates(values, bases):
            names = []
            for word in words:
                key = key_of(bases[word])
                if key not in self.texts:
                    self.name_base(key, bases[word], word)
                names.append(self.texts[key])
            return template.format(*names)
        return None

    def name_base(self, key: Key, values: Sequence[Any], word: str) -> None:
        """Make a parameter of the block's own that no child of every instance takes as it is."""
        name = f"out_{self.unit}"
        if len(word) == 1 and key == key_of(self.leaving) and name not in {*self.words, *self.named}:
            self.sizes.add(key)
            word = name
        self.name(key, values, self.legal(word))

    def name_rest(self, rest: Mapping[Key, Sequence[Request]]) -> None:
        """Name what no word of the block explains after PyTorch's keywords, else after the child too."""
        first = {key: self.plain_name(key, asked) for key, asked in rest.items()}
        count = Counter(first.values())
        for key, asked in rest.items():
            name = first[key]
            if count[name] > 1 or name in self.named:
                owner = next((k for k in reversed(asked[0].path) if variable(k)), f"layer{asked[0].path[-1]}")
                name = f"{owner}_{asked[0].wish}"
            self.name(key, asked[0].values, self.legal("".join(c if c.isalnum() else "_" for c in name)))

    def plain_name(self, key: Key, asked: Sequence[Request]) -> str:
        """The name for values if no others ask for the same."""
        wishes = [request.wish for request in asked]
        for wish in ("out_channels", "out_features"):
            if wish in wishes and key == key_of(self.leaving):
                return wish
        if key in self.sizes:
            return "hidden_features" if all("features" in wish for wish in wishes) else "hidden_channels"
        return wishes[0]

    def text(self, request: Request) -> str:
        """The expression for a request that was resolved."""
        key = request.key
        if "" not in key and is_constant(key):
            return key[0]
        if request.wish == "padding" and key in self.halves:
            return f"{self.texts[self.halves[key]]} // 2"
        return self.texts[key]

    def known(self, values: Sequence[Any]) -> str | None:
        """The expression for any values, None where no parameter explains them."""
        key = key_of(values)
        if is_constant(key):
            return key[0]
        bases = {name: known for name, known in self.named.items() if is_varying_size(known)}
        return self.texts.get(key) or self.derive(values, bases)

    def ordered(self) -> tuple[Parameter, ...]:
        """The parameters: what arrives and leaves, the block's own in their order, then the others."""
        own = [self.texts.get(key_of([repeat(value) for value in values])) for values in self.words.values()]
        ends = ("in_channels", "in_features", "out_channels", "out_features")
        front = [name for name in ends if name not in self.words]
        order = [name for name in (*front, *own) if name in self.named]
        order += [name for name in self.named if name not in order]
        names = list(dict.fromkeys(order))
        sizes = {name: key_of(self.named[name]) in self.sizes for name in names}
        leading = list(takewhile(sizes.__getitem__, names[:POSITIONAL]))
        found = [
            Parameter(
                name,
                self.named[name],
                sizes[name],
                name in leading,
                None if name in leading else default_of(name, self.named[name]),
            )
            for name in names
        ]
        return tuple(sorted(found, key=lambda parameter: parameter.default is not None))


def filled_in(request: Request) -> Request:
    """The request with None where an instance lacks the child."""
    values = filled(request.values)
    return request._replace(values=values, key=key_of(values))


def half_kernels(requests: Sequence[Request]) -> Iterator[tuple[Key, Key]]:
    """The paddings that are half of a kernel, with that kernel: `kernel_size=k, padding=k // 2`."""
    kernels = [r for r in requests if r.wish == "kernel_size" and is_varying_size(r.values)]
    for request in requests:
        if request.wish == "padding":
            for kernel in kernels:
                if all(is_half(p, k) for p, k in zip(request.values, kernel.values, strict=True)):
                    yield request.key, kernel.key


def is_half(padding: Any, kernel: Any) -> bool:
    """Whether the padding is half of the kernel, or neither is there."""
    return padding is kernel is ABSENT or (type(padding) is type(kernel) is int and padding == kernel // 2)
