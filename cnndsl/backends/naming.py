"""Names in generated Python: classes, attributes and variables that are legal and collide with nothing."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

__all__ = ["LOCALS", "Attribute", "attribute", "camel", "is_taken", "literal", "unique", "variable"]

# What nn.Module and nn.Sequential already call their own. `spec` is what a compiled module keeps its text as.
OWN = frozenset(
    """
    T_destination add_module append apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule
    half insert ipu load_state_dict modules mtia named_buffers named_children named_modules named_parameters
    parameters pop register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory spec state_dict to
    to_empty train training type xpu zero_grad
    """.split()
)

# What generated code means by these names must not be hidden by a variable or a class.
LOCALS = frozenset({"OrderedDict", "getattr", "model", "nn", "range", "self", "super", "torch"})


@dataclass(frozen=True, slots=True)
class Attribute:
    """How a module keeps the child with a key: `read` is an expression, `write` takes the child's code."""

    read: str
    before: str
    after: str

    def write(self, code: str) -> str:
        """The statement that registers the child that `code` makes, on one line.

        >>> attribute("conv1").write("nn.ReLU()")
        'self.conv1 = nn.ReLU()'
        """
        return f"{self.before}{code}{self.after}"


def attribute(key: str, parameter: bool = False) -> Attribute:
    """The attribute for a key of the spec; state-dict keys and hooks see the key itself.

    >>> attribute("4").write("nn.ReLU()"), attribute("4").read
    ('self.add_module("4", nn.ReLU())', 'getattr(self, "4")')
    """
    name = literal(key)
    if is_taken(key):
        # PyTorch refuses to register a child under a name of its own.
        table = f"self.{'_parameters' if parameter else '_modules'}[{name}]"
        return Attribute(table, f"{table} = ", "")
    if key.isidentifier() and key.isascii() and not keyword.iskeyword(key):
        return Attribute(f"self.{key}", f"self.{key} = ", "")
    register = "register_parameter" if parameter else "add_module"
    return Attribute(f"getattr(self, {name})", f"self.{register}({name}, ", ")")


def is_taken(key: str) -> bool:
    """Whether the key is a name of PyTorch's own modules: `train`, `half`, anything private."""
    return key in OWN or key.startswith("_")


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

    >>> literal("same"), literal((3, 5)), literal(float("inf")), literal([1e-3])
    ('"same"', '(3, 5)', 'float("inf")', '[0.001]')
    """
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float) and not abs(value) < float("inf"):
        return f'float("{value}")'
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)
