"""How far a long work is, and how a person ends it: every long work is handed one meter."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sonoassist.core.percent import percent

_SETTLES_S = 1.0
"""A rate that was measured for less is not told: it would jump."""


class CancelledError(Exception):
    """A person has ended the work; no error, and nothing half-written may be left by it."""


@dataclass(frozen=True, slots=True)
class HowFar:
    """How far a work is.

    Attributes:
        done: Steps done.
        total: Steps in all; 0 while nobody knows.
        elapsed_s: Since the work began.
        unit: What a step is, in the plural ("pictures", "MB"); "" where steps are no things that
            one could count.
    """

    done: float = 0.0
    total: float = 0.0
    elapsed_s: float = 0.0
    unit: str = ""

    @property
    def share(self) -> float | None:
        """Of the work that is done, 0 to 1; None while nobody knows."""
        return min(self.done / self.total, 1.0) if self.total > 0 else None

    @property
    def rate_hz(self) -> float | None:
        """Steps a second; None where it is too early to tell."""
        if self.elapsed_s < _SETTLES_S or self.done <= 0:
            return None
        return self.done / self.elapsed_s

    @property
    def left_s(self) -> float | None:
        """Time left, in seconds; None where it is too early to tell."""
        rate_hz = self.rate_hz
        if rate_hz is None or self.share is None:
            return None
        return max(self.total - self.done, 0.0) / rate_hz

    @property
    def text(self) -> str:
        """One line for people: share, rate and time left, as far as they are known."""
        parts = [] if self.share is None else [percent(self.share)]
        if self.rate_hz is not None and self.unit:
            parts.append(f"{_few_digits(self.rate_hz)} {self.unit} a second")
        if self.left_s is not None:
            parts.append(time_left(self.left_s))
        return ", ".join(parts)


def time_left(seconds: float) -> str:
    """A time left in words, no finer than anybody can know it."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 90:
        return f"{round(seconds, -1):.0f} s left"
    return f"{seconds / 60:.0f} min left"


def _few_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


class Meter:
    """Counts the steps of a work and tells them on; the work is ended from here too.

    Works count on it without knowing who reads it. One thread counts.

    Args:
        told: Is called with every step. What it raises ends the work: `CancelledError`, when a
            person wishes so.
        unit: See `HowFar`.
        cancelled: Asked whether a person wishes the work to end, by works that wait long between
            two steps.
    """

    def __init__(
        self,
        told: Callable[[HowFar], None] = lambda how_far: None,
        unit: str = "",
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._told = told
        self._cancelled = cancelled
        self._unit = unit
        self._began_s = time.monotonic()
        self._done = self._total = 0.0

    @property
    def how_far(self) -> HowFar:
        """Until now."""
        return HowFar(self._done, self._total, time.monotonic() - self._began_s, self._unit)

    @property
    def cancelled(self) -> bool:
        """Whether a person wishes the work to end."""
        return self._cancelled()

    def expect(self, steps: float) -> None:
        """So many steps more are to come."""
        self._total += steps
        self._told(self.how_far)

    def step(self, steps: float = 1.0) -> None:
        """So many more are done.

        Raises:
            CancelledError: The work is to end here.
        """
        self._done += steps
        self._total = max(self._total, self._done if self._total else 0.0)
        self._told(self.how_far)

    def at(self, done: float, total: float) -> None:
        """So many are done in all, of `total` (0: nobody knows).

        Raises:
            CancelledError: The work is to end here.
        """
        self._done, self._total = done, total
        self._told(self.how_far)
