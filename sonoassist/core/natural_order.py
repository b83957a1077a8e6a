"""Names of files in the order in which people count."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"([0-9]+)")

Key = tuple[tuple[int, int, str, str], ...]


def natural_key(name: str) -> Key:
    """Key to sort names by: frame2 comes before frame10; the rest is in plain order."""
    parts = _DIGITS.split(name)
    return tuple(
        _counted(part) if number % 2 else (1, 0, part, "")
        for number, part in enumerate(parts)
        if part
    )


def _counted(digits: str) -> tuple[int, int, str, str]:
    """A number by its length and its digits: a name may hold one of any length."""
    plain = digits.lstrip("0")
    return 0, len(plain), plain, digits
