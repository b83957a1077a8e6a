"""Numbers of things in words: the one place that knows "1 frame" from "2 frames"."""

from __future__ import annotations

_BEGINNINGS = frozenset(
    {
        "a",
        "an",
        "the",
        "this",
        "there",
        "that",
        "it",
        "its",
        "no",
        "none",
        "not",
        "nothing",
        "cannot",
        "could",
        "opening",
        "more",
        "only",
        "one",
    }
)
"""Words with which messages begin; what else stands there may be somebody's name for something."""


def word(number: float, one: str, many: str = "") -> str:
    """A word as it stands behind or for a number.

    Args:
        number: How many.
        one: The word for exactly one: "frame", "is".
        many: For any other number; left out, `one` with an s.
    """
    return one if number == 1 else many or f"{one}s"


def sentence(text: str) -> str:
    """A text as it stands alone: its first word is written large where it is a word.

    A name stays as it is: of a file, of a folder, of a device.
    """
    first, space, _ = text.partition(" ")
    begins = bool(space) and first in _BEGINNINGS
    return text[:1].upper() + text[1:] if begins else text


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: "1 frame", "2 frames", "12,200 frames".

    Args:
        number: How many.
        one: The word for exactly one.
        many: For any other number; left out, `one` with an s.
    """
    return f"{number:,} {word(number, one, many)}"
