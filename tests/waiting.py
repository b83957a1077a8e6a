"""Waiting for another thread without guessing how long it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from limits import limit_s

LIMIT_S = limit_s() / 2
"""Less than the whole test has, so that a test that waits in vain can say for what."""
LIMIT_MS = round(1000 * LIMIT_S)
NEVER_S = 100 * LIMIT_S
"""Longer than a test may take: what waits so long hangs."""


def wait_until(condition: Callable[[], object], what: str = "") -> None:
    """Return as soon as `condition` holds; fail when it never does."""
    tick = threading.Event()
    end_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end_s, f"waited in vain for {what or condition}"
        tick.wait(0.005)
