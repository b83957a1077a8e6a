"""Files that wait to be sent, on disk: a folder each, with the file and where it should go.

An entry appears and goes as a whole (a folder is renamed), so a program killed at any moment
leaves each file either waiting or sent. A file may at worst be sent twice, which a node notices
by its UID.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout

from sonoassist.core import paths
from sonoassist.core.errors import UsageError
from sonoassist.core.files import output_error, replacing
from sonoassist.exam.pacs.node import PacsNode

_FILE, _WHERE, _LOCK = "object.dcm", "where.json", "sending.lock"
_MAKING, _GONE = ".making-", ".gone-"
_PRIVATE = 0o700
_LEFT_BEHIND_S = 24 * 3600.0
"""A half-made entry this old belongs to no running program."""


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file that waits.

    Attributes:
        entry_id: Name of its folder; sorts by the time it was added.
        folder: Of the entry.
        node: Where it should go.
        name: Of the file as the user knew it.
        tries: How often it was tried in vain.
        trouble: Why the last time, or "".
    """

    entry_id: str
    folder: Path
    node: PacsNode
    name: str
    tries: int = 0
    trouble: str = ""

    @property
    def file(self) -> Path:
        """The file itself."""
        return self.folder / _FILE


class Outbox:
    """The waiting files of one user.

    Args:
        folder: Where they are; made when the first file is added.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def default(cls) -> Outbox:
        """The user's outbox."""
        return cls(paths.home() / "outbox")

    def add(self, file: Path, node: PacsNode) -> WaitingFile:
        """Keep a copy of a file until it is sent.

        Raises:
            OutputError: The operating system refuses.
        """
        entry_id = f"{time.time_ns():020}-{uuid4().hex[:8]}"
        making = self.folder / f"{_MAKING}{entry_id}"
        entry = WaitingFile(entry_id, self.folder / entry_id, node, file.name)
        try:
            self.folder.mkdir(_PRIVATE, parents=True, exist_ok=True)
            making.mkdir(_PRIVATE)
            with replacing(making / _FILE, private=True) as temporary:
                shutil.copyfile(file, temporary)
            _write_where(making, entry)
            making.rename(entry.folder)
        except OSError as error:
            raise output_error(entry.folder, error) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return entry

    def add_all(self, files: Sequence[Path], node: PacsNode) -> list[WaitingFile]:
        """Keep copies of files until they are sent: all or none.

        Raises:
            OutputError: The operating system refuses.
        """
        entries: list[WaitingFile] = []
        try:
            for file in files:
                entries.append(self.add(file, node))
        except BaseException:
            for entry in entries:
                self.remove(entry)
            raise
        return entries

    def has_any(self) -> bool:
        """Whether anything waits."""
        return bool(self._folders())

    def read(self) -> tuple[list[WaitingFile], list[str]]:
        """All that wait, oldest first, and what is wrong with those that cannot be read."""
        entries: list[WaitingFile] = []
        damaged: list[str] = []
        for folder in self._folders():
            entry = _read(folder)
            if isinstance(entry, WaitingFile):
                entries.append(entry)
            else:
                damaged.append(entry)
        return entries, damaged

    def _folders(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        folders = [one for one in self.folder.iterdir() if one.is_dir()]
        return sorted(one for one in folders if not one.name.startswith("."))

    def remove(self, entry: WaitingFile) -> None:
        """Forget a file: it was sent. One that is gone already is no error.

        Raises:
            OutputError: The operating system refuses.
        """
        gone = self.folder / f"{_GONE}{entry.entry_id}"
        try:
            entry.folder.rename(gone)
        except FileNotFoundError:
            return
        except OSError as error:
            raise output_error(entry.folder, error) from error
        shutil.rmtree(gone, ignore_errors=True)

    def note(self, entry: WaitingFile, trouble: str) -> None:
        """Keep why a file was tried in vain.

        Raises:
            OutputError: The operating system refuses.
        """
        tried = WaitingFile(
            entry.entry_id, entry.folder, entry.node, entry.name, entry.tries + 1, trouble
        )
        if entry.folder.is_dir():
            _write_where(entry.folder, tried)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Held while what waits is sent, so that two programs do not send the same.

        Raises:
            UsageError: Another program is sending.
            OutputError: The operating system refuses.
        """
        try:
            self.folder.mkdir(_PRIVATE, parents=True, exist_ok=True)
            lock = FileLock(str(self.folder / _LOCK), mode=0o600)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise UsageError(
                "another program is sending the outbox", "Wait until it is done"
            ) from error
        except OSError as error:
            raise output_error(self.folder, error) from error
        try:
            self._sweep()
            yield
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Remove what killed programs left behind."""
        for left in self.folder.iterdir():
            with suppress(OSError):
                old = time.time() - left.stat().st_mtime > _LEFT_BEHIND_S
                if left.name.startswith(_GONE) or (left.name.startswith(_MAKING) and old):
                    shutil.rmtree(left, ignore_errors=True)


def _write_where(folder: Path, entry: WaitingFile) -> None:
    values = {
        "node": entry.node.as_values(),
        "name": entry.name,
        "tries": entry.tries,
        "trouble": entry.trouble,
    }
    with replacing(folder / _WHERE, private=True) as temporary:
        temporary.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")


def _read(folder: Path) -> WaitingFile | str:
    """The entry, or what is wrong with it, one line."""
    try:
        values: dict[str, Any] = json.loads((folder / _WHERE).read_text(encoding="utf-8"))
        node = PacsNode(**values.pop("node"))
        entry = WaitingFile(folder.name, folder, node, **values)
        for value, kind in ((entry.name, str), (entry.tries, int), (entry.trouble, str)):
            if not isinstance(value, kind):
                raise TypeError(f"{value!r} is no {kind.__name__}")
        return entry
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        OverflowError,
        UsageError,
    ):
        return f"the outbox entry {folder.name} is damaged. Delete the folder {folder}"
