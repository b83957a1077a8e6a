"""Waiting for another thread without guessing how long it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LIMIT_S = 30.0
"""Far more than anything takes; only a test that fails waits so long."""


def wait_until(condition: Callable[[], object], what: str = "", limit_s: float = LIMIT_S) -> None:
    """Return as soon as `condition` holds; fail when it never does."""
    tick = threading.Event()
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, f"waited in vain for {what or condition}"
        tick.wait(0.005)
