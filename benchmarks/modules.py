"""Compiled modules against networks written by hand, and torchvision's: forward, backward, construction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks import handwritten
from benchmarks.pairs import Sample, in_turn, timed
from benchmarks.published import published
from benchmarks.results import Line, Part, Target, compared
from cnndsl import api

__all__ = ["measure"]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SAME = Target("within", 1.0, 0.02)
BUILD = Target("at most", 1.1)


@dataclass(frozen=True, slots=True)
class Case:
    """A network that exists as a spec and as a class, and how often it runs in one measurement."""

    name: str
    spec: str
    theirs: Callable[[], nn.Module]
    input: tuple[int, int, int]
    batch: int
    times: int
    reference: str = "by hand"

    def compiled(self) -> nn.Module:
        return api.compile(EXAMPLES / self.spec, self.input)


RESNET18 = Case("ResNet-18, 4 images of 64x64", "resnet18.cnn", handwritten.resnet18, (3, 64, 64), 4, 1)
SEQUENTIAL = Case(
    "two_block_mnist, 64 images", "two_block_mnist.cnn", handwritten.two_block_mnist, (1, 28, 28), 64, 10
)
RESNET50 = Case("ResNet-50", "resnet50.cnn", handwritten.resnet50, (3, 224, 224), 1, 1)


def measure(rounds: int | None, quick: bool) -> Part:
    """Run both modules in turn, with the same weights and images."""
    lines: list[Line] = []
    theirs = _published()
    for case in (SEQUENTIAL,) if quick else (SEQUENTIAL, RESNET18, *theirs[:1]):
        lines += _speed(case, rounds or (1 if quick else 60), 1 if quick else 4)
    built = (SEQUENTIAL, *theirs[:1]) if quick else (SEQUENTIAL, RESNET18, RESNET50, *theirs)
    lines += [_construction(case, rounds or (1 if quick else 15)) for case in built]
    remarks = (
        "By hand: `benchmarks/handwritten.py`. Same weights, same images; outputs and gradients are "
        "compared before anything is measured, and must be equal to the last bit.",
        "Construction is from the text: reading, checking and generating code are in it. Both sides "
        "initialise their weights by PyTorch's rules; torchvision then draws those of its ResNets and of "
        "DenseNet again, by other rules.",
        f"PyTorch's threads: {torch.get_num_threads()}. The pairs are spread over several instances of each "
        "module, since one is a little faster or slower by where its weights lie in memory.",
    )
    return Part("Compiled against hand-written modules", tuple(lines), remarks)


def _published() -> tuple[Case, ...]:
    """The examples that torchvision has too, none where it is not installed."""
    names = {"resnet18": "ResNet-18", "resnet50": "ResNet-50", "densenet121": "DenseNet-121"}
    cases = []
    for name, title in names.items():
        theirs = published(name)
        if theirs is not None:
            title = f"{title} of torchvision, 4 images of 64x64"
            cases.append(Case(title, f"{name}.cnn", theirs, (3, 64, 64), 4, 1, "torchvision"))
    return tuple(cases)


def _speed(case: Case, rounds: int, instances: int) -> list[Line]:
    images = torch.randn(case.batch, *case.input, generator=torch.Generator().manual_seed(0))
    seen: dict[str, tuple[list[float], list[float]]] = {"forward": ([], []), "forward and backward": ([], [])}
    for instance in range(instances):
        ours, theirs = _both(case, first_ours=instance % 2 == 0)
        _require_equal(ours, theirs, images)
        share = rounds // instances + (instance < rounds % instances)
        for what, (above, below) in seen.items():
            make = _forward if what == "forward" else _backward
            found = in_turn(
                {"ours": make(ours, images, case), "theirs": make(theirs, images, case)}, share, 2
            )
            above.extend(found["ours"])
            below.extend(found["theirs"])
    return [compared(f"{case.name}, {what}", case.reference, *both, SAME) for what, both in seen.items()]


def _both(case: Case, first_ours: bool) -> tuple[nn.Module, nn.Module]:
    if first_ours:
        ours, theirs = case.compiled(), case.theirs()
    else:
        theirs, ours = case.theirs(), case.compiled()
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def _require_equal(ours: nn.Module, theirs: nn.Module, images: Tensor) -> None:
    """Both must compute the same, or there is nothing to compare."""
    results = []
    for model in (ours, theirs):
        model.train()
        output = model(images)
        output.square().mean().backward()
        results.append([output, *(parameter.grad for parameter in model.parameters())])
        model.zero_grad()
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other), "the compiled module computes something else than the one by hand"


def _forward(model: nn.Module, images: Tensor, case: Case) -> Sample:
    def run() -> None:
        with torch.inference_mode():
            model(images)

    def sample() -> float:
        model.eval()
        return measured()

    measured = timed(run, 2 * case.times)
    return sample


def _backward(model: nn.Module, images: Tensor, case: Case) -> Sample:
    def run() -> None:
        model.zero_grad()
        model(images).square().mean().backward()

    def sample() -> float:
        model.train()
        return measured()

    measured = timed(run, case.times)
    return sample


def _construction(case: Case, rounds: int) -> Line:
    found = in_turn({"ours": timed(case.compiled), "theirs": timed(case.theirs)}, rounds)
    name = case.name.split(",")[0]
    # A network of a few small layers is made in less time than any text is read.
    target = None if case is SEQUENTIAL else BUILD
    return compared(f"{name}, construction", case.reference, found["ours"], found["theirs"], target)
