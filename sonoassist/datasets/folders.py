"""Walking the folders of a data set."""

from __future__ import annotations

from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.core.natural_order import natural_key


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, in natural order, without hidden ones.

    Raises:
        SourceError: The folder cannot be read.
    """
    return [path for path in entries(folder) if path.is_dir()]


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, in natural order, without what is hidden.

    Raises:
        SourceError: The folder cannot be read.
    """
    try:
        found = sorted(folder.iterdir(), key=lambda path: natural_key(path.name))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{folder} cannot be read: {reason}", "Check the data set") from error
    return [path for path in found if not path.name.startswith(".")]
