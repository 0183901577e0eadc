"""The settings that speak of data: how images are read, changed, normalised and weighed."""

from __future__ import annotations

from math import inf
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

__all__ = ["Augment", "Channels", "ClassWeights", "Given", "ImageNet", "Normalize", "Settings", "Unchanged"]


class Settings(BaseModel):
    """Frozen, strict, and without room for what it does not know: nothing is ever ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Pixels = Annotated[int, Field(ge=0, le=1024)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Augment(Settings):
    """Changes to the training images, drawn anew for each image in each epoch.

    `flip` mirrors every other image left to right, `vflip` top to bottom. `shift` and `crop` move an image
    by up to so many pixels up or down and left or right; behind it comes its edge again, or, with `crop`,
    black. `rotate` turns by up to so many degrees, `scale` makes larger or smaller by up to so large a part.
    Values are changed after that: `brightness` adds up to so much, `contrast` spreads them around the
    image's mean by up to so large a part, `noise` is the standard deviation of what is added to each value.
    `erase` covers a square of so many pixels a side with the image's mean.
    """

    flip: bool = False
    vflip: bool = False
    shift: Annotated[int, Field(ge=0, le=64)] = 0
    crop: Pixels = 0
    rotate: Annotated[float, Field(ge=0, le=180)] = 0.0
    scale: Share = 0.0
    brightness: Annotated[float, Field(ge=0, le=1)] = 0.0
    contrast: Share = 0.0
    noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    erase: Pixels = 0

    def __bool__(self) -> bool:
        """Whether anything is changed.

        >>> bool(Augment()), bool(Augment(flip=True))
        (False, True)
        """
        return self != Augment()


class Unchanged(Settings):
    """Values from 0 to 1 as they are."""

    name: Literal["none"] = "none"


class Channels(Settings):
    """Each channel of the training images has the mean 0 and the standard deviation 1."""

    name: Literal["channels"] = "channels"


class ImageNet(Settings):
    """The means and standard deviations of ImageNet, which torchvision's weights were trained with."""

    name: Literal["imagenet"] = "imagenet"


Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Given(Settings):
    """A mean and a standard deviation for each channel."""

    name: Literal["given"] = "given"
    mean: tuple[Number, ...] = ()
    std: tuple[Positive, ...] = ()

    @model_validator(mode="after")
    def _one_for_each_channel(self) -> Given:
        if not self.mean or len(self.mean) != len(self.std):
            raise PydanticCustomError(
                "numbers_of_channels",
                "mean has {mean} numbers and std {std}, expected one for each channel",
                {"mean": len(self.mean), "std": len(self.std)},
            )
        return self


Normalize = Annotated[Unchanged | Channels | ImageNet | Given, Field(discriminator="name")]


def _known_weights(value: object) -> object:
    numbers = value if isinstance(value, tuple | list) else ()
    good = all(
        isinstance(one, int | float) and not isinstance(one, bool) and 0 < one < inf for one in numbers
    )
    if value not in ("none", "balanced") and not (numbers and good):
        raise PydanticCustomError("class_weights", "expected balanced, or a number above 0 for each class")
    return tuple(map(float, numbers)) if numbers else value


# How much the samples of each class count: all the same, so that each class counts the same, or as given.
ClassWeights = Annotated[Literal["none", "balanced"] | tuple[float, ...], BeforeValidator(_known_weights)]
