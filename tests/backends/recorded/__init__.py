"""Tables as they were looked at and found right; `python -m tests.backends.recorded` writes them anew.

Whoever writes them anew looks at what has changed before it is committed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cnndsl
from cnndsl.backends.comparison import comparison_html, comparison_markdown, comparison_text
from cnndsl.backends.summary import Options, report_html, show
from cnndsl.backends.tables.text import Page
from tests.cli.conftest import LENET

HERE = Path(__file__).parent

# Repeats of a block, stages, a shared layer, a tap, windows of several kinds, an output for training alone.
EVERYTHING = """model Everything
input 3x64x64
block unit(c, k=3, s=1) {
  conv: conv c k=k s=s p=k//2 nobias -> bn: bn -> relu
}
block bottle(c) {
  residual { squeeze: unit c//4 k1 -> grown: conv c k3 p1 g4 }
}
stem: unit 16 k7 s2
stage1: [bottle 16 x 3]
conv 32 k3x5 s2x1 p2 d2
shared: conv 32 k3 p1
output helper when training { gap -> flatten -> aux: linear 5 }
reuse shared
concat @shared
gap -> flatten -> fc: linear 10
"""

BROKEN = """input 3x32x32
block b(c) { conv c k3 p1 -> bn -> relu }
stem: conv 16 k3 p1
layer1: [b 16 -> b 16]
convv 6 k5
maxpool 2
conv 16 k55
layer2: [b 16 -> b nope]
flatten -> linear 10
"""

HOSTILE = """model Ho_st
input 3x8x8
"<script>alert('x')</script>": conv 4 k3
"a|b_c*&$%#~^[]`": relu
"=1+1": gap
"""

OPEN = "input 3xHxW -> conv 8 k3 s2 p1 -> bn -> relu -> maxpool 2 -> gap -> flatten -> linear 10"

SPECS = {"everything": EVERYTHING, "broken": BROKEN, "hostile": HOSTILE}
ENDINGS = {"table": "txt", "markdown": "md", "csv": "csv", "latex": "tex"}


def tables() -> dict[str, Callable[[], str]]:
    """What is recorded: the files' names, and what makes their texts."""
    found: dict[str, Callable[[], str]] = {}
    for name, spec in SPECS.items():
        for form, ending in ENDINGS.items():
            found[f"{name}.{ending}"] = lambda spec=spec, form=form: show(cnndsl.check(spec), form)
        found[f"{name}.html"] = lambda spec=spec: report_html(cnndsl.check(spec))
        found[f"{name}-80.txt"] = lambda spec=spec: show(cnndsl.check(spec), page=Page(80))
    everything = lambda *options: show(cnndsl.check(EVERYTHING), "table", Options(*options))  # noqa: E731
    found["everything-all.txt"] = lambda: everything(None, None, True)
    found["everything-depth-1.txt"] = lambda: everything(8, 1, False, (), "momentum")
    found["everything-columns.txt"] = lambda: everything(None, None, False, ("name", "output", "kernel"))
    found["everything-ascii.txt"] = lambda: show(cnndsl.check(EVERYTHING), page=Page(100, ascii=True))
    found["lenet5.txt"] = lambda: show(cnndsl.check(LENET))
    found["open.txt"] = lambda: show(cnndsl.check(OPEN))
    found["resnet50-100.txt"] = lambda: show(cnndsl.check("zoo:resnet50"), page=Page(100))
    deeper = lambda: cnndsl.diff("zoo:resnet18", "zoo:resnet34")  # noqa: E731
    found["deeper.txt"] = lambda: comparison_text(deeper())
    found["deeper-60.txt"] = lambda: comparison_text(deeper(), Page(60))
    found["deeper.md"] = lambda: comparison_markdown(deeper())
    found["deeper.html"] = lambda: comparison_html(deeper())
    found["blocks.txt"] = lambda: comparison_text(
        cnndsl.diff("zoo:mobilenet_v3_large", "zoo:mobilenet_v3_small")
    )
    found["wider.txt"] = lambda: comparison_text(cnndsl.diff("zoo:vgg11", "zoo:vgg13_bn"))
    return found
