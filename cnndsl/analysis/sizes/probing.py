"""Rules run on open sizes: every comparison that a rule makes says for which sizes it comes out so.

A rule is run on a `Dim` as on a number, at one witness: a comparison answers as it does for the witness, and
notes for which sizes the answer is the same. What the run gives then holds for all of those. The rest is
explored with further witnesses, until nothing is left. No rule has to know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from cnndsl.analysis.sizes.periodic import PeriodicSet
from cnndsl.analysis.sizes.quasilinear import Function
from cnndsl.analysis.sizes.wording import formula_text
from cnndsl.dims import NotExact, OpenSize

__all__ = ["Dim", "Formula", "Probe", "Region", "Several", "Size", "explore", "opened"]

# Runs of one rule, each for other sizes than those before.
MOST_RUNS = 2_000

T = TypeVar("T")


class Formula(NamedTuple):
    """A size as a function of the open size that the spec calls `letter`."""

    letter: str
    function: Function

    def __str__(self) -> str:
        return formula_text(self.function, self.letter)


# A size: a number, a function of one open size, or one that several go into, in words.
Size = int | Formula | str

# The sizes that are looked at: one set for each letter, independent of each other.
Region = Mapping[str, PeriodicSet]


class Probe:
    """One run of a rule: the witness for each letter, and the sizes for which the run is the same."""

    def __init__(self, region: Region) -> None:
        self.region = dict(region)
        self.witness = {letter: sizes.minimum for letter, sizes in region.items()}

    def size(self, size: Size) -> Any:
        """The size as rules take it."""
        if isinstance(size, Formula):
            return Dim(self, size.letter, size.function)
        return Several(size) if isinstance(size, str) else size

    def holds(self, letter: str, sizes: PeriodicSet) -> bool:
        """Whether the witness is one of these; the run is for those that agree with it."""
        answer = self.witness[letter] in sizes
        self.region[letter] = self.region[letter] & (sizes if answer else ~sizes)
        return answer


class Dim(OpenSize):
    """A size in a rule: a function of an open size, under + - * // % and comparisons."""

    __slots__ = ("function", "letter", "probe")

    def __init__(self, probe: Probe, letter: str, function: Function) -> None:
        self.probe = probe
        self.letter = letter
        self.function = function

    def _made(self, function: Function) -> Any:
        constant = function.as_constant
        return Dim(self.probe, self.letter, function) if constant is None else constant

    def _combined(
        self,
        other: Any,
        sign: str,
        operation: Callable[[Function | int], Function],
        is_left: bool = True,
    ) -> Any:
        if isinstance(other, Dim) and other.letter == self.letter:
            return self._made(operation(other.function))
        if isinstance(other, int):
            return self._made(operation(other))
        if isinstance(other, OpenSize):
            parts = (_factor(self), _factor(other))
            return Several(sign.join(parts if is_left else reversed(parts)))
        raise NotExact(f"{self}{sign}{other} is not computed for all sizes at once")

    def __add__(self, other: Any) -> Any:
        return self._combined(other, " + ", lambda f: self.function + f)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._combined(other, " - ", lambda f: self.function - f)

    def __rsub__(self, other: Any) -> Any:
        return self._combined(other, " - ", lambda f: -self.function + f, is_left=False)

    def __mul__(self, other: Any) -> Any:
        return self._combined(other, "*", lambda f: self.function * f)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return self._made(-self.function)

    def __floordiv__(self, other: Any) -> Any:
        if not isinstance(other, int) or not other:
            raise NotExact(f"{self} is divided by {other}")
        return self._made(self.function // other)

    def __mod__(self, other: Any) -> Any:
        if not isinstance(other, int) or not other:
            raise NotExact(f"{self} is divided by {other}")
        return self._made(self.function % other)

    def _divided(self, other: Any) -> Any:
        raise NotExact(f"a division by {self}, or one not in whole numbers")

    __truediv__ = __rtruediv__ = __rfloordiv__ = __rmod__ = _divided

    def _compared(self, other: Any, test: Callable[[int], bool]) -> bool:
        if isinstance(other, Dim) and other.letter == self.letter:
            difference = self.function - other.function
        elif isinstance(other, int):
            difference = self.function - other
        else:
            raise NotExact(f"{self} and {other} are compared with each other")
        return self.probe.holds(self.letter, difference.where(test))

    def __lt__(self, other: Any) -> bool:
        return self._compared(other, lambda sign: sign < 0)

    def __le__(self, other: Any) -> bool:
        return self._compared(other, lambda sign: sign <= 0)

    def __gt__(self, other: Any) -> bool:
        return self._compared(other, lambda sign: sign > 0)

    def __ge__(self, other: Any) -> bool:
        return self._compared(other, lambda sign: sign >= 0)

    def __eq__(self, other: object) -> bool:
        if other is None or isinstance(other, str):
            return False
        return self._compared(other, lambda sign: sign == 0)

    # Sizes that may be equal have one hash, so that a set compares them.
    def __hash__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return self._compared(0, lambda sign: sign != 0)

    def __index__(self) -> int:
        """The number itself, for the sizes that have this one."""
        value = self.function.at(self.probe.witness[self.letter])
        self.probe.holds(self.letter, self.function.equals(value))
        return value

    __int__ = __index__

    def __str__(self) -> str:
        return formula_text(self.function, self.letter)

    def __format__(self, spec: str) -> str:
        return format(str(self), "" if spec == "," else spec)


class Several(OpenSize):
    """A size that several open sizes go into: it can be computed with and shown, not compared."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def _with(self, sign: str, other: Any, is_left: bool = True) -> Several:
        parts = [_factor(self), _factor(other)]
        return Several(sign.join(parts if is_left else parts[::-1]))

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, int) and other in (0, 1):
            return self if other else 0
        return self._with("*", other)

    def __rmul__(self, other: Any) -> Any:
        return self if other == 1 else self._with("*", other, is_left=False)

    def __add__(self, other: Any) -> Any:
        return self._with(" + ", other)

    def __radd__(self, other: Any) -> Any:
        return self._with(" + ", other, is_left=False)

    def _refuse(self, *_: Any) -> Any:
        raise NotExact(f"{self.text} depends on several open sizes at once")

    __sub__ = __rsub__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __truediv__ = _refuse
    __neg__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __index__ = __int__ = _refuse

    def __eq__(self, other: object) -> bool:
        if other is None or (isinstance(other, Several) and other.text == self.text):
            return other is not None
        result: bool = self._refuse()
        return result

    def __hash__(self) -> int:
        return 0

    def __str__(self) -> str:
        return self.text

    def __format__(self, spec: str) -> str:
        return format(self.text, "" if spec == "," else spec)


def _factor(size: Any) -> str:
    """A size's text where it stands in a product or a difference."""
    text = str(size)
    is_one = text.replace("_", "").isalnum() or (text.endswith(")") and text.count("(") == 1)
    return text if is_one or ("*" in text and " " not in text) else f"({text})"


def opened(size: Any) -> Size:
    """What a rule gave, without the run that it came from."""
    if isinstance(size, Dim):
        return Formula(size.letter, size.function.canonical())
    if isinstance(size, Several):
        return size.text
    result: int = size
    return result


def explore(rule: Callable[[Probe], T], region: Region) -> Iterator[tuple[T, Region]]:
    """Run a rule until every size in the region has been covered: what it gives, and for which sizes.

    The regions do not overlap. NotExact where the rule does what cannot be answered for all sizes, or where
    it tells too many cases apart.
    """
    rest: list[Region] = [region]
    for _ in range(MOST_RUNS):
        if not rest:
            return
        at = rest.pop()
        probe = Probe(at)
        yield rule(probe), probe.region
        rest.extend(_outside(at, probe.region))
    if rest:
        raise NotExact(f"more than {MOST_RUNS:,} cases are told apart")


def _outside(region: Region, covered: Region) -> Iterator[Region]:
    """What is left of a region without what a run has covered, in parts that do not overlap."""
    inside: dict[str, PeriodicSet] = dict(region)
    for letter, sizes in region.items():
        left = sizes.without(covered[letter])
        if left:
            yield {**inside, letter: left}
        inside[letter] = covered[letter]
