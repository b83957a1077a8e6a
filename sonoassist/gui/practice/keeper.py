"""Keeps the attempts of an exercise; an exercise goes on when that fails, and it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sonoassist.core.errors import OutputError
from sonoassist.practice.answers import Word
from sonoassist.practice.exercise import Exercise
from sonoassist.practice.history import HistoryError, PracticeHistory
from sonoassist.practice.scores import Attempt
from sonoassist.practice.wish import PracticeWish

Trouble = HistoryError | OutputError | None


@dataclass(frozen=True, slots=True)
class _Begun:
    """An exercise that the history may not know yet."""

    trainee: str
    exam: str
    word: Word
    class_mode: bool
    asked: int
    seed: int


def done_by(done: Mapping[str, int], nickname: str) -> int:
    """Exercises of a trainee, of `PracticeHistory.done`; letters may be large or small."""
    return sum(count for name, count in done.items() if name.casefold() == nickname.casefold())


class Keeper:
    """Writes one exercise after the other into the history; what fails is tried again.

    Args:
        history: Of the trainees.
    """

    def __init__(self, history: PracticeHistory) -> None:
        self._history = history
        self._begun: _Begun | None = None
        self._kept_as: int | None = None
        self._waiting: list[tuple[int, Attempt]] = []
        self.trouble: Trouble = None
        self.number: int | None = None

    def past(self, nickname: str, *, class_mode: bool) -> tuple[dict[str, float], int]:
        """Weak planes of a trainee, and how many exercises were begun.

        `number` is then that of the trainee's next exercise, from 1 on; None where the history
        cannot be read. Exercises in which nothing was answered do not count.
        """
        self.trouble, self.number = None, None
        try:
            weak = self._history.weaknesses(nickname, class_mode=class_mode)
            begun, done = self._history.count(nickname), self._history.done()
        except HistoryError as error:
            self.trouble = error
            return {}, 0
        self.number = 1 + done_by(done, nickname)
        return weak, begun

    def begin(self, wish: PracticeWish, exam: str, word: Word, asked: int, seed: int) -> None:
        """An exercise begins."""
        if self._waiting:
            self._write()  # of the one before, while it is still known where they belong
        self._begun = _Begun(wish.nickname, exam, word, wish.class_mode, asked, seed)
        self._kept_as, self._waiting = None, []
        self._write()

    def keep(self, exercise: Exercise) -> None:
        """Keep the attempt that was just scored, and those that could not be kept before."""
        self._waiting.append((exercise.number, exercise.attempts[-1]))
        self._write()

    def _write(self) -> None:
        begun = self._begun
        if begun is None:
            return
        try:
            if self._kept_as is None:
                self._kept_as = self._history.begin(
                    begun.trainee,
                    begun.exam,
                    begun.word,
                    class_mode=begun.class_mode,
                    asked=begun.asked,
                    seed=begun.seed,
                )
            while self._waiting:
                self._history.add(self._kept_as, *self._waiting[0])
                self._waiting.pop(0)
        except (HistoryError, OutputError) as error:
            self.trouble = error
        else:
            self.trouble = None
