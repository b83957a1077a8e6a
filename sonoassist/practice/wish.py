"""What a practice session is asked to be, from the command line or the start of the page."""

from __future__ import annotations

from dataclasses import dataclass

from sonoassist.core.errors import UsageError
from sonoassist.practice.question_set import QuestionSet

NICKNAME = "trainee 1"
CLASS_NAME = "class"
QUESTIONS = 10
MOST_QUESTIONS = 100
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class PracticeWish:
    """One exercise as it is wished for.

    Attributes:
        exam: What `open_source` opens, or a table beside it; "" asks for it in the window.
        nickname: Under which results are kept on this computer; needs to be no real name.
        questions: How many to ask at most.
        class_mode: Several people vote on each picture before the answer is shown.
        cover_text: Text on the pictures, which may tell the answer, is covered.
        asked: A teacher's set that is asked instead of the one kept for its recording, or None.
    """

    exam: str = ""
    nickname: str = NICKNAME
    questions: int = QUESTIONS
    class_mode: bool = False
    cover_text: bool = True
    asked: QuestionSet | None = None


def checked_nickname(text: str) -> str:
    """A nickname as it is kept: one line, no outer spaces.

    Raises:
        UsageError: It is empty, too long, or holds signs that cannot be shown.
    """
    name = " ".join(text.split())
    if not name:
        raise UsageError("the nickname is empty", f'Take any word, for instance "{NICKNAME}"')
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(
            "the nickname cannot be used", f"Take at most {LONGEST_NAME} letters or digits"
        )
    return name


def checked_questions(count: int) -> int:
    """A number of questions that makes sense.

    Raises:
        UsageError: It does not.
    """
    if not 1 <= count <= MOST_QUESTIONS:
        raise UsageError(f"the number of questions must be between 1 and {MOST_QUESTIONS}")
    return count
