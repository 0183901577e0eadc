"""The spec cut into pieces: layers that stand open, and scopes that stay closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from cnndsl.backends.drawing.context import Context, DrawingError
from cnndsl.backends.drawing.plan import Frame
from cnndsl.backends.drawing.units import Unit
from cnndsl.ir import Scope

__all__ = ["Opening", "Piece", "Selection", "pieces_of"]

# "frame": opened, with a frame around; "open": its contents stand where it stands; "closed": one box.
Opening = Literal["frame", "open", "closed"]


class Piece(NamedTuple):
    """A unit or a closed scope; `frame` is the innermost frame around it."""

    nodes: tuple[int, ...]
    unit: Unit | None
    scope: Scope | None
    frame: int | None


class Selection:
    """Which scopes `--expand` and `--depth` open.

    A name is a scope's path, its last part, or the name of its block; what lies around it is opened too.
    Errors: DrawingError for a name that no scope has.
    """

    def __init__(self, context: Context, depth: int | None, expand: tuple[str, ...]) -> None:
        self.depth = depth
        self.opened: set[int] = set()
        scopes = context.graph.scopes[1:]
        for name in expand:
            found = [scope for scope in scopes if name in (scope.path, scope.key, scope.block)]
            if not found:
                raise DrawingError(_no_such_scope(name, scopes))
            for scope in found:
                around: int | None = scope.id
                while around:
                    self.opened.add(around)
                    around = context.graph.scopes[around].parent

    def __call__(self, scope: Scope) -> bool | None:
        """Whether the scope is to be opened; None where nothing was said of it."""
        if scope.id in self.opened:
            return True
        return None if self.depth is None else scope.path.count(".") + 1 < self.depth


def _no_such_scope(name: str, scopes: tuple[Scope, ...]) -> str:
    from difflib import get_close_matches

    names = list(
        dict.fromkeys(word for scope in scopes for word in (scope.block, scope.key, scope.path) if word)
    )
    if not names:
        return f"nothing to expand: the spec has no blocks and no labelled groups, so none is called `{name}`"
    near = get_close_matches(name, names, 1)
    said = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(f'`{one}`' for one in names[:6])}"
    return f"no block or label `{name}` to expand; {said}"


def pieces_of(context: Context, opening: Callable[[Scope], Opening]) -> tuple[list[Piece], list[Frame]]:
    """The pieces in the order of the text, and the frames of the scopes that are open with one."""
    graph = context.graph
    pieces: list[Piece] = []
    frames: list[Frame] = []
    # a stack in place of recursion: scopes may be nested deeply
    waiting: list[tuple[Literal["node", "scope"], int, int | None]] = [("scope", 0, None)]
    while waiting:
        kind, index, frame = waiting.pop()
        if kind == "node":
            unit = context.units.get(index)
            if unit is not None:
                pieces.append(Piece(tuple(node.id for node in unit.nodes), unit, None, frame))
            continue
        scope = graph.scopes[index]
        how = "open" if index == 0 else opening(scope)
        if how == "closed":
            if context.inside[index]:
                pieces.append(Piece(tuple(context.inside[index]), None, scope, frame))
            continue
        if how == "frame":
            title, detail = context.title(scope)
            detail = ", ".join(words for words in (detail, context.shared(scope)) if words)
            frames.append(Frame(len(frames), frame, index, title, detail))
            frame = len(frames) - 1
        waiting.extend((kind, child, frame) for kind, child in reversed(scope.children))
    return pieces, frames
