"""The best frame of each plane so far: steady confidence, then hints, sharpness and stillness.

Causal: of a view under way the best frame so far is proposed when nothing better came for a
moment. When the view has ended the choice is made over all of it, and takes the place of that.
Some of its other frames are held on to: they take the place of what is refused later.

How sure two networks are is not to be compared: with another one, or its scores read in another
way, what was proposed before stands for nothing, and the first good frame is proposed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import NamedTuple

from sonoassist.core.flaws import Hints
from sonoassist.core.packets import Analysis, Frame, State, SteadyState
from sonoassist.core.percent import percent
from sonoassist.core.planes import INDEX, Plane
from sonoassist.temporal.choice_words import HIGHEST, SECOND
from sonoassist.temporal.equals import Equals, equals_words
from sonoassist.temporal.hints import placed_again
from sonoassist.temporal.quality import GAIN, LEAST, NEAR, Quality
from sonoassist.temporal.quality_meter import QualityMeter
from sonoassist.temporal.reserves import Reserves
from sonoassist.temporal.steady import UNJUDGED_S
from sonoassist.temporal.view_choice import ViewChoice, Worth
from sonoassist.temporal.view_slices import ViewSlices

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
        equals: Number of frames of this view about as sure, with as few hints.
        hints: What could be better in the picture; None where nobody has looked.
        spared: Another frame of the view, about as sure, has more hints.
        second: The user refused one of its plane that it is no better than.
    """

    analysis: Analysis
    plane: Plane
    confidence: float
    quality: Quality
    steady_s: float
    equals: int
    hints: Hints | None = None
    spared: bool = False
    second: bool = False

    @property
    def why(self) -> str:
        """Why it was chosen, in words."""
        sharp, still = percent(self.quality.sharpness), percent(self.quality.stillness)
        steady = f", steady for {self.steady_s:.1f} s" if self.steady_s >= 0.05 else ""
        chosen = SECOND if self.second else HIGHEST
        words = f"{chosen} {percent(self.confidence)}{steady}"
        words += equals_words(self.equals, spared=self.spared)
        return f"{words} (sharpness {sharp}, stillness {still})"


class _Proposed(NamedTuple):
    """What was proposed last of a plane; its picture is not held on to."""

    worth: Worth
    captured_at_s: float


class BestFrames:
    """Follows an exam in the order of its frames."""

    def __init__(self) -> None:
        self._meter = QualityMeter()
        self._view: _View | None = None
        self._proposed: dict[str, _Proposed] = {}
        self._refused: dict[str, list[float]] = {}
        self._best_refused: dict[str, Worth] = {}
        self._reserves = Reserves[Candidate](_worth, _near_each_other, _picture_bytes)
        self._maker: tuple[str, str] | None = None

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
        ended = [*self._made_by(analysis), *self._ended(analysis, steady)]
        if plane is None or not self._fits(analysis, steady):
            return ended
        if self._view is None:
            self._view = _View(analysis.frame, plane, steady.since_s)
        steady_s = max(time_s - steady.since_s, 0.0)
        # A frozen screen repeats one picture: it counts once.
        confidence = _confidence(analysis, steady, plane)
        counts = (steady_s >= LEAST_STEADY_S and not analysis.frozen) or analysis.frame.still
        if counts and confidence > LEAST:  # whatever threshold the user set
            self._view.add(Candidate(analysis, plane, confidence, quality, steady_s, 1, hints))
        if self._view.settled(time_s):
            found = self._propose(self._first(plane.key, self._view.take()))
            self._view.heed(found)
            return [*ended, *found]
        return ended

    def complete(self, analysis: Analysis) -> None:
        """A frame's own box was found behind its label: where it is the best one it has it now."""
        if self._view is not None:
            self._view.complete(analysis)
        self._reserves.change(lambda one: _completed(one, analysis))

    def flush(self) -> list[Candidate]:
        """What the view that was under way has to offer; the source has ended or changed."""
        view, self._view = self._view, None
        if view is None:
            return []
        plane = view.plane.key
        self._reserves.add(plane, view.left(), self._stands)
        # What the view itself has offered meanwhile was said for the time being.
        again = view.stands and plane in self._proposed
        return self._propose(self._first(plane, view.take()), over_all=again)

    def refuse(
        self, plane: str, captured_at_s: float, *, another_stands: bool = False
    ) -> list[Candidate]:
        """The user rejected a frame: it and its neighbours are not proposed again.

        Args:
            plane: Key of the plane.
            captured_at_s: Of the frame.
            another_stands: Something else stands for the plane: nothing need take its place.

        Returns:
            The next best one of the views that have ended; none where one under way has a better
            one, which it proposes by itself.
        """
        self._refused.setdefault(plane, []).append(captured_at_s)
        self._reserves.keep(plane, lambda one: not _near(captured_at_s, _at_s(one)))
        view = self._view if self._view is not None and self._view.plane.key == plane else None
        if view is not None:
            view.leave_out(captured_at_s)
        if another_stands:
            return []
        self._withdraw(plane)
        best = None if view is None else view.offer_again()
        first = self._first(plane, best)
        if first is best:
            return []
        return self._propose(first)

    def forget(self, plane: str) -> None:
        """What was proposed last of a plane was not taken: it may be proposed again."""
        self._proposed.pop(plane, None)

    def _made_by(self, analysis: Analysis) -> list[Candidate]:
        """What the view under way has to offer, where another network looks from this frame on."""
        maker = _maker_of(analysis)
        if maker == self._maker:
            return []
        ended = self.flush()
        self._maker = maker
        self._proposed.clear()
        self._best_refused.clear()
        self._reserves.clear()
        return ended

    def _ended(self, analysis: Analysis, steady: SteadyState) -> list[Candidate]:
        """What the view under way has to offer, where it has ended before this frame."""
        if self._view is None:
            return []
        if not self._view.goes_on(analysis, steady):
            return self.flush()
        if analysis.state.judged:
            self._view.seen_s = analysis.frame.time_s
        return []

    def _fits(self, analysis: Analysis, steady: SteadyState) -> bool:
        plane, at_s = steady.plane, analysis.frame.captured_at_s
        if plane is None or analysis.state is not State.PLANE:
            return False
        if analysis.prediction.plane is not plane:
            return False
        return not any(_near(one, at_s) for one in self._refused.get(plane.key, []))

    def _propose(self, best: Candidate | None, *, over_all: bool = False) -> list[Candidate]:
        """A candidate that is better than what was proposed before.

        Args:
            best: Of a view; None where there is nothing new.
            over_all: What was proposed before is of the same view: it need not be surpassed.
        """
        if best is None:
            return []
        plane, worth = best.plane.key, _worth(best)
        before = self._proposed.get(plane)
        if before is not None and not over_all and not _better(worth, before.worth):
            return []
        self._proposed[plane] = _Proposed(worth, _at_s(best))
        refused = self._best_refused.get(plane)
        second = refused is not None and not _better(worth, refused)
        return [replace(best, second=True) if second else best]

    def _first(self, plane: str, best: Candidate | None) -> Candidate | None:
        """What comes first: where nothing of the plane stands, also of the views that have ended.

        Args:
            plane: Key of the plane.
            best: Of the view under way, or that ends; None where it has nothing new.
        """
        left = self._reserves.first(plane)
        if left is None or plane in self._proposed:
            return best
        if best is None:
            return left
        same = best.analysis.frame is left.analysis.frame
        return best if same or _better(_worth(best), _worth(left)) else left

    def _withdraw(self, plane: str) -> None:
        """What was proposed of a plane stands no more; what comes next is a second choice to it."""
        gone = self._proposed.pop(plane, None)
        before = self._best_refused.get(plane)
        if gone is not None and (before is None or _better(gone.worth, before)):
            self._best_refused[plane] = gone.worth

    def _stands(self, one: Candidate) -> bool:
        """Whether it is what was proposed last of its plane."""
        proposed = self._proposed.get(one.plane.key)
        return proposed is not None and proposed.captured_at_s == _at_s(one)


NEWEST = 14
"""Frames of a view that their own box may still come for."""


class _View:
    """One stretch of a steady plane.

    Attributes:
        plane: It.
        stands: What was last proposed of the plane is of this view.
        seen_s: Time of its last frame of which something may be said.
    """

    def __init__(self, first: Frame, plane: Plane, since_s: float) -> None:
        self.plane = plane
        self.stands = False
        self.seen_s = first.time_s
        self._source_id = first.source_id
        self._since_s = since_s
        self._newest: deque[tuple[int, float, Hints | None]] = deque(maxlen=NEWEST)
        self._frames: ViewChoice[Candidate] = ViewChoice()
        self._slices: ViewSlices[Candidate] = ViewSlices(REFUSED_S, _worth)
        self._equals = Equals()
        self._taken: Frame | None = None

    def goes_on(self, analysis: Analysis, steady: SteadyState) -> bool:
        """Whether a frame is of it; one of which nothing may be said does not end it by itself."""
        frame = analysis.frame
        if frame.source_id != self._source_id or frame.still:
            return False
        if not analysis.state.judged:
            return 0 <= frame.time_s - self.seen_s <= UNJUDGED_S
        return steady.plane is self.plane and steady.since_s == self._since_s

    def add(self, one: Candidate) -> None:
        self._equals.add(one.confidence, _flaws(one))
        self._newest.append((one.analysis.frame.frame_id, one.confidence, one.hints))
        self._frames.add(_worth(one), one)
        self._slices.add(_at_s(one), one)

    def complete(self, analysis: Analysis) -> None:
        """A frame's own box was found behind its label."""
        frame_id = analysis.frame.frame_id
        for taken_id, confidence, hints in self._newest:
            if taken_id == frame_id and hints is not None:
                again = placed_again(hints, analysis)
                self._equals.change(confidence, len(hints), len(again))
        self._frames.change(lambda one: (_worth(new := _completed(one, analysis)), new))
        self._slices.change(lambda one: _completed(one, analysis))

    def leave_out(self, captured_at_s: float) -> None:
        """The user rejected a frame: what is near to it is no choice, the rest of the view is."""

        def far(one: Candidate) -> bool:
            return not _near(captured_at_s, _at_s(one))

        self._frames.keep(far)
        self._slices.keep(far)
        self._equals.clear()
        self._newest.clear()
        for one in self._slices:  # less sure than what was refused, and held there only
            self._frames.add(_worth(one), one)

    def offer_again(self) -> Candidate | None:
        """Its best, which is to be offered though it was before: nothing stands any more."""
        self._taken = None
        return self._frames.best()

    def heed(self, found: list[Candidate]) -> None:
        """Note whether what was just proposed of the plane is of this view."""
        if found:
            self.stands = found[-1].analysis.frame is self._taken

    def left(self) -> list[Candidate]:
        """The frames that are held, from all over the view."""
        return [*self._frames, *self._slices]

    def settled(self, time_s: float) -> bool:
        best = self._frames.best()
        if best is None or best.analysis.frame is self._taken:
            return False
        return time_s - best.analysis.frame.time_s >= SETTLED_S

    def take(self) -> Candidate | None:
        """The best so far; None where it was taken before."""
        best = self._frames.best()
        if best is None or best.analysis.frame is self._taken:
            return None
        self._taken = best.analysis.frame
        flaws = _flaws(best)
        equals, spared = self._equals.of(flaws), self._equals.with_more(flaws)
        return replace(best, equals=max(equals, 1), spared=spared)


def _near(one_s: float, other_s: float) -> bool:
    return abs(one_s - other_s) <= REFUSED_S


def _near_each_other(one: Candidate, other: Candidate) -> bool:
    return _near(_at_s(one), _at_s(other))


def _picture_bytes(one: Candidate) -> int:
    return one.analysis.frame.pixels.nbytes


def _maker_of(analysis: Analysis) -> tuple[str, str] | None:
    """The network, and how its scores are read."""
    made = analysis.provenance
    return None if made is None else (made.weights_sha256, made.network_input)


def _completed(one: Candidate, analysis: Analysis) -> Candidate:
    """A candidate with its frame's own box, where it is of that frame."""
    if one.analysis.frame is not analysis.frame:
        return one
    hints = None if one.hints is None else placed_again(one.hints, analysis)
    return replace(one, analysis=analysis, hints=hints)


def _confidence(analysis: Analysis, steady: SteadyState, plane: Plane) -> float:
    smoothed = float(steady.probabilities[INDEX[plane.key]])
    return min(smoothed, analysis.prediction.confidence)


def _worth(one: Candidate) -> Worth:
    return Worth(one.confidence, one.quality.together, _flaws(one))


def _at_s(one: Candidate) -> float:
    return one.analysis.frame.captured_at_s


def _flaws(one: Candidate) -> int:
    return len(one.hints or ())


def _better(one: Worth, other: Worth) -> bool:
    """Whether it is worth taking the place of one that the user may have seen already."""
    gain = one.confidence - other.confidence
    if abs(gain) > NEAR:
        return gain > 0
    return _preferred(one, other, NEAR / 2)


def _preferred(one: Worth, other: Worth, least: float) -> bool:
    """Among frames about as sure: fewer hints, then sharper and stiller, else the surer one."""
    if one.flaws != other.flaws:
        return one.flaws < other.flaws
    gain = one.quality - other.quality
    if abs(gain) > GAIN:
        return gain > 0
    return one.confidence - other.confidence > least
