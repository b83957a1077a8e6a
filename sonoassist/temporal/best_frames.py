"""The best frame of each plane so far: steady confidence, then hints, sharpness and stillness.

Causal: a frame is proposed when the view that it belongs to has ended, or when nothing better
came for a moment; a better one later is proposed again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sonoassist.core.flaws import Hints
from sonoassist.core.packets import Analysis, State, SteadyState
from sonoassist.core.percent import percent
from sonoassist.core.planes import INDEX, Plane
from sonoassist.core.wording import counted
from sonoassist.temporal.hints import placed_again
from sonoassist.temporal.quality import GAIN, LEAST, NEAR, Quality
from sonoassist.temporal.quality_meter import QualityMeter

LEAST_STEADY_S = 0.25
"""A view that passes by more quickly is no view."""
SETTLED_S = 0.8
"""So long after the best frame of a view it is proposed though the view goes on."""
REFUSED_S = 2.0
"""No frame so near to one that the user rejected is proposed again."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A frame that may stand for its plane.

    Attributes:
        analysis: Of the frame.
        plane: The steady plane.
        confidence: The plane's smoothed probability, the lower one of it and the frame's own.
        quality: Of the picture.
        steady_s: How long the plane had been steady.
        equals: Number of frames of this view whose confidence was about as high.
        hints: What could be better in the picture; None where nobody has looked.
        spared: Another frame of the view, about as sure, has more hints.
    """

    analysis: Analysis
    plane: Plane
    confidence: float
    quality: Quality
    steady_s: float
    equals: int
    hints: Hints | None = None
    spared: bool = False

    @property
    def why(self) -> str:
        """Why it was chosen, in words."""
        sharp, still = percent(self.quality.sharpness), percent(self.quality.stillness)
        steady = f", steady for {self.steady_s:.1f} s" if self.steady_s >= 0.05 else ""
        words = f"highest steady confidence {percent(self.confidence)}{steady}"
        if self.spared:
            words += "; fewer hints than other frames about as sure"
        if self.equals > 1:
            words += f"; the sharpest and stillest of {counted(self.equals, 'frame')} about as sure"
        return f"{words} (sharpness {sharp}, stillness {still})"


class BestFrames:
    """Follows an exam in the order of its frames."""

    def __init__(self) -> None:
        self._meter = QualityMeter()
        self._view: _View | None = None
        self._proposed: dict[str, _Worth] = {}
        self._refused: dict[str, list[float]] = {}

    def update(
        self, analysis: Analysis, steady: SteadyState, hints: Hints | None = None
    ) -> list[Candidate]:
        """Take the next frame; returns what is better than all proposed before.

        Args:
            analysis: Of the frame.
            steady: The label up to it.
            hints: What could be better in its picture; None where nobody has looked.
        """
        quality = self._meter.measure(analysis)
        plane, time_s = steady.plane, analysis.frame.time_s
        ended = []
        if self._view is not None and not self._view.goes_on(analysis, steady):
            ended = self.flush()
        if plane is None or not self._fits(analysis, steady):
            return ended
        if self._view is None:
            self._view = _View(analysis.frame.source_id, plane, steady.since_s)
        steady_s = max(time_s - steady.since_s, 0.0)
        # A frozen screen repeats one picture: it counts once.
        confidence = _confidence(analysis, steady, plane)
        counts = (steady_s >= LEAST_STEADY_S and not analysis.frozen) or analysis.frame.still
        if counts and confidence > LEAST:  # whatever threshold the user set
            self._view.add(Candidate(analysis, plane, confidence, quality, steady_s, 1, hints))
        if self._view.settled(time_s):
            return [*ended, *self._propose(self._view.take())]
        return ended

    def complete(self, analysis: Analysis) -> None:
        """A frame's own box was found behind its label: where it is the best one it has it now."""
        if self._view is not None:
            self._view.complete(analysis)

    def flush(self) -> list[Candidate]:
        """What the view that was under way has to offer; the source has ended or changed."""
        view, self._view = self._view, None
        return self._propose(view.take()) if view is not None else []

    def refuse(self, plane: str, captured_at_s: float) -> None:
        """The user rejected a frame: it and its neighbours are not proposed again.

        Args:
            plane: Key of the plane.
            captured_at_s: Of the frame.
        """
        self._refused.setdefault(plane, []).append(captured_at_s)
        self._proposed.pop(plane, None)
        if self._view is not None and self._view.plane.key == plane:
            self._view = None

    def forget(self, plane: str) -> None:
        """What was proposed last of a plane was not taken: it may be proposed again."""
        self._proposed.pop(plane, None)

    def _fits(self, analysis: Analysis, steady: SteadyState) -> bool:
        plane, at_s = steady.plane, analysis.frame.captured_at_s
        if plane is None or analysis.state is not State.PLANE:
            return False
        if analysis.prediction.plane is not plane:
            return False
        refused = self._refused.get(plane.key, [])
        return not any(abs(one - at_s) <= REFUSED_S for one in refused)

    def _propose(self, best: Candidate | None) -> list[Candidate]:
        if best is None:
            return []
        worth = _worth(best)
        before = self._proposed.get(best.plane.key)
        if before is not None and not _better(worth, before):
            return []
        self._proposed[best.plane.key] = worth
        return [best]


@dataclass(frozen=True, slots=True)
class _Worth:
    """What frames are compared by; the frames themselves are not held on to."""

    confidence: float
    quality: float
    flaws: int


class _View:
    """One stretch of a steady plane; keeps only the frames that may still be its best."""

    def __init__(self, source_id: str, plane: Plane, since_s: float) -> None:
        self.plane = plane
        self._source_id = source_id
        self._since_s = since_s
        self._peak = 0.0
        self._best: Candidate | None = None
        self._taken: Candidate | None = None
        self._equals = 0
        self._most_flaws = 0

    def goes_on(self, analysis: Analysis, steady: SteadyState) -> bool:
        return (
            steady.plane is self.plane
            and steady.since_s == self._since_s
            and analysis.frame.source_id == self._source_id
            and not analysis.frame.still
        )

    def add(self, one: Candidate) -> None:
        best, confidence = self._best, one.confidence
        if confidence < self._peak - NEAR:
            return
        if best is None or confidence > self._peak + NEAR:
            self._equals = self._most_flaws = 0
        self._peak = max(self._peak, confidence)
        self._equals += 1
        self._most_flaws = max(self._most_flaws, _flaws(one))
        fallen = best is not None and best.confidence < self._peak - NEAR
        if best is None or fallen or _preferred(_worth(one), _worth(best), 0.0):
            self._best = one

    def complete(self, analysis: Analysis) -> None:
        best = self._best
        if best is None or best.analysis.frame is not analysis.frame:
            return
        hints = None if best.hints is None else placed_again(best.hints, analysis)
        self._best = replace(best, analysis=analysis, hints=hints)
        if self._taken is best:
            self._taken = self._best

    def settled(self, time_s: float) -> bool:
        best = self._best
        if best is None or best is self._taken:
            return False
        return time_s - best.analysis.frame.time_s >= SETTLED_S

    def take(self) -> Candidate | None:
        best, self._taken = self._best, self._best
        if best is None:
            return None
        return replace(best, equals=self._equals, spared=_flaws(best) < self._most_flaws)


def _confidence(analysis: Analysis, steady: SteadyState, plane: Plane) -> float:
    smoothed = float(steady.probabilities[INDEX[plane.key]])
    return min(smoothed, analysis.prediction.confidence)


def _worth(one: Candidate) -> _Worth:
    return _Worth(one.confidence, one.quality.together, _flaws(one))


def _flaws(one: Candidate) -> int:
    return len(one.hints or ())


def _better(one: _Worth, other: _Worth) -> bool:
    """Whether it is worth taking the place of one that the user may have seen already."""
    gain = one.confidence - other.confidence
    if abs(gain) > NEAR:
        return gain > 0
    return _preferred(one, other, NEAR / 2)


def _preferred(one: _Worth, other: _Worth, least: float) -> bool:
    """Among frames about as sure: fewer hints, then sharper and stiller, else the surer one."""
    if one.flaws != other.flaws:
        return one.flaws < other.flaws
    gain = one.quality - other.quality
    if abs(gain) > GAIN:
        return gain > 0
    return one.confidence - other.confidence > least
