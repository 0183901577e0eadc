"""cnndsl's training loop against the loop that a course text writes, on the same samples and weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import handwritten
from benchmarks.pairs import Sample, in_turn
from benchmarks.results import Line, Part, Target, compared
from cnndsl import api
from cnndsl.training.data import Part as Samples
from cnndsl.training.data import hold_out, load
from cnndsl.training.device import make_accelerator
from cnndsl.training.loop import Loop
from cnndsl.training.progress import Silent
from cnndsl.training.settings import SGD, TrainSettings

__all__ = ["measure"]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DIGITS = EXAMPLES / "data" / "mnist_small.csv.gz"
BATCH = 64


@dataclass(frozen=True, slots=True)
class Case:
    """A network, its learning rate, how many epochs are run, and what the ratio of speeds must be."""

    name: str
    spec: str
    by_hand: Callable[[], nn.Module]
    input: tuple[int, int, int]
    rate: float
    epochs: int
    target: Target
    params: dict[str, int] = field(default_factory=dict)


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


class PlainLoop:
    """The loop of a course text: TensorDataset, DataLoader, zero_grad, backward, step, loss.item()."""

    def __init__(self, model: nn.Module, samples: Samples, rate: float) -> None:
        self.model = model
        self.count = len(samples)
        data = TensorDataset(samples.images, samples.labels)
        self.loader = DataLoader(data, batch_size=BATCH, shuffle=True)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=rate)

    def train_epoch(self) -> float:
        """Train on every sample once; the mean loss."""
        self.model.train()
        running_loss = 0.0
        for images, labels in self.loader:
            self.optimizer.zero_grad()
            outputs = self.model(images)
            loss = self.criterion(outputs, labels)
            loss.backward()
            self.optimizer.step()
            running_loss += loss.item() * len(labels)
        return running_loss / self.count


def measure(rounds: int | None, quick: bool) -> Part:
    """Train both in turn, an epoch each; the first epoch is the warm-up."""
    digits, held = _digits(quick)
    lines: list[Line] = []
    remarks: list[str] = []
    for case in SMALL[:1] if quick else SMALL:
        line, remark = _compare(case, digits, held, rounds or (1 if quick else case.epochs))
        lines.append(line)
        remarks.append(remark)
    if not quick:
        line, remark = _compare(LARGE, _coloured(256), None, rounds or LARGE.epochs)
        lines.append(line)
        remarks.append(remark)
    threads = torch.get_num_threads()
    remarks.append(
        f"Plain SGD, batches of {BATCH}, {len(digits):,} digits of the embedded MNIST sample (ResNet-18: 256 "
        f"random images), on the CPU, PyTorch's threads: {threads}. The ratio is of samples a second: "
        "more is better. Only the training part of the epochs is timed; cnndsl's loop counts the accuracy "
        "as well."
    )
    return Part("Training against the plain DataLoader loop", tuple(lines), tuple(remarks))


def _compare(case: Case, train: Samples, held: Samples | None, epochs: int) -> tuple[Line, str]:
    torch.manual_seed(0)
    ours, theirs = api.compile(EXAMPLES / case.spec, case.input, **case.params), case.by_hand()
    theirs.load_state_dict(ours.state_dict())
    settings = TrainSettings(
        optimizer=SGD(lr=case.rate), batch=BATCH, epochs=epochs + 1, device="cpu", seed=0
    )
    loop = Loop(ours, settings, train, make_accelerator(settings))
    plain = PlainLoop(theirs, train, case.rate)
    losses: dict[str, list[float]] = {"ours": [], "theirs": []}
    watch = Silent()

    def speed(name: str, run: Callable[[], float]) -> Sample:
        def sample() -> float:
            started = perf_counter()
            losses[name].append(run())
            return len(train) / (perf_counter() - started)

        return sample

    samples = {
        "ours": speed("ours", lambda: loop.train_epoch(watch)[0]),
        "theirs": speed("theirs", plain.train_epoch),
    }
    found = in_turn(samples, epochs, 1)
    name = f"{case.name}, training"
    line = compared(name, "DataLoader loop", found["ours"], found["theirs"], case.target, "samples/s")
    remark = (
        f"{case.name}: mean loss of the first and of the last of {epochs + 1} epochs "
        f"{losses['ours'][0]:.4f} and {losses['ours'][-1]:.4f}, plain loop {losses['theirs'][0]:.4f} and "
        f"{losses['theirs'][-1]:.4f}"
    )
    if held is not None:
        right = [f"{_accuracy(model, held):.3f}" for model in (ours, theirs)]
        remark += f"; accuracy on {len(held):,} other samples {right[0]}, plain loop {right[1]}"
    remark += ". Same initial weights, each its own shuffling."
    return line, remark


def _digits(quick: bool) -> tuple[Samples, Samples]:
    data = load(DIGITS, (1, 28, 28))
    train, held = hold_out(data, 0.2, 0)
    if quick:
        few = torch.arange(256)
        return train.take(few), held.take(few)
    return train, held


def _coloured(count: int) -> Samples:
    """Random images of ten classes, each class a shade brighter, so that there is something to learn."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(10, (count,), generator=generator)
    images = torch.randn(count, 3, 64, 64, generator=generator) + labels[:, None, None, None] / 5
    return Samples(images, labels)


def _accuracy(model: nn.Module, samples: Samples) -> float:
    model.eval()
    with torch.inference_mode():
        predicted: Tensor = model(samples.images).argmax(1)
    return float((predicted == samples.labels).float().mean())
