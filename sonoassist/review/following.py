"""Following the view that a frame belongs to, so that a person can label all of it at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.planes import BACKGROUND_INDEX, INDEX
from sonoassist.recordings.table import FrameColumns
from sonoassist.temporal.rules import VALLEY
from sonoassist.temporal.smoothing import HOLD_S, WINDOW_S, Reals, smoothed

REACH_S = 60.0
"""A view is followed so far at most on either side of a frame."""
BRIDGED_S = 0.4
"""So short a time in which a view is not seen belongs to it."""
SEEN_FROM = 0.2
"""A plane whose smoothed probability is lower is not taken for a view."""


def view_around(columns: FrameColumns, here: int, wanted: str) -> tuple[int, int] | None:
    """The view around a frame that lies in no view of a candidate, smoothed over time.

    One that flickers has none, and a person may name it all the same.
    A view of a plane is where its probability keeps half of its peak.

    Args:
        columns: Of the recording.
        here: The frame.
        wanted: Key of the plane to follow where the frame itself shows none for sure.

    Returns:
        First and last frame; None where no view can be told, as of a frame that was not analysed.
    """
    if not columns.judged[here]:
        return None
    rows = _sequence(columns, here)
    at = int(np.searchsorted(rows, here))
    shares = np.where(columns.judged[rows, None], columns.probabilities[rows], 0).astype(np.float64)
    # Sums over a recording leave a rest in the 13th digit, which must not decide.
    steady = np.round(smoothed(shares, columns.times_s[rows]), 9)
    for plane in _planes(columns, here, wanted, steady[at]):
        found = _followed(steady[:, plane], columns.times_s[rows], at)
        if found is not None:
            low, high = np.searchsorted(
                columns.times_s[rows],
                [columns.times_s[here] - REACH_S, columns.times_s[here] + REACH_S],
            )
            return int(rows[max(found[0], low)]), int(rows[min(found[1], high - 1)])
    return None


def _sequence(columns: FrameColumns, here: int) -> NDArray[np.intp]:
    """The frames with a result that follow each other without a gap, near to one of them."""
    about_s = np.abs(columns.times_s - columns.times_s[here])
    rows = np.flatnonzero(columns.readable & (about_s <= REACH_S + WINDOW_S))
    gaps = np.flatnonzero(np.diff(columns.times_s[rows]) > HOLD_S) + 1
    return next(part for part in np.split(rows, gaps) if part[0] <= here <= part[-1])


def _planes(columns: FrameColumns, here: int, wanted: str, steady: Reals) -> list[int]:
    """Indexes of the planes that the view may be of, likeliest first."""
    if columns.sure[here]:
        return [int(columns.probabilities[here].argmax())]
    found = [INDEX[wanted], int(steady.argmax())]
    return [plane for plane in dict.fromkeys(found) if plane != BACKGROUND_INDEX]


def _followed(share: Reals, times_s: Reals, at: int) -> tuple[int, int] | None:
    """First and last row of the view round a row; None where the row is in none."""
    if share[at] < SEEN_FROM:
        return None
    # The peak is looked for as far as a peak can be whose view reaches to here.
    first, last = _reach(share >= VALLEY * share[at], times_s, at)
    least = VALLEY * share[first : last + 1].max()
    return _reach(share >= least, times_s, at) if share[at] >= least else None


def _reach(high: NDArray[np.bool_], times_s: Reals, at: int) -> tuple[int, int]:
    """First and last of the rows that are high, round one that is."""
    rows = np.flatnonzero(high)
    gaps = np.flatnonzero(np.diff(times_s[rows]) > BRIDGED_S + 1e-6) + 1
    part = next(part for part in np.split(rows, gaps) if part[0] <= at <= part[-1])
    return int(part[0]), int(part[-1])
