"""From a spec to its report: read, parsed, elaborated, judged. No PyTorch, and no code of the spec's runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnndsl.collector import without_collector
from cnndsl.diagnostics import Diagnostic
from cnndsl.dims import Shape
from cnndsl.elaborate import elaborate
from cnndsl.elaboration.arriving import input_problem, open_letters
from cnndsl.ir import Graph
from cnndsl.parser import parse_all, together
from cnndsl.report import Report
from cnndsl.syntax import Body, Budget
from cnndsl.text import Source

__all__ = ["Inputs", "Spec", "check", "check_source", "read_spec"]

Spec = str | Path | Source
# Warnings that are right for some sizes of the input: they are not given where it is open.
SIZE_WARNINGS = frozenset({"dropped-pixels", "receptive-field-small", "single-value-batchnorm"})
# The shape of the one input, or the shapes of several by their names.
Inputs = Sequence[int] | Mapping[str, Sequence[int]]


def read_spec(spec: Spec) -> Source:
    """The text of a spec with its name; OSError where a file cannot be read, or the zoo has no such network.

    >>> read_spec("zoo:resnet18").text.splitlines()[2]
    'model ResNet18'
    """
    if isinstance(spec, Source):
        return spec
    if not isinstance(spec, (str, Path)):
        raise TypeError(f"a spec is a text or a Path, not {type(spec).__name__}")
    if isinstance(spec, str) and spec.startswith("zoo:") and len(spec.split()) == 1:
        from cnndsl.zoo import source

        return source(spec.removeprefix("zoo:"))
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
    with_warnings: bool = True,
) -> Report:
    """`check` for a text that has been read, on request without a look for warnings."""
    shapes = None if input is None else _shapes(input)
    with without_collector():
        parsed = parse_all(source)
        tree = Body(source.span(0, 0), ()) if parsed.body is None else parsed.body
        letters = open_letters(tree, shapes)
        opened = None
        if letters:
            from cnndsl.analysis.sizes.open_inputs import check_open

            opened = check_open(source, tree, letters, shapes, params)
        result = opened or elaborate(source, tree, shapes, params)
        if parsed.body is None:
            found = parsed.diagnostics
        elif parsed.diagnostics:
            found = together(parsed, result.diagnostics)
        else:
            found = (
                result.diagnostics or _dead_ends(result.graph) or _over_budget(tree, result.graph, letters)
            )
        if found:
            from cnndsl.elaboration.echoes import without_echoes

            found = without_echoes(found)
        elif with_warnings:
            from cnndsl.analysis.lint import find_warnings

            found = find_warnings(source, tree, result.graph)
            if letters:
                found = tuple(one for one in found if one.rule not in SIZE_WARNINGS)

    def again(text: str) -> Report:
        # To try a fix out: whether it brings errors is what counts.
        return check_source(_again(source, text), input, params, with_warnings=False)

    report = Report(source, result.graph, found, again)
    if opened is not None:
        return replace(report, sizes=opened.sizes, open_shapes=opened.shapes)
    if sizes and report.ok:
        from cnndsl.analysis.sizes.answer import other_sizes

        return replace(report, sizes=other_sizes(result.graph))
    return report


def _again(source: Source, text: str) -> Source:
    """Another text in the place of this one."""
    return Source(text, source.name, source.path)


def _dead_ends(graph: Graph) -> tuple[Diagnostic, ...]:
    """An error for each value that no output needs; the module that words them is rarely loaded."""
    read = {source for node in graph.nodes for source in node.inputs}
    read.update(output.node for output in graph.outputs)
    if len(read) == len(graph.nodes):
        return ()
    from cnndsl.analysis.dead_ends import unused_outputs

    return unused_outputs(graph, (node.id for node in graph.nodes if node.id not in read))


def _over_budget(tree: Body, graph: Graph, letters: Sequence[str]) -> tuple[Diagnostic, ...]:
    """What the spec asserts of the network's costs and does not hold."""
    budgets = [statement for statement in tree.statements if isinstance(statement, Budget)]
    if not budgets:
        return ()
    from cnndsl.analysis.budgets import over_budget

    return over_budget(budgets, graph, bool(letters))


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
