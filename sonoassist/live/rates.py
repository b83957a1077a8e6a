"""Counting frames and their latency over the last seconds."""

from __future__ import annotations

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from sonoassist.core.packets import Analysis, LiveStats

WINDOW_S = 3.0


class Rates:
    """Collects from the capture and the analysis thread; `stats` may be asked from any.

    Args:
        clock_s: Gives the time; tests pass their own.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._counting = True
        self.reset()

    def reset(self) -> None:
        """Start anew (another source)."""
        with self._lock:
            self._captured = 0
            self._analysed = 0
            self._captured_at_s: deque[float] = deque()
            self._done: deque[tuple[float, float, tuple[tuple[str, float], ...]]] = deque()
            self._boxes_at_s: deque[float] = deque()

    def set_counting(self, on: bool) -> None:
        """Whether rates and latency are taken; they begin anew when it goes on.

        What stands still (paused, frozen, lost) has no rate, and a frame that is looked at again
        minutes later has no latency.
        """
        with self._lock:
            if on and not self._counting:
                self._captured_at_s.clear()
                self._done.clear()
                self._boxes_at_s.clear()
            self._counting = on

    def captured(self) -> None:
        """Count a captured frame."""
        with self._lock:
            self._captured += 1
            if self._counting:
                self._captured_at_s.append(self._clock_s())

    def analysed(self, analysis: Analysis, *, again: bool = False) -> None:
        """Count an analysed frame.

        Args:
            analysis: Of it.
            again: It had a result before, which was made with other options.
        """
        latency_ms = 1e3 * (analysis.finished_at_s - analysis.frame.captured_at_s)
        with self._lock:
            self._analysed += 1
            if self._counting and not again:
                self._done.append((self._clock_s(), latency_ms, analysis.timings_ms))

    def box_found(self) -> None:
        """Count a box that was found on its own frame, with its label or after it."""
        with self._lock:
            if self._counting:
                self._boxes_at_s.append(self._clock_s())

    def stats(self, dropped: int) -> LiveStats:
        """The figures of the last `WINDOW_S` seconds."""
        with self._lock:
            self._forget_old()
            if not self._counting:
                return LiveStats(self._captured, self._analysed, dropped, 0, 0, 0, 0, ())
            p50_ms, p95_ms = _median_and_p95([latency for _, latency, _ in self._done])
            return LiveStats(
                captured=self._captured,
                analysed=self._analysed,
                dropped=dropped,
                capture_hz=_rate(self._captured_at_s),
                analysis_hz=_rate(at_s for at_s, _, _ in self._done),
                latency_p50_ms=p50_ms,
                latency_p95_ms=p95_ms,
                stages_ms=self._stages(),
                boxes_hz=self._boxes_hz(),
            )

    def _forget_old(self) -> None:
        oldest_s = self._clock_s() - WINDOW_S
        for at_s in (self._captured_at_s, self._boxes_at_s):
            while at_s and at_s[0] < oldest_s:
                at_s.popleft()
        while self._done and self._done[0][0] < oldest_s:
            self._done.popleft()

    def _boxes_hz(self) -> float:
        """Of one box alone in all that time it is not said that there was none."""
        return 1 / WINDOW_S if len(self._boxes_at_s) == 1 else _rate(self._boxes_at_s)

    def _stages(self) -> tuple[tuple[str, float], ...]:
        by_stage: dict[str, list[float]] = {}
        for _, _, timings in self._done:
            for stage, took_ms in timings:
                by_stage.setdefault(stage, []).append(took_ms)
        return tuple((stage, statistics.median(all_ms)) for stage, all_ms in by_stage.items())


def _median_and_p95(values: Sequence[float]) -> tuple[float, float]:
    """Asked for with each frame: numpy takes four times as long for so few values."""
    if len(values) < 2:
        value = values[0] if values else 0.0
        return value, value
    twentieths = statistics.quantiles(values, n=20, method="inclusive")
    return twentieths[9], twentieths[18]


def _rate(times: Iterable[float]) -> float:
    """Events a second between the first and the last of `times`."""
    at_s = list(times)
    if len(at_s) < 2 or at_s[-1] <= at_s[0]:
        return 0.0
    return float((len(at_s) - 1) / (at_s[-1] - at_s[0]))
