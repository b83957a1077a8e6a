"""How many planes of an exam were found: the one count that sheet, table and JSON share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sonoassist.core.planes import DISPLAY_ORDER

PLANES = tuple(plane for plane in DISPLAY_ORDER if not plane.is_background)


@dataclass(frozen=True, slots=True)
class Counts:
    """Planes of one exam; each is in exactly one of the three.

    Attributes:
        found: Planes with a sure frame.
        doubtful: Planes with a frame that must not be taken for sure.
        missing: Planes without any.
    """

    found: int
    doubtful: int
    missing: int

    @staticmethod
    def of(doubtful: Collection[str], missing: Collection[str]) -> Counts:
        """Counted from the keys of those that were not surely found."""
        found = len(PLANES) - len(doubtful) - len(missing)
        return Counts(found, len(doubtful), len(missing))

    @staticmethod
    def told(about: Mapping[str, Any]) -> Counts:
        """From what `about.json` says, whichever version wrote it."""
        return Counts.of(about["doubtful"], about["missing"])
