"""Transfer learning, step by step: weights of one task are the beginning of another.

A small ResNet learns three shapes from many images. Then all five are to be told apart, and there are few
images of each: its last layer is replaced and trained alone, and after that its last stage too, more slowly.
The same network, trained on the few images from the beginning, is worse.

Run it from anywhere: `python examples/transfer.py`. It takes half a minute on one core.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import cnndsl

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "data"))

from make_shapes import CLASSES, make  # noqa: E402

SPEC = HERE / "resnet10_small.cnn"


def main(work: Path) -> dict[str, float]:
    """Train in the folder `work`, and give the accuracy of each step."""
    make(work / "three", 900, seed=1, classes=CLASSES[:3])
    make(work / "five" / "train", 100, seed=2)
    make(work / "five" / "val", 200, seed=3)
    five: dict[str, Any] = {"params": {"classes": 5}, "seed": 0, "device": "cpu"}

    before = cnndsl.train(
        SPEC, work / "three", params={"classes": 3}, epochs=6, seed=0, device="cpu", out=work / "before"
    )

    # all that fits is loaded, which is all but the last layer; that one alone is trained
    head = cnndsl.train(
        SPEC,
        work / "five",
        weights=before.folder / "best.safetensors",
        weights_partial=True,
        freeze=["*"],
        unfreeze=["fc"],
        epochs=10,
        out=work / "head",
        **five,
    )

    # and then the last stage with it, more slowly
    tuned = cnndsl.train(
        SPEC,
        work / "five",
        weights=head.folder / "best.safetensors",
        freeze=["*"],
        unfreeze=["fc", "layer4"],
        lr=1e-2,
        rates={"layer4": 3e-3},
        epochs=10,
        out=work / "tuned",
        **five,
    )

    scratch = cnndsl.train(SPEC, work / "five", epochs=20, out=work / "scratch", **five)
    return {
        "three shapes": before.accuracy,
        "five, last layer trained": head.accuracy,
        "five, last stage too": tuned.accuracy,
        "five, from the beginning": scratch.accuracy,
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for step, accuracy in main(Path(folder)).items():
            print(f"{step:<26}{accuracy:.3f}")
