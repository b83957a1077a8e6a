"""A label steadied over time: causal smoothing, hysteresis, and an unsure state."""

from __future__ import annotations

import math

import numpy as np

from sonoassist.core.packets import Analysis, Floats, State, SteadyState, frozen
from sonoassist.core.planes import BACKGROUND_INDEX, PLANES, Plane

TIME_CONSTANT_S = 0.25
"""After this long a new view outweighs the old one."""
HOLD_BELOW = 0.15
"""A plane once named is held until it falls this far below the threshold."""
GAP_S = 1.0
"""After a gap in time of this length the smoothing starts anew."""


class SteadyLabel:
    """Follows a sequence of analyses in the order of their times.

    Smoothing is by time and not by frame, so that the label is as quick on a slow machine.

    Args:
        threshold: Softmax a plane needs to be named.
        time_constant_s: Of the exponential smoothing.
    """

    def __init__(self, threshold: float, time_constant_s: float = TIME_CONSTANT_S) -> None:
        self.threshold = threshold
        self._time_constant_s = time_constant_s
        self._last: SteadyState | None = None
        self._time_s = 0.0
        self._source_id = ""

    def reset(self) -> None:
        """Forget everything (another source, or a jump in it)."""
        self._last = None

    def update(self, analysis: Analysis) -> SteadyState:
        """Take the next analysis and say what may be shown now."""
        frame = analysis.frame
        if frame.source_id != self._source_id or frame.still:
            self.reset()
        self._source_id = frame.source_id
        return self.follow(frame.time_s, analysis.state, analysis.prediction.probabilities)

    def follow(self, time_s: float, state: State, probabilities: Floats) -> SteadyState:
        """Take the next result of the same source without its frame.

        Args:
            time_s: Of the frame, in the source.
            state: What may be said of the frame by itself.
            probabilities: float32, (14,), its softmax.
        """
        gap_s = time_s - self._time_s
        if gap_s < 0 or gap_s > GAP_S:
            self.reset()
        self._time_s = time_s
        if not state.judged:
            return self._next(probabilities, None, state, time_s)
        smoothed = self._smooth(probabilities, gap_s)
        plane, judged = self._judge(smoothed)
        return self._next(smoothed, plane, judged, time_s)

    def _smooth(self, fresh: Floats, gap_s: float) -> Floats:
        last = self._last
        if last is None or not last.state.judged:
            return fresh
        keep = math.exp(-gap_s / self._time_constant_s)
        return frozen((keep * last.probabilities + (1 - keep) * fresh).astype(np.float32))

    def _judge(self, probabilities: Floats) -> tuple[Plane | None, State]:
        winner = int(np.argmax(probabilities))
        held = self._last.plane if self._last is not None else None
        needed = self.threshold
        if held is not None and PLANES[winner] is held:
            needed -= HOLD_BELOW
        if winner == BACKGROUND_INDEX:
            return None, State.BACKGROUND
        if probabilities[winner] < needed:
            return None, State.UNSURE
        return PLANES[winner], State.PLANE

    def _next(
        self, probabilities: Floats, plane: Plane | None, state: State, time_s: float
    ) -> SteadyState:
        last = self._last
        same = last is not None and last.plane is plane and last.state is state
        since_s = last.since_s if same and last is not None else time_s
        self._last = SteadyState(probabilities, plane, state, since_s)
        return self._last
