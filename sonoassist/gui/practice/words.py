"""What the page says, as pure functions; nothing of the answer before the reveal. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sonoassist.core.percent import percent, whole_percent
from sonoassist.core.planes import BY_KEY, KEYS
from sonoassist.core.wording import counted
from sonoassist.gui.actions import CHOICE_ACTS, PLANE_ACTS
from sonoassist.gui.acts import Act
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.practice.answer_names import answer_label
from sonoassist.practice.ballot import BallotVerdict
from sonoassist.practice.exercise import Called, Exercise, Phase
from sonoassist.practice.question_set import absent_sentence
from sonoassist.practice.scores import ALARM_POINTS, MOST_ALARM_POINTS, Attempt, QuestionOutcome
from sonoassist.practice.wish import CLASS_NAME

NONE = "background"
QUESTION = "Which plane is it?"
SIGNS = {QuestionOutcome.FOUND: "✓", QuestionOutcome.WRONG: "✗", QuestionOutcome.MISSED: "○"}
WORDS = {
    QuestionOutcome.FOUND: "Right",
    QuestionOutcome.WRONG: "Wrong",
    QuestionOutcome.MISSED: "Missed",
}
TONES = {
    QuestionOutcome.FOUND: "good",
    QuestionOutcome.WRONG: "error",
    QuestionOutcome.MISSED: "warning",
}
"""Colours of the palette; the sign and the word say the same."""


def seconds(value: float | None) -> str:
    """Seconds with one digit, or a dash."""
    return "–" if value is None else f"{value:.1f} s"


def word_sentence(exercise: Exercise) -> str:
    """Whose word counts, and how many planes are absent by the teacher's."""
    return f"{exercise.answers.sentence} {absent_sentence(exercise.absent)}".rstrip()


def said_text(plane: str) -> str:
    """What was said, within a sentence."""
    return "no standard plane" if plane == NONE else BY_KEY[plane].label


def called_text(called: Called, plane: str) -> str:
    """What is answered to a name; whether it is right is not told."""
    if called is Called.FALSE_ALARM:
        return f"{said_text(plane)}: a false alarm. It goes on."
    if called is Called.NONE:
        return "Noted: no standard plane"
    if called is Called.NOT_COUNTED:
        return "Not counted: this is not the view that is asked for. It goes on."
    if called is Called.ANSWER:
        return f"You said: {said_text(plane)}"
    return ""


def none_text(called: Called) -> str:
    """What is answered to "none of them" when it is handed in before the view."""
    if called is Called.NONE:
        return "Right: no standard plane there. It goes on."
    return "Not counted: this is not the view that is asked for. It goes on."


def past_text(called: Called, plane: str, *, handed_in: bool = False) -> str:
    """What was answered on a picture before the one on screen; "" where that tells nothing.

    Args:
        called: What the name was taken for.
        plane: The name.
        handed_in: It was handed in with its picture.
    """
    if called is Called.FALSE_ALARM:
        return f"On a picture before: {said_text(plane)}, a false alarm"
    if called is Called.NOT_COUNTED:
        return f"On a picture before: {said_text(plane)}, not counted"
    if called is Called.NONE and handed_in:
        return "On a picture before: no standard plane, right"
    return ""


def hint_text(exercise: Exercise, keys: Keymap) -> str:
    """What can be done now."""
    space, enter = keys.text(Act.FREEZE), keys.text(Act.CAPTURE)
    if exercise.class_mode:
        return _class_hint(exercise, keys)
    if exercise.phase is Phase.PLAYING:
        none = keys.text(PLANE_ACTS["background"])
        return f"Press its key when you see it. {space} freezes. {none}: none of them."
    if exercise.phase is Phase.ANSWERED:
        return f"Now freeze the best frame with {space}. Another key changes your answer."
    if exercise.phase is Phase.FROZEN:
        arrows = f"{keys.text(Act.BACK)} {keys.text(Act.FORWARD)}"
        goes_on = f"{space} gives up." if exercise.at_end else f"{space} plays on."
        if exercise.said is None:
            return f"Name the plane with its key. {arrows} step, {goes_on}"
        end = "." if exercise.at_end else f", {goes_on}"
        return f"{arrows} step to the best frame. {enter} answers with it{end}"
    return _revealed_hint(keys) if exercise.phase is Phase.REVEALED else ""


def _revealed_hint(keys: Keymap) -> str:
    return f"{keys.text(Act.CAPTURE)}: next question. {keys.text(Act.HEAT)}: heat map."


def _class_hint(exercise: Exercise, keys: Keymap) -> str:
    first, last = keys.text(CHOICE_ACTS[0]), keys.text(CHOICE_ACTS[-1])
    enter = keys.text(Act.CAPTURE)
    if exercise.phase is Phase.REVEALED:
        return _revealed_hint(keys)
    if exercise.phase is Phase.FROZEN:
        return (
            f"Vote with the keys {first} to {last}. {enter} closes the vote and shows the answer."
        )
    return f"{keys.text(Act.FREEZE)} freezes the picture. Votes count at any time."


@dataclass(frozen=True, slots=True)
class Reveal:
    """What is said when the answer is shown.

    Attributes:
        sign: "✓", "✗" or "○".
        word: "Right", "Wrong: you said LVOT", "Missed".
        tone: Colour of the palette.
        plane: Key of the right plane.
        name: Its label, large.
        full_name: In words.
        lines: Details.
        points: "86 of 100 points".
    """

    sign: str
    word: str
    tone: str
    plane: str
    name: str
    full_name: str
    lines: tuple[str, ...]
    points: str


def reveal_of(attempt: Attempt, verdict: BallotVerdict | None = None) -> Reveal:
    """What is said of an attempt.

    Args:
        attempt: The one just scored.
        verdict: Of the class, in class mode.
    """
    plane = BY_KEY[attempt.plane]
    word = WORDS[attempt.outcome]
    if verdict is not None:
        word = _class_word(attempt, verdict)
    elif attempt.outcome is QuestionOutcome.WRONG and attempt.said is not None:
        word = f"Wrong: you said {said_text(attempt.said)}"
    lines = _class_lines(verdict) if verdict is not None else _lines(attempt)
    return Reveal(
        sign=SIGNS[attempt.outcome],
        word=word,
        tone=TONES[attempt.outcome],
        plane=plane.key,
        name=plane.label,
        full_name=plane.full_name,
        lines=lines,
        points=f"{round(attempt.points)} of 100 points",
    )


def _lines(attempt: Attempt) -> tuple[str, ...]:
    lines = []
    if attempt.outcome is QuestionOutcome.FOUND:
        lines.append(f"Found after {seconds(attempt.time_s)}")
    elif attempt.outcome is QuestionOutcome.MISSED:
        lines.append("The view passed and no name was given")
    if attempt.frame is not None:
        lines.append(frame_text(attempt))
    if attempt.frame is not None and not attempt.frame_scored:
        lines.append("The frame is not scored; the points are for the name and the time")
    if attempt.false_alarms:
        names = ", ".join(answer_label(key) for key in attempt.false_alarms)
        count = len(attempt.false_alarms)
        lost = round(min(ALARM_POINTS * count, MOST_ALARM_POINTS))
        alarms = counted(count, "false alarm")
        lost_text = (
            f" (−{counted(lost, 'point')})" if attempt.outcome is QuestionOutcome.FOUND else ""
        )
        lines.append(f"{alarms}: {names}{lost_text}")
    return tuple(lines)


def frame_text(attempt: Attempt) -> str:
    """How far the frozen frame is from the best one."""
    distance = attempt.off_frames or 0
    frames = counted(abs(distance), "frame")
    where = "behind" if distance > 0 else "before"
    if attempt.outside_frames:
        out = attempt.outside_frames
        frames = counted(abs(out), "frame")
        return f"Your frame lies {frames} {'behind' if out > 0 else 'before'} the view"
    if attempt.best_frame is None:
        return "Your frame lies in the view; its best frame is not known"
    if distance == 0:
        return "Your frame is the best one"
    text = f"Your frame is {frames} {where} the best one"
    gap = attempt.confidence_gap
    if gap is None:
        return text
    less = "as sure there" if whole_percent(gap) <= 0 else f"{percent(gap)} less sure there"
    return f"{text}; the model is {less}"


def _class_word(attempt: Attempt, verdict: BallotVerdict) -> str:
    if not verdict.total:
        return "Nobody voted"
    if attempt.outcome is QuestionOutcome.FOUND:
        return "The class is right"
    if verdict.winner is None:
        return "The class is of two minds"
    return f"The class said {said_text(verdict.winner)}"


def _class_lines(verdict: BallotVerdict | None) -> tuple[str, ...]:
    if verdict is None or not verdict.total:
        return ()
    votes = counted(verdict.total, "vote")
    return (
        f"{votes}, {percent(verdict.right)} of them right",
        f"Agreement: {percent(verdict.agreement)} voted alike",
    )


def past_line(attempt: Attempt) -> str:
    """A question of before, in one line."""
    name = BY_KEY[attempt.plane].label
    if attempt.outcome is QuestionOutcome.FOUND:
        text = f"{name}  {seconds(attempt.time_s)}" if attempt.time_s is not None else name
        if attempt.best_frame is not None and attempt.distance_frames is not None:
            text += f" · best frame {signed(attempt.distance_frames)}"
        return text
    if attempt.said is None:
        return f"{name} · {'of two minds' if attempt.votes else 'not named'}"
    return f"{name} called {said_text(attempt.said)}"


def signed(value: int) -> str:
    """A whole number with its sign."""
    return f"{value:+d}".replace("-", "−") if value else "0"


def exercise_text(number: int | None, trainee: str, *, class_mode: bool = False) -> str:
    """Which exercise it is: "Bo's exercise 1"; without a number where that is not known.

    Args:
        number: From 1 on, or None.
        trainee: Nickname.
        class_mode: It is a class's.
    """
    whose = f"The class {trainee}" if class_mode and trainee != CLASS_NAME else trainee
    if class_mode and trainee == CLASS_NAME:
        whose = "The class"
    ending = "'" if whose.endswith("s") and whose[-2:] != "ss" else "'s"
    return f"{whose}{ending} exercise{'' if number is None else f' {number}'}"


def unscored_text(attempts: Sequence[Attempt]) -> str:
    """How many frames were not scored, behind other counts; "" where all were."""
    alone = [one for one in attempts if one.frame is not None and not one.votes]
    left = sum(one.outcome is QuestionOutcome.FOUND and not one.frame_scored for one in alone)
    return f" · {counted(left, 'frame')} not scored, the best one is not known" if left else ""


def exam_text(views: int, planes: Sequence[str]) -> str:
    """What an exam holds; the planes only by their number."""
    count, every = len(set(planes)), len(KEYS) - 1
    of = (
        f"all {counted(every, 'plane')}"
        if count == every
        else f"{count} of the {counted(every, 'plane')}"
    )
    return f"{views} {'view' if views == 1 else 'views'}, {of}"


def day_text(at: datetime) -> str:
    """A day as it is shown, in the time of this computer."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
