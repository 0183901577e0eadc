"""What a command would change in a file, as a unified diff."""

from __future__ import annotations

from cnndsl.terminal import Style, printable

__all__ = ["diff"]


def diff(name: str, what: str, before: str, after: str, style: Style) -> str:
    """The diff of a file, empty where nothing differs; `what` the new text is stands behind its name.

    Control characters are shown as symbols.

    >>> print(diff("a.cnn", "formatted", "relu\\n", "relu -> tanh", Style()), end="")
    --- a.cnn
    +++ a.cnn (formatted)
    @@ -1 +1 @@
    -relu
    +relu -> tanh
    \\ No newline at end of file
    """
    from difflib import unified_diff

    name = printable(name)
    lines = unified_diff(_lines(before), _lines(after), name, f"{name} ({what})", lineterm="")
    return "".join(f"{_painted(line, style)}\n" for line in lines)


def _painted(line: str, style: Style) -> str:
    shown = "\n".join(map(printable, line.split("\n")))
    if line.startswith("-"):
        return style.severity("error", shown)
    if line.startswith("+"):
        return style.good(shown)
    return style.quiet(shown) if line.startswith("@") else shown


def _lines(text: str) -> list[str]:
    """The lines without their ends; where the last one has none, the next line of a diff says so."""
    *lines, last = text.split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines
