"""What is answered to the trainee, and how long it holds: for one question and one frame. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from sonoassist.gui.practice.words import called_text, none_text, past_text
from sonoassist.practice.exercise import Called, Exercise, Phase


@dataclass(frozen=True, slots=True)
class Feedback:
    """A word on one frame of one question, or on what can be done with it.

    Attributes:
        text: While that frame is on screen.
        past: While another frame of the question is, so that it can be read while pictures move;
            "" for nothing.
        question: Number of the question.
        frame: Its index.
        phase: In which it was said, for what holds in that one only; else None.
    """

    text: str
    past: str
    question: int
    frame: int
    phase: Phase | None = None

    def holds(self, exercise: Exercise) -> bool:
        """Whether it is still of what is on screen."""
        here = (exercise.number, exercise.index) == (self.question, self.frame)
        return here and self.phase in (None, exercise.phase)

    def before(self, exercise: Exercise) -> bool:
        """Whether it was said of another frame of the same question."""
        return exercise.number == self.question and exercise.index != self.frame


def of_name(exercise: Exercise, called: Called, plane: str) -> Feedback:
    """What is answered to a name."""
    text = called_text(called, plane)
    return Feedback(text, past_text(called, plane), exercise.number, exercise.index)


def of_none(exercise: Exercise, called: Called) -> Feedback:
    """What is answered to "none of them" when it is handed in before the view."""
    past = past_text(called, "background", handed_in=True)
    return Feedback(none_text(called), past, exercise.number, exercise.index)


def advice(exercise: Exercise, text: str) -> Feedback:
    """What has to be done first."""
    return Feedback(text, "", exercise.number, exercise.index, exercise.phase)


def shown(feedback: Feedback | None, exercise: Exercise) -> tuple[str, str]:
    """What stands beside the picture: of this picture, and of one before.

    An answer that stands is told on every picture.
    """
    text = past = ""
    if feedback is not None:
        text = feedback.text if feedback.holds(exercise) else ""
        past = feedback.past if feedback.before(exercise) else ""
    said = exercise.said
    if not text and said is not None and not exercise.class_mode:
        called = Called.NONE if said == "background" else Called.ANSWER
        text = called_text(called, said)
    return text, past
