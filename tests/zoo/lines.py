"""How many lines the zoo takes for torchvision's 68 classifiers, and how many torchvision's own files take.

    python -m tests.zoo.lines

Counted are lines with more than blanks and comments. Of the zoo: the specs of these families, the blocks that
they share, and their part of the index. Of torchvision: the same networks' files in `torchvision/models`,
without docstrings; once as they stand, and once without imports and without what describes trained weights,
which the zoo does not have. What lies in `torchvision/ops` is left out, to torchvision's favour.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import cnndsl

__all__ = ["Counts", "count"]

ZOO = Path(cnndsl.__file__).parent / "zoo"
# torchvision's files of model definitions, and the specs of the same networks.
FILES = {
    "alexnet": ("alexnet",),
    "convnext": ("convnext",),
    "densenet": ("densenet",),
    "efficientnet": ("efficientnet", "efficientnet_v2"),
    "googlenet": ("googlenet",),
    "inception": ("inception_v3",),
    "mnasnet": ("mnasnet",),
    "mobilenetv2": ("mobilenet_v2",),
    "mobilenetv3": ("mobilenet_v3",),
    "regnet": ("regnet",),
    "resnet": ("resnet_basic", "resnet"),
    "shufflenetv2": ("shufflenet_v2",),
    "squeezenet": ("squeezenet",),
    "vgg": ("vgg",),
}


class Counts(NamedTuple):
    """Lines of the zoo, of torchvision's files, and of the definitions of networks in them."""

    zoo: int
    torchvision: int
    definitions: int


def count(folder: Path) -> Counts:
    """The lines, with torchvision's model files in `folder`."""
    specs = [name for names in FILES.values() for name in names]
    zoo = sum(_lines((ZOO / f"{name}.cnn").read_text()) for name in (*specs, "blocks"))
    whole = definitions = 0
    for name in FILES:
        text = (folder / f"{name}.py").read_text()
        tree = ast.parse(text)
        whole += len(_code(text, _docstrings(tree)))
        definitions += len(_code(text, [*_docstrings(tree), *_about_weights(tree)]))
    return Counts(zoo + _lines(_index(specs)), whole, definitions)


def _lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def _index(families: Iterable[str]) -> str:
    """The part of the index that belongs to some families."""
    parts = ("[" + part for part in ("\n" + (ZOO / "index.toml").read_text()).split("\n[")[1:])
    wanted = set(families)
    return "\n".join(part for part in parts if part[1:].split("]")[0].split(".")[0] in wanted)


def _code(text: str, left_out: Iterable[ast.stmt]) -> set[int]:
    """The numbers of the lines that hold code, but for some statements."""
    blank = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    blank |= {tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in blank:
            lines.update(range(token.start[0], token.end[0] + 1))
    for statement in left_out:
        lines.difference_update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return lines


def _docstrings(tree: ast.Module) -> list[ast.stmt]:
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, holders)]
    return [
        body[0]
        for body in bodies
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    ]


def _about_weights(tree: ast.Module) -> list[ast.stmt]:
    """Imports, lists of names, and classes and tables that describe trained weights."""
    found: list[ast.stmt] = []
    for node in tree.body:
        is_table = isinstance(node, ast.ClassDef) and node.name.endswith("_Weights")
        if is_table or isinstance(node, (ast.Import, ast.ImportFrom)):
            found.append(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and (target.id == "__all__" or target.id.startswith("_COMMON")):
                found.append(node)
    return found


if __name__ == "__main__":
    from tests.zoo.torchvision_oracle import models

    counts = count(Path(str(models().__file__)).parent)
    print(f"zoo: {counts.zoo} lines for 68 networks")
    for what, lines in (
        ("torchvision's files", counts.torchvision),
        ("their definitions", counts.definitions),
    ):
        print(f"{what}: {lines} lines, {counts.zoo / lines:.1%} of them here")
