"""Numbers of things in words: the one place that knows "1 frame" from "2 frames"."""

from __future__ import annotations


def word(number: float, one: str, many: str = "") -> str:
    """A word as it stands behind or for a number.

    Args:
        number: How many.
        one: The word for exactly one: "frame", "is".
        many: For any other number; left out, `one` with an s.
    """
    return one if number == 1 else many or f"{one}s"


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: "1 frame", "2 frames", "12,200 frames".

    Args:
        number: How many.
        one: The word for exactly one.
        many: For any other number; left out, `one` with an s.
    """
    return f"{number:,} {word(number, one, many)}"
