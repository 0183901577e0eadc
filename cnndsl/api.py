"""The compiler for use in Python: check, compile, show, draw, to_python.

A spec is a `Path`, or text; a single word that ends in `.cnn` is a path too, and one that begins with
`zoo:` names a network of the zoo.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cnndsl.checking import Inputs, Spec, check, check_source, read_spec
from cnndsl.diagnostics import SpecError
from cnndsl.report import Report
from cnndsl.text import Source

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnndsl.analysis.comparing import Comparison
    from cnndsl.backends.drawing.dot import Diagram
    from cnndsl.backends.drawing.picture import Picture

__all__ = [
    "Inputs",
    "Spec",
    "check",
    "check_source",
    "compile",
    "diff",
    "draw",
    "features",
    "format",
    "read_spec",
    "show",
    "to_python",
]


def _checked(spec: Spec, input: Inputs | None, params: Mapping[str, Any]) -> Report:
    report = check_source(read_spec(spec), input, params, with_warnings=False)
    if not report.ok:
        found = report.with_fixes().diagnostics
        raise SpecError(tuple(one for one in found if one.severity == "error"))
    return report


def compile(
    spec: Spec,
    input: Inputs | None = None,
    *,
    weights: str | os.PathLike[str] | None = None,
    weights_partial: bool = False,
    **params: Any,
) -> nn.Module:
    """Compile a spec to the `nn.Module` that a person would have written.

    `weights` is a file with a state dict, .safetensors, .pt or .pth, that is read without running code
    from it; without one, PyTorch draws the weights. With `weights_partial` what fits by name and shape is
    loaded, and a warning says what was not. Other keyword arguments set the spec's `param`s. The module's
    `spec` is the text it came from.

    Errors: SpecError for a bad spec; WeightsError where the file holds no weights or those of another
    network; OSError where it cannot be read.

    >>> model = compile("input 1x28x28 -> flatten -> linear 10")
    >>> [tuple(parameter.shape) for parameter in model.parameters()]
    [(10, 784), (10,)]
    """
    report = _checked(spec, input, params)
    from cnndsl.backends.torch_module import build_module

    module = build_module(report.graph, report.source.text)
    if weights is not None:
        _load(module, Path(weights), weights_partial)
    return module


def _load(module: nn.Module, path: Path, partial: bool) -> None:
    from warnings import warn

    from cnndsl.backends.weights import load_weights

    match = load_weights(module, path, partial)
    if not match.fits:
        warn(f"{path}: {match}", stacklevel=3)


def features(
    model: nn.Module | Spec, x: Tensor | Sequence[Tensor], layers: str | Sequence[str]
) -> dict[str, Tensor]:
    """The values that layers of a network give for `x`, by their names: no hooks to set and to remove.

    `model` is a compiled network, or any `nn.Module` that PyTorch can trace; a spec is compiled, with
    weights as PyTorch draws them. `x` is a batch (N, C, H, W), or one an input. `layers` are names of
    modules, such as `layer1.0`: layers, blocks and whatever else has a label. The network runs in
    evaluation mode, no further than needed, and is left as it was; gradients flow as in a plain call.

    Errors: SpecError for a bad spec; ValueError for a name that the network does not have.

    >>> import torch
    >>> net = compile("input 1x8x8 -> stem: [conv 4 k3 -> relu] -> flatten -> linear 2")
    >>> maps = features(net, torch.rand(16, 1, 8, 8), ["stem.0", "stem"])
    >>> {name: tuple(value.shape) for name, value in maps.items()}
    {'stem.0': (16, 4, 6, 6), 'stem': (16, 4, 6, 6)}
    """
    from cnndsl.backends.features import features as values

    return values(compile(model) if isinstance(model, (str, Path, Source)) else model, x, layers)


def to_python(spec: Spec, input: Inputs | None = None, **params: Any) -> str:
    """The Python source that `compile` runs; it needs PyTorch only.

    >>> print(to_python("input 8 -> linear 2").splitlines()[-1])
    model = nn.Sequential(nn.Linear(8, 2))
    """
    from cnndsl.backends.python_source import to_python as write

    return write(_checked(spec, input, params).graph)


def show(
    spec: Spec,
    input: Inputs | None = None,
    *,
    format: str = "table",
    batch: int | None = None,
    depth: int | None = None,
    all: bool = False,
    columns: Sequence[str] = (),
    optimizer: str | None = None,
    **params: Any,
) -> str:
    """The table: a row an operation, with output shape, parameters, multiply-adds and receptive field.

    `format` is table, markdown, csv, latex or json. Shapes and multiply-adds are for one sample without the
    batch axis, or for a `batch` with it; memory is told for the batch and the `optimizer`. Scopes whose names
    have `depth` parts are one row; repeats of the scope before them are one, unless `all` is wanted.
    `columns` are some of name, layer, kernel, stride, padding, dilation, groups, mode, output, parameters,
    share, macs and receptive_field. Other keyword arguments set the spec's `param`s.

    Of a spec with mistakes it shows what is known, and the mistakes in their places. Errors: ValueError for
    an option that cannot be; OSError where a file cannot be read.

    >>> print(show("input 3x8x8 -> conv 4 k3", format="csv", columns=["name", "output", "macs"]))
    name,output,macs
    input,3x8x8,0
    0,4x6x6,3888
    """
    from cnndsl.backends.summary import Options
    from cnndsl.backends.summary import show as table

    options = Options(batch, depth, all, tuple(columns), optimizer)
    return table(check(spec, input, params), format, options)


def diff(before: Spec, after: Spec, input: Inputs | None = None, **params: Any) -> Comparison:
    """What two specs differ in, layer by layer and in sum; printed, it is a table.

    `input` is the shape of one sample for both, keyword arguments set `param`s of both. Layers are laid
    beside each other in their order, labelled ones by their labels, so that one put in moves no other.

    Errors: SpecError for a spec with mistakes; OSError where a file cannot be read.

    >>> found = diff("input 3x8x8 -> conv 4 k3 -> relu", "input 3x8x8 -> conv 4 k3 -> gelu")
    >>> [(change.kind, change.after.path) for change in found.changes]
    [('changed', '1')]
    """
    from cnndsl.analysis.comparing import compare

    return compare(_checked(before, input, params), _checked(after, input, params))


def draw(
    spec: Spec,
    input: Inputs | None = None,
    *,
    style: Literal["stage", "full", "volume"] = "stage",
    depth: int | None = None,
    expand: str | Sequence[str] = (),
    direction: Literal["down", "right"] | None = None,
    theme: Literal["light", "dark", "grey"] = "light",
    page_width: str | None = None,
    legend: bool = True,
    params: Mapping[str, Any] | None = None,
    **more_params: Any,
) -> Diagram | Picture:
    """The diagram, which a notebook shows; of a spec with mistakes, what is known.

    - `style`: "stage", a box for each block or stage; "full", every layer; "volume", the maps as solids.
    - `depth`: how many blocks and labels deep to go; 1 draws the outermost closed.
    - `expand`: names of blocks or labelled parts that are opened.
    - `direction`: "down", or "right", which volumes take by themselves.
    - `theme`: "light", "dark", or "grey" for print without colour.
    - `page_width`: the width to fit, like "3.3in" or "84mm".
    - `params` and other keyword arguments set the spec's `param`s.

    The first two styles give a `graphviz.Digraph`, whose `source` is the DOT text, volumes a `Picture`; both
    have `svg()` and `write(path)`, which write .svg, .png and .pdf without graphviz' `dot`.

    Errors: ValueError for an option that there is not, a name that there is not to expand, or more boxes than
    a picture can show.

    >>> diagram = draw("input 1x28x28 -> conv 16 k3 -> relu -> maxpool 2 -> flatten -> linear 10")
    >>> diagram.source[:16], diagram.svg()[:4]
    ('digraph network ', '<svg')
    """
    from cnndsl.backends.drawing.options import Options, parse_length
    from cnndsl.backends.drawing.picture import Picture

    options = Options(
        style,
        depth,
        (expand,) if isinstance(expand, str) else tuple(expand),
        direction,
        theme,
        None if page_width is None else parse_length(page_width),
        legend,
    )
    picture = Picture(check(spec, input, {**(params or {}), **more_params}), options)
    if style == "volume":
        return picture
    from cnndsl.backends.drawing.dot import to_digraph

    diagram: Diagram = to_digraph(picture.plan, options)
    diagram.picture = picture
    return diagram


def format(spec: Spec) -> str:
    """The canonical text of a spec, as `cnndsl fmt` writes it; SpecError where it does not parse.

    Comments and line breaks stay, and so does the network. Nothing is written to a file.

    >>> format("input 1x28x28\\nconv  16 k3->relu")
    'input 1x28x28\\nconv 16 k3 -> relu\\n'
    """
    from cnndsl.formatter import format_source

    return format_source(read_spec(spec))
