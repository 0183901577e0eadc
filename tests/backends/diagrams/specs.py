"""The specs whose diagrams are looked at, and how one is laid out."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import cnndsl
from cnndsl.backends.drawing.layout import Layout, lay_bent, lay_out
from cnndsl.backends.drawing.options import Options
from cnndsl.backends.drawing.plan import Plan
from cnndsl.backends.drawing.planning import make_plan
from cnndsl.backends.drawing.sizes import box_size
from cnndsl.backends.drawing.volume import volume_size

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = [str(path) for path in sorted(ROOT.glob("examples/*.cnn"))]
# Of each family of the zoo the first network.
FAMILIES = [
    f"zoo:{next(name for name in family if name != 'title')}"
    for family in tomllib.loads((ROOT / "cnndsl/zoo/index.toml").read_text(encoding="utf-8")).values()
]
STYLES = ("stage", "full", "volume")
BASIC = """input 3x8x8
block basic(c, s=1) {
  add {
    conv1: conv c k3 s=s p1 nobias -> bn1: bn -> relu
    conv2: conv c k3 p1 nobias -> bn2: bn
  | if s != 1 or C != c { downsample: [conv c k1 s=s nobias -> bn] } else { identity }
  }
  relu
}
"""


def spec_of(name: str) -> str | Path:
    """A spec by what it is called here: a path, or a name of the zoo."""
    return name if name.startswith("zoo:") else Path(name)


@cache
def report_of(name: str) -> cnndsl.Report:
    """A spec, checked once for all tests."""
    return cnndsl.check(spec_of(name))


def plan_of(spec: str, **options: object) -> Plan:
    """The plan of a spec's text."""
    return make_plan(cnndsl.check(spec), Options(**options))  # type: ignore[arg-type]


def words(plan: Plan) -> list[str]:
    """What the boxes say first."""
    return [box.lines[0].strong for box in plan.boxes]


def laid_out(plan: Plan, options: Options) -> Layout:
    """A plan laid out as it is drawn."""
    if options.style != "volume":
        return lay_out(plan, options.flow, lambda box: box_size(plan.boxes[box]), options.page_width)
    bent = (
        lay_bent(plan, lambda box: volume_size(plan.boxes[box], 0.4)) if options.direction is None else None
    )
    return bent or lay_out(
        plan, options.flow, lambda box: volume_size(plan.boxes[box], 1.0), options.page_width
    )
