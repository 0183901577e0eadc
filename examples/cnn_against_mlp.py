"""A CNN and a multilayer perceptron on the same digits: fewer weights, more right.

All train on the same 4,000 images of MNIST and are judged on the same 1,000 others, with three seeds each.
Run it from anywhere: `python examples/cnn_against_mlp.py`. It takes a minute on one core.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import mean

import cnndsl

HERE = Path(__file__).resolve().parent
DIGITS = HERE / "data" / "mnist_small.csv.gz"
NETWORKS = ("minimal_mnist", "two_block_mnist", "mlp_mnist")


def main(work: Path, epochs: int = 5, seeds: int = 3) -> dict[str, tuple[int, float]]:
    """Train in the folder `work`; the parameters and the mean accuracy of each network."""
    found = {}
    for name in NETWORKS:
        results = [
            cnndsl.train(
                HERE / f"{name}.cnn",
                DIGITS,
                optimizer="adam",
                lr=0.002,
                epochs=epochs,
                batch=64,
                seed=seed,
                device="cpu",
                out=work / f"{name}-{seed}",
            )
            for seed in range(seeds)
        ]
        found[name] = results[0].parameters, mean(result.accuracy for result in results)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name, (parameters, accuracy) in main(Path(folder)).items():
            print(f"{name:<18}{parameters:>8,} parameters  accuracy {accuracy:.3f}")
