"""Seeds of the practice history."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from pathlib import Path

from fuzz.format import Seed, each
from fuzz.steady import whole
from sonoassist.practice.answers import Word
from sonoassist.practice.history import PracticeHistory
from sonoassist.practice.scores import Attempt, QuestionOutcome

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def histories(folder: Path) -> list[Seed]:
    """Two trainees."""
    path = folder / "history.sqlite"
    history = PracticeHistory(path, now=lambda: THEN)
    for number, name in enumerate(("ann", "bo", "ann")):
        exercise = history.begin(
            name, "exam.mp4", Word.MODEL, class_mode=number == 1, asked=2, seed=number
        )
        history.add(
            exercise,
            0,
            Attempt(
                "femur",
                QuestionOutcome.FOUND,
                "femur",
                2.5,
                30,
                28,
                2,
                0.1,
                ("lips",),
                80.0,
                0,
                {"femur": 3},
            ),
        )
        history.add(exercise, 1, Attempt("lips", QuestionOutcome.MISSED))
    files = {f"practice/{name}": data for name, data in whole(folder).items()}
    return [Seed("practice", files, tuple(files))]


def use(folder: Path, seed: Seed) -> str:
    """Practice's start page, its progress, and another exercise."""
    history = PracticeHistory(folder / seed.name / "history.sqlite", now=lambda: THEN)

    def past() -> None:
        for name in (*history.trainees(), "ann"):
            for one in history.exercises(name):
                assert not math.isnan(one.score)
            history.weaknesses(name)
            history.count(name)

    def more() -> None:
        number = history.begin("cy", "b.mp4", Word.TRUTH, class_mode=False, asked=1, seed=3)
        history.add(number, 0, Attempt("femur", QuestionOutcome.WRONG, "lips"))

    each(past, history.counts, more, lambda: history.forget("ann"))
    return "result"
