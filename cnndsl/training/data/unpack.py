"""Unpacking gzip with a bound: a small file may claim to be an endless one."""

from __future__ import annotations

import zlib
from pathlib import Path

from cnndsl.training.errors import DataError

__all__ = ["MOST_TIMES", "require_plausible", "unpack"]

GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20
# Images and tables shrink to a tenth or a hundredth; files made to fill a memory, to a thousandth.
MOST_TIMES = 500
# What is smaller than this harms nobody, however well it was packed.
HARMLESS = 64 << 20


def unpack(path: Path) -> bytes:
    """The content of a file, unpacked where it is packed with gzip.

    Errors: DataError where the packed file is damaged, cut short, or unpacks to an implausible size; OSError
    where it cannot be read.
    """
    packed = path.read_bytes()
    if not packed.startswith(GZIP_MAGIC):
        return packed
    pieces: list[bytes] = []
    size = 0
    rest = packed
    try:
        while rest.startswith(GZIP_MAGIC):
            # a gzip file may be several, one behind the other
            unpacker = zlib.decompressobj(wbits=31)
            while not unpacker.eof:
                piece = unpacker.decompress(rest, CHUNK)
                rest = unpacker.unconsumed_tail
                if not piece and not rest and not unpacker.eof:
                    raise DataError(
                        f"{path}: the gzip file is damaged or cut short: it ends before its end mark"
                    )
                pieces.append(piece)
                size += len(piece)
                require_plausible(str(path), len(packed), size)
            rest = unpacker.unused_data
    except zlib.error as error:
        raise DataError(f"{path}: the gzip file is damaged or cut short: {error}") from error
    return b"".join(pieces)


def require_plausible(name: str, packed: int, unpacked: int) -> None:
    """Raise DataError where a file would unpack to a size that no images have."""
    if unpacked > HARMLESS and unpacked > MOST_TIMES * packed:
        raise DataError(
            f"{name}: {packed:,} bytes unpack to more than {unpacked - 1:,}: "
            "packed data are never that small, so the file is not unpacked"
        )
