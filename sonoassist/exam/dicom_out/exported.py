"""What the report is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonoassist.exam.records import Capture

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


class NothingShownError(Exception):
    """Masked, a capture would be black: no ultrasound picture was surely found on it."""


@dataclass(frozen=True, slots=True)
class ExportedCapture:
    """A capture with the objects made of it; those without their pixels.

    Attributes:
        capture: As in the record.
        still: The Ultrasound Image.
        clip: The Ultrasound Multi-frame Image, or None.
    """

    capture: Capture
    still: Dataset
    clip: Dataset | None
