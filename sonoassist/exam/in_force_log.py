"""What the pictures of a running exam are judged by, and what each of its sources is."""

from __future__ import annotations

from collections import deque

from sonoassist.core.packets import Frame
from sonoassist.exam.exam import Exam
from sonoassist.exam.in_force import InForce, Moment, held_at, judged_by
from sonoassist.exam.in_force_words import change_events
from sonoassist.live.status import View


class InForceLog:
    """Follows the changes; any thread may tell and ask, the exam's thread keeps them.

    Args:
        first: What holds from the exam's beginning.
        source_id: Of the opening that the exam is of.
    """

    def __init__(self, first: InForce, source_id: str) -> None:
        self._moments = [Moment(0.0, first)]
        self._unkept: deque[tuple[Moment, tuple[tuple[str, str], ...]]] = deque()
        self._unkept.append((self._moments[0], ()))
        self._sources = {source_id: self._moments[0]}  # replaced as a whole, read on any thread

    @property
    def now(self) -> InForce:
        """What holds now."""
        return self._moments[-1].in_force

    def change(self, at_s: float, in_force: InForce) -> bool:
        """Take what holds from now on; returns whether that is a change.

        Args:
            at_s: Now, in seconds since the exam began.
            in_force: What holds.
        """
        before = self.now
        if in_force == before:
            return False
        moment = Moment(at_s, in_force)
        last = next(
            (one.in_force for one in reversed(self._moments) if one.in_force.judges), before
        )
        self._moments.append(moment)
        # While no model is there nothing else is said: the same one may come again.
        told = tuple(change_events(last, in_force)) if in_force.judges else ()
        self._unkept.append((moment, told))
        return True

    def join_source(self, source_id: str) -> None:
        """Pictures of this opening are the exam's, too, and are of what is watched now."""
        self._sources = self._sources | {source_id: self._moments[-1]}

    def has_source(self, source_id: str) -> bool:
        """Whether pictures of this opening are the exam's."""
        return source_id in self._sources

    def keep(self, exam: Exam) -> None:
        """Write each change; what is told of captures depends on them.

        Raises:
            OutputError: One cannot be written; it and those after it wait on.
        """
        while self._unkept:
            exam.add_moment(*self._unkept[0])
            self._unkept.popleft()

    def judged(self, view: View, at_s: float) -> Moment:
        """What a picture was judged by.

        Args:
            view: The picture, with its result.
            at_s: When it was named: on screen, where a person has chosen it.
        """
        made = None if view.analysis is None else view.analysis.provenance
        return judged_by(self._moments, at_s, "" if made is None else made.weights_sha256)

    def watched(self, frame: Frame, at_s: float) -> Moment:
        """The moment that has what a picture is of.

        Args:
            frame: The picture.
            at_s: When it was captured, in seconds since the exam began.
        """
        return self._sources.get(frame.source_id) or held_at(self._moments, at_s)

    def is_told_by_time(self, at_s: float, judged: Moment, watched: Moment) -> bool:
        """Whether the time of a picture alone tells what it was judged by and what it is of."""
        taken = held_at(self._moments, at_s)
        return judged == taken and taken.in_force.watching(watched.in_force) == taken.in_force
