"""How much memory the machine has, and how much this process uses."""

from __future__ import annotations

_USUAL_MB, _MOST_MB, _SHARE = 768, 2048, 1 / 8


def machine_bytes() -> int | None:
    """Memory of the machine; None when the system does not tell."""
    return _told("total")


def available_bytes() -> int | None:
    """Memory that programs may still get; None when the system does not tell.

    That is more than what lies free: files that were read fill the rest until it is needed.
    """
    return _told("available")


def _told(what: str) -> int | None:
    import psutil  # not on the path of a start that needs no settings

    try:
        return int(getattr(psutil.virtual_memory(), what))
    except (psutil.Error, OSError, ValueError):
        return None  # a container may hide it


def resident_mb() -> float:
    """Resident memory of this process in MB (1e6 bytes); 0 where the system does not tell."""
    import psutil

    try:
        return float(psutil.Process().memory_info().rss) / 1e6
    except (psutil.Error, OSError):
        return 0.0


def usual_history_mb() -> int:
    """Memory for the pictures of the last seconds in MiB, as long as the user sets nothing else.

    An eighth of the machine's, within bounds: what needs not be encoded leaves its time to the
    analysis.
    """
    known = machine_bytes()
    if known is None:
        return _USUAL_MB
    return round(min(max(known * _SHARE / 2**20, _USUAL_MB), _MOST_MB))
