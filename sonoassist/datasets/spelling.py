"""Files that tables name: the name in the table may be spelled otherwise than the one on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from sonoassist.core.names import compared
from sonoassist.datasets.tables import RowError


def spelled(folder: Path, *parts: str) -> Path:
    """What lies in a folder under a name, as the disk spells it; see `names.compared`.

    Args:
        folder: In which it lies.
        parts: The name, or the names of the folders on the way to it and its own.

    Returns:
        Its path; the name as given where there is nothing like it.

    Raises:
        RowError: More than one name on disk is meant.
    """
    path = folder
    for part in parts:
        path = _entry(path, part)
    return path


def _entry(folder: Path, name: str) -> Path:
    path = folder / name
    if name.isascii() or _exists(path):
        return path  # ASCII has one spelling
    alike = _names(folder).get(compared(name), ())
    if len(alike) > 1:
        raise RowError(f"more than one file in {folder.name} is named {name}")
    return folder / alike[0] if alike else path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _names(folder: Path) -> Mapping[str, Sequence[str]]:
    try:
        return _listed(folder, folder.stat().st_mtime_ns)
    except (OSError, ValueError):
        return {}


@lru_cache(maxsize=16)
def _listed(folder: Path, changed_ns: int) -> Mapping[str, Sequence[str]]:
    """Name as it is compared -> names on disk; a table may ask a thousand times."""
    found: dict[str, list[str]] = {}
    for path in folder.iterdir():
        found.setdefault(compared(path.name), []).append(path.name)
    return found
