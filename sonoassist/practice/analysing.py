"""A model's word on every frame of an exam, with the label steadied over time."""

from __future__ import annotations

import numpy as np

from sonoassist.core.packets import State, SteadyState, frozen
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, PLANES
from sonoassist.practice.answers import ExamAnalysis
from sonoassist.practice.truth import UNKNOWN
from sonoassist.recordings.steadied import steady_states
from sonoassist.recordings.table import FrameColumns


def analysis_of(columns: FrameColumns, threshold: float, model: str) -> ExamAnalysis:
    """Results of single frames as the analysis of an exam; the label is steadied over time.

    Args:
        columns: Of all frames; damaged ones, and those without a result, stay unknown.
        threshold: Softmax a plane needs to be named.
        model: Title of the model, for people.
    """
    probabilities = np.zeros((len(columns), len(PLANES)), np.float32)
    steady = np.full(len(columns), UNKNOWN, np.int8)
    for index, now in steady_states(columns, threshold):
        probabilities[index] = columns.probabilities[index]
        steady[index] = steady_index(now)
    return ExamAnalysis(frozen(probabilities), frozen(steady), model)


def steady_index(steady: SteadyState) -> int:
    """Index of a steady label's plane as `ExamAnalysis.steady` holds it."""
    if steady.plane is not None:
        return INDEX[steady.plane.key]
    return BACKGROUND_INDEX if steady.state is State.BACKGROUND else UNKNOWN
