"""The frames that may stand for a plane: distinct peaks of its smoothed confidence, best first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.packets import Floats
from sonoassist.planes import BACKGROUND_INDEX, INDEX, PLANES
from sonoassist.review.records import Corrections
from sonoassist.review.table import Arrays

WINDOW_S = 0.4
"""Confidences are averaged over so long a time around each frame."""
APART_S = 1.0
"""Two candidates of a plane lie at least so far from each other."""
NEAR = 0.02
"""Confidences that differ by no more are equals: quality decides."""
LEAST = 0.3
"""A frame less sure than that is no candidate, unless a person says what it shows."""
MOST = 12
"""So many candidates a plane at most."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A candidate.

    Attributes:
        frame: Its index.
        time_s: Its time in the recording.
        confidence: The plane's probability: the lower one of the frame's own and the smoothed.
        quality: Sharpness, 0 to 1; nan where it was not measured.
        sure: The frame's own result names this plane.
        told: A person says that it shows this plane.
    """

    frame: int
    time_s: float
    confidence: float
    quality: float
    sure: bool
    told: bool


def all_candidates(arrays: Arrays, corrections: Corrections) -> dict[str, tuple[Peak, ...]]:
    """The candidates of each of the 13 planes by key, best first."""
    smoothed = smooth(arrays)
    told = _told(arrays, corrections)
    return {
        plane.key: _of_plane(arrays, smoothed, told, index)
        for index, plane in enumerate(PLANES)
        if index != BACKGROUND_INDEX
    }


def missing(candidates: Mapping[str, tuple[Peak, ...]], corrections: Corrections) -> list[str]:
    """Keys of the planes that no sure frame shows and nobody has chosen a frame for."""
    return [
        key
        for key, peaks in candidates.items()
        if key not in corrections.best and not any(peak.sure or peak.told for peak in peaks)
    ]


def smooth(arrays: Arrays) -> Floats:
    """Mean of each plane's probability over the judged frames near in time, (n, 14)."""
    weights = arrays.judged.astype(np.float64)
    sums = np.cumsum(arrays.probabilities * weights[:, None], axis=0, dtype=np.float64)
    sums = np.vstack([np.zeros((1, len(PLANES))), sums])
    counts = np.concatenate([[0.0], np.cumsum(weights)])
    first = np.searchsorted(arrays.times_s, arrays.times_s - WINDOW_S / 2 - 1e-6)
    last = np.searchsorted(arrays.times_s, arrays.times_s + WINDOW_S / 2 + 1e-6, side="right")
    total = np.maximum(counts[last] - counts[first], 1.0)
    return np.asarray((sums[last] - sums[first]) / total[:, None], np.float32)


def _told(arrays: Arrays, corrections: Corrections) -> NDArray[np.int16]:
    """Index of the plane that a person says each frame shows; -1 where nobody did."""
    told = np.full(len(arrays.times_s), -1, np.int16)
    for label in corrections.labels:
        told[label.first : label.last + 1] = INDEX[label.plane]
    return told


def _of_plane(
    arrays: Arrays, smoothed: Floats, told: NDArray[np.int16], plane: int
) -> tuple[Peak, ...]:
    own = arrays.probabilities[:, plane]
    confidence = np.minimum(own, smoothed[:, plane])
    said = told == plane
    fits = arrays.judged & ((told < 0) & (confidence >= LEAST) | said)
    # What a person says comes first; among it and among the rest the surest frame does.
    rank = np.where(fits, confidence + said, -1.0)
    peaks: list[Peak] = []
    while len(peaks) < MOST:
        top = int(rank.argmax()) if len(rank) else 0
        if not len(rank) or rank[top] < 0:
            break
        time_s = arrays.times_s[top]
        low, high = np.searchsorted(arrays.times_s, [time_s - APART_S, time_s + APART_S])
        frame = _best_near(arrays, rank, int(top), APART_S / 2)
        winner = int(arrays.probabilities[frame].argmax()) == plane
        peaks.append(
            Peak(
                frame=frame,
                time_s=float(arrays.times_s[frame]),
                confidence=float(confidence[frame]),
                quality=float(arrays.quality[frame]),
                sure=bool(arrays.sure[frame]) and winner,
                told=bool(said[frame]),
            )
        )
        near = np.searchsorted(arrays.times_s, arrays.times_s[frame] + np.array([-1, 1]) * APART_S)
        rank[min(low, near[0]) : max(high, near[1]) + 1] = -1.0
    return tuple(peaks)


def _best_near(arrays: Arrays, rank: NDArray[np.floating], top: int, reach_s: float) -> int:
    """Of the frames about as sure as the surest one, the sharpest."""
    time_s = arrays.times_s[top]
    low, high = np.searchsorted(arrays.times_s, [time_s - reach_s, time_s + reach_s])
    equals = np.arange(low, high)[rank[low:high] >= rank[top] - NEAR]
    quality = np.nan_to_num(arrays.quality[equals], nan=0.0)
    return int(equals[quality.argmax()]) if len(equals) else top
