"""Numbers as people read them: 1,234,567 parameters, 4.09 G multiply-adds, 97.5 MiB."""

from __future__ import annotations

__all__ = ["bar", "bytes_text", "macs_text", "macs_unit", "percent", "shape_text"]

# Multiply-adds are exact up to the first of these totals, then rounded to two decimals in the unit behind it.
UNITS = ((10**7, 1, ""), (10**9, 10**6, " M"), (10**12, 10**9, " G"), (10**15, 10**12, " T"))
EIGHTHS = " ▏▎▍▌▋▊▉█"


def macs_unit(total: int) -> int:
    """The unit of the rows of a table with this total: one for all rows, so that they compare at a glance.

    >>> macs_unit(416_520), macs_unit(4_089_184_256), macs_unit(150_428_424_448)
    (1, 1000000, 1000000000)
    """
    if total < 10**7:
        return 1
    return 10**6 if total < 10**11 else 10**9


def macs_text(macs: int, unit: int | None = None) -> str:
    """Multiply-adds, rounded to two decimals of a unit; without one, of the unit that suits the number.

    >>> macs_text(416_520), macs_text(4_089_184_256), macs_text(512_000, 10**6), macs_text(40, 10**6)
    ('416,520', '4.09 G', '0.51 M', '<0.01 M')
    """
    sign, macs = ("-", -macs) if macs < 0 else ("", macs)
    if unit is None:
        unit = next((unit for limit, unit, _ in UNITS if macs < limit), UNITS[-1][1])
    if unit == 1:
        return f"{sign}{macs:,}"
    letter = next(letter for _, other, letter in UNITS if other == unit)
    if 0 < macs * 200 < unit:
        return f"{sign}<0.01{letter}"
    return f"{sign}{macs / unit:,.2f}{letter}"


def bytes_text(count: int) -> str:
    """Bytes in binary units.

    >>> bytes_text(312), bytes_text(102_228_128)
    ('312 bytes', '97.5 MiB')
    """
    size = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} GiB"


def percent(part: int, whole: int) -> str:
    """A share.

    >>> percent(1, 8), percent(1, 100_000), percent(8, 8)
    ('12.5%', '<0.1%', '100%')
    """
    if part == whole:
        return "100%"
    return "<0.1%" if 0 < part * 2000 < whole else f"{100 * part / whole:.1f}%"


def bar(part: int, largest: int, width: int = 8) -> str:
    """A bar in eighths of a character, as wide as `width` for the largest.

    >>> bar(1, 4), bar(4, 4), bar(1, 64), bar(1, 10_000)
    ('██', '████████', '▏', '')
    """
    eighths = round(8 * width * part / largest)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def shape_text(shape: tuple[int | str, ...], batch: int | None = None) -> str:
    """A shape, with the batch axis where there is a batch; formulas of several words in parentheses.

    >>> shape_text((64, "H - 2", "floor((W - 1)/2)"), 8)
    '8x64x(H - 2)xfloor((W - 1)/2)'
    """
    sizes = shape if batch is None else (batch, *shape)
    return "x".join(map(_size, sizes))


def _size(size: int | str) -> str:
    text = str(size)
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == " " and not depth:
            return f"({text})"
    return text
