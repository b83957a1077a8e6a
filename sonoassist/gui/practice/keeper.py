"""Keeps the attempts of an exercise; an exercise goes on when that fails, and it is said."""

from __future__ import annotations

from sonoassist.errors import OutputError
from sonoassist.practice.answers import Word
from sonoassist.practice.exercise import Exercise
from sonoassist.practice.history import History, HistoryError
from sonoassist.practice.wish import PracticeWish

Trouble = HistoryError | OutputError | None


class Keeper:
    """Writes one exercise after the other into the history.

    Args:
        history: Of the trainees.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._kept_as: int | None = None
        self.trouble: Trouble = None

    def past(self, nickname: str) -> tuple[dict[str, float], int]:
        """Weak planes of a trainee, and how many exercises there were."""
        self.trouble = None
        try:
            return self._history.weaknesses(nickname), self._history.count(nickname)
        except HistoryError as error:
            self.trouble = error
            return {}, 0

    def begin(self, wish: PracticeWish, exam: str, word: Word, asked: int, seed: int) -> None:
        """An exercise begins."""
        self._kept_as = None
        try:
            self._kept_as = self._history.begin(
                wish.nickname, exam, word, class_mode=wish.class_mode, asked=asked, seed=seed
            )
        except (HistoryError, OutputError) as error:
            self.trouble = error

    def keep(self, exercise: Exercise) -> None:
        """Keep the attempt that was just scored."""
        if self._kept_as is None:
            return  # why, was said at the beginning
        try:
            self._history.add(self._kept_as, exercise.number, exercise.attempts[-1])
        except (HistoryError, OutputError) as error:
            self.trouble = error
