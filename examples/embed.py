"""cnndsl inside a Python program: check, inspect, compile, hook, train, predict.

Run it from anywhere: `python examples/embed.py`. It takes a few seconds.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

import cnndsl

HERE = Path(__file__).parent
DIGITS = HERE / "data" / "mnist_small.csv.gz"

# A spec is text. Blocks become modules of their own, labels become their names.
SPEC = """
model Digits
input 1x28x28

param width = 8

block cbr(c, s=1) {
  conv c k3 s=s p1 nobias -> bn -> relu
}

stem: cbr width                         # 8x28x28
layer1: [cbr 2*width s2 -> cbr 2*width] # 16x14x14
layer2: [cbr 4*width s2 -> cbr 4*width] # 32x7x7
gap -> flatten                          # 32
fc: linear 10                           # 10
"""


def inspect(report: cnndsl.Report) -> None:
    """What is known before PyTorch is imported: the verdict, the numbers, every layer's shape."""
    print(f"{report.parameters:,} parameters, {report.macs:,} multiply-adds for one image")
    for node in report.graph.nodes:
        print(f"  {node.path:<12} {node.layer.name:<8} {node.output}")


def feature_maps(model: nn.Module, name: str, images: Tensor) -> Tensor:
    """The output of the submodule `name`, such as "layer1.0", for a batch of images."""
    seen: list[Tensor] = []
    handle = model.get_submodule(name).register_forward_hook(lambda module, inputs, value: seen.append(value))
    with torch.inference_mode():
        model.eval()(images)
    handle.remove()
    return seen[0]


def main() -> None:
    """Run the tour."""
    report = cnndsl.check(SPEC)
    assert report.ok, report
    inspect(report)

    # A mistake is a value, not a crash: each diagnostic has a rule, a place and a sentence.
    for mistake in cnndsl.check(SPEC.replace("gap -> flatten", "gap")).diagnostics:
        print(f"\n{mistake.rule} in line {mistake.span.first.line}: {mistake.message}")

    # An ordinary nn.Module; keyword arguments set the spec's params.
    model = cnndsl.compile(SPEC, width=16)
    print(f"\n{type(model).__name__} with {sum(p.numel() for p in model.parameters()):,} parameters")
    maps = feature_maps(model, "layer1.0", torch.zeros(1, 1, 28, 28))
    print(f"layer1.0 gives {tuple(maps.shape)}")

    # Training: the best epoch's weights, the curves and the confusion matrix, in a run folder.
    with tempfile.TemporaryDirectory() as folder:
        result = cnndsl.train(
            SPEC, DIGITS, epochs=3, batch=64, optimizer="adam", lr=0.005, seed=0, device="cpu", out=folder
        )
        for epoch in result.epochs:
            print(f"epoch {epoch.epoch}: loss {epoch.train_loss:.3f}, held out {epoch.val_accuracy:.3f}")
        print("written:", ", ".join(sorted(path.name for path in result.folder.iterdir())))
    print(f"accuracy {result.accuracy:.3f} on {result.test.samples} held-out digits")

    # The same network as source, to keep and to change by hand.
    print("\n" + cnndsl.to_python(SPEC).split("\n\n")[0])


if __name__ == "__main__":
    main()
