"""Names of files in the order in which people count."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"([0-9]+)")


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Key to sort names by: frame2 comes before frame10; the rest is in plain order."""
    parts = _DIGITS.split(name)
    return tuple(
        (0, int(part), part) if number % 2 else (1, 0, part)
        for number, part in enumerate(parts)
        if part
    )
