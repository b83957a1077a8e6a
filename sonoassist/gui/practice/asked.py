"""Which question set counts for the exam that is practised on. No widgets."""

from __future__ import annotations

from sonoassist.core.errors import SonoAssistError
from sonoassist.core.wording import counted, word
from sonoassist.practice.answers import Answers
from sonoassist.practice.question_set import (
    QuestionOrder,
    QuestionSet,
    QuestionSetError,
    absent_sentence,
)
from sonoassist.practice.set_store import SetStore


class AskedSet:
    """The set that was given with the exam, else the one that is kept for it.

    Args:
        store: Where sets are kept.

    Attributes:
        trouble: Why the kept one cannot be used, or None; then nothing can be asked.
    """

    def __init__(self, store: SetStore) -> None:
        self._store = store
        self.trouble: SonoAssistError | None = None
        self._given: QuestionSet | None = None
        self._content = ""
        self._kept: QuestionSet | None = None

    def of(self, content: str) -> QuestionSet | None:
        """The set of a recording; None where there is none or it cannot be used.

        Args:
            content: Of its identity, or "" while it is not known.
        """
        if content != self._content:
            self._content = content
            self.read_again()
        return self._kept

    def give(self, questions: QuestionSet | None) -> None:
        """Have a set count for its recording instead of the one kept, until another is kept."""
        self._given = questions
        self.read_again()

    def read_again(self) -> None:
        """Somebody may have changed it."""
        self.trouble, self._kept = None, None
        if self._given is not None and self._given.recording == self._content:
            self._kept = self._given
        elif self._content:
            try:
                self._kept = self._store.read(self._content)
            except QuestionSetError as error:
                self.trouble = error

    def keep(self, questions: QuestionSet) -> None:
        """Keep a set; it counts from now on.

        Raises:
            OutputError: It cannot be written.
        """
        self._store.write(questions)
        self.give(None)

    def forget(self, content: str) -> None:
        """Ask everything from now on.

        Raises:
            OutputError: The kept set cannot be removed.
        """
        self._store.forget(content)
        self.give(None)


def asked_text(asked: QuestionSet | None, answers: Answers | None, *, whole: bool) -> str:
    """What a set asks, without the names of its planes; "" without a set.

    Args:
        asked: The set.
        answers: Of its exam, as far as they are known.
        whole: They are known to the end.
    """
    if asked is None:
        return ""
    count = len(asked.planes)
    if asked.order is QuestionOrder.AS_SET:
        text = f"The teacher's set: {counted(count, 'question')}, in its order."
    else:
        text = f"The teacher's set: {counted(count, 'plane')}, weak ones first."
    if answers is not None and whole:
        missing = count - len({view.plane for view in asked.views_of(answers.views)})
        if missing:
            have = word(missing, "has", "have")
            text += f" {missing} of them {have} no view in this exam and cannot be asked."
    return f"{text} {absent_sentence(asked.absent)}".rstrip()
