"""The constructor parameters of a generated class: what differs between its instances.

Values that agree are written out. A value that differs becomes a parameter, named as the author of
the block named it, else as PyTorch does; a size that is a simple multiple of another is written so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from cnndsl.backends.source.naming import literal, unique, variable
from cnndsl.layers.windows import repeat

__all__ = ["SIZES", "Parameter", "Parameters", "Request"]

# PyTorch's names for counts of channels or features.
SIZES = frozenset(
    "in_channels out_channels in_features out_features num_features num_channels normalized_shape "
    "groups num_parameters data".split()
)

# The values of one argument, one an instance, as source: equal keys are one parameter.
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constructor parameter and its value in every instance; `is_size` for a count of channels."""

    name: str
    values: tuple[Any, ...]
    is_size: bool

    @property
    def annotation(self) -> str:
        """The type of the values, as an annotation."""
        return " | ".join(dict.fromkeys(map(type_of, self.values)))


def type_of(value: Any) -> str:
    """The annotation for a value."""
    if value is None:
        return "None"
    if isinstance(value, (tuple, list)):
        entries = " | ".join(dict.fromkeys(map(type_of, value)))
        return f"tuple[{entries}, ...]" if isinstance(value, tuple) else f"list[{entries}]"
    return type(value).__name__


@dataclass(frozen=True, slots=True)
class Request:
    """An argument whose values are to be written: `wish` is its keyword, `path` the keys of its child.

    `is_size` where it is a count of channels.
    """

    values: Sequence[Any]
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
        self.sizes = {key_of(request.values) for request in requests if request.is_size}
        wanted: dict[Key, list[Request]] = {}
        for request in requests:
            key = key_of(request.values)
            if not is_constant(key) and not (request.wish == "padding" and key in self.halves):
                wanted.setdefault(key, []).append(request)
        for name, values in self.words.items():
            key = key_of([repeat(value) for value in values])
            if key in wanted and key not in self.texts:
                self.name(key, wanted[key][0].values, self.legal(name))
        arriving = key_of(self.arriving)
        if arriving in wanted and arriving not in self.texts:
            derived = self.derive_arriving()
            in_name = "in_features" if self.is_vector else "in_channels"
            if derived is None:
                self.name(arriving, self.arriving, self.legal(in_name))
            else:
                self.texts[arriving] = derived
        rest = {key: asked for key, asked in wanted.items() if key not in self.texts}
        for key, asked in list(rest.items()):
            derived = self.derive(asked[0].values, self.bases()) if key in self.sizes else None
            if derived is not None:
                self.texts[key] = derived
                del rest[key]
        self.name_rest(rest)

    def name(self, key: Key, values: Sequence[Any], name: str) -> None:
        """Make a parameter of the values."""
        self.named[name] = tuple(values)
        self.texts[key] = name

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
                    self.name(key, bases[word], self.legal(word))
                names.append(self.texts[key])
            return template.format(*names)
        return None

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
        key = key_of(request.values)
        if is_constant(key):
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
        """The parameters: what arrives, the block's own in their order, then the others."""
        own = [self.texts.get(key_of([repeat(value) for value in values])) for values in self.words.values()]
        front = [name for name in ("in_channels", "in_features") if name not in own]
        order = [name for name in (*front, *own) if name in self.named]
        order += [name for name in self.named if name not in order]
        return tuple(
            Parameter(name, self.named[name], key_of(self.named[name]) in self.sizes)
            for name in dict.fromkeys(order)
        )


def key_of(values: Sequence[Any]) -> Key:
    """The values as source."""
    return tuple(map(literal, values))


def is_constant(key: Key) -> bool:
    """Whether all instances agree."""
    return all(text == key[0] for text in key)


def half_kernels(requests: Sequence[Request]) -> Iterator[tuple[Key, Key]]:
    """The paddings that are half of a kernel, with that kernel: `kernel_size=k, padding=k // 2`."""
    kernels = [r.values for r in requests if r.wish == "kernel_size" and is_varying_size(r.values)]
    for request in requests:
        if request.wish == "padding":
            for kernel in kernels:
                if all(type(p) is int and p == k // 2 for p, k in zip(request.values, kernel, strict=True)):
                    yield key_of(request.values), key_of(kernel)


def is_varying_size(values: Sequence[Any]) -> bool:
    """Whether the values are positive whole numbers that are not all the same."""
    return all(type(value) is int and value > 0 for value in values) and len(set(values)) > 1


def candidates(
    values: Sequence[int], bases: Mapping[str, Sequence[int]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The ways to write the values: names of bases, and a template for their expressions."""
    for name, base in bases.items():
        ratios = {value // b if value % b == 0 else 0 for value, b in zip(values, base, strict=True)}
        ratio = ratios.pop()
        if not ratios and ratio > 1:
            yield (name,), f"{ratio} * {{}}"
        ratios = {b // value if b % value == 0 else 0 for value, b in zip(values, base, strict=True)}
        ratio = ratios.pop()
        if not ratios and ratio > 1:
            yield (name,), f"{{}} // {ratio}"
    for (name, base), (other, factor) in combinations(bases.items(), 2):
        pairs = list(zip(values, base, factor, strict=True))
        if all(value == a * b for value, a, b in pairs):
            yield (name, other), "{} * {}"
        if all(value == a + b for value, a, b in pairs):
            yield (name, other), "{} + {}"
