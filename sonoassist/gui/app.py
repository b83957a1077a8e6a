"""Opens the window. Qt is imported only once it is known that there is a display."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sonoassist.gui.platform import check_display, missing_library

if TYPE_CHECKING:
    from sonoassist.practice.wish import PracticeWish


def run_window(
    source: str | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    bundled_model: bool = False,
    page: str = "live",
    practice: PracticeWish | None = None,
) -> int:
    """Open the window and stay in it until it is closed.

    Args:
        source: What to open at once; None for the start page.
        overrides: Settings of this run only (name -> value), e.g. from the command line; they
            are not kept unless the user changes the same setting in the window.
        bundled_model: Use the model that comes with the program unless `overrides` name one.
        page: The page to show and to open the source on, see `gui.page.Page`.
        practice: An exercise to begin with, on the practice page.

    Returns:
        Exit code of the program.

    Raises:
        UsageError: No display, missing system libraries, or an override that is not allowed.
    """
    check_display()
    try:
        from sonoassist.gui.start import run

        return run(
            source, overrides or {}, bundled_model=bundled_model, page=page, practice=practice
        )
    except ImportError as error:
        if "PyQt6" in str(error) or ".so" in str(error) or "DLL" in str(error):
            raise missing_library(error) from error
        raise
