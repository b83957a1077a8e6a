"""What counts when frames are about as sure: the quality of the picture. Values only."""

from __future__ import annotations

from dataclasses import dataclass

NEAR = 0.02
"""Confidences that differ by no more are equals: sharpness and stillness decide."""
GAIN = 0.05
"""Among frames about as sure one must be so much better in quality to be preferred for it."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a picture is, apart from what it shows.

    Attributes:
        sharpness: 0 to 1.
        stillness: 0 to 1: how little changed since the frame before; 1 for a picture by itself.
    """

    sharpness: float
    stillness: float

    @property
    def together(self) -> float:
        """Both as one number, 0 to 1."""
        return (self.sharpness + self.stillness) / 2
