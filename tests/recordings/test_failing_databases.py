"""Databases whose disk fails in the middle of being opened: nothing of them stays open."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sonoassist.core.errors import SonoAssistError
from sonoassist.exam.records import ExamStart
from sonoassist.exam.store import ExamStore
from sonoassist.practice.history import PracticeHistory
from sonoassist.recordings.correction_store import DATABASE, CorrectionStore
from sonoassist.recordings.edits import SetBest
from sonoassist.recordings.identity import Identity

CONTENT = "a" * 32


class Failing(sqlite3.Connection):
    """Its disk fails with the statement of that number, over all connections; 0 for never."""

    fails_at: ClassVar[int] = 0
    made: ClassVar[list[Failing]] = []

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        Failing.made.append(self)

    def execute(self, *args: Any) -> sqlite3.Cursor:
        Failing.fails_at -= 1
        if Failing.fails_at == 0:
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(*args)

    @property
    def is_open(self) -> bool:
        try:
            return self.total_changes >= 0
        except sqlite3.ProgrammingError:
            return False


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Failing]]:
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *a, **named: connect(*a, factory=Failing, **named)
    )
    Failing.made.clear()
    yield Failing
    Failing.fails_at = 0
    for one in Failing.made:
        one.close()


def cache(home: Path) -> object:
    return CorrectionStore(home / "reviews").cache.open(Identity(CONTENT))


def review(home: Path) -> object:
    return CorrectionStore(home / "reviews").open(CONTENT)


def reading(home: Path) -> object:
    return CorrectionStore(home / "reviews").look(CONTENT)


def exam(home: Path) -> object:
    store = ExamStore(home / "exams")
    return store.open(store.ids()[0], write=True)


def beginning(home: Path) -> object:
    return ExamStore(home / "exams").create(ExamStart("", "a", "a", False, "", (), {}, {}))


def history(home: Path) -> None:
    path = home / "history.sqlite"
    path.touch()  # as whoever begins an exercise does
    PracticeHistory(path).counts()


@pytest.mark.parametrize("opening", [cache, review, reading, exam, beginning, history])
def test_wherever_the_disk_fails_what_was_opened_is_closed(
    tmp_path: Path, failing: type[Failing], opening: Callable[[Path], Any]
) -> None:
    with CorrectionStore(tmp_path / "reviews").open(CONTENT) as words:
        words.apply(SetBest("femur", 4))
    beginning(tmp_path).close()  # type: ignore[attr-defined]
    for number in itertools.count(1):
        failing.fails_at = number
        found = None
        with suppress(SonoAssistError):
            found = opening(tmp_path)
        over = failing.fails_at > 0
        failing.fails_at = 0
        if found is not None:
            found.close()
        assert [one for one in failing.made if one.is_open] == []
        if over:
            break
    assert number > 3


def test_a_review_that_cannot_be_read_is_closed_and_free(
    tmp_path: Path, failing: type[Failing]
) -> None:
    store = CorrectionStore(tmp_path / "reviews")
    with store.open(CONTENT) as words:
        words.apply(SetBest("femur", 4))
    whole = (store.folder / CONTENT / DATABASE).read_bytes()
    with sqlite3.connect(store.folder / CONTENT / DATABASE) as database:
        database.execute("UPDATE edits SET what = '{}'")
    database.close()
    for opening in (store.open, store.look):
        with pytest.raises(SonoAssistError, match="cannot be read"):
            opening(CONTENT)
        assert not any(one.is_open for one in failing.made)
    (store.folder / CONTENT / DATABASE).write_bytes(whole)
    with store.open(CONTENT) as words:
        assert words.corrections.best == {"femur": 4}
