"""Tables as LaTeX for a paper, with the rules of the package booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.backends.tables.table import Line, Table
from cnndsl.terminal import printable

__all__ = ["table_latex"]

# Lines that fit on a page; a longer table goes over several.
PAGE = 45
SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "`": r"\textasciigrave{}",
        "<": "$<$",
        ">": "$>$",
        "|": "$|$",
        "×": r"$\times$",
        "✗": r"$\times$",
        "→": r"$\rightarrow$",
        "−": "$-$",
        "…": r"\ldots{}",
        '"': "''",
        # At the beginning of a cell it would be taken for the argument of the line's end before it.
        "[": "{[}",
        "*": "{*}",
    }
)


def table_latex(table: Table) -> str:
    r"""A table as LaTeX: a tabular, or a longtable where it does not fit on a page; the notes as comments.

    >>> from cnndsl.backends.tables.table import Head
    >>> table = Table("", (Head("name"), Head("size", right=True)), (Line(("a_1", "12")),), (), ())
    >>> print(table_latex(table))
    % needs \usepackage{booktabs}
    \begin{tabular}{lr}
    \toprule
    name & size \\
    \midrule
    a\_1 & 12 \\
    \bottomrule
    \end{tabular}
    """
    long = len(table.lines) + len(table.foot) > PAGE
    environment = "longtable" if long else "tabular"
    title = [f"% {printable(table.title)}"] if table.title else []
    notes = [
        f"% {printable(f'{note.label}: {note.value}, ' if note.label else '')}{printable(note.text)}"
        for note in table.notes
    ]
    return "\n".join(
        [
            *title,
            *notes,
            rf"% needs \usepackage{{{'booktabs,longtable' if long else 'booktabs'}}}",
            rf"\begin{{{environment}}}{{{''.join('r' if head.right else 'l' for head in table.heads)}}}",
            r"\toprule",
            _joined([_escaped(head.title) for head in table.heads]),
            r"\midrule",
            *([r"\endhead"] if long else []),
            *(_line(line, len(table.heads)) for line in table.lines),
            *([r"\midrule"] if table.foot else []),
            *(_line(line, len(table.heads)) for line in table.foot),
            r"\bottomrule",
            rf"\end{{{environment}}}",
        ]
    )


def _line(line: Line, columns: int) -> str:
    cells = [_escaped(cell.strip()) for cell in line.cells]
    if line.message:
        cells = [cells[0], rf"\multicolumn{{{columns - 1}}}{{l}}{{{_escaped(line.message)}}}"]
    if line.kind == "total":
        cells = [rf"\textbf{{{cell}}}" if cell else "" for cell in cells]
    return _joined(cells)


def _joined(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _escaped(text: str) -> str:
    return printable(text).translate(SPECIAL)
