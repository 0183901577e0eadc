"""Words that are a slip of the keyboard away from another."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["near_words"]

MOST_NEAR = 4


def distance(one: str, other: str) -> int:
    """How many letters have to be put in, taken out, changed or swapped with the next."""
    rows = [list(range(len(other) + 1))]
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def near_words(word: str, known: Iterable[str]) -> list[tuple[str, bool]]:
    """The known words that are a slip or two away, the nearest first, and whether that one alone is near."""
    if len(word) > 40:
        return []
    most = 1 if len(word) <= 3 else 2 if len(word) <= 6 else 3
    ranked = sorted(
        (gap, one)
        for one in set(known)
        if abs(len(one) - len(word)) <= most and (gap := distance(word.lower(), one.lower())) <= most
    )
    if not ranked:
        return []
    alone = len(ranked) == 1 or ranked[1][0] > ranked[0][0]
    small = ranked[0][0] <= (1 if len(word) <= 4 else 2)
    return [(one, alone and small and number == 0) for number, (_, one) in enumerate(ranked[:MOST_NEAR])]
