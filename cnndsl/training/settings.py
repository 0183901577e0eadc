"""The settings of a training run, as pydantic models: names, types, bounds and defaults in one place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from cnndsl.backends.resizing import Resize
from cnndsl.training.data_settings import Augment, ClassWeights, Normalize, Settings, Unchanged

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Augment",
    "Bce",
    "Constant",
    "Cosine",
    "CrossEntropy",
    "Loss",
    "Mse",
    "OneCycle",
    "Optimizer",
    "Plateau",
    "Schedule",
    "Step",
    "TrainSettings",
    "Weights",
]

Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Decay = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Pattern = Annotated[str, Field(min_length=1)]


class SGD(Settings):
    """Stochastic gradient descent, with momentum if wanted.

    Here and below, weight decay spares biases and the weights of norms, unless `decay_all` is set.
    """

    name: Literal["sgd"] = "sgd"
    lr: Rate = 0.1
    momentum: Fraction = 0.0
    weight_decay: Decay = 0.0
    nesterov: bool = False
    decay_all: bool = False

    @field_validator("nesterov")
    @classmethod
    def _needs_momentum(cls, value: bool, info: ValidationInfo) -> bool:
        if value and not info.data.get("momentum"):
            raise PydanticCustomError("needs_momentum", "nesterov needs a momentum, like momentum=0.9")
        return value


class Adam(Settings):
    """Adam; its weight decay is added to the gradient."""

    name: Literal["adam"] = "adam"
    lr: Rate = 0.001
    weight_decay: Decay = 0.0
    decay_all: bool = False


class AdamW(Settings):
    """Adam with weight decay apart from the gradient."""

    name: Literal["adamw"] = "adamw"
    lr: Rate = 0.001
    weight_decay: Decay = 0.01
    decay_all: bool = False


Optimizer = Annotated[SGD | Adam | AdamW, Field(discriminator="name")]


class CrossEntropy(Settings):
    """Cross-entropy on logits."""

    name: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: Fraction = 0.0


class Mse(Settings):
    """Mean squared error between the outputs and the one-hot label."""

    name: Literal["mse"] = "mse"


class Bce(Settings):
    """Binary cross-entropy on logits, an independent yes or no for each output."""

    name: Literal["bce"] = "bce"


Loss = Annotated[CrossEntropy | Mse | Bce, Field(discriminator="name")]


class Constant(Settings):
    """The learning rate stays."""

    name: Literal["none"] = "none"


class Cosine(Settings):
    """The learning rate falls to 0 along half a cosine."""

    name: Literal["cosine"] = "cosine"


class OneCycle(Settings):
    """The learning rate rises to its full value in the first part of the run, `warmup`, then falls to 0."""

    name: Literal["onecycle"] = "onecycle"
    warmup: Annotated[float, Field(gt=0, lt=1)] = 0.3


class Step(Settings):
    """Every `every` epochs the learning rate is multiplied by `factor`."""

    name: Literal["step"] = "step"
    every: Annotated[int, Field(ge=1)] = 10
    factor: Annotated[float, Field(gt=0, le=1)] = 0.1


class Plateau(Settings):
    """The learning rate is multiplied by `factor` whenever `patience` epochs in a row did not bring the
    validation loss below its lowest."""

    name: Literal["plateau"] = "plateau"
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    patience: Annotated[int, Field(ge=1)] = 5


Schedule = Annotated[Constant | Cosine | OneCycle | Plateau | Step, Field(discriminator="name")]


class Weights(Settings):
    """A file with the weights that a run begins with; `partial`: those of them that fit."""

    path: Annotated[str, Field(min_length=1)]
    partial: bool = False


class TrainSettings(Settings):
    """Everything that decides a run but the network and the data.

    `freeze` and `unfreeze` are patterns on the names of modules and weights: what `freeze` names, but not
    `unfreeze`, is not trained. `rates` are learning rates by such patterns, of which the last that fits
    holds; the optimizer's own is for all others. `val` is the fraction that is held out where the data
    bring no validation part of their own; `workers` are threads that decode the images of a folder, or
    processes where they stay on disk.

    `resize` says what becomes of image files of another size than the network takes; those that would take
    more than `memory` MiB stay on disk and are read batch by batch. `class_weights` is how much the samples
    of each class count.

    `batch` is what all processes together take at a time, `accumulate` how many batches make one step of
    the optimizer. The learning rate rises over the first `warmup` epochs; `clip` bounds the norm of the
    gradients, `mixup` is the parameter of the Beta distribution that mixes pairs of images, `ema` the decay
    of the average of the weights that is validated and kept in their stead; 0 is without. A run ends after
    `early_stopping` epochs in a row of which none was the best. `checkpoint` is how many minutes pass, at
    most, until the state within an epoch is written.

    >>> TrainSettings(epochs=3).optimizer.lr
    0.001
    """

    data: Annotated[str, Field(min_length=1)] | None = None
    weights: Weights | None = None
    freeze: tuple[Pattern, ...] = ()
    unfreeze: tuple[Pattern, ...] = ()
    optimizer: Optimizer = AdamW()
    rates: dict[str, Rate] = Field(default_factory=dict)
    loss: Loss = CrossEntropy()
    schedule: Schedule = Constant()
    augment: Augment = Augment()
    normalize: Normalize = Unchanged()
    class_weights: ClassWeights = "none"
    resize: Resize = "none"
    memory: Annotated[int, Field(ge=0)] = 2048
    epochs: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    batch: Annotated[int, Field(ge=1, le=2**31 - 1)] = 64
    val: Annotated[float, Field(gt=0, lt=1)] = 0.2
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    warmup: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    clip: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    accumulate: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    mixup: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    ema: Fraction = 0.0
    early_stopping: Annotated[int, Field(ge=0)] = 0
    memory_format: Literal["auto", "contiguous", "channels_last"] = "auto"
    compile: bool = False
    checkpoint: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10.0
    workers: Annotated[int, Field(ge=1, le=256)] = 2
