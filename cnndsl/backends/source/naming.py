"""Names in generated Python: classes, attributes and variables that are legal and collide with nothing."""

from __future__ import annotations

import builtins
import json
import keyword
import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

__all__ = ["LOCALS", "Attribute", "attribute", "camel", "fits_sequential", "literal", "unique", "variable"]

# What nn.Sequential calls its own beside what every module does, which no label can be.
SEQUENTIAL = frozenset({"append", "extend", "insert", "pop"})

# What generated code means by these names must not be hidden by a variable or a class; and the three
# that read like digits.
LOCALS = frozenset({"I", "O", "OrderedDict", "i", "l", "model", "nn", "self", "torch", *dir(builtins)})


@dataclass(frozen=True, slots=True)
class Attribute:
    """How a module keeps the child with a key.

    `read` is the expression for it. `register` is the method that takes key and child, empty where
    the child is assigned to `read`.
    """

    read: str
    register: str = ""


def attribute(key: str, is_parameter: bool = False) -> Attribute:
    """The attribute for a key of the spec; state-dict keys and hooks see the key itself.

    >>> attribute("conv1")
    Attribute(read='self.conv1', register='')
    >>> attribute("4")
    Attribute(read='getattr(self, "4")', register='self.add_module')
    """
    name = literal(key)
    if key.startswith("_") or key == "spec":
        # Python hides the first, PyTorch may use it itself; `spec` is the text of a compiled network.
        return Attribute(f"self.{'_parameters' if is_parameter else '_modules'}[{name}]")
    if key.isidentifier() and key.isascii() and not keyword.iskeyword(key):
        return Attribute(f"self.{key}")
    return Attribute(
        f"getattr(self, {name})", "self.register_parameter" if is_parameter else "self.add_module"
    )


def fits_sequential(key: str) -> bool:
    """Whether an `nn.Sequential` can have a child under the key."""
    return key not in SEQUENTIAL and not key.startswith("_")


def variable(word: str, taken: Container[str] = ()) -> str | None:
    """The word, where it can be a local variable or a parameter, else None.

    >>> variable("enc1"), variable("class"), variable("4")
    ('enc1', None, None)
    """
    legal = word.isidentifier() and word.isascii() and not keyword.iskeyword(word)
    return word if legal and word not in LOCALS and not word.startswith("_") and word not in taken else None


def camel(word: str) -> str:
    """A class name for a word of the spec.

    >>> camel("conv_bn"), camel("Fire"), camel("3d-net"), camel("é")
    ('ConvBn', 'Fire', 'Module3dNet', 'Module')
    """
    parts = re.findall(r"[A-Za-z0-9]+", word)
    name = "".join(part[0].upper() + part[1:] for part in parts)
    return name if name[:1].isalpha() else f"Module{name}"


def unique(name: str, taken: Container[str]) -> str:
    """The name, or the name with the first number that makes it new.

    >>> unique("Basic", {"Basic", "Basic2"})
    'Basic3'
    """
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}{number}", number + 1
    return candidate


def literal(value: Any) -> str:
    """The value as Python source.

    >>> literal("same"), literal((3, 5)), literal(float("inf")), literal([1e-6])
    ('"same"', '(3, 5)', 'float("inf")', '[1e-6]')
    """
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float) and not abs(value) < float("inf"):
        return f'float("{value}")'
    if isinstance(value, float):
        return re.sub("e([+-])0", r"e\1", repr(value))
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)
