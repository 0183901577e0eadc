"""Images that stay on disk and are decoded batch by batch, by PyTorch's DataLoader."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from cnndsl.backends.images import Decoded, ImageError, ImageSizeError, decode
from cnndsl.backends.resizing import Resize
from cnndsl.dims import Shape
from cnndsl.training.errors import DataError, DataMismatch

# Linux forks: processes that only decode may share what the run has loaded, where fresh ones would import
# PyTorch again, seconds each. Elsewhere Python's own way is the safe one.
START = "fork" if sys.platform == "linux" else None

__all__ = ["StoredImages", "decode_or_blame", "too_large"]


def too_large(error: ImageSizeError, shape: Shape) -> DataMismatch:
    """The mismatch of an image that has another size than the network takes."""
    width, height = error.size
    fits = (
        f"`input {shape[0]}x{height}x{width}` fits it",
        "`--resize crop` brings images of any size to the network's",
    )
    return DataMismatch(str(error), "input", help=fits)


def decode_or_blame(path: Path, shape: Shape, resize: Resize) -> Decoded:
    """An image that is decoded; DataError where it is broken, DataMismatch where it has another size."""
    try:
        return decode(path, str(path), shape, resize)
    except ImageSizeError as error:
        raise too_large(error, shape) from error
    except ImageError as error:
        raise DataError(str(error)) from error


class _Batches(Dataset[Tensor | DataError | OSError]):
    """Decodes whole batches; an error comes back as a value: a DataLoader would wrap it in a traceback."""

    def __init__(self, images: StoredImages) -> None:
        self.images = images

    def __getitem__(self, indices: Sequence[int]) -> Tensor | DataError | OSError:
        try:
            return self.images.decode(indices)
        except (DataError, OSError) as error:
            return error


class _Order:
    """The batches of an epoch, as a DataLoader asks for them; another epoch has others."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def _leave_signals(worker: int) -> None:
    """Ctrl-C reaches all processes of a terminal; when a run ends is for the one to say that trains."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)


class Stream:
    """Batches of images on disk, decoded ahead by `workers` processes; with 0, by this one when asked."""

    def __init__(self, images: StoredImages, workers: int) -> None:
        self.order = _Order()
        self.loader: DataLoader[Tensor | DataError | OSError] | None = DataLoader(
            _Batches(images),
            batch_size=None,
            sampler=self.order,
            num_workers=workers,
            persistent_workers=workers > 0,
            multiprocessing_context=START if workers else None,
            worker_init_fn=_leave_signals,
            # its own: the random numbers of the training are not the loader's to draw
            generator=torch.Generator(),
        )

    def batches(self, indices: Sequence[Tensor]) -> Iterator[Tensor]:
        """The images at each of `indices`, one batch after the other; errors as in `decode_or_blame`."""
        assert self.loader is not None, "a stream that was closed"
        self.order.batches = [batch.tolist() for batch in indices]
        read = iter(self.loader)
        for _ in indices:
            try:
                batch = next(read)
            except RuntimeError as error:
                raise DataError(
                    f"a process that decodes images ended before its time: {str(error).splitlines()[0]}",
                    help=("fewer `--workers` take less memory",),
                ) from error
            if not isinstance(batch, Tensor):
                raise batch
            yield batch

    def close(self) -> None:
        """End the processes."""
        self.loader = None


@dataclass(frozen=True, slots=True, eq=False)
class StoredImages:
    """Image files that stand for a tensor (N, C, H, W), float32 from 0 to 1.

    `images[indices]` decodes those at a slice or a tensor of indices; `stream` decodes ahead.
    """

    paths: tuple[Path, ...]
    shape_of_one: Shape
    resize: Resize

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def shape(self) -> Shape:
        """That of the tensor that they stand for."""
        return (len(self.paths), *self.shape_of_one)

    def __getitem__(self, indices: Tensor | slice) -> Tensor:
        """The images there: (B, C, H, W), float32. Errors: DataError, DataMismatch, OSError."""
        wanted = range(len(self.paths))[indices] if isinstance(indices, slice) else indices.tolist()
        return self.decode(wanted)

    def decode(self, indices: Sequence[int]) -> Tensor:
        """The images at whole numbers."""
        batch = torch.empty(len(indices), *self.shape_of_one)
        for row, index in enumerate(indices):
            batch[row] = torch.from_numpy(
                decode_or_blame(self.paths[index], self.shape_of_one, self.resize).values
            )
        return batch

    def take(self, indices: Tensor) -> StoredImages:
        """Those at `indices`, still on disk."""
        return StoredImages(
            tuple(self.paths[index] for index in indices.tolist()), self.shape_of_one, self.resize
        )

    def stream(self, workers: int) -> Stream:
        """What decodes them batch by batch."""
        return Stream(self, workers)

    def fingerprint(self) -> bytes:
        """Names and sizes of the files."""
        return "\n".join(
            f"{path.parent.name}/{path.name} {path.stat().st_size}" for path in self.paths
        ).encode()
