"""When each frame of a DICOM cine is shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from sonoassist.sources.dicom_dataset import element, numbers, whole_number

ASSUMED_FPS = 25.0
_FRAME_TIME, _FRAME_TIME_VECTOR = 0x00181063, 0x00181065


def stated_frames(dataset: Dataset) -> int:
    """Number of frames that the data set states, at least 1."""
    return max(whole_number(dataset, "NumberOfFrames", 1), 1)


def frame_times(dataset: Dataset, count: int | None = None) -> tuple[tuple[float, ...], bool]:
    """When each frame is shown, in seconds from the first.

    What FrameIncrementPointer names comes first (PS3.3, C.7.6.5), then FrameTimeVector, then
    FrameTime, then the display rates.

    Args:
        dataset: The header.
        count: Number of frames; None for as many as it states.

    Returns:
        The times, and whether the file states them (else 25 frames a second are assumed).
    """
    count = stated_frames(dataset) if count is None else count
    named = [int(tag) for tag in numbers(element(dataset, "FrameIncrementPointer"))]
    single_first = _FRAME_TIME in named and _FRAME_TIME_VECTOR not in named
    gaps_s = _gaps_s(dataset, count)
    step_s = _frame_time_s(dataset)
    if gaps_s is not None and not (single_first and step_s is not None):
        return tuple(float(one) for one in np.cumsum(gaps_s)), True
    for found_s in (step_s, _rate_s(dataset)):
        if found_s is not None:
            return tuple(place * found_s for place in range(count)), True
    return tuple(place / ASSUMED_FPS for place in range(count)), False


def _gaps_s(dataset: Dataset, count: int) -> NDArray[np.float64] | None:
    """Time of each frame since the one before, first 0; None where they are not all there."""
    steps = numbers(element(dataset, "FrameTimeVector"))
    if count < 2 or len(steps) < count - 1 or not bool((steps >= 0).all()):
        return None
    # The first of as many as there are frames means nothing; some writers leave it out.
    steps = steps[1:count] if len(steps) >= count else steps
    return np.concatenate([[0.0], steps]) / 1000.0 if steps.any() else None


def _frame_time_s(dataset: Dataset) -> float | None:
    for keyword in ("FrameTime", "ActualFrameDuration"):
        value = numbers(element(dataset, keyword))
        if len(value) == 1 and value[0] > 0:
            return float(value[0]) / 1000.0
    return None


def _rate_s(dataset: Dataset) -> float | None:
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        value = numbers(element(dataset, keyword))
        if len(value) == 1 and value[0] > 0:
            return 1.0 / float(value[0])
    return None
