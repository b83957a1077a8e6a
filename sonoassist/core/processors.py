"""How many processor cores this program may keep busy, and how its threads share them.

What a machine has and what a process may use are two things: a container has a quota, a process
an affinity. Threads beyond that wait for each other, and a network whose threads wait for one
that is not running is many times slower.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sonoassist.core.errors import UsageError

LIMIT_VARIABLE = "SONOASSIST_THREADS"
"""Environment variable with the most cores to use, e.g. where several programs share them."""
MOST_MEDIA_THREADS = 4
"""Decoding a picture gains nothing by more."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ThreadPlan:
    """Who gets how many threads.

    One frame after the other is captured, prepared, run through the network and painted, each on
    a thread of its own. Only the network and the codecs use more than their own thread, and
    OpenCV never does (`sonoassist.core.opencv`): its work on one picture is too short for that.

    Attributes:
        cores: That the process may use.
        inference: Threads that work on one network pass, the calling one included.
        media: Threads of one video decoder or encoder.
    """

    cores: int
    inference: int
    media: int


def thread_limit() -> int | None:
    """The limit of the user; None where there is none.

    Raises:
        UsageError: It is no number above 0.
    """
    limit = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not limit:
        return None
    if not (limit.isdecimal() and int(limit) > 0):
        raise UsageError(
            f"{LIMIT_VARIABLE} is {limit!r}, not a number above 0",
            "Leave it out, or give 1 or more",
        )
    return int(limit)


def usable_cores() -> int:
    """Cores this process may use: of its affinity, its container's quota and the user's limit.

    Raises:
        UsageError: The limit of the user is no number above 0.
    """
    # Late: it brings numpy along, and the window is on screen before that.
    import joblib

    found, limit = int(joblib.cpu_count()), thread_limit()
    return found if limit is None else min(found, limit)


def plan_threads() -> ThreadPlan:
    """Share the cores out.

    Raises:
        UsageError: The limit of the user is no number above 0.
    """
    cores = usable_cores()
    return ThreadPlan(cores, cores, max(1, min(MOST_MEDIA_THREADS, cores // 2)))


def is_limited(plan: ThreadPlan) -> bool:
    """Whether the process may use fewer cores than the machine has.

    Libraries look at the machine, so they have to be told.
    """
    return plan.cores < (os.cpu_count() or 1)


def processor_name(
    cpuinfo: Path = Path("/proc/cpuinfo"), ask: Callable[[], str] | None = None
) -> str:
    """Model of the processor.

    Args:
        cpuinfo: Where Linux tells it.
        ask: Asks a system without that file.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return (ask or _ask_system)() or platform.processor() or UNKNOWN
    found = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor() or UNKNOWN


def _ask_system() -> str:
    """MacOS tells the model through a program of its own."""
    try:
        done = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
