"""What each trainee has done, on this computer only: one SQLite file, nicknames, no real names.

Each attempt is on the disk when it has been scored, so a crash loses at most the question that
was being asked. Used by one thread.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sonoassist import paths
from sonoassist.errors import SonoAssistError
from sonoassist.files import ensure_folder
from sonoassist.practice.answers import Word
from sonoassist.practice.choosing import weaknesses
from sonoassist.practice.scores import Attempt, Outcome, total

VERSION = 1
BUSY_MS = 5000

_TABLES = """
CREATE TABLE exercises (id INTEGER PRIMARY KEY AUTOINCREMENT,
    trainee TEXT NOT NULL COLLATE NOCASE, began_at TEXT NOT NULL, exam TEXT NOT NULL,
    word TEXT NOT NULL, class_mode INTEGER NOT NULL, asked INTEGER NOT NULL,
    seed INTEGER NOT NULL);
CREATE TABLE attempts (exercise INTEGER NOT NULL REFERENCES exercises(id) ON DELETE CASCADE,
    number INTEGER NOT NULL, plane TEXT NOT NULL, outcome TEXT NOT NULL, said TEXT, time_s REAL,
    frame INTEGER, best_frame INTEGER, distance_frames INTEGER, confidence_gap REAL,
    false_alarms TEXT NOT NULL, points REAL NOT NULL, PRIMARY KEY (exercise, number));
CREATE INDEX by_trainee ON exercises (trainee, id);
"""
_COLUMNS = (
    "plane, outcome, said, time_s, frame, best_frame, distance_frames, confidence_gap,"
    " false_alarms, points"
)


class HistoryError(SonoAssistError):
    """The history cannot be read or written."""


@dataclass(frozen=True, slots=True)
class PastExercise:
    """One exercise of the past.

    Attributes:
        began_at: UTC.
        exam: Name of the recording.
        word: Whose word it was scored against.
        class_mode: A class voted.
        asked: Questions planned; fewer were answered when it was left early.
        attempts: In their order.
    """

    began_at: datetime
    exam: str
    word: Word
    class_mode: bool
    asked: int
    attempts: tuple[Attempt, ...]

    @property
    def score(self) -> float:
        """0 to 100."""
        return total(self.attempts)


def history_file() -> Path:
    """Where the history is kept."""
    return paths.home() / "practice" / "history.sqlite"


def utc_now() -> datetime:
    """The time of now."""
    return datetime.now(timezone.utc)


class History:
    """The exercises of all trainees of this computer.

    Args:
        path: Of the file; made with the first exercise.
        now: Gives the time.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = utc_now) -> None:
        self._path = path
        self._now = now

    def begin(
        self, trainee: str, exam: str, word: Word, *, class_mode: bool, asked: int, seed: int
    ) -> int:
        """Note that an exercise begins; returns its number for `add`.

        Raises:
            HistoryError: It cannot be written.
        """
        ensure_folder(self._path.parent)
        began_at = self._now().isoformat(timespec="seconds")
        row = (trainee, began_at, exam, word.value, int(class_mode), asked, seed)
        with self._opened() as database:
            cursor = database.execute(
                "INSERT INTO exercises (trainee, began_at, exam, word, class_mode, asked, seed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            return int(cursor.lastrowid or 0)

    def add(self, exercise: int, number: int, attempt: Attempt) -> None:
        """Keep an attempt; it is on the disk when this returns.

        Raises:
            HistoryError: It cannot be written.
        """
        row = (
            exercise, number, attempt.plane, attempt.outcome.value, attempt.said, attempt.time_s,
            attempt.frame, attempt.best_frame, attempt.distance_frames, attempt.confidence_gap,
            json.dumps(attempt.false_alarms), attempt.points,
        )  # fmt: skip
        marks = ", ".join("?" * len(row))
        with self._opened() as database:
            database.execute(
                f"INSERT INTO attempts (exercise, number, {_COLUMNS}) VALUES ({marks})", row
            )

    def trainees(self) -> tuple[str, ...]:
        """All nicknames, the one that practised last first.

        Raises:
            HistoryError: It cannot be read.
        """
        rows = self._rows("SELECT trainee FROM exercises GROUP BY trainee ORDER BY MAX(id) DESC")
        return tuple(str(row[0]) for row in rows)

    def exercises(self, trainee: str) -> tuple[PastExercise, ...]:
        """The exercises of a trainee in which anything was answered, oldest first.

        Raises:
            HistoryError: It cannot be read.
        """
        rows = self._rows(
            f"SELECT exercises.id, began_at, exam, word, class_mode, asked, {_COLUMNS}"
            " FROM exercises JOIN attempts ON exercise = exercises.id"
            " WHERE trainee = ? ORDER BY exercises.id, number",
            (trainee,),
        )
        grouped: dict[int, list[Sequence[Any]]] = {}
        for row in rows:
            grouped.setdefault(int(row[0]), []).append(row)
        try:
            return tuple(_exercise(group) for group in grouped.values())
        except (ValueError, TypeError) as error:
            raise self._damaged(error) from error

    def weaknesses(self, trainee: str) -> dict[str, float]:
        """Weakness of each plane the trainee was asked for; see `choosing.weakness`.

        Raises:
            HistoryError: It cannot be read.
        """
        past = self.exercises(trainee)
        return weaknesses(attempt for one in past for attempt in one.attempts)

    def count(self, trainee: str) -> int:
        """How many exercises the trainee has begun.

        Raises:
            HistoryError: It cannot be read.
        """
        rows = self._rows("SELECT COUNT(*) FROM exercises WHERE trainee = ?", (trainee,))
        return int(rows[0][0]) if rows else 0

    def forget(self, trainee: str) -> None:
        """Delete everything of a trainee.

        Raises:
            HistoryError: It cannot be written.
        """
        if self._path.exists():
            with self._opened() as database:
                database.execute("DELETE FROM exercises WHERE trainee = ?", (trainee,))

    # -- the file --------------------------------------------------------------------------

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        if not self._path.exists():
            return []
        with self._opened() as database:
            return database.execute(query, values).fetchall()

    def _opened(self) -> _Transaction:
        return _Transaction(self._path, self._damaged)

    def _damaged(self, error: Exception) -> HistoryError:
        return HistoryError(
            f"the practice history {self._path} cannot be used: {error}",
            "Move the file away to begin a new one",
        )


class _Transaction:
    """The database, open for one change: kept when all went well, else taken back."""

    def __init__(self, path: Path, damaged: Callable[[Exception], HistoryError]) -> None:
        self._path = path
        self._damaged = damaged

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._database = _connect(self._path)
        except (sqlite3.Error, UnicodeDecodeError, OSError) as error:
            raise self._damaged(error) from error
        return self._database

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            with closing(self._database) as database:
                if error is None:
                    database.commit()
        except sqlite3.Error as failure:
            raise self._damaged(failure) from failure
        if isinstance(error, sqlite3.Error | UnicodeDecodeError):
            raise self._damaged(error) from error


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=BUSY_MS / 1000)
    try:
        database.execute("PRAGMA foreign_keys = ON")
        found = int(database.execute("PRAGMA user_version").fetchone()[0])
        if found == 0:
            database.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {VERSION};COMMIT;")
        elif found != VERSION:
            raise sqlite3.DatabaseError("it was made by a newer SonoAssist")
    except BaseException:
        database.close()
        raise
    return database


def _exercise(rows: Sequence[Sequence[Any]]) -> PastExercise:
    _, began_at, exam, word, class_mode, asked = rows[0][:6]
    return PastExercise(
        began_at=datetime.fromisoformat(began_at),
        exam=str(exam),
        word=Word(word),
        class_mode=bool(class_mode),
        asked=int(asked),
        attempts=tuple(_attempt(row[6:]) for row in rows),
    )


def _attempt(row: Sequence[Any]) -> Attempt:
    plane, outcome, said, time_s, frame, best, distance, gap, alarms, points = row
    return Attempt(
        plane, Outcome(outcome), said, time_s, frame, best, distance, gap,
        tuple(json.loads(alarms)), float(points),
    )  # fmt: skip
