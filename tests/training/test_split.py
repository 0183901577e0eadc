"""The held-out part: in proportion, the same for the same seed."""

import pytest
import torch

from cnndsl.training import DataError
from cnndsl.training.data import from_arrays, hold_out, stratified

from .conftest import bars


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("counts", [(10, 10, 10), (100, 7, 3), (1, 50, 1, 2), (500, 500), (0, 20, 20)])
def test_each_class_gives_its_share(counts: tuple[int, ...], fraction: float) -> None:
    labels = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    kept, held = stratified(labels, fraction, seed=3)
    assert torch.cat([kept, held]).sort().values.tolist() == list(range(len(labels)))
    for label, count in enumerate(counts):
        share = int((labels[held] == label).sum())
        assert abs(share - count * fraction) <= 1 or share == count - 1
        assert count == 0 or share < count


def test_the_seed_decides() -> None:
    labels = torch.arange(200) % 10
    first = stratified(labels, 0.2, seed=0)[1]
    torch.rand(7)
    assert stratified(labels, 0.2, seed=0)[1].tolist() == first.tolist()
    assert stratified(labels, 0.2, seed=1)[1].tolist() != first.tolist()
    assert len(first) == 40


def test_too_little_to_hold_out() -> None:
    images, labels = bars(2)
    with pytest.raises(DataError, match="2 images are too few to hold out"):
        hold_out(from_arrays(images, labels, (1, 6, 6)), 0.2, 0)
