"""Make a folder of colour images by class: circles, crosses, rings, squares and triangles, 32x32 PNG files.

    python examples/data/make_shapes.py shapes         # 2,000 images in shapes/circle, shapes/cross, ...
    python examples/data/make_shapes.py few --count 200 --seed 1

Each has its own colour, size, place and angle, on a background of another colour with some noise. The same
seed makes the same images.
"""

from __future__ import annotations

import argparse
from math import cos, pi, sin
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 32
# Drawn this much larger and made smaller then, so that edges are smooth.
FINE = 4
# Where the first corner lies when a figure stands upright.
UPRIGHT = {"cross": 0.0, "square": pi / 4, "triangle": -pi / 2}
CLASSES = ("circle", "cross", "ring", "square", "triangle")

Points = list[tuple[float, float]]


def polygon(corners: Points, centre: tuple[float, float], radius: float, angle: float) -> Points:
    """Corners of a figure of radius 1, turned, scaled and moved."""
    return [
        (
            centre[0] + radius * (x * cos(angle) - y * sin(angle)),
            centre[1] + radius * (x * sin(angle) + y * cos(angle)),
        )
        for x, y in corners
    ]


def regular(count: int) -> Points:
    """The corners of a regular polygon."""
    return [(cos(2 * pi * index / count), sin(2 * pi * index / count)) for index in range(count)]


def cross() -> Points:
    """The corners of a plus sign."""
    arm, thick = 0.95, 0.32
    quarter = [(arm, -thick), (arm, thick), (thick, thick)]
    return [
        (x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn))
        for turn in (0, pi / 2, pi, 3 * pi / 2)
        for x, y in quarter
    ]


def draw(kind: str, random: np.random.Generator) -> Image.Image:
    """One image of a class."""
    ground = random.integers(0, 256, 3)
    ink = random.integers(0, 256, 3)
    while np.abs(ink - ground).sum() < 240:
        ink = random.integers(0, 256, 3)
    color = tuple(map(int, ink))
    picture = Image.new("RGB", (SIDE * FINE, SIDE * FINE), tuple(map(int, ground)))
    pencil = ImageDraw.Draw(picture)
    radius = random.uniform(8, 13) * FINE
    x, y = (random.uniform(radius, SIDE * FINE - radius) for _ in range(2))
    angle = random.uniform(-0.3, 0.3)
    box = (x - radius, y - radius, x + radius, y + radius)
    if kind == "circle":
        pencil.ellipse(box, fill=color)
    elif kind == "ring":
        pencil.ellipse(box, outline=color, width=round(radius * 0.35))
    else:
        corners = {"cross": cross(), "square": regular(4), "triangle": regular(3)}[kind]
        pencil.polygon(polygon(corners, (x, y), radius, UPRIGHT[kind] + angle), fill=color)
    pixels = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    noisy = pixels + random.normal(0, 8, pixels.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def make(folder: Path, count: int = 2000, seed: int = 0, classes: tuple[str, ...] = CLASSES) -> None:
    """Write `count` images, as many of each class."""
    random = np.random.default_rng(seed)
    for kind in classes:
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for index in range(count):
        kind = classes[index % len(classes)]
        draw(kind, random).save(folder / kind / f"{index:04}.png")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make a folder of colour images by class.")
    parser.add_argument("folder", type=Path, help="where the images go, a folder a class")
    parser.add_argument("--count", type=int, default=2000, help="how many images (2000)")
    parser.add_argument("--seed", type=int, default=0, help="the seed (0)")
    options = parser.parse_args()
    make(options.folder, options.count, options.seed)
    print(f"{options.count} images in {options.folder}: {', '.join(CLASSES)}")


if __name__ == "__main__":
    main()
