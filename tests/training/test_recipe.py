"""Optimizers, losses, schedules and augmentation mean what PyTorch means."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, StepLR

from cnndsl.training import SGD, Adam, AdamW, Bce, Cosine, CrossEntropy, Mse, OneCycle, Step
from cnndsl.training.optimizers import make_optimizer
from cnndsl.training.recipe import Objective
from cnndsl.training.schedule import rate_factor
from cnndsl.training.settings import TrainSettings


def rates(schedule: Any, make: Any, total: int, each: int = 1) -> tuple[list[float], list[float]]:
    """Our learning rates, and those of PyTorch's scheduler that steps every `each` steps."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    theirs = []
    for step in range(total):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % each == 0:
            scheduler.step()
    settings = TrainSettings(schedule=schedule, epochs=-(-total // each))
    return [rate_factor(settings, step, each) for step in range(total)], theirs


def test_schedules_are_those_of_pytorch() -> None:
    ours, theirs = rates(Cosine(), lambda o: CosineAnnealingLR(o, 20), 20)
    assert ours == pytest.approx(theirs)
    ours, theirs = rates(Step(every=2, factor=0.5), lambda o: StepLR(o, 2, 0.5), 20, each=3)
    assert ours == pytest.approx(theirs)
    ours, theirs = rates(OneCycle(), lambda o: OneCycleLR(o, 1.0, 100, cycle_momentum=False), 100)
    # PyTorch counts the last step as the end of the cycle, so its curve is a step ahead
    assert ours == pytest.approx(theirs, abs=0.03)
    assert max(ours) == pytest.approx(1, abs=1e-3)
    assert ours[0] == pytest.approx(0.04)


def test_optimizers_carry_their_arguments() -> None:
    weight = [nn.Parameter(torch.zeros(1))]
    sgd = make_optimizer(SGD(lr=0.2, momentum=0.9, weight_decay=0.1, nesterov=True), weight)
    assert isinstance(sgd, torch.optim.SGD)
    found = {key: sgd.defaults[key] for key in ("lr", "momentum", "weight_decay", "nesterov")}
    assert found == {"lr": 0.2, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True}
    adam = make_optimizer(Adam(lr=0.2, weight_decay=0.3), weight)
    assert isinstance(adam, torch.optim.Adam)
    assert (adam.defaults["lr"], adam.defaults["weight_decay"]) == (0.2, 0.3)
    assert isinstance(make_optimizer(AdamW(), weight), torch.optim.AdamW)


@pytest.mark.parametrize(
    ("settings", "theirs"),
    [
        (SGD(lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True), {"momentum": 0.9, "nesterov": True}),
        (Adam(lr=0.1, weight_decay=0.1), {}),
        (AdamW(lr=0.1, weight_decay=0.1), {}),
    ],
)
def test_optimizers_do_what_pytorchs_do(settings: Any, theirs: dict[str, Any]) -> None:
    torch.manual_seed(0)
    ours, other = nn.Parameter(torch.rand(5, 3)), nn.Parameter(torch.empty(5, 3))
    with torch.no_grad():
        other.copy_(ours)
    mine = make_optimizer(settings, [{"params": [ours]}])
    kind = next(one for one in type(mine).__mro__ if one.__module__.startswith("torch."))
    plain = kind([other], lr=0.1, weight_decay=0.1, **theirs)
    for number in range(6):
        for weight, optimizer in ((ours, mine), (other, plain)):
            optimizer.zero_grad()
            (weight**2).sin().sum().backward()
            optimizer.step()
        assert torch.equal(ours, other)
        if number == 3:
            # what is loaded is shared, so each gets a copy
            mine.load_state_dict(deepcopy(plain.state_dict()))
            plain.load_state_dict(deepcopy(mine.state_dict()))


def test_losses_on_several_outputs() -> None:
    outputs, labels = torch.tensor([[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]]), torch.tensor([1, 2])
    hot = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert Objective(Mse()).loss(outputs, labels) == nn.MSELoss()(outputs, hot)
    assert Objective(Bce()).loss(outputs, labels) == nn.BCEWithLogitsLoss()(outputs, hot)
    smooth = Objective(CrossEntropy(label_smoothing=0.2)).loss(outputs, labels)
    assert smooth == nn.CrossEntropyLoss(label_smoothing=0.2)(outputs, labels)
    assert Objective(Bce()).predict(outputs).tolist() == [1, 0]
    assert Objective(Bce()).classes(3) == 3


def test_losses_on_one_output() -> None:
    outputs, labels = torch.tensor([[-0.2], [0.4], [0.7]]), torch.tensor([0, 1, 1])
    assert Objective(Mse()).loss(outputs, labels) == nn.MSELoss()(outputs[:, 0], labels.float())
    assert Objective(Mse()).predict(outputs).tolist() == [0, 0, 1]
    assert Objective(Bce()).predict(outputs).tolist() == [0, 1, 1]
    assert Objective(Bce()).classes(1) == 2
    assert Objective(CrossEntropy()).classes(1) == 1
