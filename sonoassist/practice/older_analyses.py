"""What earlier programs kept for practice alone; results of recordings have one place now."""

from __future__ import annotations

import shutil
from pathlib import Path


def remove_older_analyses(home: Path) -> None:
    """Remove it, where there is any; what cannot be deleted stays, and is never used.

    It was made from recordings and models, and can be made again.

    Args:
        home: Folder of all user data.
    """
    shutil.rmtree(home / "practice" / "analyses", ignore_errors=True)
