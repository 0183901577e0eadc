"""CSV and CSV.gz: a line of column names, then a row an image, a `label` column and pixel columns."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from cnndsl.training.data.model import Array, Raw, RawPart
from cnndsl.training.data.unpack import unpack
from cnndsl.training.errors import DataError
from cnndsl.words import did_you_mean

__all__ = ["read_rows", "read_table"]

LABEL = "label"
COMMA, NEWLINE, ZERO = b",\n0"
# Numbers with more digits than this take the slow way, which handles every number.
MOST_DIGITS = 6
# Parsed a few megabytes at a time: the index arrays of a chunk stay small.
CHUNK = 1 << 22


def read_table(path: Path) -> Raw:
    """Read a CSV file, packed with gzip or not: the images as flat rows of numbers.

    Errors: DataError with file, line and column; OSError where the file cannot be read.
    """
    head, body, first_line = _split_head(path, unpack(path))
    columns = _column_names(path, head, first_line)
    label_at = columns.index(LABEL)
    if (rows := _whole_numbers(body, len(columns))) is not None:
        pixels = np.delete(rows, label_at, axis=1)
        return Raw(RawPart(pixels, rows[:, label_at].astype(np.int64)))
    labels, images = _scan(path, body, columns, label_at, first_line)
    return Raw(RawPart(images, labels))


def read_rows(path: Path) -> Array:
    """The images of a CSV file as flat rows; a `label` column is left out. Errors: as in `read_table`."""
    head, body, first_line = _split_head(path, unpack(path))
    names = [name.strip() for name in next(csv.reader([_decode(path, head)]))]
    if LABEL in map(str.casefold, names):
        images = read_table(path).train.images
        assert isinstance(images, np.ndarray), "a table is read as a whole"
        return images
    if all(map(_is_number, names)):
        raise DataError(f"{path}:{first_line}: expected a line of column names, found numbers")
    rows = _whole_numbers(body, len(names))
    return _scan(path, body, names, None, first_line)[1] if rows is None else rows


def _split_head(path: Path, content: bytes) -> tuple[bytes, bytes, int]:
    """The line of column names, what follows it, and the names' line number."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    kept = content.lstrip(b"\r\n")
    if not kept.strip():
        raise DataError(f"{path}: the file is empty: expected a line of column names, one of them `{LABEL}`")
    number = content[: len(content) - len(kept)].count(b"\n") + 1
    head, _, body = kept.partition(b"\n")
    if not body.strip():
        raise DataError(f"{path}: there are no rows after the line of column names")
    return head, body, number


def _column_names(path: Path, head: bytes, line: int) -> list[str]:
    names = [name.strip() for name in next(csv.reader([_decode(path, head)]))]
    found = [name for name in names if name.casefold() == LABEL]
    if len(found) == 1 and len(names) > 1:
        return [LABEL if name.casefold() == LABEL else name for name in names]
    if len(found) > 1:
        raise DataError(f"{path}:{line}: {len(found)} columns are called `{LABEL}`, expected one")
    if found:
        raise DataError(f"{path}:{line}: expected pixel columns beside `{LABEL}`, found none")
    if all(_is_number(name) for name in names):
        raise DataError(
            f"{path}:{line}: expected column names, one of them `{LABEL}`; found numbers",
            help=(f"put a line of names first: {LABEL},pixel0,pixel1,...",),
        )
    shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
    raise DataError(
        f"{path}:{line}: no column is called `{LABEL}`; the {len(names)} columns are {shown}",
        help=did_you_mean(LABEL, names),
    )


def _whole_numbers(body: bytes, columns: int) -> Array | None:
    """The rows, where all are plain whole numbers, as nearly always; None where anything else stands.

    Digits are read by position, all numbers of a chunk at once, five times as fast as one by one.
    """
    body = body.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"
    chunks, start = [], 0
    while start < len(body):
        end = body.find(b"\n", min(start + CHUNK, len(body) - 1)) + 1
        chunk = _parse_digits(np.frombuffer(body, np.uint8, end - start, start), columns)
        if chunk is None:
            return None
        chunks.append(chunk)
        start = end
    return np.concatenate(chunks)


def _parse_digits(text: Array, columns: int) -> Array | None:
    digits = text - ZERO  # unsigned: whatever is no digit is 10 or more
    ends = np.flatnonzero(digits > 9)
    lengths = np.diff(ends, prepend=-1) - 1
    if len(ends) % columns or lengths.min() < 1 or lengths.max() > MOST_DIGITS:
        return None
    separators = text[ends].reshape(-1, columns)
    if (separators[:, -1] != NEWLINE).any() or (separators[:, :-1] != COMMA).any():
        return None
    values = digits[ends - 1].astype(np.int32)
    for place in range(1, int(lengths.max())):
        longer = np.flatnonzero(lengths > place)
        values[longer] += digits[ends[longer] - 1 - place] * np.int32(10**place)
    return values.reshape(-1, columns).astype(np.int16 if values.max() < 1 << 15 else np.int32)


def _scan(
    path: Path, body: bytes, columns: list[str], label_at: int | None, first_line: int
) -> tuple[Array, Array]:
    """Row by row: decimal numbers, words as labels, quotes; and the place of what is wrong."""
    labels: list[str] = []
    pixels: list[Array] = []
    names = [name for index, name in enumerate(columns) if index != label_at]
    reader = csv.reader(io.StringIO(_decode(path, body), newline=""), strict=True)
    try:
        for row in reader:
            place = f"{path}:{first_line + reader.line_num}"
            if not row:
                continue
            if len(row) != len(columns):
                raise DataError(
                    f"{place}: expected {len(columns)} columns, as in line {first_line}, found {len(row)}"
                )
            if label_at is not None:
                label = row.pop(label_at).strip()
                if not label:
                    raise DataError(f"{place}: column `{LABEL}` is empty")
                labels.append(label)
            pixels.append(_numbers(place, row, names))
    except csv.Error as error:
        raise DataError(f"{path}:{first_line + reader.line_num}: not readable as CSV: {error}") from error
    return np.array(labels), np.stack(pixels)


def _numbers(place: str, row: list[str], columns: list[str]) -> Array:
    try:
        with np.errstate(over="ignore"):
            values = np.array(list(map(float, row)), np.float32)
    except ValueError:
        at = next(index for index, text in enumerate(row) if not _is_number(text))
        found = f"`{row[at].strip()}`" if row[at].strip() else "nothing"
        raise DataError(f"{place}: column `{columns[at]}`: expected a number, found {found}") from None
    if not np.isfinite(values).all():
        at = int(np.flatnonzero(~np.isfinite(values))[0])
        raise DataError(
            f"{place}: column `{columns[at]}`: expected a finite number, found `{row[at].strip()}`"
        )
    return values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _decode(path: Path, text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected text in UTF-8, found the byte 0x{text[error.start]:02x}"
        ) from error
