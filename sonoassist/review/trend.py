"""The confidences of a recording as a trend: read from its table, thinned to what is looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Floats
from sonoassist.core.planes import BACKGROUND_INDEX, DISPLAY_ORDER, INDEX, PLANES
from sonoassist.recordings.records import STRIDE
from sonoassist.recordings.table import FrameTable
from sonoassist.temporal.trend import Trend, thinned

Reals = NDArray[np.float64]


class RecordingTrend:
    """Trends of a recording over its frames; a frame lies at its index and a half.

    Args:
        table: Of the recording.
    """

    def __init__(self, table: FrameTable) -> None:
        self._table = table
        self._version = -1
        self._places: Reals = np.zeros(0)
        self._shares: Floats = np.zeros((0, len(PLANES)), np.float32)
        self._cuts: Reals = np.zeros(0)
        self._sure = np.zeros(0, bool)

    @property
    def outdated(self) -> bool:
        """Whether more results have come since `read`."""
        return self._version != self._table.version

    def read(self) -> None:
        """Take what the table has now."""
        self._version = self._table.version
        columns = self._table.snapshot()
        judged = columns.judged
        self._places = np.asarray(np.flatnonzero(judged) + 0.5, np.float64)
        self._cuts = np.asarray(np.flatnonzero(columns.known & ~judged) + 0.5, np.float64)
        self._shares = columns.probabilities[judged]
        self._sure = columns.sure[judged]

    def between(self, first: float, last: float, most: int) -> Trend:
        """The trend of some frames.

        Args:
            first: Where it begins, in frames.
            last: Where it ends.
            most: So many stretches at most.
        """
        margin = max((last - first) / max(most, 1), STRIDE + 1.0)  # a line goes on over the edge
        return thinned(
            self._places,
            self._shares,
            first - margin,
            last + margin,
            most,
            STRIDE + 0.5,
            self._cuts,
        )

    def led(self, first: float, last: float) -> tuple[int, ...]:
        """Numbers of the planes that surely led on some frame, in the order of all lists."""
        inside = slice(*np.searchsorted(self._places, [first, last]))
        sure = self._shares[inside][self._sure[inside]]
        found = set(np.argmax(sure, axis=1).tolist()) - {BACKGROUND_INDEX} if len(sure) else set()
        return tuple(INDEX[one.key] for one in DISPLAY_ORDER if INDEX[one.key] in found)

    def share(self, frame: int, plane: int) -> float | None:
        """Confidence of a plane on a frame, 0 to 1; None where it has none."""
        at = int(np.searchsorted(self._places, frame + 0.5))
        known = at < len(self._places) and self._places[at] == frame + 0.5
        return float(self._shares[at, plane]) if known else None
