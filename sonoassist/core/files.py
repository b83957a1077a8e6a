"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sonoassist.core.errors import OutputError
from sonoassist.core.names import readable

try:
    from lzma import LZMAError
except ImportError:  # pragma: no cover  (a Python that was built without it)
    LZMAError = OSError  # type: ignore[assignment,misc]

ZIP_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    LZMAError,
)
"""What unpacking a damaged archive may raise: a checksum, a password, an odd name or packing."""
ARCHIVE_ERRORS = (
    *ZIP_ERRORS,
    SystemError,
    TypeError,
    AttributeError,
    ArithmeticError,
    SyntaxError,
    tokenize.TokenError,
)
"""What reading a damaged `.npz` file may raise, from the disk to the headers of its arrays."""


def output_error(path: Path, error: OSError) -> OutputError:
    """Turn an operating system error on `path` into a sentence for the user."""
    reason = error.strerror or str(error)
    return OutputError(f"cannot write {path}: {reason}", "Choose another folder or free some space")


PRIVATE_FOLDER = 0o700


def make_private(*folders: Path) -> None:
    """Make folders that nobody but the user may look into, or make them so.

    Raises:
        OSError: One cannot be made.
    """
    for folder in folders:
        folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        with suppress(OSError):  # a file system without permissions has none to set
            if stat.S_IMODE(folder.stat().st_mode) != PRIVATE_FOLDER:
                folder.chmod(PRIVATE_FOLDER)


def ensure_folder(folder: Path) -> Path:
    """Make `folder` (and its parents) and check that files can be made in it.

    Raises:
        OutputError: The folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise output_error(folder, error) from error
    return folder


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it takes the place of `path`.

    The temporary file keeps the suffix of `path`, since encoders choose their format by it.
    When the block fails the temporary file is removed and an older `path` stays as it was.

    Args:
        path: Of the finished file.
        private: Only its owner may read it.

    Raises:
        OutputError: The operating system refuses (no space, no permission).
    """
    handle, name = _temporary(path)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o600 if private else _usual_mode())
        temporary.replace(path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _usual_mode() -> int:
    """The permissions a plainly opened file would get (temporary files are the user's only)."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _temporary(path: Path) -> tuple[int, str]:
    try:
        return tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise output_error(path, error) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a temporary file.

    Raises:
        OutputError: The operating system refuses.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path` through a temporary file; see `names.readable`.

    Raises:
        OutputError: The operating system refuses.
    """
    write_bytes(path, readable(text).encode("utf-8"))


def set_aside(path: Path, wanted: Path) -> Path:
    """Give a file another name; nothing that has that name already is replaced.

    Args:
        path: Of the file.
        wanted: Its new path, in a folder that is there; where it is taken, a number is added.

    Returns:
        Where it is now.

    Raises:
        OutputError: The operating system refuses.
    """
    numbered = (wanted.with_stem(f"{wanted.stem}-{number}") for number in itertools.count(2))
    free = next(one for one in itertools.chain((wanted,), numbered) if not one.exists())
    try:
        return path.rename(free)
    except OSError as error:
        raise output_error(free, error) from error


LOCK_FILES = ("run.lock", ".retrieve.lock")
"""What holds a folder for one program; by itself it is nothing worth keeping."""


@contextmanager
def no_empty_folder_left(folder: Path | None) -> Iterator[None]:
    """Where the block leaves nothing in a folder that it has made, the folder goes again.

    Args:
        folder: It, and those above it that are not there yet, may be made within; or None.
    """
    made = [] if folder is None else [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        yield
    finally:
        for one in made:
            _remove_if_empty(one)


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder in which there is nothing but empty folders and locks."""
    if not folder.is_dir() or folder.is_symlink():
        return
    with suppress(OSError):
        for inner in folder.iterdir():
            _remove_if_empty(inner)
        left = {one.name for one in folder.iterdir()}
        if left <= set(LOCK_FILES):
            for name in left:
                (folder / name).unlink()
            folder.rmdir()


def delete_folder(folder: Path, hidden: str) -> None:
    """Delete a folder with all that is in it.

    Args:
        folder: To be deleted.
        hidden: First it is renamed to this and its name: a deletion that is cut off leaves no
            half of it in sight.

    Raises:
        OutputError: The operating system refuses.
    """
    gone = folder.with_name(f"{hidden}{folder.name}")
    try:
        folder.rename(gone)
        shutil.rmtree(gone)
    except OSError as error:
        raise output_error(folder, error) from error
