"""What counts when frames are about as sure: the quality of the picture. Values only."""

from __future__ import annotations

from dataclasses import dataclass

NEAR = 0.02
"""Confidences that differ by no more are equals: sharpness and stillness decide."""
LEAST = 0.2
"""Smoothed probability up to which a plane counts as not found, live and in recordings. Measured on
the montage of real screens (SonoNet-16) and two synthetic exams: of 39 planes that are there all
are found, the doubtful ones at 0.33 and more; of 48 that are not there 4 have a frame above it, 13
at the 0.02 of before. Above it what is not sure is said to be a guess."""
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
