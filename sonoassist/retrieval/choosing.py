"""The frame that stands for each plane of a recorded exam."""

from __future__ import annotations

import numpy as np

from sonoassist.retrieval.table import ExamTable
from sonoassist.temporal.hints import place_flaws
from sonoassist.temporal.rules import MOST, Course, Pick, Rule, choose_in


def choose(table: ExamTable, rule: Rule, most: int = MOST) -> dict[str, tuple[Pick, ...]]:
    """The frame that stands for each plane of a recorded exam; see `choose_in`."""
    apart = (np.diff(table.part) != 0) | table.still[1:] | table.still[:-1]
    course = Course(
        table.time_s,
        table.judged,
        table.probabilities,
        table.sharpness,
        table.stillness,
        apart,
        place_flaws(table.box, table.crop, table.probabilities.argmax(axis=1)),
    )
    return choose_in(course, rule, most)
