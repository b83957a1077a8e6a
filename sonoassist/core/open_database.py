"""A database while it is open: asked and changed from any thread, what goes wrong told in words."""

from __future__ import annotations

import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from filelock import BaseFileLock

from sonoassist.core.closing import Closing
from sonoassist.core.database import READ_ERRORS, change
from sonoassist.core.errors import OutputError, SonoAssistError

FULL_HINT = "Free some space; what was kept so far is safe"
MALFORMED = (ValueError, TypeError, KeyError, AttributeError)
"""What making something of a row may raise that is not what was put there."""

Row = tuple[Any, ...]
_Value = TypeVar("_Value")


class OpenDatabase(Closing):
    """Base of what is read from a database and kept in it.

    Args:
        database: Of `database.connect`.
        writer: Held while this is the one that writes, and released with it.
    """

    def __init__(self, database: sqlite3.Connection, writer: BaseFileLock | None = None) -> None:
        super().__init__()
        self._database = database
        self._writer = writer

    @abstractmethod
    def _unreadable(self, error: Exception) -> SonoAssistError:
        """What cannot be read, in words."""

    @abstractmethod
    def _refused(self, error: Exception) -> OutputError:
        """What cannot be kept, in words."""

    def _let_go(self) -> None:
        self._database.close()
        if self._writer is not None:
            self._writer.release()

    def _all(self, query: str, values: tuple[object, ...] = ()) -> list[Row]:
        """All rows that a query finds."""
        try:
            with self._lock:
                return self._database.execute(query, values).fetchall()
        except READ_ERRORS as error:
            raise self._unreadable(error) from error

    def _made(self, make: Callable[[Row], _Value], row: Row) -> _Value:
        """Something made of a row."""
        try:
            return make(row)
        except MALFORMED as error:
            raise self._unreadable(error) from error

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """A change that is made as a whole or not at all."""
        try:
            with change(self._database, self._lock) as database:
                yield database
        except READ_ERRORS as error:
            raise self._refused(error) from error
