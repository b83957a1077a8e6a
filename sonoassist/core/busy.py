"""How much other programs work while something is measured: speed beside them is no speed."""

from __future__ import annotations

import os
import time
from pathlib import Path

NOTABLE_CORES = 0.25
"""Others that took more of the processor than this have made the figures worse."""
_STAT = Path("/proc/stat")
_BUSY_FIELDS = (1, 2, 3, 6, 7, 8)
"""user, nice, system, irq, softirq and steal; the others are idle or counted already."""


class OtherWork:
    """Watches the cores that this process may use, from now on.

    Args:
        stat: Where Linux tells the time that each core was busy.
    """

    def __init__(self, stat: Path = _STAT) -> None:
        self._stat = stat
        self._begun_s = time.monotonic()
        self._busy_s, self._own_s = busy_s(stat), _own_s()

    def cores(self) -> float | None:
        """Cores that all other programs kept busy on average; None where it cannot be told."""
        now_s = busy_s(self._stat)
        took_s = time.monotonic() - self._begun_s
        if now_s is None or self._busy_s is None or took_s <= 0:
            return None
        return max(now_s - self._busy_s - (_own_s() - self._own_s), 0.0) / took_s


def other_work_line(cores: float | None) -> str:
    """What must be said beside a speed; "" where the computer was quiet."""
    if cores is None:
        return "whether other work was running is not known here: measure on a quiet computer"
    if cores < NOTABLE_CORES:
        return ""
    return (
        f"other work kept {cores:.1f} cores busy meanwhile: the figures are lower than those of a "
        "quiet computer"
    )


def busy_s(stat: Path) -> float | None:
    """Seconds since its start that the usable cores were busy, all together.

    Args:
        stat: In the form of Linux's /proc/stat.

    Returns:
        None where there is no such file.
    """
    try:
        lines = stat.read_text(encoding="ascii", errors="replace").splitlines()
        usable = {f"cpu{number}" for number in os.sched_getaffinity(0)}
        rows = [line.split() for line in lines]
        ticks = [sum(int(row[place]) for place in _BUSY_FIELDS) for row in rows if row[0] in usable]
        return sum(ticks) / os.sysconf("SC_CLK_TCK") if ticks else None
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def _own_s() -> float:
    """Of this process and of those that it has waited for."""
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system
