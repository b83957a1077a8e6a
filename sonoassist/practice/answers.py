"""What is right at each frame of an exam, and which frame of each view is the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Box, Floats
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, PLANES
from sonoassist.practice.truth import UNKNOWN, Labels

LEAST_VIEW_S = 0.5
"""A plane that passes more quickly is no view: nobody could answer in time."""
BELIEVED = 0.5
"""Where the model is nowhere in a view surer of its plane than this, it knows no best frame."""
BRIDGE_S = 0.4
"""Two stretches of one plane with so short a gap between them are one view."""


class Word(Enum):
    """Whose word counts as the answer."""

    TRUTH = "truth"
    REVIEW = "review"
    """A person's corrections, and the model where nobody corrected it."""
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class PlaneView:
    """A stretch of an exam that shows one plane.

    Attributes:
        plane: Its key.
        first: First frame.
        last: Last frame, which belongs to it.
    """

    plane: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class ExamAnalysis:
    """A model's word on every frame of an exam.

    Attributes:
        probabilities: float32, (n, 14), the softmax of each frame; all 0 where it was not judged.
        steady: int8, (n,), index of the steadied plane; the background; or `UNKNOWN` while
            unsure, or where the frame was not judged.
        model: Title of the model, for people.
    """

    probabilities: Floats
    steady: Labels
    model: str


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The answers of one exam.

    Attributes:
        times_s: float64, (n,), time of each frame.
        labels: int8, (n,), what each frame shows; see `truth.UNKNOWN`.
        views: The stretches that can be asked for, in their order.
        word: Whose word the labels are.
        analysis: The model's word, or None while there is none: then no frame is the best.
        boxes: Frame -> true box in frame pixels.
        chosen: Key of a plane -> the frame that a person chose as its best.
        corrected: Whether a person's review is in the labels or the best frames.
    """

    times_s: NDArray[np.float64]
    labels: Labels
    views: tuple[PlaneView, ...]
    word: Word
    analysis: ExamAnalysis | None = None
    boxes: Mapping[int, Box] = field(default_factory=dict)
    chosen: Mapping[str, int] = field(default_factory=dict)
    corrected: bool = False

    @property
    def sentence(self) -> str:
        """Whose word counts, as it is said wherever there are scores."""
        if self.word is Word.REVIEW:
            return "Scored against a person's review; where nobody judged, against the model."
        if self.word is Word.MODEL:
            return "Scored against the model, not the truth."
        corrected = ", corrected in its review" if self.corrected else ""
        chosen = "a person's choice, else " if self.chosen else ""
        best = "" if self.analysis is None else f" The best frame is {chosen}the model's word."
        return f"Scored against the truth that comes with the exam{corrected}.{best}"

    def best_frame(self, view: PlaneView) -> int | None:
        """The frame of a view that a person chose, else the one on which the model is surest.

        None where nobody chose one and the model, if there is one, does not see the plane.
        """
        chosen = self.chosen.get(view.plane)
        if chosen is not None and view.first <= chosen <= view.last:
            return chosen
        if self.analysis is None:
            return None
        column = self.analysis.probabilities[view.first : view.last + 1, INDEX[view.plane]]
        best = int(np.argmax(column))
        return view.first + best if column[best] >= BELIEVED else None

    def confidence(self, index: int, plane: str) -> float | None:
        """How sure the model is that frame `index` shows `plane`, 0 to 1.

        None without a model, and where it did not judge the frame.
        """
        if self.analysis is None or not self.analysis.probabilities[index].any():
            return None
        return float(self.analysis.probabilities[index, INDEX[plane]])

    def analysed(self) -> Answers:
        """The same answers, with those views only that the model has judged to their ends."""
        if self.analysis is None:
            return replace(self, views=())
        judged = np.asarray(self.analysis.probabilities.any(axis=1))
        open_from = len(judged) if judged.all() else int(np.argmin(judged))
        # Behind the first frame that was not judged yet, one that may still grow is none.
        views = tuple(view for view in self.views if view.last + 1 < open_from)
        return self if judged.all() else replace(self, views=views)

    def with_analysis(self, analysis: ExamAnalysis) -> Answers:
        """The same answers, with best frames from now on."""
        return replace(self, analysis=analysis)


def answers_from_truth(
    labels: Labels, times_s: NDArray[np.float64], boxes: Mapping[int, Box]
) -> Answers:
    """The answers of an exam that comes with its truth."""
    return Answers(times_s, labels, views_of(labels, times_s), Word.TRUTH, None, boxes)


def answers_from_model(analysis: ExamAnalysis, times_s: NDArray[np.float64]) -> Answers:
    """The answers of an exam without truth: the model's steady label."""
    labels = analysis.steady
    return Answers(times_s, labels, views_of(labels, times_s), Word.MODEL, analysis)


def views_of(labels: Labels, times_s: NDArray[np.float64]) -> tuple[PlaneView, ...]:
    """The views of an exam, short gaps bridged and too short ones left out.

    Args:
        labels: int8, (n,), index of each frame's plane, or `UNKNOWN`.
        times_s: float64, (n,), rising.
    """
    found: list[PlaneView] = []
    for view in _runs(labels):
        last = found[-1] if found else None
        if last is not None and last.plane == view.plane:
            gap_s = float(times_s[view.first] - times_s[last.last])
            if gap_s <= BRIDGE_S:
                found[-1] = PlaneView(view.plane, last.first, view.last)
                continue
        found.append(view)
    return tuple(view for view in found if _length_s(view, times_s) >= LEAST_VIEW_S)


def _runs(labels: Labels) -> list[PlaneView]:
    """Stretches of one and the same plane."""
    changes = np.flatnonzero(np.diff(labels)) + 1
    edges = [0, *(int(at) for at in changes), len(labels)]
    return [
        PlaneView(PLANES[int(labels[first])].key, first, end - 1)
        for first, end in pairwise(edges)
        if end > first and labels[first] not in (UNKNOWN, BACKGROUND_INDEX)
    ]


def _length_s(view: PlaneView, times_s: NDArray[np.float64]) -> float:
    return float(times_s[view.last] - times_s[view.first])
