"""What a person says of one recording, on disk, step by step; any thread may call."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock

from sonoassist.core.errors import OutputError
from sonoassist.core.names import readable
from sonoassist.core.open_database import FULL_HINT, MALFORMED, OpenDatabase, Row
from sonoassist.recordings.correction_schema import CorrectionError
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.edits import Edit, edit_of, folded, text_of


class CorrectionLog(OpenDatabase):
    """What a person says of one recording.

    Args:
        folder: Where it is kept.
        database: Open.
        lock: Held while this is the one that writes; None where it is only read.
    """

    def __init__(
        self, folder: Path, database: sqlite3.Connection, lock: BaseFileLock | None
    ) -> None:
        super().__init__(database, lock)
        self.folder = folder
        try:
            self._corrections = folded(self.steps())
        except BaseException:
            self.close()
            raise

    # --- corrections ------------------------------------------------------------------------

    @property
    def corrections(self) -> Corrections:
        """All that a person said so far."""
        return self._corrections

    def apply(self, edit: Edit) -> None:
        """Do a step; what was undone before cannot be done again after that.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        with self._lock:
            with self._change() as change:
                change.execute("DELETE FROM edits WHERE undone")
                change.execute("INSERT INTO edits (what) VALUES (?)", (_sayable(text_of(edit)),))
            self._corrections = edit.applied(self._corrections)

    def undo(self) -> Edit | None:
        """Take the last step back; returns it, or None where there is none."""
        return self._turn("SELECT max(id) FROM edits WHERE NOT undone", undone=True)

    def redo(self) -> Edit | None:
        """Do again what was undone last; returns it, or None where there is nothing."""
        return self._turn("SELECT min(id) FROM edits WHERE undone", undone=False)

    def _turn(self, query: str, *, undone: bool) -> Edit | None:
        with self._lock:
            ((number,),) = self._all(query)
            if number is None:
                return None
            (row,) = self._all("SELECT what FROM edits WHERE id = ?", (number,))
            edit = self._made(_edit, row)  # first: one that cannot be read is not done again
            with self._change() as change:
                change.execute("UPDATE edits SET undone = ? WHERE id = ?", (int(undone), number))
            self._corrections = folded(self.steps())
            return edit

    def steps(self) -> list[Edit]:
        """All that was said, step by step, without what was undone."""
        found = self._all("SELECT what FROM edits WHERE NOT undone ORDER BY id")
        return [self._made(_edit, row) for row in found]

    @property
    def begun(self) -> bool:
        """Whether anything is kept that names frames by number."""
        return bool(self._all("SELECT 1 FROM edits LIMIT 1"))

    def renumber(
        self, change_of: Callable[[Edit], Sequence[Edit]], facts: Mapping[str, str]
    ) -> None:
        """Write all steps anew by other numbers.

        Args:
            change_of: What a step becomes.
            facts: Kept with it, or not at all.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        rows = self._all("SELECT what, undone FROM edits ORDER BY id")
        try:
            made = [(change_of(edit_of(str(what))), undone) for what, undone in rows]
        except MALFORMED as error:
            raise self._unreadable(error) from error
        values = [(_sayable(text_of(one)), undone) for edits, undone in made for one in edits]
        with self._change() as change:
            change.execute("DELETE FROM edits")
            change.executemany("INSERT INTO edits (what, undone) VALUES (?, ?)", values)
            change.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(facts.items()))
        self._corrections = folded(self.steps())

    # --- facts ------------------------------------------------------------------------------

    def fact(self, key: str) -> str:
        """Something known of the review as a whole, or ""."""
        found = self._all("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0][0]) if found else ""

    def set_fact(self, key: str, value: object) -> None:
        """Keep something known of the review as a whole."""
        text = value if isinstance(value, str) else json.dumps(value)
        with self._change() as change:
            change.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, _sayable(text)))

    def remember(self, key: str, value: str) -> None:
        """Keep a fact where it is another one than before.

        Raises:
            OutputError: The disk refuses.
        """
        if self.fact(key) != _sayable(value):
            self.set_fact(key, value)

    # --- inside -----------------------------------------------------------------------------

    def _unreadable(self, error: Exception) -> CorrectionError:
        return CorrectionError(
            f"the review in {self.folder} cannot be read: {error}",
            "Move that folder away to begin anew",
        )

    def _refused(self, error: Exception) -> OutputError:
        return OutputError(f"the review cannot be kept: {error}", FULL_HINT)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        if self._writer is None:
            raise OutputError("this review is only being read", "Open it to change it")
        with super()._change() as database:
            yield database


def _sayable(text: str) -> str:
    return readable(text)


def _edit(row: Row) -> Edit:
    return edit_of(str(row[0]))
