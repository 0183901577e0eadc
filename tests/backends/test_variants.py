"""Uses of one block that differ in their parts: one class where a person would write one."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch

from cnndsl.api import check
from cnndsl.backends.python_source import generate, to_python
from cnndsl.backends.torch_module import build_module
from tests.backends.drawing import compute
from tests.backends.test_python_source import class_of, run_ruff, source

INVERTED = """
model Net
input 3x16x16
block cbr(c, k=3, s=1, g=1) { conv c k=k s=s p=(k//2) g=g nobias -> bn -> relu6 }
block inverted(c, s=1, expand=6) {
  residual if s == 1 and C == c {
    conv: [
      if expand != 1 { cbr C*expand k=1 }
      cbr C s=s g=C
      conv c k1 nobias -> bn
    ]
  }
}
inverted 8 expand=1 -> inverted 8 -> inverted 8 s=2 -> inverted 12 expand=4 -> inverted 12 expand=4
"""

GATED = """
model Net
input 4x16x16
block cna(c, hs, k=3) { conv c k=k p=(k//2) -> bn -> if hs { hardswish } else { relu } }
block gate(squeeze) { let c = C
  mul { identity | [fc1: conv squeeze k1 -> act: relu -> fc2: conv c k1 -> sigmoid: sigmoid] } }
block unit(c, se, hs=true) { widen: cna c hs -> if se { se: gate c//4 + 1 } -> narrow: cna c//2 hs k=1 }
unit 8 true -> unit 12 false hs=false -> unit 16 true -> unit 8 false
"""


def test_what_some_uses_lack_is_added_to_a_list() -> None:
    assert class_of(source(INVERTED), "Inverted").endswith(
        """
        super().__init__()
        self.is_residual = stride == 1 and in_channels == out_channels
        layers: list[nn.Module] = []
        if expand != 1:
            layers.append(Cbr(in_channels, expand * in_channels, kernel_size=1))
        layers += [
            Cbr(
                expand * in_channels,
                expand * in_channels,
                kernel_size=3,
                stride=stride,
                groups=expand * in_channels,
            ),
            nn.Conv2d(expand * in_channels, out_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(out_channels),
        ]
        self.conv = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        if self.is_residual:
            y = y + x
        return y
"""
    )


def test_an_activation_is_a_parameter_and_an_optional_layer_has_its_own_condition() -> None:
    code = source(GATED)
    assert code.count("class Cna(") == code.count("class Unit(") == 1
    assert "activation: type[nn.Module]" in class_of(code, "Cna")
    assert "activation(),\n" in class_of(code, "Cna")
    unit = class_of(code, "Unit")
    assert "        if squeeze is not None:\n            self.se = Gate(" in unit
    assert "squeeze: int | None = None" in unit
    assert "Unit(6, " in code and "activation=nn.ReLU" in code


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    ("block", "uses", "classes"),
    [
        # nothing tells the uses apart, so the class gets a switch
        ("block b(c) { a: conv c k1 -> if H > 8 { n: bn } }", "b 4 -> maxpool 2 -> b 4", 1),
        # what is repeated is not a part that is lacking
        ("block b(n) { [conv 4 k1 -> relu] x n }", "b 3 -> b 1", 2),
        # other keys, other classes
        ("block b(f) { residual { if f { relu } -> conv 4 k1 } }", "b true -> b false", 2),
        # two bodies
        ("block b(f) { if f { a: conv 4 k1 } else { z: relu } }", "b true -> b false", 2),
        # neither use has all the parts
        ("block b(f) { if f { a: relu } -> c: conv 4 k1 -> if not f { z: relu } }", "b true -> b false", 2),
        ("block b(f) { residual if f { a: conv 4 k1 -> relu: relu } }", "b true -> b false", 1),
        (
            "block b(f) { add { if f { a: conv 4 k1 } else { identity } | z: conv 4 k1 } }",
            "b true -> b false",
            1,
        ),
    ],
)
def test_when_uses_of_a_block_share_a_class(block: str, uses: str, classes: int) -> None:
    report = check(f"input 4x16x16\n{block}\n{uses}")
    assert report.ok, report.diagnostics
    code = to_python(report.graph)
    assert code.count("class B") == classes, code
    compare(f"input 4x16x16\n{block}\n{uses}")


def test_a_switch_is_named_after_what_it_brings() -> None:
    code = source("input 4x16x16\nblock b(c) { a: conv c k1 -> if H > 8 { n: bn } }\nb 4 -> maxpool 2 -> b 4")
    assert "def __init__(self, n: bool = False) -> None:\n" in code
    assert "        if n:\n            self.n = nn.BatchNorm2d(4)\n" in code
    assert "B(n=True)" in code


def test_stages_of_different_lengths_are_written_in_place() -> None:
    blocks = "block unit(c) { conv c k1 -> relu }\nblock stage(c, n) { [unit c] x n }"
    code = source(f"input 4x8x8\n{blocks}\nstage 8 2 -> stage 6 4 -> stage 5 1")
    assert "Stage" not in code
    assert "    nn.Sequential(Unit(4, 8), Unit(8, 8)),\n" in code
    assert "    nn.Sequential(Unit(8, 6), *[Unit(6, 6) for _ in range(3)]),\n" in code
    # of one length they are a class
    assert "class Stage(" in source(f"input 4x8x8\n{blocks}\nstage 8 2 -> stage 6 2")


def test_a_value_that_is_still_needed_is_kept() -> None:
    spec = (
        "block b(c) { add { if C != c { proj: conv c k1 } else { identity } | f: conv c k3 p1 } }\nb 8 -> b 8"
    )
    code = source(f"input 4x8x8\n{spec}")
    assert class_of(code, "B").endswith(
        """
        proj = x
        if self.proj is not None:
            proj = self.proj(x)
        x = self.f(x)
        return proj + x
"""
    )


PIECES = (
    "if {f} {{ n{i}: bn }}",
    "if {f} {{ conv{i}: conv c k3 p1 -> act{i}: relu }}",
    "residual if {f} {{ r{i}: conv c k3 p1 }}",
    "residual {{ s{i}: [if {f} {{ bn }} -> conv c k1 -> if {g} {{ relu }}] }}",
    "add {{ if {f} {{ p{i}: conv c k1 }} else {{ identity }} | q{i}: [conv c k1 -> bn] }}",
    "add {{ identity | if {f} {{ t{i}: [bn -> conv c k3 p1] }} else {{ identity }} }}",
    "a{i}: [if {f} {{ relu }} else {{ silu }}]",
    "residual {{ h{i}: [bn -> if {f} {{ mish }} else {{ tanh }} -> conv c k1] -> if {f} {{ d{i}: bn }} }}",
    "mul {{ identity | m{i}: conv c k1 }}",
    "l{i}: [if {f} {{ conv 2*c k1 -> relu }} -> conv c k1 -> if {g} {{ bn }} -> relu]",
)


def draw(seed: int) -> str:
    """A spec with a block of several optional parts, and uses with and without them."""
    random = Random(seed)
    pieces = [random.choice(PIECES) for _ in range(random.randint(1, 4))]
    flags = "fghj"[: random.randint(1, 3)]
    body = "\n  ".join(
        piece.format(i=i, f=random.choice(flags), g=random.choice(flags)) for i, piece in enumerate(pieces)
    )
    uses = []
    for _ in range(random.randint(2, 5)):
        given = (f"{flag}={random.choice(['true', 'false'])}" for flag in flags)
        uses.append(f"b {random.choice([4, 6])} {' '.join(given)}")
    parameters = ", ".join(["c", *flags])
    block = f"block b({parameters}) {{\n  first: conv c k3 p1\n  {body}\n}}"
    return f"input 4x8x8\n{block}\nstart: conv 4 k1\n" + "\n".join(uses)


def compare(spec: str) -> None:
    """Hold the module against the graph: keys, the order of calls, values, and PyTorch's compilers."""
    graph = check(spec).graph
    model = build_module(graph, spec).eval()
    wanted = {f"{node.path}.{w.name}".rstrip(".") for node in graph.nodes for w in node.weights}
    assert set(model.state_dict()) == wanted, spec
    called: list[str] = []
    paths = [node.path for node in graph.nodes if node.key is not None]
    hooks = [
        model.get_submodule(path).register_forward_hook(lambda *_, path=path: called.append(path))
        for path in paths
    ]
    x = torch.rand(2, *(graph.nodes[graph.inputs[0]].output_shape or ()))
    with torch.no_grad():
        found, expected = model(x), compute(graph, model, x)
    # `compute` calls every layer once more.
    assert called == paths * 2, spec
    assert torch.allclose(found, expected, atol=1e-5, rtol=1e-4), spec
    for hook in hooks:
        hook.remove()
    scripted = torch.jit.script(model)
    assert torch.allclose(scripted(x), expected, atol=1e-5, rtol=1e-4), spec


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
@pytest.mark.parametrize("seed", [*range(30), 93])
def test_drawn_blocks_compute_what_they_mean(seed: int) -> None:
    compare(draw(seed))


def test_the_source_of_drawn_blocks_is_formatted_and_clean(tmp_path: Path) -> None:
    shared = 0
    for seed in range(80):
        written = generate(check(draw(seed)).graph)
        (tmp_path / f"drawn{seed}.py").write_text(written.text)
        shared += " is not None:" in written.text or "layers.append(" in written.text
    run_ruff(tmp_path)
    assert shared > 20, "the drawn blocks hardly ever share a class"
