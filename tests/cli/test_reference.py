"""docs/layers.md: made from the declarations, and as fresh as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnndsl.layers import all_joins, layers
from tests.cli.conftest import Run

PAGE = Path(__file__).parents[2] / "docs" / "layers.md"


def test_the_page_is_fresh(run: Run) -> None:
    assert run("layers", "--markdown").out == PAGE.read_text(encoding="utf-8"), "`make docs` writes it anew"


def test_the_page_has_a_section_for_every_layer_and_links_to_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    names = {one.name for one in (*layers(), *all_joins())}
    assert names <= set(headings)
    assert len(set(headings)) == len(headings), "a heading that stands twice has another anchor"
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
    for place in re.findall(r"\]\(([^)#]+)", text):
        assert (PAGE.parent / place).exists(), place


def test_every_table_has_as_many_cells_in_each_row() -> None:
    for table in re.findall(r"(?:^\|.*\|\n)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


WHOLE, CEIL = "a whole number of 1 or more", "whether a last window may hang over the end"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("conv", f"| `groups` | `gN` | {WHOLE} | `1` | groups that see only their own channels |"),
        ("conv", "| `conv 16 k3 p1` | 3x32x32 | 16x32x32 | 448 | 442,368 |"),
        ("conv", "| `conv 8 k9` | 3x5x5 | `kernel-too-large` | kernel 9x9 does not fit into 5x5 |"),
        ("maxpool", f"| `ceil_mode` | `ceil` | true or false | `false` | {CEIL} |"),
        ("dwconv", "dwconv kernel_size [stride] [padding] [dilation] [bias] [padding_mode] [mult=]"),
        ("permute", "permute dims ..."),
        ("linear", "- also called: `dense`, `fc`"),
        ("batchnorm", "- in PyTorch: `nn.BatchNorm1d`, `nn.BatchNorm2d`, `nn.BatchNorm3d`"),
        ("linear", "- weights: `weight` 10x784, `bias` 10 in `linear 10`"),
        ("mul", "| `mul { identity \\| sigmoid }` | 64 | 64 |  |  |"),
        ("relu", "- gives: max(0, x)"),
        ("celu", "- gives: max(0, x) + min(0, alpha \\* (exp(x / alpha) - 1))"),
    ],
)  # fmt: skip
def test_a_section(run: Run, name: str, line: str) -> None:
    assert line in run("layers", name, "--markdown").out.splitlines()
