"""Changes to training images: each does what it is called, and depends on the seed and the epoch alone."""

from typing import Any

import pytest
import torch
from torch import Tensor

from cnndsl.training.augment import Augmentation
from cnndsl.training.data_settings import Augment

COUNT, SHAPE = 64, (3, 8, 10)
EVERY = Augment(
    flip=True,
    vflip=True,
    shift=1,
    crop=2,
    rotate=20.0,
    scale=0.2,
    brightness=0.2,
    contrast=0.3,
    noise=0.1,
    erase=3,
)


def images(count: int = COUNT) -> Tensor:
    return torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(0))


def augmentation(settings: Augment, seed: int = 0) -> Augmentation:
    made = Augmentation(settings, COUNT, SHAPE, torch.device("cpu"))
    made.draw(torch.Generator().manual_seed(seed))
    return made


def changed(seed: int = 0, **settings: Any) -> Tensor:
    return augmentation(Augment(**settings), seed).apply(images(), torch.arange(COUNT))


def test_the_spread_over_batches_does_not_matter() -> None:
    whole = augmentation(EVERY).apply(images(), torch.arange(COUNT))
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(3))
    for indices in order.split(7):
        assert torch.equal(augmentation(EVERY).apply(images()[indices], indices), whole[indices])
    assert not torch.equal(augmentation(EVERY, seed=1).apply(images(), torch.arange(COUNT)), whole)


@pytest.mark.parametrize(("name", "axis"), [("flip", 3), ("vflip", 2)])
def test_about_half_of_the_images_are_mirrored(name: str, axis: int) -> None:
    before, after = images(), changed(**{name: True})
    mirrored = (after == before.flip(axis)).flatten(1).all(1)
    assert ((after == before).flatten(1).all(1) ^ mirrored).all()
    assert COUNT // 4 < int(mirrored.sum()) < 3 * COUNT // 4


@pytest.mark.parametrize(("name", "mode"), [("shift", "replicate"), ("crop", "constant")])
def test_images_move_in_every_direction(name: str, mode: str) -> None:
    padded = torch.nn.functional.pad(images(), [2] * 4, mode=mode)
    seen = set()
    for index, image in enumerate(changed(**{name: 2})):
        places = [
            (row, column)
            for row in range(5)
            for column in range(5)
            if torch.equal(image, padded[index, :, row : row + 8, column : column + 10])
        ]
        assert len(places) == 1
        seen.update(places)
    assert {row for row, _ in seen} == {column for _, column in seen} == set(range(5))


def test_a_quarter_turn_is_one() -> None:
    made = Augmentation(Augment(rotate=90.0), 1, (1, 8, 8), torch.device("cpu"))
    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for angle, turns in ((90.0, 1), (-90.0, -1)):
        made.drawn = {"rotate": torch.tensor([angle])}
        assert torch.allclose(
            made.apply(image, torch.tensor([0])), torch.rot90(image, turns, (2, 3)), atol=1e-5
        )
    oblong = Augmentation(Augment(rotate=90.0), 1, (1, 4, 8), torch.device("cpu"))
    oblong.drawn = {"rotate": torch.tensor([90.0])}
    dot = torch.zeros(1, 1, 4, 8)
    dot[0, 0, 0, 4] = 1
    # one and a half above the centre and a half to its right: a half above, one and a half to its left
    turned = oblong.apply(dot, torch.tensor([0]))[0, 0]
    # and what lies behind the edge is the edge again
    assert torch.allclose(turned, torch.eye(4)[1][:, None] * torch.tensor([1.0] * 3 + [0.0] * 5), atol=1e-5)


def test_scaling_by_two_shows_the_middle() -> None:
    made = Augmentation(Augment(scale=0.5), 1, (1, 8, 8), torch.device("cpu"))
    made.drawn = {"scale": torch.tensor([1.0])}
    image = torch.zeros(1, 1, 8, 8)
    image[..., 2:6, 2:6] = 1
    assert made.apply(image, torch.tensor([0]))[..., 1:-1, 1:-1].min() == 1


def test_values_change_within_their_bounds() -> None:
    before = images()
    lighter = (changed(brightness=0.2) - before).flatten(1)
    assert torch.allclose(lighter, lighter[:, :1].expand_as(lighter), atol=1e-6)
    assert 0.15 < lighter.max() <= 0.2001
    assert -0.2001 <= lighter.min() < -0.15
    contrast = changed(contrast=0.5)
    assert torch.allclose(contrast.mean((1, 2, 3)), before.mean((1, 2, 3)), atol=1e-5)
    spread = contrast.flatten(1).std(1) / before.flatten(1).std(1)
    assert 0.5 <= spread.min() < 0.7
    assert 1.3 < spread.max() <= 1.5
    noise = changed(noise=0.1) - before
    assert noise.std() == pytest.approx(0.1, rel=0.03)
    assert noise.mean() == pytest.approx(0, abs=0.005)
    assert not torch.equal(noise[0], noise[1])


def test_a_square_is_covered_with_the_mean() -> None:
    before, after = images(), changed(erase=4)
    covered = (before != after).flatten(1).any(1)
    assert covered.all()
    for image, was in zip(after, before, strict=True):
        different = (image != was).any(0).nonzero()
        size = different.max(0).values - different.min(0).values + 1
        assert (size <= 4).all()
        row, column = different[0].tolist()
        assert torch.allclose(image[:, row, column], was.mean().expand(3))
    areas = [(after[index] != before[index]).any(0).sum() for index in range(COUNT)]
    assert max(areas) == 16


def test_shapes_stay() -> None:
    assert augmentation(EVERY).apply(images(), torch.arange(COUNT)).shape == (COUNT, *SHAPE)
    for name in Augment.model_fields:
        value = getattr(EVERY, name)
        assert changed(**{name: value}).shape == (COUNT, *SHAPE)
        assert not torch.equal(changed(**{name: value}), images())
