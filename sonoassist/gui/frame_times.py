"""Where the time of each frame goes, from the capture to the screen. No Qt."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sonoassist.live.status import View

SPAN_S = 5.0
WAITING = "waiting"
"""From the capture until the analysis takes the frame."""
TO_SCREEN = "to screen"
"""From the result until painting begins: scaling, and waiting for the GUI thread."""
PAINTING = "painting"

Stages = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class FrameTime:
    """One frame that was painted.

    Attributes:
        captured_at_s: `time.monotonic()` when it left its source.
        painted_at_s: When it was on the screen.
        stages_ms: (stage, milliseconds): waiting, the analyser's stages, to screen, painting; a
            picture without a result has the last two only. Together they make `total_ms`.
        analysed: Whether it was drawn with a result.
    """

    captured_at_s: float
    painted_at_s: float
    stages_ms: Stages
    analysed: bool

    @property
    def total_ms(self) -> float:
        """From the capture to the screen."""
        return 1e3 * (self.painted_at_s - self.captured_at_s)

    @property
    def work_ms(self) -> float:
        """What the analyser did; while it takes less than a frame's interval it keeps up."""
        idle = (WAITING, TO_SCREEN, PAINTING)
        return sum(took_ms for stage, took_ms in self.stages_ms if stage not in idle)


def frame_time(view: View, began_s: float, painting_ms: float) -> FrameTime:
    """Put together the times of a frame.

    Args:
        view: What was painted.
        began_s: `time.monotonic()` when painting began, in seconds.
        painting_ms: How long it took, everything on the window that had changed included.
    """
    captured_s, analysis = view.frame.captured_at_s, view.analysis
    painted_s = began_s + painting_ms / 1e3
    if analysis is None:
        before_ms = max(1e3 * (began_s - captured_s), 0.0)
        stages: Stages = ((TO_SCREEN, before_ms), (PAINTING, painting_ms))
        return FrameTime(captured_s, painted_s, stages, False)
    work_ms = sum(took_ms for _, took_ms in analysis.timings_ms)
    waiting_ms = max(1e3 * (analysis.finished_at_s - captured_s) - work_ms, 0.0)
    to_screen_ms = max(1e3 * (began_s - analysis.finished_at_s), 0.0)
    stages = (
        (WAITING, waiting_ms),
        *analysis.timings_ms,
        (TO_SCREEN, to_screen_ms),
        (PAINTING, painting_ms),
    )
    return FrameTime(captured_s, painted_s, stages, True)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile of a time in milliseconds."""

    p50_ms: float
    p95_ms: float


def spread(times_ms: Iterable[float]) -> Spread:
    """Median and 95th percentile; 0 of nothing."""
    known = list(times_ms)
    if not known:
        return Spread(0.0, 0.0)
    p50, p95 = np.percentile(known, [50, 95])
    return Spread(float(p50), float(p95))


def stage_spreads(frames: Iterable[FrameTime]) -> dict[str, Spread]:
    """Of each stage, over the frames that went through it, in the order of a frame's life."""
    by_stage: dict[str, list[float]] = {}
    # Frames with a result first: they know every stage, in order.
    for frame in sorted(frames, key=lambda one: -len(one.stages_ms)):
        for stage, took_ms in frame.stages_ms:
            by_stage.setdefault(stage, []).append(took_ms)
    return {stage: spread(times_ms) for stage, times_ms in by_stage.items()}


class FrameTimes:
    """The frames painted in the last seconds.

    Args:
        span_s: How many seconds.
    """

    def __init__(self, span_s: float = SPAN_S) -> None:
        self.span_s = span_s
        self._frames: deque[FrameTime] = deque()

    def add(self, frame: FrameTime) -> None:
        """A frame was painted."""
        self._frames.append(frame)
        self.forget(frame.painted_at_s)

    def forget(self, now_s: float) -> None:
        """Drop what is older than the span."""
        while self._frames and self._frames[0].painted_at_s < now_s - self.span_s:
            self._frames.popleft()

    def clear(self) -> None:
        """Start anew."""
        self._frames.clear()

    def frames(self) -> tuple[FrameTime, ...]:
        """Oldest first."""
        return tuple(self._frames)

    def painted_hz(self) -> float:
        """Frames painted a second."""
        if len(self._frames) < 2:
            return 0.0
        took_s = self._frames[-1].painted_at_s - self._frames[0].painted_at_s
        return (len(self._frames) - 1) / took_s if took_s > 0 else 0.0
