"""Windows that miss something: pixels that none of them reads, features that see too little."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnndsl.analysis.lint.view import View, said, warning
from cnndsl.analysis.receptive_field import receptive_fields
from cnndsl.diagnostics import Diagnostic, Related
from cnndsl.dims import Shape, Value, format_shape
from cnndsl.ir import Node
from cnndsl.layers.declaration import Layer, LayerError, Step
from cnndsl.layers.windows import short
from cnndsl.text import Span

__all__ = ["dropped_pixels", "receptive_field_small"]

# What the axes behind the channels consist of, by how many there are.
_LINES = {1: ("positions",), 2: ("rows", "columns"), 3: ("planes", "rows", "columns")}
# Windows with gaps are followed tap by tap: beyond these bounds they are taken to read everything.
_LONGEST_AXIS, _MOST_TAPS = 4096, 64
# How much more padding is tried, to say what would read all.
_MOST_PADDING = 8

# One axis as one window slides over it: the step, and how many windows there are.
_Slide = tuple[Step, int]


def dropped_pixels(view: View) -> Iterator[Diagnostic]:
    """Rows or columns of a value that no window of any of its readers touches.

    Padding that is left over is no loss, nor is what another branch reads: in a residual network's
    shortcut `conv c k1 s2` reads every second row, and the other branch reads all.
    """
    told: set[Span] = set()
    for node in view.nodes:
        if node.id in view.outputs or node.output is None or not node.output.rank:
            continue
        readers = view.readers[node.id]
        slides = [_slides(node.output, reader) for reader in readers]
        known = [slide for slide in slides if slide is not None]
        if not known or len(known) != len(slides):
            continue
        blamed = readers[0]
        unread = _unread(node.output, known) if blamed.span not in told else ()
        if any(unread):
            told.add(blamed.span)
            help = _mend(node.output, blamed) if len(readers) == 1 else ()
            names = _LINES.get(node.output.rank, ("positions",) * node.output.rank)
            lost = " and ".join(
                f"{count} of {size} {name}"
                for count, size, name in zip(unread, node.output.spatial, names, strict=True)
                if count
            )
            yield warning("dropped-pixels", f"{said(blamed)} leaves {lost} unread", blamed, *help)


def _slides(value: Value, reader: Node) -> tuple[_Slide, ...] | None:
    """How the reader's windows slide over the axes; None where it reads everything."""
    layer, output = reader.layer, reader.output
    if "stride" not in reader.arguments or not isinstance(layer, Layer) or output is None:
        return None
    if output.rank == value.rank and output.spatial == value.spatial:
        return None
    return _windows(layer, value, reader.arguments, output.shape)


def _windows(
    layer: Layer, value: Value, arguments: Mapping[str, Any], output: Shape
) -> tuple[_Slide, ...] | None:
    steps = layer.receptive(value, arguments)
    if not isinstance(steps, tuple) or len(steps) != len(output) - 1:
        return None
    slides = tuple(zip(steps, output[1:], strict=True))
    if any(step.transposed for step in steps):
        return None
    whole = all(_reach(slide) >= size for slide, size in zip(slides, value.spatial, strict=True))
    return None if whole else slides


def _reach(slide: _Slide) -> int:
    """How many positions from the first on are read without a gap."""
    step, count = slide
    if step.kernel > 1 and step.dilation > 1:
        return 0
    if step.stride > step.kernel and count > 1:
        return 0
    return (count - 1) * step.stride + step.kernel - step.padding


def _unread(value: Value, readers: list[tuple[_Slide, ...]]) -> tuple[int, ...]:
    """How many positions of each axis no reader reads."""
    return tuple(
        _missed(size, [reader[axis] for reader in readers]) for axis, size in enumerate(value.spatial)
    )


def _missed(size: int, slides: list[_Slide]) -> int:
    reach = max(0, *map(_reach, slides))
    if reach >= size:
        return 0
    gaps = [slide for slide in slides if not _reach(slide)]
    if not gaps:
        return size - reach
    if size > _LONGEST_AXIS or any(step.kernel > _MOST_TAPS for step, _ in gaps):
        return 0
    read = bytearray(size)
    read[:reach] = b"\1" * reach
    for step, count in gaps:
        for tap in range(step.kernel):
            first = tap * step.dilation - step.padding
            end = min(size, first + (count - 1) * step.stride + 1)
            touched = range(first if first >= 0 else first % step.stride, end, step.stride)
            read[touched.start : max(touched.start, end) : step.stride] = b"\1" * len(touched)
    return read.count(0)


def _mend(value: Value, reader: Node) -> tuple[str, ...]:
    """What to write so that everything is read, each tried out; of a plugin's arguments we know nothing."""
    assert isinstance(reader.layer, Layer)
    arguments = reader.arguments
    if reader.layer.plugin:
        return ()
    tries: list[tuple[str, dict[str, Any]]] = []
    if arguments.get("ceil_mode") is False:
        tries.append(("ceil", {"ceil_mode": True}))
    padding, kernel = arguments.get("padding"), arguments["kernel_size"]
    if isinstance(padding, tuple):
        wider = (
            tuple(p + more for p in padding) for more in range(1, min(max(kernel) // 2, _MOST_PADDING) + 1)
        )
        tries.extend((f"p{short(sizes)}", {"padding": sizes}) for sizes in wider)
    if any(step > size for step, size in zip(arguments["stride"], kernel, strict=True)):
        larger = tuple(map(max, arguments["stride"], kernel))
        tries.append((f"k{short(larger)}", {"kernel_size": larger}))
    found = []
    for text, change in tries:
        changed = {**arguments, **change}
        try:
            shape = reader.layer.shape(value, changed)
        except LayerError:
            continue
        if _windows(reader.layer, value, changed, shape) is None:
            found.append(f"`{text}` reads them all and gives {format_shape(shape)}")
    return tuple(found[:2])


def receptive_field_small(view: View) -> Iterator[Diagnostic]:
    """Features that see only a part of the input, and are then averaged over all places.

    A flattened map keeps the places, and the linear layer behind it sees all of them: only a global
    pool on the way to an output loses how the parts lie to one another.
    """
    fields: tuple[Shape | None, ...] | None = None
    for output in view.graph.outputs:
        pool = _last_global_pool(view, view.nodes[output.node])
        if pool is None:
            continue
        if fields is None:
            fields = receptive_fields(view.graph)
        seen, given = fields[pool.inputs[0]], view.nodes[view.graph.inputs[0]].output
        if seen is None or given is None or len(seen) != given.rank or len(view.graph.inputs) > 1:
            continue
        # What sees one position is the input itself: there are no features yet.
        if max(seen) > 1 and any(size < whole for size, whole in zip(seen, given.spatial, strict=True)):
            source = view.nodes[pool.inputs[0]]
            yield warning(
                "receptive-field-small",
                f"{said(pool)} averages features that see only {format_shape(seen)} "
                f"of the {format_shape(given.spatial)} input",
                pool,
                "more convolutions, strides or pools before it let each feature see more",
                related=(Related(f"each position sees {format_shape(seen)}", source.span),),
            )


def _last_global_pool(view: View, node: Node | None) -> Node | None:
    """The pool, on the straight way to an output, that leaves one position of many."""
    while node is not None:
        source = view.before(node)
        if (
            source is not None
            and source.output is not None
            and source.output.rank
            and max(source.output.spatial) > 1
            and isinstance(node.layer, Layer)
            and node.output is not None
        ):
            whole = node.layer.family == "pooling" and all(size == 1 for size in node.output.spatial)
            return node if whole and node.layer.receptive(source.output, node.arguments) == "whole" else None
        node = source
    return None
