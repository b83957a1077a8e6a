"""Keeps the memory of a long session from growing without need."""

from __future__ import annotations

import ctypes
import sys

ARENAS = 2
_M_ARENA_MAX = -8
"""Name of the setting in `malloc.h` of the GNU C library."""


def keep_arenas_few() -> bool:
    """Have all threads share few pools of memory; to be called before there are threads.

    The GNU C library gives each thread a pool of its own. Frames are made on one thread and let
    go on another, so each pool keeps room for all that ever passed through: after half an hour
    of review a process held twice the memory it used.

    Returns:
        Whether that is set; False where another C library needs no such thing.
    """
    if sys.platform != "linux":
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    return set_option is not None and bool(set_option(_M_ARENA_MAX, ARENAS))
