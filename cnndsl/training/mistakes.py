"""The worst mistakes: samples that were taken for what they are not, those with the highest loss first."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from cnndsl.files import atomic_path, write_whole
from cnndsl.training.data import Part, StoredImages
from cnndsl.training.feed import in_order
from cnndsl.training.plan import bounds

if TYPE_CHECKING:
    from PIL.Image import Image

    from cnndsl.training.loop import Loop

__all__ = ["Mistake", "find_mistakes", "thumbnails", "write_mistakes"]

# A table of all mistakes of a large data set would be read by nobody.
LISTED = 1_000
# How large a thumbnail is drawn, in pixels: small images are enlarged by whole factors.
SIDE = 96
MARGIN = 14
COLUMNS = 8
CAPTION = 52


class Mistake(NamedTuple):
    """A sample, by its number in its part, what it is and what it was taken for.

    `probability` is what the network gives to the class that it says, `true_probability` to the true one.
    `file` is the image's path where the images stay on disk, else empty.
    """

    sample: int
    true: str
    predicted: str
    probability: float
    true_probability: float
    loss: float
    file: str = ""


def find_mistakes(
    loop: Loop, part: Part, predictions: torch.Tensor, names: Sequence[str], most: int = LISTED
) -> list[Mistake]:
    """The mistakes that a network makes on a part, up to `most`, the highest loss first.

    `predictions` is the class that it says for each sample, (N,), int64; `names` are the classes.
    Only the samples that it got wrong are looked at again.

    Errors: DataError and OSError for images on disk that cannot be read.
    """
    wrong = (predictions != part.labels).nonzero()[:, 0]
    if not len(wrong):
        return []
    chosen = part.take(wrong)
    said = predictions[wrong]
    ranges = list(bounds(len(chosen), 2 * loop.settings.batch))
    found = []
    loop.inner.eval()
    read = in_order(chosen, ranges, loop.settings.workers, loop.device, loop.normalization)
    for (start, stop), images in zip(ranges, read, strict=True):
        with torch.inference_mode():
            outputs = loop.inner(images.contiguous(memory_format=loop.layout)).float().cpu()
            shares = loop.objective.probabilities(outputs)
            losses = loop.objective.losses(outputs, chosen.labels[start:stop])
        columns = torch.stack([said[start:stop], chosen.labels[start:stop]], 1)
        found.append(torch.cat([losses[:, None], shares.gather(1, columns)], 1))
    numbers = torch.cat(found)
    order = numbers[:, 0].sort(descending=True, stable=True).indices[:most].tolist()
    stored = chosen.images if isinstance(chosen.images, StoredImages) else None
    return [
        Mistake(
            sample=int(wrong[at]),
            true=names[int(chosen.labels[at])],
            predicted=names[int(said[at])],
            probability=float(numbers[at, 1]),
            true_probability=float(numbers[at, 2]),
            loss=float(numbers[at, 0]),
            file="" if stored is None else str(stored.paths[at]),
        )
        for at in order
    ]


def thumbnails(part: Part, mistakes: Sequence[Mistake]) -> list[Image]:
    """The images of mistakes, as Pillow has them; none where the samples are no images."""
    from PIL import Image

    shape = tuple(part.images.shape[1:])
    if not mistakes or len(shape) != 3 or shape[0] not in (1, 3, 4):
        return []
    images = part.images[torch.tensor([mistake.sample for mistake in mistakes])]
    low, high = float(images.min()), float(images.max())
    if low < 0 or high > 1:
        images = (images - low) / max(high - low, 1e-12)
    pixels = (images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    made = [Image.fromarray(one[:, :, 0] if shape[0] == 1 else one) for one in pixels]
    return [_sized(one) for one in made]


def _sized(image: Image) -> Image:
    """An image of about SIDE pixels: reduced, or enlarged by a whole factor, so that pixels stay squares."""
    from PIL import Image

    longest = max(image.size)
    if longest <= SIDE:
        factor = SIDE // longest
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image


def write_mistakes(folder: Path, mistakes: Sequence[Mistake], pictures: Sequence[Image]) -> None:
    """Write mistakes.csv, and with `pictures`, those of the first mistakes, mistakes.png. Errors: OSError."""
    rows = [(*mistake[:3], *(f"{value:.6f}" for value in mistake[3:6]), mistake.file) for mistake in mistakes]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([Mistake._fields, *rows])
    write_whole(folder / "mistakes.csv", text.getvalue())
    if pictures:
        with atomic_path(folder / "mistakes.png") as temporary:
            draw_mistakes(mistakes, pictures).save(temporary)


def draw_mistakes(mistakes: Sequence[Mistake], pictures: Sequence[Image]) -> Image:
    """A sheet of the images in `pictures`, below each what it is and what it was taken for."""
    from PIL import Image, ImageDraw, ImageFont

    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    width, height = SIDE + 2 * MARGIN, SIDE + CAPTION + MARGIN
    sheet = Image.new("RGB", (columns * width, rows * height + MARGIN), "white")
    pen = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(13), ImageFont.load_default(11)
    for index, (mistake, picture) in enumerate(zip(mistakes, pictures, strict=False)):
        left, top = index % columns * width, index // columns * height + MARGIN
        at = (left + (width - picture.width) // 2, top + (SIDE - picture.height) // 2)
        sheet.paste(picture, at, picture if picture.mode == "RGBA" else None)
        corners = (at[0] - 1, at[1] - 1, at[0] + picture.width, at[1] + picture.height)
        pen.rectangle(corners, outline="#bbbbbb")
        middle = left + width / 2
        lines = (
            (f"{mistake.predicted} ({mistake.probability:.0%})", large, "#a03c00"),
            (f"is {mistake.true} ({mistake.true_probability:.0%})", small, "#444444"),
        )
        for place, (text, font, color) in enumerate(lines):
            while text and pen.textlength(text, font=font) > width - 4:
                name, space, share = text.rpartition(" ")
                text = f"{name.rstrip('…')[:-1]}…{space}{share}" if len(name) > 2 else ""
            below = top + SIDE + 6 + 19 * place
            pen.text((middle, below), text, font=font, fill=color, anchor="ma")
    return sheet
