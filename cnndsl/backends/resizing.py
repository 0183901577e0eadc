"""What becomes of images of another size than a network takes, as a word."""

from typing import Literal

__all__ = ["Resize"]

# Refused; made to cover the size and cut around its centre; squeezed; made to fit into the size, with black
# around it.
Resize = Literal["none", "crop", "stretch", "pad"]
