"""Comments that say what a line gives: `conv 16 k3 p1 -> maxpool 2    # 16x14x14`.

To learn the shape behind a line, the spec is run with a join of the value and itself put there: it takes
no part in the names of the weights and changes no shape, and it stands for every time the line is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from cnndsl import syntax as s
from cnndsl.dims import Shape, format_shape
from cnndsl.elaborate import elaborate
from cnndsl.formatter import CommentRule
from cnndsl.parser import parse
from cnndsl.text import Source, Span

__all__ = ["line_shapes", "shape_comments"]

# What arrives: a shape, or shapes by the inputs' names, in place of the spec's own.
Input = Shape | Mapping[str, Shape] | None

# A shape, alone or with words behind a colon; `# 3x3 kernels` is none.
_SHAPE_COMMENT = re.compile(r"#[ \t]*([0-9]+(?:x[0-9]+)*)(?=[ \t]*(?::|$))")
# What may follow the last item of a line.
_LINE_END = re.compile(r"[ \t\r\f]*(?:->[ \t\r\f]*)?(?:#[^\n]*)?(?:\n|$)")

_ONLY_CLOSES = re.compile(r"[ \t\])}]*(?:#.*)?$")

# Nothing deeper is ever run: the checker refuses it.
_DEEPEST = 200


def shape_comments(
    source: Source, input: Input = None, parameters: Mapping[str, Any] | None = None
) -> CommentRule:
    """What the comments of a spec without mistakes become when they tell the shapes as they are.

    A line gets one where its last item ends on it and gives the same shape whenever it is run; a line
    of closing brackets only where that says more than the line above. What stands behind the shape
    stays. Where the shapes differ, as in a block that is used at several sizes, a bare one is taken
    away. Other comments are left alone.

    >>> rule = shape_comments(Source("input 3x8x8\\nconv 4 k3  # 1x1: no padding\\nrelu\\n"))
    >>> rule(2, "# 1x1: no padding"), rule(3, None), rule(3, "# at last")
    ('# 4x6x6: no padding', '# 4x6x6', '# at last')
    """
    found = line_shapes(source, input, parameters)

    def rule(number: int, comment: str | None) -> str | None:
        shapes = found.get(number, frozenset())
        written = None if comment is None else _SHAPE_COMMENT.match(comment)
        if not shapes or (comment is not None and written is None):
            return comment
        if comment is None and _ONLY_CLOSES.match(source.line(number)):
            above = number - 1
            while not source.line(above).partition("#")[0].strip():
                above -= 1
            if found.get(above) == shapes:
                return None
        text = "" if comment is None or written is None else comment[written.end() :]
        if len(shapes) > 1:
            return comment if text.strip() else None
        (shape,) = shapes
        return f"# {format_shape(shape)}{text}"

    return rule


def line_shapes(
    source: Source, input: Input = None, parameters: Mapping[str, Any] | None = None
) -> dict[int, frozenset[Shape]]:
    """The shapes that the last item of each line gives, by the line's number, whenever the line is run.

    Lines that end inside an item have none, nor have those that are never run.

    >>> line_shapes(Source("input 3x8x8\\n[\\n  conv C*2 k1\\n] x 2\\n"))[3] == {(6, 8, 8), (12, 8, 8)}
    True
    """
    tree = parse(source)
    probed: dict[int, s.Statement] = {}
    for statement in _statements(tree, 0):
        end = statement.span.end
        line = source.position(max(end - 1, 0)).line
        if line not in probed or end > probed[line].span.end:
            probed[line] = statement
    lines = {
        statement.span.end: line
        for line, statement in probed.items()
        if _gives_a_value(statement) and _LINE_END.match(source.text, statement.span.end)
    }
    probes = {id(probed[line]): source.span(end, end) for end, line in lines.items()}
    result = elaborate(source, _probing(tree, probes, 0), input, parameters)
    if any(diagnostic.severity == "error" for diagnostic in result.diagnostics):
        return {}
    places = set(probes.values())
    shapes: dict[int, set[Shape]] = {}
    for node in result.graph.nodes:
        if node.span in places and node.output_shape is not None:
            shapes.setdefault(lines[node.span.end], set()).add(node.output_shape)
    return {line: frozenset(found) for line, found in shapes.items()}


def _gives_a_value(statement: s.Statement) -> bool:
    """Whether a shape behind a statement says something: an `input` says its own."""
    declares = (s.Input, s.Model, s.Param, s.Let, s.Block, s.FileUse, s.OutputBlock, s.Budget, s.Train)
    return not isinstance(statement, declares)


def _statements(body: s.Body, depth: int) -> Iterator[s.Statement]:
    """All statements, outer ones before those inside them."""
    for statement in body.statements:
        yield statement
        if depth < _DEEPEST:
            for inner in s.bodies(statement):
                yield from _statements(inner, depth + 1)


def _probing(body: s.Body, probes: Mapping[int, Span], depth: int) -> s.Body:
    """The body with a probe behind each statement that `probes` names, at the place that it says."""
    if depth > _DEEPEST:
        return body
    statements: list[s.Statement] = []
    for statement in body.statements:
        statements.append(_with_probes(statement, probes, depth))
        place = probes.get(id(statement))
        if place is not None:
            same = s.Body(place, ())
            statements.append(s.Join(place, "add", place, (same, same)))
    return body._replace(statements=tuple(statements))


def _with_probes(statement: s.Statement, probes: Mapping[int, Span], depth: int) -> s.Statement:
    def inside(body: s.Body) -> s.Body:
        return _probing(body, probes, depth + 1)

    match statement:
        case s.Labelled() | s.Assertion() | s.Repeat():
            if depth > _DEEPEST:
                return statement
            item = cast(s.Item, _with_probes(statement.item, probes, depth + 1))
            return statement._replace(item=item)
        case s.Group() | s.For() | s.Block() | s.OutputBlock():
            return statement._replace(body=inside(statement.body))
        case s.Join():
            return statement._replace(branches=tuple(map(inside, statement.branches)))
        case s.Residual():
            return statement._replace(branch=inside(statement.branch))
        case s.If():
            otherwise = None if statement.otherwise is None else inside(statement.otherwise)
            return statement._replace(then=inside(statement.then), otherwise=otherwise)
        case _:
            return statement
