"""All trainees of this computer side by side, for who teaches them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from sonoassist.core.files import write_text
from sonoassist.core.planes import BACKGROUND_INDEX, DISPLAY_ORDER, INDEX
from sonoassist.practice.history import PastExercise, PracticeHistory
from sonoassist.practice.scores import QuestionOutcome, by_plane, total

RECENT = 3
"""The trend is that of so many exercises against those before."""
PLANE_KEYS = tuple(one.key for one in DISPLAY_ORDER if INDEX[one.key] != BACKGROUND_INDEX)
COLUMNS = (
    "trainee",
    "exercises",
    "questions",
    "found",
    "score",
    "trend",
    "last",
    *(f"score_{key}" for key in PLANE_KEYS),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class TraineeRow:
    """How one trainee gets on.

    Attributes:
        trainee: Nickname.
        exercises: In which anything was answered.
        questions: Answered.
        found: Named rightly.
        score: Mean of all questions, 0 to 100.
        trend: Mean score of the last `RECENT` exercises minus that of those before; None where
            there are none before.
        last: When the last exercise began, UTC.
        planes: Key of a plane -> mean of its questions, 0 to 100; left out where never asked for.
    """

    trainee: str
    exercises: int
    questions: int
    found: int
    score: float
    trend: float | None
    last: datetime
    planes: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """For JSON; numbers to a tenth, planes that were never asked for null."""
        return {
            "trainee": self.trainee,
            "exercises": self.exercises,
            "questions": self.questions,
            "found": self.found,
            "score": round(self.score, 1),
            "trend": None if self.trend is None else round(self.trend, 1),
            "last": self.last.isoformat(timespec="seconds"),
            "planes": {
                key: round(self.planes[key], 1) if key in self.planes else None
                for key in PLANE_KEYS
            },
        }


def overview(history: PracticeHistory) -> tuple[TraineeRow, ...]:
    """All trainees who have answered anything, the one that practised last first.

    Raises:
        HistoryError: The history cannot be read.
    """
    rows = ((name, history.exercises(name)) for name in history.trainees())
    return tuple(row_of(name, past) for name, past in rows if past)


def row_of(trainee: str, past: Sequence[PastExercise]) -> TraineeRow:
    """One trainee's row.

    Args:
        trainee: Nickname.
        past: At least one exercise, oldest first.
    """
    attempts = [attempt for one in past for attempt in one.attempts]
    return TraineeRow(
        trainee=trainee,
        exercises=len(past),
        questions=len(attempts),
        found=sum(one.outcome is QuestionOutcome.FOUND for one in attempts),
        score=total(attempts),
        trend=trend([one.score for one in past]),
        last=past[-1].began_at,
        planes={one.plane: one.points for one in by_plane(attempts)},
    )


def trend(scores: Sequence[float]) -> float | None:
    """Mean of the last `RECENT` scores minus that of those before; None where there are none."""
    before = scores[:-RECENT]
    return fmean(scores[-RECENT:]) - fmean(before) if before else None


def csv_text(rows: Iterable[TraineeRow]) -> str:
    """The table as CSV with a head, RFC 4180; cells that are not known are empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(_cells(row))
    return text.getvalue()


def write_csv(path: Path, rows: Iterable[TraineeRow]) -> None:
    """Write the table as CSV, UTF-8; see `csv_text`.

    Raises:
        OutputError: The operating system refuses.
    """
    write_text(path, csv_text(rows))


def _cells(row: TraineeRow) -> list[object]:
    data = row.as_dict()
    planes = data.pop("planes")
    cells = [*data.values(), *planes.values()]
    # A spreadsheet must not take a nickname for a formula.
    cells[0] = f"'{row.trainee}" if row.trainee.startswith(_FORMULA) else row.trainee
    return ["" if cell is None else cell for cell in cells]
