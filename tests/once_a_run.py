"""What several workers of a run need is made by the first of them that needs it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def once_a_run(folder: Path, make: Callable[[], object]) -> Path:
    """Have `make` fill `folder`, unless a worker has done so; the others wait for that."""
    finished = folder.with_suffix(".finished")
    with FileLock(folder.with_suffix(".lock")):
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what a maker that failed has left
            folder.mkdir(parents=True)
            make()
            finished.touch()
    return folder
