"""Model folders on disk: each appears whole or not at all, whatever interrupts the writing.

A model is a folder, and no system replaces a full folder in one step. So the older one is first
renamed to `.replaced-NAME`; where that one exists without NAME, a kill came between the two
renames, and it still counts as the model (see `folder_of`).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from sonoassist.core.errors import OutputError
from sonoassist.core.files import ensure_folder, output_error, write_bytes
from sonoassist.model.card import WEIGHTS_NAME, Card, write_card

_REPLACED = ".replaced-"
_ADDING = ".adding-"
_REMOVED = ".removed-"
_ABANDONED_AFTER_S = 3600.0


def model_names(parent: Path) -> list[str]:
    """Names of the folders that should hold a model, sorted.

    Raises:
        OSError: The folder is there but cannot be read.
    """
    try:
        folders = [entry.name for entry in parent.iterdir() if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    whole = {name for name in folders if not name.startswith((".", "_"))}
    kept = {name.removeprefix(_REPLACED) for name in folders if name.startswith(_REPLACED)}
    return sorted(whole | kept)


def folder_of(parent: Path, name: str) -> Path:
    """Where the model `name` is; see the module for why there are two places."""
    folder = parent / name
    kept = parent / f"{_REPLACED}{name}"
    return kept if not folder.is_dir() and kept.is_dir() else folder


def write_model(parent: Path, card: Card, weights: bytes) -> Path:
    """Write a model; an older one of the same name stays whole until the new one is.

    Args:
        parent: Folder of models; made when missing.
        card: Its name is that of the folder.
        weights: The whole weights file.

    Returns:
        The folder of the model.

    Raises:
        OutputError: The operating system refuses (no space, no permission).
    """
    ensure_folder(parent)
    _sweep(parent)
    folder = parent / card.name
    try:
        temporary = Path(tempfile.mkdtemp(prefix=_ADDING, dir=parent))
    except OSError as error:
        raise output_error(folder, error) from error
    try:
        # mkdtemp closes the folder to other users, who may share a mirror of models.
        temporary.chmod(0o755)
        write_bytes(temporary / WEIGHTS_NAME, weights)
        write_card(temporary, card)
        _swap(temporary, folder)
    except OutputError as error:
        # Named by the model's folder: the temporary one means nothing to the user.
        raise OutputError(f"cannot write {folder}: {_reason(error)}", error.hint) from error
    except OSError as error:
        raise output_error(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def remove_model(parent: Path, name: str) -> None:
    """Remove a model: it is gone in one step, its space is freed after.

    Raises:
        OutputError: The operating system refuses.
    """
    # The older one goes first: left alone for a moment, it would count as the model again.
    for folder in (parent / f"{_REPLACED}{name}", parent / name):
        if not folder.is_dir():
            continue
        try:
            if folder.is_symlink():
                folder.unlink()
                continue
            grave = Path(tempfile.mkdtemp(prefix=_REMOVED, dir=parent))
            folder.replace(grave / name)
        except OSError as error:
            raise output_error(folder, error) from error
        shutil.rmtree(grave, ignore_errors=True)


def _reason(error: OutputError) -> str:
    cause = error.__cause__
    return (isinstance(cause, OSError) and cause.strerror) or error.message


def _swap(new: Path, folder: Path) -> None:
    kept = folder.with_name(f"{_REPLACED}{folder.name}")
    if folder.exists():
        shutil.rmtree(kept, ignore_errors=True)
        folder.replace(kept)
    try:
        new.replace(folder)
    except OSError:
        with suppress(OSError):
            kept.replace(folder)
        raise
    _flush(folder.parent)
    shutil.rmtree(kept, ignore_errors=True)


def _flush(parent: Path) -> None:
    """Make the rename itself survive a power cut; systems without this refuse, harmlessly."""
    with suppress(OSError):
        handle = os.open(parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(parent: Path) -> None:
    """Remove what earlier runs left when they were killed; younger folders may be in use."""
    for prefix in (_ADDING, _REMOVED):
        for left in parent.glob(f"{prefix}*"):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > _ABANDONED_AFTER_S:
                    shutil.rmtree(left, ignore_errors=True)
