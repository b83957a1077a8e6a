"""What of a review is on screen, kept so that it comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sonoassist.core.planes import INDEX


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a review the person has on screen, besides the frame.

    Attributes:
        plane: Key of the selected row; "" for none.
        first: First frame of what the timeline shows; with a part of a frame behind the point.
        last: Its end; 0 where all of the recording is shown.
    """

    plane: str = ""
    first: float = 0.0
    last: float = 0.0

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps([self.plane, self.first, self.last])

    @classmethod
    def of(cls, text: str, count: int) -> Shown:
        """The inverse of `text`.

        Args:
            text: As it was kept; of what cannot be so, all is shown.
            count: Frames of the recording.
        """
        try:
            plane, first, last = json.loads(text)
            known = plane if isinstance(plane, str) and plane in INDEX else ""
            begin, end = float(first), float(last)
        except (ValueError, TypeError, OverflowError, RecursionError):
            return cls()
        return cls(known, begin, end) if 0.0 <= begin < end <= count else cls(known)
