"""How wide text comes out, by the widths of DejaVu Sans, the widest typeface that a viewer may choose.

Helvetica and Arial are some 12 % narrower, so what is laid out by these widths is cut in none of them.
"""

from __future__ import annotations

from functools import lru_cache

from cnndsl.backends.drawing.plan import Line

__all__ = ["LABEL", "SMALL", "SMALLEST", "STRONG", "TITLE", "line_width", "text_width"]

# Type sizes in points.
TITLE, STRONG, SMALL, LABEL = 11.0, 9.0, 7.5, 7.5
SMALLEST = min(STRONG, SMALL, LABEL)
# Between the strong and the small words of a line.
BETWEEN = 4.0

# Advance widths in 1/2048 of the type size, from the space on, regular and bold.
REGULAR = (
    651, 821, 942, 1716, 1303, 1946, 1597, 563, 799, 799, 1024, 1716, 651, 739, 651, 690, 1303, 1303,
    1303, 1303, 1303, 1303, 1303, 1303, 1303, 1303, 690, 690, 1716, 1716, 1716, 1087, 2048, 1401, 1405,
    1430, 1577, 1294, 1178, 1587, 1540, 604, 604, 1343, 1141, 1767, 1532, 1612, 1235, 1612, 1423, 1300,
    1251, 1499, 1401, 2025, 1403, 1251, 1403, 799, 690, 799, 1716, 1024, 1024, 1255, 1300, 1126, 1300,
    1260, 721, 1300, 1298, 569, 569, 1186, 569, 1995, 1298, 1253, 1300, 1300, 842, 1067, 803, 1298,
    1212, 1675, 1212, 1212, 1075, 1303, 690, 1303, 1716,
)  # fmt: skip
BOLD = (
    713, 934, 1067, 1716, 1425, 2052, 1786, 627, 936, 936, 1071, 1716, 778, 850, 778, 748, 1425, 1425,
    1425, 1425, 1425, 1425, 1425, 1425, 1425, 1425, 819, 819, 1716, 1716, 1716, 1188, 2048, 1585, 1561,
    1503, 1700, 1399, 1399, 1681, 1714, 762, 762, 1587, 1305, 2038, 1714, 1741, 1501, 1741, 1577, 1475,
    1397, 1663, 1585, 2259, 1579, 1483, 1485, 936, 748, 936, 1716, 1024, 1024, 1382, 1466, 1214, 1466,
    1389, 891, 1466, 1458, 702, 702, 1362, 702, 2134, 1458, 1407, 1466, 1466, 1010, 1219, 979, 1458,
    1335, 1892, 1321, 1335, 1192, 1458, 748, 1458, 1716,
)  # fmt: skip
# Of other characters: × and the like, and the dot between words.
OTHER, DOT, WIDE = 1716, 700, 2048


@lru_cache(4096)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """The width of a text in points.

    >>> round(text_width("conv", 8), 2)
    19.1
    """
    table = BOLD if bold else REGULAR
    total = 0
    for letter in text:
        index = ord(letter) - 32
        if 0 <= index < len(table):
            total += table[index]
        elif letter == "·":
            total += DOT
        else:
            total += OTHER if index < 0x2000 else WIDE
    return total * size / 2048


def line_width(line: Line) -> float:
    """The width of a line of a box."""
    strong = text_width(line.strong, STRONG, bold=True) if line.strong else 0.0
    small = text_width(line.small, SMALL) if line.small else 0.0
    return strong + small + (BETWEEN if strong and small else 0.0)
