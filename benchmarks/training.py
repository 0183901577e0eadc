"""`cnndsl.train` against the loop that a course text writes, on the same samples from the same weights.

And how long it takes from the command to the first batch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import handwritten
from benchmarks.pairs import in_turn
from benchmarks.results import Line, Part, Target, compared
from benchmarks.startup import process
from cnndsl import api
from cnndsl.training import SGD, Data, TrainResult, load, train
from cnndsl.training import Part as Samples
from cnndsl.training.data import hold_out

__all__ = ["measure"]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DIGITS = EXAMPLES / "data" / "mnist_small.csv.gz"
BATCH, SEED = 64, 0
# Epochs of one training; the first does not count.
EPOCHS = 3


@dataclass(frozen=True, slots=True)
class Case:
    """A network, its learning rate, how often each side is run, and what the ratio of speeds must be."""

    name: str
    spec: str
    by_hand: Callable[[], nn.Module]
    input: tuple[int, int, int]
    rate: float
    calls: int
    target: Target
    params: dict[str, Any] = field(default_factory=dict)


SMALL = tuple(
    Case(name, f"{name}.cnn", by_hand, (1, 28, 28), 0.1, 15, Target("at least", 1.15))
    for name, by_hand in (
        ("two_block_mnist", handwritten.two_block_mnist),
        ("minimal_mnist", handwritten.minimal_mnist),
    )
)
LARGE = Case(
    "ResNet-18 at 64x64",
    "resnet18.cnn",
    lambda: handwritten.resnet18(10),
    (3, 64, 64),
    0.01,
    7,
    Target("at least", 1.0),
    {"classes": 10},
)


# The command as a process that ends where its first batch would begin.
UP_TO_THE_FIRST_BATCH = (
    "import os, sys; from cnndsl.training.loop import Loop; Loop._train_batch = lambda *_: os._exit(0); "
    "from cnndsl.cli import main; sys.argv[0] = 'cnndsl'; sys.exit(main() or 1)"
)


class PlainLoop:
    """The loop of a course text: TensorDataset, DataLoader, zero_grad, backward, step, loss.item()."""

    def __init__(self, model: nn.Module, samples: Samples, rate: float) -> None:
        self.model = model
        self.count = len(samples)
        assert isinstance(samples.images, Tensor), "the samples of a benchmark lie in memory"
        data = TensorDataset(samples.images, samples.labels)
        self.loader = DataLoader(data, batch_size=BATCH, shuffle=True)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        self.losses: list[float] = []
        self.rates: list[float] = []

    def train_epoch(self) -> None:
        """Train on every sample once."""
        started = perf_counter()
        self.model.train()
        running_loss = 0.0
        for images, labels in self.loader:
            self.optimizer.zero_grad()
            outputs = self.model(images)
            loss = self.criterion(outputs, labels)
            loss.backward()
            self.optimizer.step()
            running_loss += loss.item() * len(labels)
        self.losses.append(running_loss / self.count)
        self.rates.append(self.count / (perf_counter() - started))


def measure(rounds: int | None, quick: bool) -> Part:
    """Train both in turn."""
    digits = _digits(quick)
    lines: list[Line] = [_start_up(rounds or (1 if quick else 10))]
    remarks = [
        "Start-up: whole processes, byte code cached; the embedded sample of 5,000 digits, a .csv.gz, is "
        "read and fitted to the network in it."
    ]
    cases = [(case, digits) for case in (SMALL[:1] if quick else SMALL)]
    if not quick:
        cases.append((LARGE, _coloured()))
    for case, data in cases:
        line, remark = _compare(case, data, rounds or (1 if quick else case.calls))
        lines.append(line)
        remarks.append(remark)
    remarks.append(
        f"Plain SGD, batches of {BATCH}, {len(digits.train):,} digits of the embedded MNIST sample "
        f"(ResNet-18: 256 random images), on the CPU, threads: {torch.get_num_threads()}. The ratio "
        f"is of samples a second: more is better. Each pair trains anew for {EPOCHS} epochs on either side; "
        "what counts is the training part of the epochs after the first. cnndsl counts the accuracy as well."
    )
    return Part("Training against the plain DataLoader loop", tuple(lines), tuple(remarks))


def _start_up(rounds: int) -> Line:
    """From the command to the first batch."""
    with TemporaryDirectory() as folder:
        # each run ends before it has written a checkpoint, and leaves a folder
        numbers = count()

        def ours() -> float:
            words = ["train", str(EXAMPLES / "two_block_mnist.cnn"), "--data", str(DIGITS), "--device", "cpu"]
            out = ["--out", f"{folder}/{next(numbers)}"]
            return process([sys.executable, "-c", UP_TO_THE_FIRST_BATCH, *words, *out])()

        theirs = process([sys.executable, "-c", "import torch"])
        found = in_turn({"ours": ours, "theirs": theirs}, rounds)
    name = "`cnndsl train two_block_mnist.cnn`, to the first batch"
    return compared(name, "`import torch`", found["ours"], found["theirs"], Target("at most", 1.5))


def _compare(case: Case, data: Data, rounds: int) -> tuple[Line, str]:
    results: list[TrainResult] = []
    loops: list[PlainLoop] = []

    def ours() -> float:
        results[:] = [_train(case, data)]
        return median(epoch.samples_per_second for epoch in results[0].epochs[1:])

    def theirs() -> float:
        loops[:] = [_plain(case, data)]
        return median(loops[0].rates[1:])

    found = in_turn({"ours": ours, "theirs": theirs}, rounds, 0)
    result, loop = results[0], loops[0]
    name = f"{case.name}, training"
    line = compared(name, "DataLoader loop", found["ours"], found["theirs"], case.target, "samples/s")
    first, last = result.epochs[0], result.epochs[-1]
    remark = (
        f"{case.name}: mean loss of the first and the last epoch {first.train_loss:.4f} and "
        f"{last.train_loss:.4f}, plain loop {loop.losses[0]:.4f} and {loop.losses[-1]:.4f}"
    )
    if case is not LARGE:
        held = data.val
        assert held is not None
        remark += (
            f"; accuracy on {len(held):,} other samples {last.val_accuracy:.3f}, "
            f"plain loop {_accuracy(loop.model, held):.3f}"
        )
    return line, f"{remark}. Same initial weights, each its own shuffling."


def _train(case: Case, data: Data) -> TrainResult:
    with TemporaryDirectory() as folder:
        return train(
            EXAMPLES / case.spec,
            data,
            input=case.input,
            params=case.params,
            out=Path(folder) / "run",
            optimizer=SGD(lr=case.rate),
            batch=BATCH,
            epochs=EPOCHS,
            seed=SEED,
            device="cpu",
        )


def _plain(case: Case, data: Data) -> PlainLoop:
    # the weights that `train` begins with
    torch.manual_seed(SEED)
    weights = api.compile(EXAMPLES / case.spec, case.input, **case.params).state_dict()
    model = case.by_hand()
    model.load_state_dict(weights)
    loop = PlainLoop(model, data.train, case.rate)
    for _ in range(EPOCHS):
        loop.train_epoch()
    return loop


def _digits(quick: bool) -> Data:
    data = load(DIGITS, (1, 28, 28))
    train_part, held = hold_out(data, 0.2, SEED)
    if quick:
        few = torch.arange(256)
        train_part, held = train_part.take(few), held.take(few)
    return replace(data, train=train_part, val=held)


def _coloured() -> Data:
    """Random images of ten classes, each class a shade brighter, so that there is something to learn."""
    generator = torch.Generator().manual_seed(SEED)
    labels = torch.arange(256) % 10
    images = torch.randn(256, 3, 64, 64, generator=generator) + labels[:, None, None, None] / 5
    samples = Samples(images, labels)
    classes = tuple(map(str, range(10)))
    return Data(samples, classes, "random images", val=samples.take(torch.arange(32)))


def _accuracy(model: nn.Module, samples: Samples) -> float:
    model.eval()
    with torch.inference_mode():
        predicted: Tensor = model(samples.images).argmax(1)
    return float((predicted == samples.labels).float().mean())
