"""How much memory the machine has."""

from __future__ import annotations

import os

_USUAL_MB, _MOST_MB, _SHARE = 768, 2048, 1 / 8


def machine_bytes() -> int | None:
    """Memory of the machine; None when the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None  # Windows has no sysconf


def usual_history_mb() -> int:
    """Memory for the pictures of the last seconds in MiB, as long as the user sets nothing else.

    An eighth of the machine's, within bounds: what needs not be encoded leaves its time to the
    analysis.
    """
    known = machine_bytes()
    if known is None:
        return _USUAL_MB
    return round(min(max(known * _SHARE / 2**20, _USUAL_MB), _MOST_MB))
