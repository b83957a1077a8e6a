"""A label steadied over time, causally: the view that is on screen, unsure, or background."""

from __future__ import annotations

from dataclasses import replace

from sonoassist.core.packets import (
    Analysis,
    Box,
    Content,
    Floats,
    State,
    SteadiedBox,
    SteadyState,
    frozen,
)
from sonoassist.core.planes import BACKGROUND_INDEX, PLANES, Plane
from sonoassist.temporal.steady_box import SteadyBox
from sonoassist.temporal.view_filter import ViewFilter

HOLD_BELOW = 0.15
"""A plane once named is held until it falls this far below the threshold."""
ALIKE = 0.1
"""The mean over the view may be so much higher for another class: belief tells which one it is."""
GAP_S = 1.0
"""After a gap in time of this length nothing is known of before."""
UNJUDGED_S = 0.45
"""What is left out of a view, as a moment of noise, takes no longer; else the view has ended."""
OUTSIDE_FROM_S = 0.3
"""A picture is said to be outside of what the model knows where nothing else was seen for so long;
until then what was said before goes on. A picture near the limit would come and go. Chosen on 36
stills of FETAL_PLANES_DB that were moved about: with noise of 10 grey levels 1.12 changes a view
(1.68 without), 87.7 % of the frames right (85.1); of 20 grey levels 1.38 (1.69), 63.5 % (62.2).
"""

_OTHER_SCREENS = frozenset(State.of(one) for one in Content if one is not Content.B_MODE)
"""What was before has nothing to do with what comes after one of these. Any other frame of which
nothing may be said, as one that is all noise, is left out of the view that it lies in: with the
next frame the view goes on, its plane as steady as it was, a little less sure by the time between.
"""


class SteadyLabel:
    """Follows a sequence of analyses in the order of their times.

    All goes by time and not by frame, so that the label is as quick on a slow machine. A plane is
    named where it is the likeliest view and the newest frames reach the threshold, and held while
    the mean over its view does not fall too far below.

    Args:
        threshold: Softmax a plane needs to be named.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._last: SteadyState | None = None
        self._judged: SteadyState | None = None  # the last one of the view
        self._views: ViewFilter | None = None
        self._boxes = SteadyBox()
        self._time_s = 0.0
        self._source_id = ""

    def reset(self) -> None:
        """Forget everything (another source, or a jump in it)."""
        self._last = None
        self._end_view()

    def drop_box(self) -> None:
        """Forget the box alone: the next ones are found by other rules."""
        self._boxes.drop()

    def update(self, analysis: Analysis) -> SteadyState:
        """Take the next analysis and say what may be shown now."""
        frame = analysis.frame
        if frame.source_id != self._source_id or frame.still:
            self.reset()
        self._source_id = frame.source_id
        probabilities = analysis.prediction.probabilities
        return self.follow(frame.time_s, analysis.state, probabilities, analysis.shown_box)

    def complete(self, analysis: Analysis) -> SteadyState | None:
        """The last analysis again, now with the box that was found behind its label."""
        if self._last is None or self._last.plane is None:
            return self._last
        probabilities = analysis.prediction.probabilities
        box = self._steadied(self._last.plane, probabilities, analysis.shown_box)
        self._last = replace(self._last, box=box)
        return self._last

    def follow(
        self, time_s: float, state: State, probabilities: Floats, box: Box | None = None
    ) -> SteadyState:
        """Take the next result of the same source without its frame.

        Args:
            time_s: Of the frame, in the source.
            state: What may be said of the frame by itself.
            probabilities: float32, (14,), its softmax.
            box: Of the class that its softmax names, where that may be shown.
        """
        gap_s = time_s - self._time_s
        if gap_s < 0 or gap_s > GAP_S:
            self.reset()
        self._time_s = time_s
        if not state.judged:
            self._leave_out(state, gap_s)
            return self._unjudged(probabilities, state)
        missed_s = 0.0 if self._views is None else self._views.missed_s
        if missed_s and missed_s + gap_s > UNJUDGED_S:
            self._end_view()
        if self._views is None:
            self._views = ViewFilter(probabilities)
        else:
            self._views.take(probabilities, gap_s)
        plane, judged = self._judge(self._views)
        steadied = self._steadied(plane, probabilities, box)
        seen = self._next(self._judged, self._views.mean, plane, judged, steadied)
        self._judged = self._last = seen
        return seen

    def _leave_out(self, state: State, gap_s: float) -> None:
        """A frame comes of which nothing may be said, so long after the one before."""
        if self._views is not None:
            self._views.miss(gap_s)
            if state in _OTHER_SCREENS or self._views.missed_s > UNJUDGED_S:
                self._end_view()

    def _end_view(self) -> None:
        self._views = self._judged = None
        self._boxes.drop()

    def _unjudged(self, probabilities: Floats, state: State) -> SteadyState:
        judged = self._judged if state is State.OUTSIDE and self._left_out_briefly() else None
        if judged is not None:
            self._last = replace(judged, box=None)
        else:
            self._last = self._next(self._last, probabilities, None, state)
        return self._last

    def _left_out_briefly(self) -> bool:
        """Whether frames of which nothing may be said have not lasted for `OUTSIDE_FROM_S`."""
        # Rounding of times must not decide.
        return self._views is not None and self._views.missed_s < OUTSIDE_FROM_S - 1e-6

    def _judge(self, views: ViewFilter) -> tuple[Plane | None, State]:
        if views.view == BACKGROUND_INDEX:
            return None, State.BACKGROUND
        plane, share = PLANES[views.view], float(views.mean[views.view])
        held = self._judged is not None and self._judged.plane is plane
        reached = held or float(views.recent[views.view]) >= self.threshold
        alike = share >= float(views.mean.max()) - ALIKE
        if not (reached and alike) or share < self.threshold - HOLD_BELOW:
            return None, State.UNSURE
        return plane, State.PLANE

    def _steadied(
        self, plane: Plane | None, probabilities: Floats, box: Box | None
    ) -> SteadiedBox | None:
        """The box of the steady plane; gone with it, and none where the frame shows another one."""
        if plane is None:
            self._boxes.drop()
            return None
        if box is None or PLANES[int(probabilities.argmax())] is not plane:
            return None
        return self._boxes.take(self._time_s, plane.key, box)

    def _next(
        self,
        before: SteadyState | None,
        probabilities: Floats,
        plane: Plane | None,
        state: State,
        box: SteadiedBox | None = None,
    ) -> SteadyState:
        """What is said now, and since when, where the same was said before."""
        same = before is not None and before.plane is plane and before.state is state
        since_s = before.since_s if same and before is not None else self._time_s
        return SteadyState(frozen(probabilities), plane, state, since_s, box)
