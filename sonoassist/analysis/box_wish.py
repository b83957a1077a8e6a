"""The ways to the box of a frame."""

from __future__ import annotations

from enum import Enum


class BoxWish(Enum):
    """How the box of a frame is come by."""

    OWN = "own"
    """Found on this very frame, in one go."""
    LATER = "later"
    """Found on this very frame, behind its label: see `Analyser.finish_box`."""
    CARRIED = "carried"
    """The last one found, moved by the motion measured since."""
