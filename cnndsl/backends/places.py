"""Files as other programs want them named."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from cnndsl.text import Source

__all__ = ["relative_path", "uri"]


def relative_path(source: Source) -> str | None:
    """A spec's path from the folder that we run in, with forward slashes; None for a text without a file.

    What lies outside that folder keeps its whole path.

    >>> relative_path(Source("", "nets/../nets/lenet.cnn")), relative_path(Source("", "<text>"))
    ('nets/lenet.cnn', None)
    """
    if source.name.startswith("<"):
        return None
    path = os.path.normpath(source.name)
    here = os.getcwd()
    if os.path.isabs(path) and os.path.commonpath((path, here)) == here:
        path = os.path.relpath(path, here)
    return Path(path).as_posix()


def uri(source: Source) -> str:
    """A spec's place as a URI: relative to the folder that we run in, absolute outside of it.

    >>> uri(Source("", "my nets/a%b.cnn")), uri(Source("", "<text>"))
    ('my%20nets/a%25b.cnn', '%3Ctext%3E')
    """
    path = relative_path(source)
    if path is None:
        return quote(source.name)
    if path.startswith("../"):
        path = os.path.abspath(path)
    return Path(path).as_uri() if os.path.isabs(path) else quote(path)
