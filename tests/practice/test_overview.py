"""All trainees side by side."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from practice_made import attempt

from sonoassist.practice.answers import Word
from sonoassist.practice.history import PracticeHistory
from sonoassist.practice.overview import COLUMNS, csv_text, overview, trend
from sonoassist.practice.scores import QuestionOutcome


def kept(path: Path) -> PracticeHistory:
    """Two trainees who have answered something, and one who has not."""
    days = iter(range(100))
    start = datetime(2026, 11, 1, tzinfo=timezone.utc)
    history = PracticeHistory(path / "h.sqlite", lambda: start + timedelta(days=next(days)))
    for name, points in (("Bo", (90,)), ("=Ada", (20, 40, 60, 80))):
        for value in points:
            number = history.begin(name, "e", Word.TRUTH, class_mode=False, asked=2, seed=0)
            history.add(number, 0, attempt("femur", value))
            history.add(number, 1, attempt("lips", 0, QuestionOutcome.MISSED))
    history.begin("Cy", "e", Word.TRUTH, class_mode=False, asked=2, seed=0)
    return history


def test_each_trainee_has_a_row_of_what_was_answered(tmp_path: Path) -> None:
    ada, bo = overview(kept(tmp_path))
    assert (ada.trainee, ada.exercises, ada.questions, ada.found) == ("=Ada", 4, 8, 4)
    assert ada.planes == {"femur": 50, "lips": 0}
    assert ada.score == 25
    assert ada.trend == pytest.approx(30 - 10)
    assert ada.last.isoformat() == "2026-11-05T00:00:00+00:00"
    assert (bo.exercises, bo.trend) == (1, None)


def test_the_table_as_csv(tmp_path: Path) -> None:
    head, ada, bo = csv.reader(io.StringIO(csv_text(overview(kept(tmp_path)))))
    assert tuple(head) == COLUMNS
    assert ada[0] == "'=Ada"  # no formula
    assert dict(zip(head, bo, strict=True))["score_femur"] in ("90", "90.0")
    assert dict(zip(head, bo, strict=True))["score_4ch"] == ""


@given(st.lists(st.floats(0, 100), max_size=12))
def test_a_trend_needs_exercises_before_the_last_ones(scores: list[float]) -> None:
    found = trend(scores)
    assert (found is None) == (len(scores) <= 3)
    assert found is None or -100.0001 <= found <= 100.0001
