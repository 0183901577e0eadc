"""`cnndsl features`: what a layer makes of an image, as a picture."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnndsl.cli.common import UsageError, add_spec_options, check_one, fail
from cnndsl.cli.weights import add_weights_options, check_weights_options, load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from cnndsl.ir import Graph
    from cnndsl.report import Report

__all__ = ["add_parser", "run"]

ENDINGS = (".png", ".svg", ".pdf")


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "features",
        description="Draw the values that a layer gives for an image: maps in a grid, a vector as bars.",
    )
    add_spec_options(parser)
    add_weights_options(parser)
    parser.add_argument("--seed", type=int, metavar="N", default=0, help="the seed of weights not loaded (0)")
    parser.add_argument("--image", type=Path, metavar="FILE", required=True, help="the image, of any size")
    parser.add_argument("--layer", metavar="NAME", required=True, help="the layer or block, like layer1.0")
    parser.add_argument(
        "-o", dest="output", metavar="FILE", type=Path, required=True, help="write FILE.png, .svg or .pdf"
    )


def run(options: Namespace) -> int:
    """Draw; 1 where the spec, the weights or the image are at fault."""
    if options.output.suffix.lower() not in ENDINGS:
        raise UsageError(f"-o {options.output}: expected a file that ends in {', '.join(ENDINGS)}")
    if not 0 <= options.seed < 2**63:
        raise UsageError(f"--seed {options.seed}: expected a whole number of 0 or more")
    check_weights_options(options)
    report = check_one(options)
    if not report.ok:
        return 1
    from cnndsl.backends.images import ImageError, read_image

    try:
        image, notes = read_image(options.image, _input_shape(report.graph))
    except ImageError as error:
        fail(str(error))
        return 1
    except OSError as error:
        raise UsageError(f"cannot read {options.image}: {(error.strerror or str(error)).lower()}") from error
    for note in notes:
        print(f"{options.image}: {note}", file=sys.stderr)
    module = _module(report, options)
    if module is None:
        return 1
    values = _values(module, report.graph, image, options.layer)
    if values is None:
        return 1
    return _draw(image, values, report, options)


def _input_shape(graph: Graph) -> tuple[int, ...]:
    if len(graph.inputs) > 1:
        raise UsageError(f"the network has {len(graph.inputs)} inputs: an image goes into one")
    shape = graph.nodes[graph.inputs[0]].output_shape
    assert shape is not None, "a report without errors knows every value"
    return shape


def _module(report: Report, options: Namespace) -> nn.Module | None:
    from cnndsl.backends.torch_check import seed
    from cnndsl.backends.torch_module import build_module

    seed(options.seed)
    module = build_module(report.graph, report.source.text)
    if options.weights is None:
        print(f"no --weights: they are drawn at random, seed {options.seed}", file=sys.stderr)
    elif not load(module, options):
        return None
    return module


def _values(
    module: nn.Module, graph: Graph, image: NDArray[np.float32], layer: str
) -> NDArray[np.float32] | None:
    """What the layer gives for the image, without the batch axis; None where there is no such layer."""
    from cnndsl.backends.features import NoSuchLayer, features_of_image

    try:
        return features_of_image(module, image, layer)
    except NoSuchLayer as error:
        join = next((node for node in graph.nodes if node.path == layer and node.key is None), None)
        if join is None:
            fail(str(error))
            return None
        user = next((node.path for node in graph.nodes if join.id in node.inputs and node.key), None)
        behind = f": `{user}` is the layer behind it" if user else ""
        fail(f"`{layer}` is no layer with a value of its own name{behind}\n  help: a label gives it one")
        return None


def _draw(image: NDArray[np.float32], values: NDArray[np.float32], report: Report, options: Namespace) -> int:
    from cnndsl.backends.maps import Picture, draw_maps, said
    from cnndsl.files import atomic_path

    what = f"{options.layer} of {report.graph.model or Path(report.source.name).stem.strip('<>')}"
    origin = f"drawn at random, seed {options.seed}" if options.weights is None else options.weights.name
    remarks = f"{options.image.name}, weights: {origin}"
    picture = Picture(image, values, f"{what}: {said(values.shape)}", remarks)
    try:
        with atomic_path(options.output) as temporary:
            draw_maps(picture, temporary)
    except ValueError as error:
        fail(f"{options.layer}: {error}")
        return 1
    except OSError as error:
        raise UsageError(f"cannot write {options.output}: {error.strerror or error}") from error
    print(f"{options.output}: {options.layer}, {said(values.shape)}")
    return 0
