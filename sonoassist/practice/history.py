"""What each trainee has done, on this computer only: one SQLite file, nicknames, no real names.

Each attempt is on the disk when it has been scored, so a crash loses at most the question that
was being asked. Used by one thread.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sonoassist.core import paths
from sonoassist.core.database import READ_ERRORS, Layout, change, connect
from sonoassist.core.errors import SonoAssistError
from sonoassist.core.files import ensure_folder
from sonoassist.core.names import readable
from sonoassist.core.planes import INDEX
from sonoassist.practice.answers import Word
from sonoassist.practice.choosing import weaknesses
from sonoassist.practice.scores import Attempt, QuestionOutcome, total

BUSY_MS = 500
"""The window waits for the file so long at most; others write to it for milliseconds."""
_PRIVATE_FILE = 0o600
_MOST = 1e12
"""No frame, time or point is anywhere near."""

_EXERCISES = """CREATE TABLE exercises (id INTEGER PRIMARY KEY AUTOINCREMENT,
    trainee TEXT NOT NULL COLLATE NOCASE, began_at TEXT NOT NULL, exam TEXT NOT NULL,
    word TEXT NOT NULL, class_mode INTEGER NOT NULL, asked INTEGER NOT NULL,
    seed INTEGER NOT NULL)"""
_ATTEMPTS = """CREATE TABLE attempts (
    exercise INTEGER NOT NULL REFERENCES exercises(id) ON DELETE CASCADE,
    number INTEGER NOT NULL, plane TEXT NOT NULL, outcome TEXT NOT NULL, said TEXT, time_s REAL,
    frame INTEGER, best_frame INTEGER, distance_frames INTEGER, confidence_gap REAL,
    false_alarms TEXT NOT NULL, points REAL NOT NULL, PRIMARY KEY (exercise, number))"""
_COLUMNS = (
    "plane, outcome, said, time_s, frame, best_frame, distance_frames, confidence_gap,"
    " false_alarms, points, outside_frames, votes"
)


class HistoryError(SonoAssistError):
    """The history cannot be read or written."""


_LAYOUT = Layout(
    "",  # made step by step, so that two windows that begin at once do not disturb each other
    version=2,
    newer=lambda: HistoryError(
        "the practice history was made by a newer SonoAssist", "Update SonoAssist"
    ),
    unfinished=lambda: HistoryError("the practice history is of no known kind"),
    migrations={
        0: (_EXERCISES, _ATTEMPTS, "CREATE INDEX by_trainee ON exercises (trainee, id)"),
        1: (
            "ALTER TABLE attempts ADD COLUMN outside_frames INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE attempts ADD COLUMN votes TEXT NOT NULL DEFAULT '{}'",
        ),
    },
)


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


class PracticeHistory:
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
            OutputError: Its folder cannot be made.
        """
        self._make()
        began_at = self._now().isoformat(timespec="seconds")
        exam = readable(exam)  # a file's name need not be text
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
            exercise,
            number,
            attempt.plane,
            attempt.outcome.value,
            attempt.said,
            attempt.time_s,
            attempt.frame,
            attempt.best_frame,
            attempt.distance_frames,
            attempt.confidence_gap,
            json.dumps(attempt.false_alarms),
            attempt.points,
            attempt.outside_frames,
            json.dumps(dict(attempt.votes)),
        )
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
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self._damaged(error) from error

    def weaknesses(self, trainee: str, *, class_mode: bool = False) -> dict[str, float]:
        """Weakness of each plane the trainee was asked for; see `choosing.weakness`.

        Args:
            trainee: Nickname.
            class_mode: Of a class, or of one person: neither says anything of the other.

        Raises:
            HistoryError: It cannot be read.
        """
        past = self.exercises(trainee)
        same = [one for one in past if one.class_mode == class_mode]
        return weaknesses(attempt for one in same for attempt in one.attempts)

    def counts(self) -> dict[str, int]:
        """How many exercises each trainee has begun.

        Raises:
            HistoryError: It cannot be read.
        """
        rows = self._rows("SELECT trainee, COUNT(*) FROM exercises GROUP BY trainee")
        return {str(row[0]): int(row[1]) for row in rows}

    def done(self) -> dict[str, int]:
        """In how many exercises each trainee has answered anything; who has in none is left out.

        Raises:
            HistoryError: It cannot be read.
        """
        rows = self._rows(
            "SELECT trainee, COUNT(DISTINCT exercises.id) FROM exercises"
            " JOIN attempts ON exercise = exercises.id GROUP BY trainee"
        )
        return {str(row[0]): int(row[1]) for row in rows}

    def count(self, trainee: str) -> int:
        """How many exercises a trainee has begun.

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

    def _make(self) -> None:
        if not self._path.exists():
            ensure_folder(self._path.parent)
            with suppress(OSError):  # what is wrong is said when it is opened
                self._path.touch(_PRIVATE_FILE)

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        if not self._path.exists():
            return []
        with self._opened() as database:
            return database.execute(query, values).fetchall()

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The file, open for one change, which is made as a whole or not at all."""
        try:
            with closing(connect(str(self._path), _LAYOUT, busy_ms=BUSY_MS)) as database:
                database.execute("PRAGMA foreign_keys = ON")
                with change(database, nullcontext()):
                    yield database
        except (*READ_ERRORS, OSError) as error:
            raise self._trouble(error) from error

    def _damaged(self, error: Exception) -> HistoryError:
        return HistoryError(
            f"the practice history {self._path} cannot be read: {error}",
            "Move the file away to begin a new one",
        )

    def _trouble(self, error: Exception) -> HistoryError:
        if isinstance(error, sqlite3.IntegrityError):
            return HistoryError("this trainee was forgotten meanwhile", "Begin another exercise")
        # What may pass (locked, full, read-only) is an OperationalError, damage mostly is not.
        passing = isinstance(error, sqlite3.OperationalError | OSError)
        if not passing or "no such" in str(error):
            return self._damaged(error)
        return HistoryError(
            f"the practice history {self._path} cannot be used now: {error}",
            "Look whether the disk is full or read-only, or another program holds the file",
        )


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
    plane, outcome, said, time_s, frame, best, distance, gap, alarms, points, outside, votes = row
    named: tuple[str, ...] = tuple(json.loads(alarms))
    voted: dict[str, int] = dict(json.loads(votes))
    for key in (plane, *([] if said is None else [said]), *named, *voted):
        if key not in INDEX:
            raise ValueError(f"there is no plane {key!r}")
    numbers = (time_s, frame, best, distance, gap, points, outside, *voted.values())
    if not all(abs(number) < _MOST for number in numbers if number is not None):
        raise ValueError("a number is out of all bounds")
    return Attempt(
        plane,
        QuestionOutcome(outcome),
        said,
        time_s,
        frame,
        best,
        distance,
        gap,
        named,
        float(points),
        int(outside),
        voted,
    )
