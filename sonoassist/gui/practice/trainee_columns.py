"""The columns of the table of all trainees: what stands there, and how they are sorted. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sonoassist.core.planes import BY_KEY
from sonoassist.gui.practice.words import day_text, signed
from sonoassist.practice.overview import PLANE_KEYS, RECENT, TraineeRow

NOT_KNOWN = "–"


@dataclass(frozen=True, slots=True)
class TraineeColumn:
    """One column.

    Attributes:
        title: At its head.
        about: What it tells, for the tooltip.
        value: By what the rows are sorted; None where it is not known.
        text: In the cell.
        plane: Key of the plane, or "".
    """

    title: str
    about: str
    value: Callable[[TraineeRow], str | float | datetime | None]
    text: Callable[[TraineeRow], str]
    plane: str = ""


def _plane_column(key: str) -> TraineeColumn:
    def value(row: TraineeRow) -> float | None:
        return row.planes.get(key)

    about = f"{BY_KEY[key].full_name}: mean of its questions, of 100"
    return TraineeColumn(
        BY_KEY[key].label, about, value, lambda row: points_text(value(row)), plane=key
    )


def points_text(points: float | None) -> str:
    """Points of 100, or a dash where a plane was never asked for."""
    return NOT_KNOWN if points is None else str(round(points))


def trend_text(trend: float | None) -> str:
    """Points with their sign, or a dash where there is nothing to compare with."""
    return NOT_KNOWN if trend is None else signed(round(trend))


TRAINEE_COLUMNS: tuple[TraineeColumn, ...] = (
    TraineeColumn(
        "Trainee", "Nickname", lambda row: row.trainee.casefold(), lambda row: row.trainee
    ),
    TraineeColumn(
        "Exercises",
        "In which anything was answered",
        lambda row: row.exercises,
        lambda row: f"{row.exercises:,}",
    ),
    TraineeColumn(
        "Questions", "Answered in all", lambda row: row.questions, lambda row: f"{row.questions:,}"
    ),
    TraineeColumn(
        "Found", "Planes named rightly", lambda row: row.found, lambda row: f"{row.found:,}"
    ),
    TraineeColumn(
        "Score",
        "Mean of all questions, of 100",
        lambda row: row.score,
        lambda row: points_text(row.score),
    ),
    TraineeColumn(
        "Trend",
        f"Mean score of the last {RECENT} exercises minus that of those before",
        lambda row: row.trend,
        lambda row: trend_text(row.trend),
    ),
    TraineeColumn(
        "Last", "When the last exercise began", lambda row: row.last, lambda row: day_text(row.last)
    ),
    *(_plane_column(key) for key in PLANE_KEYS),
)
"""In the order of `overview.COLUMNS`, which the CSV file has."""
LAST = next(at for at, one in enumerate(TRAINEE_COLUMNS) if one.title == "Last")
"""The table is sorted by it at first."""


def sorted_rows(
    rows: Iterable[TraineeRow], column: int, *, falling: bool
) -> tuple[TraineeRow, ...]:
    """Rows in the order of a column; those for which it is not known come last either way.

    Args:
        rows: To be sorted; those that are equal stay in their order.
        column: Number in `TRAINEE_COLUMNS`.
        falling: The largest first.
    """
    value = TRAINEE_COLUMNS[column].value
    rows = tuple(rows)
    known = [row for row in rows if value(row) is not None]
    known.sort(key=value, reverse=falling)  # type: ignore[arg-type]
    return (*known, *(row for row in rows if value(row) is None))
