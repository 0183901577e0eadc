"""A plan as a Mermaid flow chart, which pages on GitHub and many editors draw from the text."""

from __future__ import annotations

from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.plan import Box, Plan
from cnndsl.backends.drawing.theme import Theme, theme_of

__all__ = ["to_mermaid"]

# What has a meaning of its own in a quoted text of Mermaid, and in the HTML that it becomes.
ENTITIES = {"#": "#35;", "&": "#38;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}


def to_mermaid(plan: Plan, options: Options) -> str:
    """The Mermaid text of a plan."""
    theme = theme_of(options.theme)
    lines = []
    if plan.title:
        # a quoted YAML text
        quoted = plan.title.replace("\\", "\\\\").replace('"', '\\"')
        lines += ["---", f'title: "{quoted}"', "---"]
    lines.append(f"flowchart {'TD' if options.flow == 'down' else 'LR'}")
    lines += _inside(plan, None, "  ")
    red, dashed = [], []
    for index, edge in enumerate(plan.edges):
        label = f'|"{_text(edge.size)}"|' if edge.labelled else ""
        lines.append(f"  b{edge.source} -->{label} b{edge.target}")
        if edge.trouble == "mistake":
            red.append(str(index))
        elif edge.trouble == "unknown" or edge.training_only:
            dashed.append(str(index))
    lines += _classes(plan, theme)
    if red:
        lines.append(f"  linkStyle {','.join(red)} stroke:{theme.mistake},stroke-width:2px")
    if dashed:
        lines.append(f"  linkStyle {','.join(dashed)} stroke-dasharray:4 3")
    return "\n".join(lines) + "\n"


def _inside(plan: Plan, frame: int | None, indent: str) -> list[str]:
    lines = [f"{indent}{_box(box)}" for box in plan.boxes if box.frame == frame]
    for child in plan.frames:
        if child.parent == frame:
            title = _text(f"{child.title} {child.detail}".strip())
            lines.append(f'{indent}subgraph f{child.id}["{title}"]')
            lines += _inside(plan, child.id, indent + "  ")
            lines.append(f"{indent}end")
    return lines


def _box(box: Box) -> str:
    if box.kind == "join":
        return f'b{box.id}(("{_text(box.symbol)}"))'
    if box.kind in ("input", "output"):
        return f'b{box.id}(["{_text(box.lines[0].strong)}"])'
    words = []
    for line in box.lines:
        strong = f"<b>{_text(line.strong)}</b>" if line.strong else ""
        words.append(" ".join(word for word in (strong, _text(line.small)) if word))
    return f'b{box.id}["{"<br/>".join(words)}"]'


def _classes(plan: Plan, theme: Theme) -> list[str]:
    lines = []
    families: dict[str, list[int]] = {}
    for box in plan.boxes:
        if box.kind in ("layer", "stage"):
            families.setdefault(box.family or "shaping", []).append(box.id)
    for family, boxes in sorted(families.items()):
        fill, line = theme.colors(family)
        lines.append(f"  classDef {family} fill:{fill},stroke:{line},color:{theme.ink}")
        lines.append(f"  class {','.join(f'b{box}' for box in boxes)} {family}")
    for name, look, chosen in (
        ("unknown", "stroke-dasharray:4 3", [box.id for box in plan.boxes if box.trouble == "unknown"]),
        ("training", "stroke-dasharray:4 3", [box.id for box in plan.boxes if box.training_only]),
        (
            "mistake",
            f"stroke:{theme.mistake},stroke-width:3px",
            [box.id for box in plan.boxes if box.trouble == "mistake"],
        ),
    ):
        if chosen:
            lines.append(f"  classDef {name} {look}")
            lines.append(f"  class {','.join(f'b{box}' for box in chosen)} {name}")
    return lines


def _text(text: str) -> str:
    return "".join(ENTITIES.get(letter, letter) for letter in text)
