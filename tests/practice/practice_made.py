"""Exams and attempts that were made up by hand."""

from __future__ import annotations

import numpy as np

from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, PLANES
from sonoassist.practice.answers import Answers, ExamAnalysis, answers_from_truth
from sonoassist.practice.scores import Attempt, QuestionOutcome

FPS = 10.0


def labels_of(*stretches: tuple[str, int]) -> np.ndarray:
    """Labels from (key, frames); "?" is unknown."""
    parts = [np.full(n, -1 if key == "?" else INDEX[key], np.int8) for key, n in stretches]
    return np.concatenate(parts)


def answers_of(*stretches: tuple[str, int]) -> Answers:
    labels = labels_of(*stretches)
    return answers_from_truth(labels, np.arange(len(labels)) / FPS, {})


def analysis_of_labels(labels: np.ndarray, peaks: dict[int, float]) -> ExamAnalysis:
    """0.6 for each frame's own class, another value at `peaks`."""
    probabilities = np.zeros((len(labels), len(PLANES)), np.float32)
    for at, label in enumerate(labels):
        share = peaks.get(at, 0.6)
        probabilities[at, BACKGROUND_INDEX] = 1 - share
        probabilities[at, max(int(label), 0)] += share
    return ExamAnalysis(probabilities, labels, "made up")


def attempt(
    plane: str, points: float, outcome: QuestionOutcome = QuestionOutcome.FOUND, **more: object
) -> Attempt:
    said = plane if outcome is QuestionOutcome.FOUND else None
    return Attempt(plane, outcome, **{"said": said, "points": points, **more})  # type: ignore[arg-type]
