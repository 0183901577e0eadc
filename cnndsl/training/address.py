"""What stands behind `--data`: a path, `torchvision:NAME` or `python:module:callable`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from cnndsl.training.errors import DataError

__all__ = ["PYTHON", "TORCHVISION", "Library", "absolute", "beside", "is_path"]

TORCHVISION, PYTHON = "torchvision:", "python:"
# Where the data sets of torchvision lie, if nothing else is said.
ROOT = "data"


class Library(NamedTuple):
    """`torchvision:MNIST?root=DIR&download`: a data set of torchvision's, and where its files are.

    The `arguments` are given to its constructor.
    """

    name: str
    root: str
    download: bool
    arguments: dict[str, str]

    @classmethod
    def parse(cls, data: str) -> Library:
        """Read an address; DataError where it is none.

        >>> Library.parse("torchvision:SVHN?root=/data&download")
        Library(name='SVHN', root='/data', download=True, arguments={})
        """
        name, _, query = data.removeprefix(TORCHVISION).partition("?")
        arguments = dict(parse_qsl(query, keep_blank_values=True))
        if not name.isidentifier():
            raise DataError(f"{data}: expected torchvision:NAME, such as torchvision:MNIST?root=data")
        root = arguments.pop("root", ROOT)
        download = arguments.pop("download", "no")
        if download not in ("", "yes", "no", "true", "false"):
            raise DataError(f"{data}: download is `{download}`, expected yes or no")
        return cls(name, root, download in ("", "yes", "true"), arguments)

    def address(self) -> str:
        """The text that `parse` reads."""
        query = urlencode({"root": self.root, **self.arguments}, safe="/:\\~")
        return f"{TORCHVISION}{self.name}?{query}{'&download' if self.download else ''}"


def is_path(data: str) -> bool:
    """Whether the data are a file or a folder.

    >>> is_path("digits.csv"), is_path("torchvision:MNIST")
    (True, False)
    """
    return not data.startswith((TORCHVISION, PYTHON))


def beside(data: str, folder: Path) -> str:
    """An address that a spec in `folder` gives, seen from where the program runs.

    >>> beside("digits.csv", Path("a")), beside("torchvision:MNIST?root=b", Path("a"))
    ('a/digits.csv', 'torchvision:MNIST?root=a/b')
    """
    return _moved(data, lambda path: str(folder / path))


def absolute(data: str) -> str:
    """The address for use from any folder."""
    return _moved(data, os.path.abspath)


def _moved(data: str, move: Callable[[str], str]) -> str:
    if data.startswith(PYTHON):
        return data
    if not data.startswith(TORCHVISION):
        return move(data)
    try:
        library = Library.parse(data)
    except DataError:
        # it is said when the data are read
        return data
    return library._replace(root=move(library.root)).address()
