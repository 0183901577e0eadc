"""A plan as graphviz' DOT source, for those who want to lay it out, or change it, with graphviz."""

from __future__ import annotations

from html import escape

import graphviz

from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.plan import Box, Edge, Frame, Line, Plan
from cnndsl.backends.drawing.theme import Theme, theme_of

__all__ = ["Diagram", "to_digraph"]

FONT = "Helvetica"


class Diagram(graphviz.Digraph):  # type: ignore[misc]
    """graphviz' object, which a notebook shows as cnndsl draws it: that needs no `dot`.

    `source` is the DOT text; `render` and `pipe` are graphviz' own and call `dot`; `svg()` gives the picture
    and `write` puts it into a file. What is changed in the object after it was made is in `source` alone.
    """

    picture: object = None

    def svg(self) -> str:
        """The picture as SVG text, as cnndsl lays it out."""
        from cnndsl.backends.drawing.picture import Picture

        assert isinstance(self.picture, Picture)
        return self.picture.svg()

    def write(self, path: object) -> None:
        """Write the picture to a file, its format by the ending: .svg, .png, .pdf, .dot or .mmd."""
        from cnndsl.backends.drawing.picture import Picture

        assert isinstance(self.picture, Picture)
        self.picture.write(path)  # type: ignore[arg-type]

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None, **_: object
    ) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": self.source}


def to_digraph(plan: Plan, options: Options) -> Diagram:
    """The DOT source of a plan, in graphviz' object."""
    theme = theme_of(options.theme)
    title = f"<b>{escape(plan.title)}</b>" + (f"<br/>{_small(plan.summary, theme)}" if plan.summary else "")
    diagram = Diagram(
        plan.title or "network",
        graph_attr={
            "rankdir": "TB" if options.flow == "down" else "LR",
            "nodesep": "0.35",
            "ranksep": "0.34",
            "fontname": FONT,
            "fontsize": "14",
            "fontcolor": theme.ink,
            "labelloc": "t",
            "pad": "0.15",
            "bgcolor": theme.page,
            **({"label": f"<{title}>"} if plan.title else {}),
        },
        node_attr={"fontname": FONT, "fontsize": "11", "fontcolor": theme.ink, "shape": "box",
                   "style": "filled,rounded", "margin": "0.12,0.06", "height": "0.32", "penwidth": "1.1"},
        edge_attr={"fontname": FONT, "fontsize": "9", "fontcolor": theme.faint, "color": theme.wire,
                   "arrowsize": "0.55", "penwidth": "0.9"},
    )  # fmt: skip
    _inside(diagram, plan, theme, None)
    for edge in plan.edges:
        diagram.edge(_name(plan.boxes[edge.source]), _name(plan.boxes[edge.target]), **_edge(edge, theme))
    return diagram


def _inside(diagram: graphviz.Digraph, plan: Plan, theme: Theme, frame: Frame | None) -> None:
    index = None if frame is None else frame.id
    for box in plan.boxes:
        if box.frame == index:
            diagram.node(_name(box), **_box(box, theme))
    for child in plan.frames:
        if child.parent != index:
            continue
        with diagram.subgraph(name=f"cluster_{child.id}") as cluster:
            title = f"<b>{escape(child.title)}</b> {escape(child.detail)}"
            cluster.attr(label=f"<{title.strip()}>", labeljust="l", fontsize="9", fontcolor=theme.faint,
                         style="filled,rounded", color=theme.frame_border,
                         fillcolor=theme.frames[0])  # fmt: skip
            _inside(cluster, plan, theme, child)


def _name(box: Box) -> str:
    return f"n{box.nodes[0]}" if box.nodes else f"out{box.id}"


def _box(box: Box, theme: Theme) -> dict[str, str]:
    fill, line = theme.colors(box.family)
    dash = ",dashed" if box.trouble == "unknown" or box.training_only else ""
    look = {"fillcolor": fill, "color": line, "style": f"filled,rounded{dash}"}
    if box.trouble == "mistake":
        look |= {"color": theme.mistake, "penwidth": "2.2"}
    if box.kind in ("input", "output"):
        return {
            "label": f"<<b>{escape(box.lines[0].strong)}</b>>",
            "shape": "plaintext",
            "style": "",
            "margin": "0.04",
        }
    if box.kind == "join":
        look |= {"shape": "circle", "fixedsize": "true", "width": "0.28", "height": "0.28", "margin": "0",
                 "style": f"filled{dash}", "fillcolor": theme.page}  # fmt: skip
        if box.trouble != "mistake":
            look["color"] = theme.wire
        return {"label": f"<<b>{escape(box.symbol)}</b>>", **look}
    return {"label": f"<{'<br/>'.join(_line(line, theme) for line in box.lines)}>", **look}


def _line(line: Line, theme: Theme) -> str:
    strong = f"<b>{escape(line.strong)}</b>" if line.strong else ""
    return " ".join(word for word in (strong, _small(line.small, theme) if line.small else "") if word)


def _small(text: str, theme: Theme) -> str:
    return f'<font point-size="9" color="{theme.faint}">{escape(text)}</font>'


def _edge(edge: Edge, theme: Theme) -> dict[str, str]:
    look = {"label": f" {edge.size} "} if edge.labelled else {}
    if edge.trouble == "mistake":
        look |= {"color": theme.mistake, "fontcolor": theme.mistake, "penwidth": "1.8"}
    elif edge.trouble == "unknown" or edge.training_only:
        look["style"] = "dashed"
    return look
