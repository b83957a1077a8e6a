"""The frames that may stand for a plane, best first: the rule of `retrieval`, and a person's word.

The rule is the one by which `sonoassist retrieve` picks. What a person says outweighs the model: a
frame that is said to show a plane is a candidate of it however unsure the model is, comes before
all others, and is none of any other plane.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.flaws import Hints
from sonoassist.core.packets import Box
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, PLANES
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.table import FrameColumns
from sonoassist.temporal.hints import Placed, hints_of, place_flaws
from sonoassist.temporal.rules import APART_S, WANTED, Course, Pick, Rule, Scales, choose_from

MOST = 12
"""So many candidates of a plane are compared and offered at most, of all its views."""
SEEN_FROM = 0.3
"""A sure frame that reaches less, smoothed over time, passed by too quickly to count as found."""

_Rows = NDArray[np.intp]
_Told = NDArray[np.int16]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Peak:
    """The best frame of a view: a candidate.

    Attributes:
        frame: Its index.
        time_s: Its time in the recording.
        confidence: The plane's probability: the lower one of the frame's own and the smoothed.
        quality: Sharpness, 0 to 1; nan where it was not measured.
        sure: The frame's own result names this plane, and it was more than a flash.
        told: A person says that it shows this plane.
        first: First frame of the view that it is the best of.
        last: Last frame of that view; what lies between may have no result.
        hints: What could be better in the picture, by its box alone.
    """

    frame: int
    time_s: float
    confidence: float
    quality: float
    sure: bool
    told: bool
    first: int
    last: int
    hints: Hints = ()


def all_views(
    columns: FrameColumns, corrections: Corrections, scales: Scales
) -> dict[str, tuple[Peak, ...]]:
    """All views of each of the 13 planes by key, best first.

    Args:
        columns: Of the recording.
        corrections: What a person says.
        scales: Of the readable frames, by the network alone, see `scales_of`.
    """
    told = _told(columns, corrections)
    named = _from_labels(columns, told)
    seen = _from_model(columns, told, scales)
    found = {}
    for key in WANTED:
        others = (one for one in seen[key] if _far(one, named[key]))
        found[key] = (*named[key], *others)
    return found


def missing(candidates: Mapping[str, tuple[Peak, ...]], corrections: Corrections) -> list[str]:
    """Keys of the planes that no sure frame shows and nobody has chosen a frame for."""
    return [
        key
        for key, peaks in candidates.items()
        if key not in corrections.best and not any(peak.sure or peak.told for peak in peaks)
    ]


def _told(columns: FrameColumns, corrections: Corrections) -> _Told:
    """Index of the plane that a person says each frame shows; -1 where nobody did."""
    told = np.full(len(columns.times_s), -1, np.int16)
    for label in corrections.labels:
        told[label.first : label.last + 1] = INDEX[label.plane]
    return told


def scales_of(columns: FrameColumns, *, hidden: _Flags | None = None) -> Scales:
    """The readable frames as the rule measures them.

    Args:
        columns: Of the recording.
        hidden: bool (n,), frames that are to show nothing.
    """
    rows = np.flatnonzero(columns.readable)
    shares = columns.probabilities[rows]
    if hidden is not None:
        shares[hidden[rows]] = 0
    apart = np.zeros(max(len(rows) - 1, 0), bool)
    return Scales(_course_of(columns, rows, shares, apart))


def _from_model(columns: FrameColumns, told: _Told, scales: Scales) -> dict[str, tuple[Peak, ...]]:
    """What the rule picks of the frames that nobody has judged.

    Those that somebody has judged stay in the course of time, showing nothing.
    """
    rows = np.flatnonzero(columns.readable)
    judged = told >= 0
    if judged.any():
        scales = scales_of(columns, hidden=judged)
    picks = choose_from(scales, Rule.BEST, MOST, more=len(rows))
    return {
        key: tuple(_peak(columns, rows, key, one, told=False) for one in some)
        for key, some in picks.items()
    }


def _from_labels(columns: FrameColumns, told: _Told) -> dict[str, tuple[Peak, ...]]:
    """The best frame of each stretch that a person says shows the plane, surest first.

    A certainty is added to what the model gives the named plane: then no doubt of the model's
    rules a stretch out or parts it, and its frames still differ by what the model says.
    """
    rows = np.flatnonzero(columns.judged & (told >= 0) & (told != BACKGROUND_INDEX))
    if not len(rows):
        return dict.fromkeys(WANTED, ())
    plane = told[rows]
    shares = np.zeros((len(rows), len(PLANES)), np.float64)
    each = np.arange(len(rows))
    shares[each, plane] = 1.0 + columns.probabilities[rows, plane]
    stretch = np.cumsum(np.diff(told, prepend=told[:1]) != 0)
    apart = np.diff(stretch[rows]) != 0
    scales = Scales(_course_of(columns, rows, shares, apart))
    picks = choose_from(scales, Rule.BEST, MOST, more=len(rows))
    return {
        key: tuple(_peak(columns, rows, key, one, told=True) for one in some)
        for key, some in picks.items()
    }


def _course_of(
    columns: FrameColumns, rows: _Rows, shares: NDArray[np.floating], apart: NDArray[np.bool_]
) -> Course:
    """Some frames as the rule takes them.

    Args:
        columns: Of the recording.
        rows: Indexes of the frames, rising.
        shares: (n, 14), the probabilities to go by.
        apart: (n - 1,), between which rows a sequence ends whatever their times.
    """
    # Stillness was measured against the readable frame before; it says nothing of an earlier one.
    follows = np.diff(np.cumsum(columns.known)[rows]) == np.diff(rows)
    follows &= np.diff(np.cumsum(columns.readable)[rows]) == 1
    stillness = columns.stillness[rows]
    stillness[1:][~follows] = np.nan
    flaws = place_flaws(
        columns.boxes[rows], columns.crops[rows], columns.probabilities[rows].argmax(axis=1)
    )
    return Course(
        columns.times_s[rows],
        columns.judged[rows],
        shares,
        columns.quality[rows],
        stillness,
        apart,
        flaws,
    )


def _peak(columns: FrameColumns, rows: _Rows, key: str, pick: Pick, *, told: bool) -> Peak:
    frame, confidence = int(rows[pick.row]), pick.score - (1.0 if told else 0.0)
    winner = int(columns.probabilities[frame].argmax()) == INDEX[key]
    return Peak(
        frame=frame,
        time_s=float(columns.times_s[frame]),
        confidence=confidence,
        quality=float(columns.quality[frame]),
        sure=bool(columns.sure[frame]) and winner and confidence >= SEEN_FROM,
        told=told,
        first=int(rows[pick.first_row]),
        last=int(rows[pick.last_row]),
        hints=_hints(columns, frame, key) if winner else (),
    )


def _hints(columns: FrameColumns, frame: int, key: str) -> Hints:
    """Of a frame whose box is that of this plane; none where it has no box."""
    box, crop = ([float(edge) for edge in edges[frame]] for edges in (columns.boxes, columns.crops))
    if not all(map(math.isfinite, (*box, *crop))):
        return ()
    return hints_of(Placed(key, Box(*box), Box(*crop)))


def _far(one: Peak, others: tuple[Peak, ...]) -> bool:
    """Whether it is another view than theirs."""
    return all(abs(one.time_s - other.time_s) >= APART_S for other in others)
