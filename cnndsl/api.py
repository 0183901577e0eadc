"""The compiler for use in Python: check, compile, show, draw, to_python.

A spec is a `Path`, or text; a single word that ends in `.cnn` is a path too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnndsl.collector import without_collector
from cnndsl.diagnostics import SpecError
from cnndsl.dims import Shape
from cnndsl.elaborate import elaborate
from cnndsl.elaboration.arriving import input_problem, open_letters
from cnndsl.parser import parse
from cnndsl.report import Report
from cnndsl.syntax import Body
from cnndsl.text import Source

if TYPE_CHECKING:
    import graphviz
    from torch import nn

__all__ = ["Inputs", "Spec", "check", "check_source", "compile", "draw", "read_spec", "show", "to_python"]

Spec = str | Path | Source
# The shape of the one input, or the shapes of several by their names.
Inputs = Sequence[int] | Mapping[str, Sequence[int]]


def read_spec(spec: Spec) -> Source:
    """The text of a spec with its name; OSError where a file cannot be read."""
    if isinstance(spec, Source):
        return spec
    is_path = isinstance(spec, Path) or (spec.endswith(".cnn") and len(spec.split()) == 1)
    if not is_path:
        return Source(str(spec).removeprefix("\ufeff"), "<text>")
    path = Path(spec)
    # A stray byte is a mistake at a place, found by the parser, not a reason to stop here.
    return Source(path.read_bytes().decode("utf-8-sig", errors="replace"), str(spec), str(path))


def check(
    spec: Spec,
    input: Inputs | None = None,
    params: Mapping[str, Any] | None = None,
    sizes: bool = False,
) -> Report:
    """Check a spec without PyTorch.

    `input` is the shape of one sample without the batch axis, channels first; it replaces the spec's
    own. Several inputs are given by name: `{"left": (1, 28, 28), "right": (1, 28, 28)}`. `params` set
    the spec's `param`s. A bad spec gives a report with diagnostics, never an
    exception; a file that cannot be read raises OSError.

    `sizes` asks for the sizes of the input, other than the given ones, that the same weights would take.

    >>> report = check("conv 16 k3 p1 -> relu -> maxpool 2 -> flatten -> linear 10", input=(1, 28, 28))
    >>> report.ok, report.parameters
    (True, 31530)
    >>> check("input 1x28x28 -> linear 10").diagnostics[0].rule
    'needs-flatten'
    >>> [size.text for size in check("input 3x32x32 -> maxpool 2 -> upsample 4", sizes=True).sizes]
    ['H >= 2', 'W >= 2']
    """
    return check_source(read_spec(spec), input, params, sizes)


def check_source(
    source: Source,
    input: Inputs | None = None,
    params: Mapping[str, Any] | None = None,
    sizes: bool = False,
) -> Report:
    """`check` for a text that has been read."""
    shapes = None if input is None else _shapes(input)
    with without_collector():
        try:
            tree = parse(source)
        except SpecError as error:
            empty = elaborate(source, Body(source.span(0, 0), ()))
            return Report(source, empty.graph, error.diagnostics)
        letters = open_letters(tree, shapes)
        if letters:
            from cnndsl.analysis.open_sizes import check_open

            return Report(source, *check_open(source, tree, letters, shapes, params))
        result = elaborate(source, tree, shapes, params)
        report = Report(source, result.graph, result.diagnostics)
        if sizes and report.ok:
            from cnndsl.analysis.sizes import other_sizes

            report = replace(report, sizes=other_sizes(result.graph))
    return report


def _shapes(input: Inputs) -> Shape | dict[str, Shape]:
    if isinstance(input, Mapping):
        return {name: _shape(shape, f"input[{name!r}]") for name, shape in input.items()}
    return _shape(input, "input")


def _shape(given: Sequence[int], what: str) -> Shape:
    shape = tuple(given)
    if not all(isinstance(size, int) and not isinstance(size, bool) for size in shape):
        raise TypeError(f"{what} is a shape of whole numbers such as (1, 28, 28), not {given!r}")
    problem = input_problem(shape)
    if problem is not None:
        raise ValueError(f"{what}={given!r}: {problem[1]}")
    return shape


def _checked(spec: Spec, input: Inputs | None, params: Mapping[str, Any]) -> Report:
    report = check(spec, input, params)
    if not report.ok:
        raise SpecError(tuple(one for one in report.diagnostics if one.severity == "error"))
    return report


def compile(spec: Spec, input: Inputs | None = None, **params: Any) -> nn.Module:
    """Compile a spec to the `nn.Module` that a person would have written; SpecError for a bad spec.

    Keyword arguments set the spec's `param`s. The module's `spec` is the text it came from.

    >>> model = compile("input 1x28x28 -> flatten -> linear 10")
    >>> [tuple(parameter.shape) for parameter in model.parameters()]
    [(10, 784), (10,)]
    """
    report = _checked(spec, input, params)
    from cnndsl.backends.torch_module import build_module

    return build_module(report.graph, report.source.text)


def to_python(spec: Spec, input: Inputs | None = None, **params: Any) -> str:
    """The Python source that `compile` runs; it needs PyTorch only.

    >>> print(to_python("input 8 -> linear 2").splitlines()[-1])
    model = nn.Sequential(nn.Linear(8, 2))
    """
    from cnndsl.backends.python_source import to_python as write

    return write(_checked(spec, input, params).graph)


def show(spec: Spec, input: Inputs | None = None, **params: Any) -> str:
    """The table of layers with output shapes, parameters and multiply-adds."""
    from cnndsl.backends.summary import show as table

    return table(check(spec, input, params))


def draw(spec: Spec, input: Inputs | None = None, **params: Any) -> graphviz.Digraph:
    """The diagram; of a spec with mistakes, what is known."""
    from cnndsl.backends.dot import draw as diagram

    return diagram(check(spec, input, params))
