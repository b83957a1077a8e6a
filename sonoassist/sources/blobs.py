"""Named bytes: files of a folder and members of an archive, seen in the same way."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from sonoassist.core.errors import SourceError
from sonoassist.core.files import ZIP_ERRORS
from sonoassist.core.natural_order import natural_key
from sonoassist.sources.sniff import HEAD_BYTES, is_hidden

MAX_ARCHIVE_BYTES = 2 * 1024**3
"""Largest unpacked size of an archive that is opened."""

BlobErrors = ZIP_ERRORS
"""What reading a blob may raise: the file system, a damaged archive, a password."""


class Blob(Protocol):
    """Bytes with a name."""

    @property
    def name(self) -> str:
        """File name, without folders."""

    def head(self) -> bytes:
        """The first bytes, enough to tell what it holds."""

    def read(self) -> bytes:
        """All bytes."""

    def open(self) -> BinaryIO:
        """The bytes as a file that can be read at any place."""


class FileBlob:
    """A file on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """File name, without folders."""
        return self._path.name

    def head(self) -> bytes:
        """The first bytes, enough to tell what it holds."""
        with self._path.open("rb") as file:
            return file.read(HEAD_BYTES)

    def read(self) -> bytes:
        """All bytes."""
        return self._path.read_bytes()

    def open(self) -> BinaryIO:
        """The file itself."""
        return self._path.open("rb")


class MemberBlob:
    """A member of a zip archive, unpacked in memory whenever it is read."""

    def __init__(self, archive: Archive, member: str) -> None:
        self._archive = archive
        self._member = member

    @property
    def name(self) -> str:
        """File name, without folders."""
        return PurePosixPath(self._member).name

    def head(self) -> bytes:
        """The first bytes, enough to tell what it holds."""
        return self._archive.read(self._member, HEAD_BYTES)

    def read(self) -> bytes:
        """All bytes."""
        return self._archive.read(self._member)

    def open(self) -> BinaryIO:
        """Unpacked in memory."""
        return BytesIO(self.read())


class Archive:
    """A zip archive, opened for reading only; nothing is ever unpacked to disk.

    Raises:
        SourceError: It is damaged, or unpacks to more than `MAX_ARCHIVE_BYTES`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError:
            raise  # the system could not read it, which says nothing of the archive
        except ZIP_ERRORS as error:
            raise SourceError(
                f"{path.name} is not a zip archive that can be read", "It may be cut off"
            ) from error
        # Python never unpacks more than the size an archive states, so their sum is the limit.
        size = sum(member.file_size for member in self._zip.infolist())
        if size > MAX_ARCHIVE_BYTES:
            self._zip.close()
            raise SourceError(
                f"{path.name} would unpack to {size / 1024**3:.1f} GiB",
                "Unpack it yourself and open the folder",
            )

    def blobs(self) -> list[Blob]:
        """The members in natural order, without folders and hidden files."""
        members = self._zip.infolist()
        names = (one.filename for one in members if one.filename and not one.is_dir())
        shown = (name for name in names if not is_hidden(name))
        return [MemberBlob(self, name) for name in sorted(shown, key=natural_key)]

    def read(self, member: str, limit: int = -1) -> bytes:
        """Bytes of a member, at most `limit` where that is not negative."""
        with self._zip.open(member) as file:
            return file.read(limit)

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()


def folder_blobs(folder: Path) -> list[Blob]:
    """The files of `folder` (not of folders in it) in natural order, without hidden ones.

    Raises:
        OSError: The folder cannot be listed.
    """
    paths = [path for path in folder.iterdir() if not is_hidden(path.name) and path.is_file()]
    return [FileBlob(path) for path in sorted(paths, key=lambda path: natural_key(path.name))]
