"""Why a frame is the best one of its view, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonoassist.core.packets import Analysis
from sonoassist.core.planes import INDEX
from sonoassist.practice.answers import Answers, PlaneView


@dataclass(frozen=True, slots=True)
class Reasons:
    """What speaks for the best frame of a view.

    Attributes:
        best: It.
        chosen: A person chose it; else it is the one on which the model is surest.
        frames: So many frames of the view were judged.
        confidence: Of the model on it, 0 to 1; None where it did not judge it.
        place: How many frames of the view the model is surer of; 0 for the surest.
        steady_s: How long the steady label named the plane without a break round it; 0 where it
            did not name it there.
        own: The trainee's frame, or None.
        own_confidence: Of the model on that.
        later_s: So much later than the best one it is; below 0: earlier.
    """

    best: int
    chosen: bool
    frames: int
    confidence: float | None
    place: int
    steady_s: float
    own: int | None
    own_confidence: float | None
    later_s: float


def reasons(answers: Answers, view: PlaneView, own: int | None) -> Reasons | None:
    """What speaks for the best frame of a view; None where no best frame is known.

    Args:
        answers: Of the exam.
        view: In it.
        own: The trainee's frame, or None.
    """
    best = answers.best_frame(view)
    if best is None:
        return None
    confidence, judged = answers.confidence(best, view.plane), np.zeros(0, np.float32)
    if answers.analysis is not None:
        part = answers.analysis.probabilities[view.first : view.last + 1]
        judged = np.asarray(part[part.any(axis=1), INDEX[view.plane]])
    times_s = answers.times_s
    return Reasons(
        best=best,
        chosen=answers.chosen.get(view.plane) == best,
        frames=len(judged),
        confidence=confidence,
        place=0 if confidence is None else int((judged > confidence).sum()),
        steady_s=steady_s(answers, best, view.plane),
        own=own,
        own_confidence=None if own is None else answers.confidence(own, view.plane),
        later_s=0.0 if own is None else float(times_s[own] - times_s[best]),
    )


def steady_s(answers: Answers, frame: int, plane: str) -> float:
    """How long the steady label names a plane without a break round a frame, in seconds."""
    if answers.analysis is None:
        return 0.0
    others = np.flatnonzero(answers.analysis.steady != INDEX[plane])
    place = int(np.searchsorted(others, frame))
    if place < len(others) and others[place] == frame:
        return 0.0
    first = int(others[place - 1]) + 1 if place else 0
    last = int(others[place]) - 1 if place < len(others) else len(answers.times_s) - 1
    return float(answers.times_s[last] - answers.times_s[first])


@dataclass(frozen=True, slots=True)
class PictureNumbers:
    """What is measured of one picture.

    Attributes:
        sharpness: 0 to 1; see `temporal.quality`.
        box_share: Area of the model's box as a share of what the network saw; None without a box.
    """

    sharpness: float
    box_share: float | None


def picture_numbers(analysis: Analysis) -> PictureNumbers:
    """What is measured of a frame that the model has judged."""
    crop, box = analysis.geometry.crop, analysis.shown_box
    share = None
    if box is not None and crop.width * crop.height > 0:
        share = min(box.width * box.height / (crop.width * crop.height), 1.0)
    # Not at the top: it loads OpenCV, and the window is up before that.
    from sonoassist.temporal.quality_meter import QualityMeter

    return PictureNumbers(QualityMeter().measure(analysis).sharpness, share)
