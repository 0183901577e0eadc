"""The generated source: what it says, how it is laid out, and that it stands alone."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from cnndsl import layers
from cnndsl.api import check
from cnndsl.backends.python_source import to_python
from cnndsl.backends.source.forward import module_of
from cnndsl.backends.source.naming import literal
from cnndsl.backends.source.parts import Column, Part, columns, part_of, skeleton
from cnndsl.layers.declaration import Layer
from tests.backends.drawing import Drawing
from tests.backends.networks import CHAIN, DENSENET, INCEPTION, MOBILENET, NAMES, NETWORKS, RESNET, UNET
from tests.counting import count_calls

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def source(spec: str) -> str:
    """The source for a spec without mistakes."""
    report = check(spec)
    assert report.ok, report.diagnostics
    return to_python(report.graph)


def class_of(code: str, name: str) -> str:
    """The source of one class."""
    start = code.index(f"class {name}(")
    end = code.find("\n\n\n", start)
    return code[start : None if end < 0 else end + 1]


def test_a_chain_without_labels_is_a_sequential() -> None:
    assert (
        source(CHAIN)
        == '''"""(N, 1, 28, 28) -> (N, 10), 7,890 parameters."""

from torch import nn

model = nn.Sequential(
    nn.Conv2d(1, 4, kernel_size=3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(784, 10),
)
'''
    )


def test_a_block_with_a_shortcut_is_one_class_with_what_differs_as_parameters() -> None:
    assert (
        class_of(source(RESNET), "Basic")
        == '''class Basic(nn.Module):
    """(N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.add_module("2", nn.ReLU())
        self.conv2 = nn.Conv2d(
            out_channels, out_channels, kernel_size=3, padding=1, bias=False
        )
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(
                    in_channels, out_channels, kernel_size=1, stride=stride, bias=False
                ),
                nn.BatchNorm2d(out_channels),
            )
        self.add_module("5", nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv1(x)
        y = self.bn1(y)
        y = getattr(self, "2")(y)
        y = self.conv2(y)
        y = self.bn2(y)
        if self.downsample is not None:
            x = self.downsample(x)
        x = y + x
        return getattr(self, "5")(x)
'''
    )
    assert "self.layer2 = nn.Sequential(Basic(8, 16, stride=2), Basic(16, 16))\n" in source(RESNET)


def test_values_that_cross_scopes_go_by_their_labels() -> None:
    code = source(UNET)
    assert class_of(code, "UNet").endswith(
        """
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, enc1, enc2 = self.encoder(x)
        x = self.middle(x)
        x = self.decoder(x, enc2, enc1)
        return self.head(x)
"""
    )
    assert "return x, enc1, enc2\n" in class_of(code, "Encoder")
    assert "x = torch.cat([x, enc2], dim=1)\n" in class_of(code, "Decoder")


def test_the_branches_of_a_wide_join_go_by_their_labels() -> None:
    code = class_of(source(INCEPTION), "InceptionBlock")
    assert code.endswith("return torch.cat([branch1, branch2, branch3], dim=1)\n")


def test_equal_children_in_a_row_and_counted_ones_are_comprehensions() -> None:
    assert "*[Inverted(8, 8, t=4, kernel_size=5) for _ in range(3)],\n" in source(MOBILENET)
    assert '[(f"denselayer{i}", DenseLayer(8 + 4 * i)) for i in range(1, 6)]\n' in source(DENSENET)


def test_sizes_that_depend_on_each_other_are_one_parameter() -> None:
    code = source(MOBILENET)
    assert "nn.Conv2d(t * in_channels, out_channels, kernel_size=1, bias=False)" in class_of(code, "Inverted")
    assert "padding=kernel_size // 2,\n" in class_of(code, "Cbr")
    assert "nn.Conv2d(in_channels, in_channels // 2," in class_of(source(DENSENET), "Transition")


def test_names_collide_with_nothing() -> None:
    code = source(NAMES)
    assert "class Torch(nn.Module):" in code
    assert 'self.add_module("class", nn.Conv2d(4, 4, kernel_size=1))' in code
    assert "self.spec_ = nn.Conv2d(4, 4, kernel_size=1)" in code
    assert 'self.register_parameter("9", nn.Parameter(torch.ones(24, 1, 1)))' in code
    assert "torch = " not in code.replace("self.torch = ", "")


def test_parameters_of_blocks_may_have_any_name() -> None:
    block = (
        "block b(self, nn, lambda, range, b) { conv self k=nn p=nn//2 -> conv lambda k=range -> conv b k1 }"
    )
    code = source(f"input 3x9x9\n{block}\nb 4 1 5 2 6\nb 8 3 6 1 7")
    assert "out_channels: int, self_: int, nn_: int, lambda_: int, range_: int" in " ".join(code.split())
    assert "B(3, 6, self_=4, nn_=1, lambda_=5, range_=2)" in code


@pytest.mark.parametrize("name", NETWORKS)
def test_the_source_is_formatted_and_clean(name: str, tmp_path: Path) -> None:
    file = tmp_path / "network.py"
    file.write_text(source(NETWORKS[name]))
    run_ruff(file)


def test_the_source_of_the_examples_is_formatted_and_clean(tmp_path: Path) -> None:
    for example in EXAMPLES.glob("*.cnn"):
        (tmp_path / f"{example.stem}.py").write_text(to_python(check(example).graph))
    run_ruff(tmp_path)


def test_the_source_of_drawn_graphs_is_formatted_and_clean(tmp_path: Path) -> None:
    for seed in range(60):
        code = to_python(Drawing(seed, reach=(0.0, 0.1, 0.4)[seed % 3]).graph())
        (tmp_path / f"drawn{seed}.py").write_text(code)
    run_ruff(tmp_path)


def run_ruff(path: Path) -> None:
    """Hold generated code against ruff as it comes, without the settings of this project."""
    for command in (["format", "--diff"], ["check"]):
        line = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(path)]
        result = subprocess.run(line, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_source_runs_without_cnndsl(tmp_path: Path) -> None:
    (tmp_path / "network.py").write_text(source(NETWORKS["convnext"]))
    (tmp_path / "chain.py").write_text(source(CHAIN))
    (tmp_path / "cnndsl.py").write_text("raise ImportError")
    code = (
        "import torch, network, chain\n"
        "print(tuple(network.ConvNeXt()(torch.rand(2, 3, 32, 32)).shape),"
        " tuple(chain.model(torch.rand(2, 1, 28, 28)).shape))"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    line = [sys.executable, "-c", code]
    result = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert result.stdout == "(2, 10) (2, 10)\n", result.stderr


def test_the_source_is_the_same_each_time() -> None:
    assert source(MOBILENET) == source(MOBILENET)


@pytest.mark.parametrize("layer", layers.layers(), ids=lambda layer: layer.name)
def test_arguments_that_instances_of_a_class_leave_out_are_filled_in(layer: Layer) -> None:
    parts = [part for example in layer.examples for part in parts_of(f"input {example.input}\n{example.use}")]
    for one, helper in parts:
        for other, _ in parts:
            if skeleton([("0", one)]) != skeleton([("0", other)]):
                continue
            together = columns([one, other])
            for index, part in enumerate((one, other)):
                alone = made(part, helper, columns([part]), 0)
                # PyTorch shows an LPPool's own default as None; its stride is the window all the same
                window = f"stride={getattr(alone, 'kernel_size', None)}"
                shown = [
                    repr(m).replace("stride=None", window)
                    for m in (made(part, helper, together, index), alone)
                ]
                assert shown[0] == shown[1]


def parts_of(spec: str) -> list[tuple[Part, str]]:
    """The constructors of a spec's layers, and the sources of the classes that PyTorch lacks."""
    graph = check(spec).graph
    modules = [(node, module_of(graph, node)) for node in graph.nodes if node.key is not None]
    return [(part_of(node, module), module.helper) for node, module in modules]


def made(part: Part, helper: str, arguments: list[Column], index: int) -> object:
    """The module of a part, made with the written arguments of one instance."""
    names = {"torch": torch, "nn": nn}
    exec(helper, names)
    texts = [column.write([literal(values[index]) for values in column.values]) for column in arguments]
    torch.manual_seed(0)
    return eval(f"{part.target}({', '.join(texts)})", names)


@pytest.mark.parametrize(
    "spec",
    [
        "input 4x8x8\n[conv 4 k3 p1 -> relu] x {0}",
        "input 4x8x8\nfor i in range({0}) {{ c{{i}}: conv 4 k3 p1 -> relu }}",
        "input 4x8x8\nfor i in range({0}) {{ residual {{ conv 4 k3 p1 }} }}",
        "input 4x8x8\nblock b(c, k) {{ residual {{ conv c k=k p=k//2 }} }}\nfor i in range({0}) {{ b 4 3 }}",
    ],
)
def test_the_work_grows_with_the_size(spec: str) -> None:
    """Counted in calls, which no busy machine changes."""
    graphs = [check(spec.format(count)).graph for count in (200, 2000)]
    works = [count_calls(partial(to_python, graph)) for graph in graphs]
    assert works[1] < 15 * works[0], f"ten times the size takes {works[1] / works[0]:.0f} times the calls"


@pytest.mark.parametrize("opening", ["l{0}: [", "residual {{"])
def test_deep_nesting_is_no_problem(opening: str) -> None:
    closing = "]" if opening.endswith("[") else "}"
    inner = "".join(f"{opening.format(i)} conv 4 k1 -> " for i in range(95))
    compile(source(f"input 4x8x8\n{inner} relu{closing * 95}"), "deep.py", "exec")
