"""One exercise, question by question: the rules of the game. No clock and no pictures in it.

Each question plays a stretch of the exam: some of what comes before a view, the view itself, and
a moment behind it.

* A plane named from `EARLY_S` before the view to the end of the stretch is an answer: found when
  it is the right one, wrong when it is another or "none of them". The last name given counts,
  with its own time, until the frozen frame is handed in.
* A plane named before that, where the exam shows no plane, is a false alarm, once for each plane
  in a question; the question goes on. Where nothing is known of a frame, or it does show that
  plane but is no view to be asked for, a name does not count at all.
* A plane that the teacher's question set calls absent is a false alarm wherever it is named, in
  the view too: it is no answer, and one that stands stays. Pictures that look like it count as
  no plane.
* "None of them" is taken alike everywhere, so that it does not tell where the view begins; only
  handed in with a frozen frame it is judged: right before the view, and the question goes on.
* The time to find is what passes on screen from the first frame of the view to the furthest
  frame shown when the name was given: at half speed it takes twice as long. Stepping back does
  not shorten it, and thinking over a frozen picture does not lengthen it.
* When the stretch has been played and nothing was named, the view is missed. With a name the
  last picture freezes, and the best frame can still be looked for; without one as well where the
  exam leaves no moment behind the view to answer in. To play on from there is to give up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from sonoassist.core.planes import BACKGROUND_INDEX, BY_KEY, INDEX, KEYS
from sonoassist.practice.answers import Answers, PlaneView
from sonoassist.practice.ballot import Ballot, BallotVerdict, choices_for
from sonoassist.practice.scores import FULL_POINTS, Attempt, QuestionOutcome, question_points
from sonoassist.practice.truth import UNKNOWN

EARLY_S = 0.3
"""Where a view begins is a matter of taste: a name given so much before still counts."""
ANSWER_S = 0.7
"""So much of the exam has to follow a view, or its last picture waits for the answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        view: The answer.
        start: First frame played.
        end: Last frame played.
    """

    view: PlaneView
    start: int
    end: int


class Phase(Enum):
    """How far a question has come."""

    PLAYING = "playing"
    ANSWERED = "answered"
    """It plays on; a plane has been named."""
    FROZEN = "frozen"
    SCORED = "scored"
    """The attempt is decided; the answer is still hidden."""
    REVEALED = "revealed"
    FINISHED = "finished"
    """There is no further question."""


class Called(Enum):
    """What a name was taken for; FOUND and WRONG are not told before the reveal."""

    ANSWER = "answer"
    FALSE_ALARM = "false_alarm"
    NONE = "none"
    """Called no plane; whether that is right is told when it is handed in."""
    NOT_COUNTED = "not_counted"
    """Nothing is known of the frame, or it is not what was asked for."""
    REFUSED = "refused"
    """Not the moment for a name."""


@dataclass(frozen=True, slots=True)
class _Named:
    plane: str
    time_s: float


NONE = KEYS[BACKGROUND_INDEX]


class Exercise:
    """Runs through questions.

    Args:
        answers: Of the exam.
        questions: At least one.
        class_mode: Names are votes.
        seed: Of the choices offered to a class.
        absent: Keys of the planes that this exam does not have, by a teacher's word.

    Attributes:
        absent: As given.
        speed: At which the exam is played.
    """

    def __init__(
        self,
        answers: Answers,
        questions: Sequence[Question],
        *,
        class_mode: bool = False,
        seed: int = 0,
        absent: Collection[str] = (),
    ) -> None:
        self.answers = answers
        self.questions = tuple(questions)
        self.class_mode = class_mode
        self.absent = frozenset(absent)
        self.attempts: list[Attempt] = []
        self.speed = 1.0
        self._seed = seed
        self._number = -1
        self.phase = Phase.FINISHED
        self.next()

    # -- where we are ----------------------------------------------------------------------

    @property
    def number(self) -> int:
        """Of the question, from 0 on."""
        return self._number

    @property
    def question(self) -> Question:
        """The one that is asked now; the last one when all are done."""
        return self.questions[min(self._number, len(self.questions) - 1)]

    @property
    def said(self) -> str | None:
        """Key of the plane named last, or None."""
        if self._none_at == self._at:
            return NONE
        # Said of an earlier frame it is not shown: that would tell that the view has begun.
        plane = self._named.plane if self._named is not None else NONE
        return plane if plane != NONE else None

    @property
    def false_alarms(self) -> tuple[str, ...]:
        """Keys of the planes named where there was none, in this question."""
        return tuple(self._alarms)

    @property
    def index(self) -> int:
        """The frame on screen."""
        return self._at

    @property
    def playing(self) -> bool:
        """Whether pictures move."""
        return self.phase in (Phase.PLAYING, Phase.ANSWERED)

    def next(self) -> bool:
        """Ask the next question; returns whether there is one."""
        if self.phase not in (Phase.REVEALED, Phase.FINISHED):
            return False
        if self._number + 1 >= len(self.questions):
            self.phase = Phase.FINISHED
            return False
        self._number += 1
        self.phase = Phase.PLAYING
        self._at = self._reached = self.question.start
        self._taken_s = 0.0
        self._named: _Named | None = None
        self._none_at = -1
        self._alarms: list[str] = []
        self.verdict: BallotVerdict | None = None
        self.ballot = Ballot(choices_for(self.question.view.plane, self._seed + self._number))
        return True

    # -- pictures --------------------------------------------------------------------------

    def show(self, index: int) -> None:
        """A frame is on screen."""
        if self.playing or self.phase is Phase.FROZEN:
            self._at = min(max(index, self.question.start), self.question.end)
            self._reach()

    def _reach(self) -> None:
        """Time passes while frames are shown for the first time, from the view's first one on."""
        times_s, first = self.answers.times_s, self.question.view.first
        begin, end = max(self._reached, first), self._at
        if end > begin:
            self._taken_s += float(times_s[end] - times_s[begin]) / self.speed
        self._reached = max(self._reached, self._at)

    def freeze(self) -> bool:
        """Hold the picture; returns whether it could be."""
        if not self.playing:
            return False
        self.phase = Phase.FROZEN
        return True

    def thaw(self) -> bool:
        """Play on; returns whether there is anything left to play."""
        if self.phase is not Phase.FROZEN or self.at_end:
            return False
        answered = self._named is not None and self._named.plane != NONE
        self.phase = Phase.ANSWERED if answered else Phase.PLAYING
        return True

    @property
    def at_end(self) -> bool:
        """Whether there is nothing left to play in this question."""
        return self._at >= self.question.end

    def played_out(self) -> None:
        """The last frame of the question has been shown."""
        if not self.playing:
            return
        if self._named is not None or self.class_mode or self._cut_short():
            self.phase = Phase.FROZEN
        else:
            self._score(None)

    def _cut_short(self) -> bool:
        """Whether the stretch ends too soon behind the view for anybody to answer."""
        times_s, asked = self.answers.times_s, self.question
        return float(times_s[asked.end] - times_s[asked.view.last]) < ANSWER_S

    # -- names -----------------------------------------------------------------------------

    def name(self, plane: str) -> Called:
        """The trainee names a plane, or "background" for none of them."""
        if plane not in BY_KEY or not (self.playing or self.phase is Phase.FROZEN):
            return Called.REFUSED
        if self.class_mode:
            return Called.ANSWER if self.ballot.vote(plane) else Called.REFUSED
        if plane == NONE:
            return self._name_none()
        if self._in_zone(self._at) and plane not in self.absent:
            self._named = _Named(plane, self._taken_s)
            if self.phase is Phase.PLAYING:
                self.phase = Phase.ANSWERED
            return Called.ANSWER
        return self._name_outside(plane)

    def _name_none(self) -> Called:
        self._none_at = self._at
        if self._in_zone(self._at):
            self._named = _Named(NONE, self._taken_s)
            if self.phase is Phase.ANSWERED:
                self.phase = Phase.PLAYING
        return Called.NONE

    def _name_outside(self, plane: str) -> Called:
        self._none_at = -1
        if self._not_asked(plane):
            return Called.NOT_COUNTED
        if plane not in self._alarms:
            self._alarms.append(plane)
        return Called.FALSE_ALARM

    def _not_asked(self, plane: str) -> bool:
        """Whether a name that is no answer is neither right nor wrong."""
        if plane in self.absent:
            return False
        labels, times_s = self.answers.labels, self.answers.times_s
        if int(labels[self._at]) == UNKNOWN:
            return True
        # It may show the plane for a moment, or have shown it just before.
        first = int(times_s.searchsorted(times_s[self._at] - EARLY_S))
        return bool((labels[first : self._at + 1] == INDEX[plane]).any())

    def _in_zone(self, index: int) -> bool:
        times_s, view = self.answers.times_s, self.question.view
        return float(times_s[view.first] - times_s[index]) <= EARLY_S

    # -- scoring ---------------------------------------------------------------------------

    def hand_in(self) -> bool:
        """Answer with the frozen frame, or close the vote; returns whether that can be done."""
        if self.phase is not Phase.FROZEN or (self.said is None and not self.class_mode):
            return False
        if self._named is None and not self.class_mode:
            return False  # see `none_handed_in`
        self._score(self._at)
        return True

    def none_handed_in(self) -> Called:
        """Hand in "none of them" before the view: it goes on, and whether that was right is told.

        Returns:
            NONE where it was right, NOT_COUNTED where it is not known or a plane is there that is
            not asked for, REFUSED where that was not said of this frame.
        """
        said_none = self._named is None and self._none_at == self._at
        if self.phase is not Phase.FROZEN or not said_none or not self.thaw():
            return Called.REFUSED
        label = int(self.answers.labels[self._at])
        right = label == BACKGROUND_INDEX or (label != UNKNOWN and KEYS[label] in self.absent)
        return Called.NONE if right else Called.NOT_COUNTED

    def give_up(self) -> bool:
        """Leave a frozen question unanswered: it counts as missed."""
        if self.phase is not Phase.FROZEN or self.class_mode:
            return False
        self._named = None
        self._score(None)
        return True

    def reveal(self) -> bool:
        """Show the answer from now on."""
        if self.phase is not Phase.SCORED:
            return False
        self.phase = Phase.REVEALED
        return True

    def _score(self, frame: int | None) -> None:
        attempt = self._class_attempt(frame) if self.class_mode else self._attempt(frame)
        self.attempts.append(attempt)
        self.phase = Phase.SCORED

    def _attempt(self, frame: int | None) -> Attempt:
        view, named = self.question.view, self._named
        outcome = QuestionOutcome.MISSED
        if named is not None:
            outcome = QuestionOutcome.FOUND if named.plane == view.plane else QuestionOutcome.WRONG
        attempt = Attempt(
            plane=view.plane,
            outcome=outcome,
            said=named.plane if named is not None else None,
            time_s=named.time_s if named is not None else None,
            false_alarms=self.false_alarms,
        )
        attempt = self._with_frame(attempt, frame)
        times_s = self.answers.times_s
        view_s = float(times_s[view.last] - times_s[view.first])
        return replace(attempt, points=question_points(attempt, view_s))

    def _class_attempt(self, frame: int | None) -> Attempt:
        plane = self.question.view.plane
        verdict = self.verdict = self.ballot.verdict(plane)
        votes = {key: count for key, count in verdict.counts.items() if count}
        outcome = QuestionOutcome.WRONG if verdict.total else QuestionOutcome.MISSED
        if verdict.winner == plane:
            outcome = QuestionOutcome.FOUND
        points = FULL_POINTS * verdict.right
        attempt = Attempt(plane, outcome, verdict.winner, points=points, votes=votes)
        return self._with_frame(attempt, frame)

    def _with_frame(self, attempt: Attempt, frame: int | None) -> Attempt:
        view, answers = self.question.view, self.answers
        best = answers.best_frame(view)
        if frame is None:
            return replace(attempt, best_frame=best)
        outside = min(frame - view.first, 0) + max(frame - view.last, 0)
        at_best = answers.confidence(best, view.plane) if best is not None else None
        here = answers.confidence(frame, view.plane)
        gap = at_best - here if at_best is not None and here is not None else None
        return replace(
            attempt,
            frame=frame,
            best_frame=best,
            distance_frames=None if best is None else frame - best,
            confidence_gap=gap,
            outside_frames=outside,
        )
