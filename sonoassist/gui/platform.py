"""Whether a window can be opened here at all; asked before Qt would abort the program."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from sonoassist.core.errors import UsageError

_WITHOUT_DISPLAY = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")
_HINT = "Without one, use: sonoassist analyse SOURCE --out DIR"
_PACKAGES = "libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 libdbus-1-3 libfontconfig1"


def check_display(environment: Mapping[str, str] | None = None, system: str = "") -> None:
    """Check that there is a display.

    Args:
        environment: By default this process's.
        system: By default this one, as `sys.platform` has it.

    Raises:
        UsageError: There is none.
    """
    known = os.environ if environment is None else environment
    if not (system or sys.platform).startswith("linux"):
        return
    platform = known.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if platform in _WITHOUT_DISPLAY:
        return
    if not known.get("DISPLAY") and not known.get("WAYLAND_DISPLAY"):
        raise UsageError("there is no display to open a window on", _HINT)


def missing_library(error: ImportError) -> UsageError:
    """Turn Qt's import error into a sentence that names the packages."""
    reason = str(error).splitlines()[0] if str(error) else "unknown"
    return UsageError(
        f"the window's libraries cannot be loaded ({reason})",
        f"On Debian or Ubuntu: sudo apt install {_PACKAGES}. {_HINT}",
    )
