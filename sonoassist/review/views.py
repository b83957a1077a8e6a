"""The views of a recording by all that is known of it: what Review's timeline shows.

They are those of `sonoassist retrieve`: found from both sides, so that a view begins where it
begins and not where it has become sure. While the analysis goes on they are what is known so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Floats, State, SteadyState, frozen
from sonoassist.core.planes import KEYS, PLANES, Plane
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.pyramid import Pyramid
from sonoassist.recordings.table import Flags, FrameColumns, Reals
from sonoassist.review.candidates import MOST, Peak, all_views, scales_of

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ViewWord:
    """What is said of a frame by the view that it lies in.

    Attributes:
        plane: The likeliest class over the view.
        confidence: How sure it is over the view, 0 to 1.
    """

    plane: Plane
    confidence: float


@dataclass(frozen=True, eq=False)
class RecordingViews:
    """The views of a recording of n frames, as far as it is analysed.

    Attributes:
        views: Key of a plane -> all its views, the best first, with a person's word.
        shares: float32 (n, 14), by the network alone: how sure each class is over the view that a
            frame lies in; 0 where a frame has no result that names a class.
        judged: bool (n,), which frames have one.
        times_s: float64 (n,), of the frames.
        strips: The shares, to be drawn at any zoom.
        surveyed: At least every 16th frame was analysed: what is not seen then is missing.
    """

    views: Mapping[str, tuple[Peak, ...]]
    shares: Floats
    judged: Flags
    times_s: Reals
    strips: Pyramid
    surveyed: bool

    @cached_property
    def candidates(self) -> Mapping[str, tuple[Peak, ...]]:
        """Key of a plane -> the best of its views that are offered, best first."""
        return {key: peaks[:MOST] for key, peaks in self.views.items()}

    def word(self, frame: int) -> ViewWord | None:
        """What the view says of a frame; None where nothing is known or no class is named."""
        if not self.judged[frame]:
            return None
        place = int(self.shares[frame].argmax())
        return ViewWord(PLANES[place], float(self.shares[frame, place]))

    def around(self, frame: int, wanted: str) -> tuple[int, int] | None:
        """First and last frame of the view that a frame lies in, or None.

        Args:
            frame: Its index.
            wanted: Key of the plane whose view is meant where the frame's own is of none.
        """
        word = self.word(frame)
        keys = [*([] if word is None else [word.plane.key]), wanted]
        found = (
            (peak.first, peak.last)
            for key in keys
            for peak in self.views.get(key, ())
            if peak.first <= frame <= peak.last
        )
        return next(found, None)

    def steady(self, frame: int, threshold: float) -> SteadyState | None:
        """The label of a frame that passes by, steadied from both sides; None where `word` is.

        Args:
            frame: Its index.
            threshold: Softmax a plane needs to be named.
        """
        word = self.word(frame)
        if word is None:
            return None
        shares, since_s = frozen(self.shares[frame].copy()), self._since_s(frame, word.plane)
        if word.plane.is_background:
            return SteadyState(shares, None, State.BACKGROUND, since_s)
        if word.confidence < threshold:
            return SteadyState(shares, None, State.UNSURE, since_s)
        return SteadyState(shares, word.plane, State.PLANE, since_s)

    def _since_s(self, frame: int, plane: Plane) -> float:
        """When the view began that a frame lies in: where its line on the timeline begins."""
        view = self.around(frame, plane.key)
        return float(self.times_s[self._begins[frame] if view is None else view[0]])

    @cached_property
    def _begins(self) -> Numbers:
        """Since which frame the class of each leads, (n,); frames without a class part nothing."""
        begins = np.zeros(len(self.judged), np.int64)
        rows = np.flatnonzero(self.judged)
        changes = np.diff(self.shares[rows].argmax(axis=1), prepend=-1) != 0
        begins[rows] = np.maximum.accumulate(np.where(changes, rows, 0))
        return begins


def find_views(columns: FrameColumns, corrections: Corrections) -> RecordingViews:
    """Find the views of a recording.

    Args:
        columns: What the network says of its frames, as far as that is known.
        corrections: What a person says.
    """
    scales = scales_of(columns)
    shares = np.zeros((len(columns), len(KEYS)), np.float32)
    shares[columns.readable] = scales.shares
    strips = Pyramid(len(columns))
    known = np.flatnonzero(columns.known)
    strips.update(known, shares[known])
    return RecordingViews(
        all_views(columns, corrections, scales),
        shares,
        columns.judged,
        columns.times_s,
        strips,
        columns.surveyed,
    )
