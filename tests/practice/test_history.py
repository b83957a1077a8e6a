"""The history of the trainees on this computer."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest
from practice_made import attempt

from sonoassist.practice.answers import Word
from sonoassist.practice.history import HistoryError, PracticeHistory
from sonoassist.practice.scores import Attempt, QuestionOutcome

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
def history(tmp_path: Path) -> PracticeHistory:
    return PracticeHistory(tmp_path / "practice" / "history.sqlite", now=lambda: NOON)


def begin(history: PracticeHistory, trainee: str = "trainee 1") -> int:
    return history.begin(trainee, "exam.mp4", Word.TRUTH, class_mode=False, asked=3, seed=5)


def test_what_was_kept_comes_back(history: PracticeHistory) -> None:
    full = Attempt(
        "lvot", QuestionOutcome.FOUND, "lvot", 2.5, 40, 33, 7, 0.125, ("rvot", "4ch"), 71.5
    )
    missed = Attempt("lips", QuestionOutcome.MISSED)
    number = begin(history)
    history.add(number, 0, full)
    history.add(number, 1, missed)
    (past,) = history.exercises("trainee 1")
    assert past.attempts == (full, missed)
    assert (past.began_at, past.exam, past.word, past.asked) == (NOON, "exam.mp4", Word.TRUTH, 3)
    assert past.score == 35.75


def test_nicknames_are_kept_apart_but_not_by_their_capitals(history: PracticeHistory) -> None:
    for name, points in (("Ada", 90), ("ada", 50), ("Bo", 10)):
        history.add(begin(history, name), 0, attempt("lips", points))
    assert history.trainees() == ("Bo", "ada")  # as it was written last
    assert [past.score for past in history.exercises("ADA")] == [90, 50]
    assert history.count("ada") == 2
    history.forget("ada")
    assert history.trainees() == ("Bo",)
    assert history.exercises("ada") == ()


def test_an_exercise_left_at_once_is_counted_but_not_shown(history: PracticeHistory) -> None:
    begin(history)
    assert history.count("trainee 1") == 1
    assert history.exercises("trainee 1") == ()


def test_weak_planes_follow_from_the_history(history: PracticeHistory) -> None:
    first, second = begin(history), begin(history)
    history.add(first, 0, attempt("lips", 0))
    history.add(second, 0, attempt("lips", 100))
    assert history.weaknesses("trainee 1") == {"lips": pytest.approx((0.5 + 0.7) / 2.7)}


def test_nothing_is_written_by_reading(history: PracticeHistory, tmp_path: Path) -> None:
    assert history.trainees() == ()
    assert history.exercises("x") == ()
    assert history.count("x") == 0
    history.forget("x")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_history_is_said_in_one_line(history: PracticeHistory, tmp_path: Path) -> None:
    path = tmp_path / "practice" / "history.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(HistoryError, match="cannot be read"):
        history.trainees()
    with pytest.raises(HistoryError, match="cannot be read"):
        begin(history)
    assert path.read_bytes().startswith(b"no database")


def test_a_newer_history_is_left_alone(history: PracticeHistory, tmp_path: Path) -> None:
    begin(history)
    path = tmp_path / "practice" / "history.sqlite"
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(HistoryError, match="newer"):
        history.trainees()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE attempts SET outcome = 'perhaps'",
        "UPDATE attempts SET plane = 'elbow'",
        "UPDATE attempts SET points = 1e999",
        "UPDATE attempts SET time_s = 'soon'",
        "UPDATE attempts SET false_alarms = '[[]]'",
        'UPDATE attempts SET votes = \'{"lips": "x"}\'',
        "UPDATE exercises SET asked = 1e999",
    ],
)
def test_odd_values_in_the_file_are_said(
    history: PracticeHistory, tmp_path: Path, change: str
) -> None:
    history.add(begin(history), 0, attempt("lips", 50))
    database = sqlite3.connect(tmp_path / "practice" / "history.sqlite")
    database.execute(change)
    database.commit()
    database.close()
    with pytest.raises(HistoryError, match="cannot be read"):
        history.exercises("trainee 1")


KILLED = """
import os, signal, sys
from pathlib import Path
from sonoassist.practice.answers import Word
from sonoassist.practice.history import PracticeHistory
from sonoassist.practice.scores import Attempt, QuestionOutcome
history = PracticeHistory(Path(sys.argv[1]))
number = history.begin("Ada", "exam.mp4", Word.MODEL, class_mode=False, asked=9, seed=0)
for at in range(3):
    history.add(number, at, Attempt("lips", QuestionOutcome.FOUND, "lips", points=50.0 + at))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_was_answered_before_the_program_was_killed_is_there(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -9
    (past,) = PracticeHistory(path).exercises("Ada")
    assert [one.points for one in past.attempts] == [50, 51, 52]
    assert (past.asked, past.word) == (9, Word.MODEL)


@pytest.mark.parametrize("statements", [("BEGIN IMMEDIATE",), ("BEGIN EXCLUSIVE",)])
def test_a_file_in_use_is_not_called_damaged(
    history: PracticeHistory, tmp_path: Path, statements: tuple[str, ...]
) -> None:
    begin(history)
    other = sqlite3.connect(tmp_path / "practice" / "history.sqlite", isolation_level=None)
    try:
        for statement in statements:
            other.execute(statement)
        with pytest.raises(HistoryError, match="cannot be used now") as caught:
            begin(history)
        assert "Move" not in str(caught.value)
    finally:
        other.close()
    begin(history)


def test_a_trainee_forgotten_meanwhile_is_told(history: PracticeHistory) -> None:
    number = begin(history)
    history.forget("trainee 1")
    with pytest.raises(HistoryError, match="forgotten"):
        history.add(number, 0, attempt("lips", 50))


def test_votes_and_the_place_of_the_frame_are_kept(history: PracticeHistory) -> None:
    one = attempt("lips", 50, votes={"lips": 2, "profile": 2}, outside_frames=-3)
    history.add(begin(history), 0, one)
    (past,) = history.exercises("trainee 1")
    assert past.attempts == (one,)


def test_a_history_of_the_first_layout_is_brought_up(
    history: PracticeHistory, tmp_path: Path
) -> None:
    path = tmp_path / "practice" / "history.sqlite"
    path.parent.mkdir()
    database = sqlite3.connect(path)
    database.executescript(FIRST_LAYOUT)
    database.close()
    (past,) = history.exercises("Ada")
    assert (past.attempts[0].points, past.attempts[0].votes) == (70, {})
    history.add(begin(history), 0, attempt("lips", 50))
    assert history.counts() == {"Ada": 1, "trainee 1": 1}


FIRST_LAYOUT = """
CREATE TABLE exercises (id INTEGER PRIMARY KEY AUTOINCREMENT,
    trainee TEXT NOT NULL COLLATE NOCASE, began_at TEXT NOT NULL, exam TEXT NOT NULL,
    word TEXT NOT NULL, class_mode INTEGER NOT NULL, asked INTEGER NOT NULL,
    seed INTEGER NOT NULL);
CREATE TABLE attempts (exercise INTEGER NOT NULL REFERENCES exercises(id) ON DELETE CASCADE,
    number INTEGER NOT NULL, plane TEXT NOT NULL, outcome TEXT NOT NULL, said TEXT, time_s REAL,
    frame INTEGER, best_frame INTEGER, distance_frames INTEGER, confidence_gap REAL,
    false_alarms TEXT NOT NULL, points REAL NOT NULL, PRIMARY KEY (exercise, number));
CREATE INDEX by_trainee ON exercises (trainee, id);
INSERT INTO exercises VALUES (1, 'Ada', '2026-11-01T12:00:00+00:00', 'exam.mp4', 'truth', 0, 9, 0);
INSERT INTO attempts VALUES (1, 0, 'lips', 'found', 'lips', 2.0, 9, 9, 0, 0.0, '[]', 70.0);
PRAGMA user_version = 1;
"""


def test_a_name_that_is_no_text_is_kept_all_the_same(history: PracticeHistory) -> None:
    history.begin("Ada", "exam\udcff.mp4", Word.TRUTH, class_mode=False, asked=3, seed=5)
    assert history.counts() == {"Ada": 1}


def test_a_class_says_nothing_of_one_person(history: PracticeHistory) -> None:
    number = history.begin("Ada", "e", Word.TRUTH, class_mode=True, asked=1, seed=0)
    history.add(number, 0, attempt("lips", 0))
    assert history.weaknesses("Ada") == {}
    assert "lips" in history.weaknesses("Ada", class_mode=True)
