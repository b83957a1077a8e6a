"""The confidences of the last minutes of a live session; how many there are never grows."""

from __future__ import annotations

import math
import threading

import numpy as np

from sonoassist.core.packets import Floats
from sonoassist.core.planes import PLANES
from sonoassist.live.status import View
from sonoassist.temporal.trend import Trend, nothing

SPAN_S = 300.0
STEP_S = 0.25
MOST = 600
"""So many stretches are told at most: more could not be seen, and lines are slow to draw."""
JOIN_S = 1.0
"""Results further apart than this are not joined: nobody knows what was in between."""


class ConfidenceHistory:
    """What the network said of the frames of the last minutes, a quarter of a second together.

    One thread adds, any may read. Time is that of the capture (`time.monotonic()`), whatever the
    source: a pause, another source and pictures that are not judged leave a gap.

    Args:
        span_s: How far back, in seconds.
    """

    def __init__(self, span_s: float = SPAN_S) -> None:
        self.span_s = span_s
        rows = math.ceil(span_s / STEP_S) + 2
        self._numbers = np.full(rows, -1, np.int64)
        self._counts = np.zeros(rows, np.int64)
        self._begins = np.zeros(rows, bool)
        self._highest = np.zeros((rows, len(PLANES)), np.float32)
        self._sums = np.zeros((rows, len(PLANES)), np.float32)
        self._newest = -1
        self._source_id = ""
        self._interrupted = True
        self._version = 0
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """Changes whenever something is added."""
        return self._version

    @property
    def bytes(self) -> int:
        """Of all that is kept."""
        kept = (self._numbers, self._counts, self._begins, self._highest, self._sums)
        return sum(one.nbytes for one in kept)

    def add(self, view: View) -> None:
        """Take the result of a frame; frames come in the order in which they were captured."""
        analysis, frame = view.analysis, view.frame
        judged = analysis is not None and analysis.state.judged
        shares = analysis.prediction.probabilities if analysis is not None and judged else None
        self.put(frame.captured_at_s, frame.source_id, shares)

    def put(self, at_s: float, source_id: str, shares: Floats | None) -> None:
        """Take what is known of a frame.

        Args:
            at_s: When it was captured.
            source_id: Of its source.
            shares: float32 (14,), or None where the frame shows nothing that can be judged.
        """
        number = math.floor(at_s / STEP_S)
        with self._lock:
            if number < self._newest:  # another clock
                self._numbers[:] = self._newest = -1
            if source_id != self._source_id or shares is None:
                self._source_id, self._interrupted = source_id, True
            if shares is not None:
                self._put(number, shares)
            self._version += 1

    def _put(self, number: int, shares: Floats) -> None:
        row = number % len(self._numbers)
        if self._numbers[row] != number:
            late = number - self._newest > JOIN_S / STEP_S
            self._begins[row] = self._interrupted or late
            self._numbers[row], self._counts[row] = number, 0
            self._highest[row] = self._sums[row] = 0
            self._interrupted = False
        self._counts[row] += 1
        self._sums[row] += shares
        np.maximum(self._highest[row], shares, out=self._highest[row])
        self._newest = number

    def newest_s(self) -> float | None:
        """When the newest frame was captured, to a quarter of a second; None before the first."""
        with self._lock:
            return self._newest * STEP_S if self._newest >= 0 else None

    def trend(self, now_s: float) -> Trend:
        """All that is known, in seconds before (negative) `now_s`, which is `time.monotonic()`.

        Over a longer time more results are taken together, always the same ones: the lines move
        and keep their shape.
        """
        with self._lock:
            rows = np.flatnonzero(self._numbers >= max((now_s - self.span_s) / STEP_S, 0))
            if not len(rows):
                return nothing(STEP_S)
            rows = rows[np.argsort(self._numbers[rows])]
            numbers = self._numbers[rows]
            together = -(-int(numbers[-1] - numbers[0] + 1) // MOST)
            firsts = np.flatnonzero(np.diff(numbers // together, prepend=-1))
            begins = np.logical_or.reduceat(self._begins[rows], firsts)
            begins[0] = True
            counts = np.add.reduceat(self._counts[rows], firsts)
            middles = (numbers[firsts] // together + 0.5) * together * STEP_S - now_s
            sums = np.add.reduceat(self._sums[rows], firsts, axis=0)
            return Trend(
                places=np.asarray(middles, np.float64),
                wide=together * STEP_S,
                highest=np.maximum.reduceat(self._highest[rows], firsts, axis=0),
                mean=np.asarray(sums / counts[:, None], np.float32),
                begins=begins,
            )
