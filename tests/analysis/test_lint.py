"""Warnings: numbers by hand, what the examples get, linear growth, and that `check` alone looks for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import cnndsl
from cnndsl.cli import main
from tests.counting import count_calls

EXAMPLES = Path(__file__).parents[2] / "examples"

# What the examples are told of, all of it deserved: they are what the course texts show.
DESERVED = {
    "bn_cnn.cnn": ["bias-before-norm", "bias-before-norm"],
    "convnet_mnist.cnn": ["no-activation-between", "no-activation-between"],
    "deepcnn.cnn": ["bias-before-norm", "receptive-field-small"],
    "fcnet_mnist.cnn": ["activation-on-logits"],
    "mnist_best.cnn": ["dropped-pixels"],
    "simplecnn_cifar10.cnn": ["heavy-first-linear"],
    "vgg16.cnn": ["heavy-first-linear"],
}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.cnn")), ids=lambda path: path.name)
def test_the_examples(path: Path) -> None:
    report = cnndsl.check(path)
    assert [one.rule for one in report.diagnostics] == DESERVED.get(path.name, []), str(report)
    assert report.ok
    assert all(one.severity == "warning" for one in report.diagnostics)


def only(spec: str) -> cnndsl.Diagnostic:
    (one,) = cnndsl.check(spec).diagnostics
    return one


@pytest.mark.parametrize(
    ("spec", "marked", "message", "help"),
    [
        (
            "input 3x28x9 -> maxpool k5x2",
            "maxpool k5x2",
            "`maxpool k5x2` leaves 3 of 28 rows and 1 of 9 columns unread",
            "`ceil` reads them all and gives 3x6x5",
        ),
        (
            "input 3x20 -> conv 4 k3 s5 -> relu",
            "conv 4 k3 s5",
            # Windows at 0, 5, 10 and 15 read three of five positions each.
            "`conv 4 k3 s5` leaves 8 of 20 positions unread",
            "`k5` reads them all and gives 4x4",
        ),
        (
            "input 3x8x8 -> conv 4 k3 -> bn -> relu",
            "conv 4 k3",
            "the bias of `conv 4 k3` is wasted: the norm behind it takes it away again (4 weights)",
            "`nobias` leaves it out",
        ),
        (
            "input 3x64x64 -> conv 8 k3 p1 -> relu -> flatten -> linear 32 -> relu -> linear 2",
            "linear 32",
            # 8*64*64*32 + 32 of these, 3*8*9 + 8 and 32*2 + 2.
            "`linear 32` holds 1,048,608 of all 1,048,898 weights, 99 %",
            "a global average pool, `gap -> flatten`, leaves 8 features: 288 weights",
        ),
        (
            "input 3x30x30 -> conv 4 k3 -> relu -> maxpool 2 -> conv 4 k3 -> relu -> gap",
            "gap",
            # 3, then 4 behind the pool, then 4 + 2*2.
            "`gap` averages features that see only 8x8 of the 30x30 input",
            "more convolutions, strides or pools before it let each feature see more",
        ),
    ],
)
def test_place_numbers_and_mend(spec: str, marked: str, message: str, help: str) -> None:
    one = only(spec)
    assert one.span.text == marked
    assert one.message == message
    assert help in one.help


@pytest.mark.parametrize("seed", range(60))
def test_unread_rows_are_those_without_a_gradient(seed: int) -> None:
    random = torch.Generator().manual_seed(seed)

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=random))

    n, k, s, d = draw(5, 20), draw(1, 4), draw(1, 5), draw(1, 3)
    p = draw(0, 2)
    if n + 2 * p < d * (k - 1) + 1:
        return
    layer = nn.Conv1d(1, 1, k, s, p, d)
    nn.init.ones_(layer.weight)
    x = torch.ones(1, 1, n, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    lost = int((x.grad == 0).sum())
    spec = f"input 1x{n} -> conv 1 k{k} s{s} p{p} d{d} -> relu"
    messages = [one.message for one in cnndsl.check(spec).diagnostics if one.rule == "dropped-pixels"]
    wanted = f"leaves {lost} of {n} positions unread"
    assert [message.split("` ")[1] for message in messages] == ([wanted] if lost else []), spec


def test_a_mend_that_is_offered_reads_everything() -> None:
    for size in range(5, 12):
        for pool in ("maxpool 2", "maxpool 3", "maxpool 3 s2", "conv 4 k3 s3"):
            diagnostics = cnndsl.check(f"input 4x{size}x{size} -> {pool} -> relu").diagnostics
            for help in (line for one in diagnostics for line in one.help):
                word, shape = help.split("`")[1], help.split()[-1]
                again = cnndsl.check(f"input 4x{size}x{size} -> {pool} {word} :: {shape} -> relu")
                if not (word.startswith("k") and " k" in pool):
                    assert again.diagnostics == (), (size, pool, help, str(again))


def test_the_uses_that_lead_to_a_warning_are_shown() -> None:
    one = only("input 3x9x9\nblock down { maxpool 2 }\nblock twice { down -> tanh -> down }\ntwice")
    assert [note.message for note in one.related] == [
        "in the block `down`, used here",
        "in the block `twice`, used here",
    ]


def test_an_unused_block_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "blocks.cnn").write_text("block a { relu }\nblock b { maxpool 2 }\nblock c(k) { bn }\n")
    net = tmp_path / "net.cnn"
    net.write_text('use "blocks.cnn": a, b\ninput 3x9x9\nb\n')
    found = cnndsl.check(net).diagnostics
    assert [(one.rule, Path(one.span.source.name).name) for one in found] == [
        ("unused-block", "net.cnn"),
        ("dropped-pixels", "blocks.cnn"),
    ]
    (tmp_path / "blocks.cnn").write_text("block b { maxpool 2 }  # cnndsl: ignore[dropped-pixels]\n")
    net.write_text('use "blocks.cnn"\ninput 3x9x9\nb\n')
    assert cnndsl.check(net).diagnostics == ()


@pytest.mark.parametrize(
    "spec",
    [
        "input 3x64x64\n[conv 8 k3 p1 -> bn -> relu] x {n}",
        "input 3x64x64\n[conv 8 k3 p1] x {n}",
        "input 3x{m}\n[maxpool 3 s2 p1 -> upsample 2] x {n}",
        "input 3x9x9\nfor i in range({n}) {{ [a{{i}}: relu] }}",
        "input 8x9x9\nfor i in range({n}) {{ add {{ maxpool 2 | avgpool 2 }} -> upsample 2 -> pad 1 0 }}",
    ],
)
def test_warnings_grow_linearly(spec: str) -> None:
    from cnndsl.analysis.lint import find_warnings
    from cnndsl.elaborate import elaborate
    from cnndsl.parser import parse
    from cnndsl.text import Source

    counts = []
    for n in (50, 400):
        source = Source(spec.format(n=n, m=64))
        tree = parse(source)
        graph = elaborate(source, tree).graph
        counts.append(count_calls(lambda s=source, t=tree, g=graph: find_warnings(s, t, g)))
    assert counts[1] < 10 * counts[0], counts


def test_compile_does_not_look_for_warnings_but_for_dead_ends() -> None:
    code = (
        "import cnndsl, sys\n"
        "cnndsl.to_python('input 3x9x9 -> maxpool 2')\n"
        "assert 'cnndsl.analysis.lint' not in sys.modules\n"
        "cnndsl.check('input 3x9x9 -> maxpool 2')\n"
        "assert 'cnndsl.analysis.lint' in sys.modules\n"
        "assert 'cnndsl.rules' not in sys.modules and 'fractions' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(cnndsl.SpecError, match="unused-output"):
        cnndsl.to_python("input 3x9x9 -> a: relu -> conv 8 k3 -> @a")


def test_a_report_with_warnings_compiles() -> None:
    assert isinstance(cnndsl.compile("input 3x9x9 -> maxpool 2"), nn.Module)


def test_a_dead_end_is_no_mistake_of_the_graph(capsys: pytest.CaptureFixture[str]) -> None:
    report = cnndsl.check("input 3x9x9\na: relu\nfor i in range(3) { conv 8 k3 -> @a }")
    assert not report.ok
    report.graph.verify()
    assert [one.message for one in report.diagnostics] == ["what `conv 8 k3` gives reaches no output"]
    assert main(["check", "-e", "input 3x9x9\na: relu -> conv 8 k3 -> @a"]) == 1
    assert "error[unused-output]" in capsys.readouterr().out
