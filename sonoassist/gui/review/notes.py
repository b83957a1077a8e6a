"""Asking for a person's words on a frame, or on the whole recording."""

from __future__ import annotations

from collections.abc import Callable

from sonoassist.gui.questions import AskWords
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.timeline import clock

NO_NAMES = "No names of persons, please."


class Notes:
    """Asks, and has kept what was answered.

    Args:
        desk: Of the review.
        ask: Puts a question to the person.
    """

    def __init__(self, desk: ReviewDesk, ask: AskWords) -> None:
        self._desk = desk
        self._ask = ask

    def on_frame(self) -> None:
        """Ask for words on the frame that is looked at."""
        desk, index = self._desk, self._desk.index
        if desk.session is None:
            return
        desk.stop_playing()
        at = clock(float(desk.session.table.times_s[index]))
        self._ask(
            title=f"Note on frame {index + 1:,} ({at})",
            text=f"It marks the frame. Without words the mark goes away. {NO_NAMES}",
            example="Calipers hide the edge of the skull",
            now=desk.words.mark_text(index),
            answered=self._of_this_review(lambda text: desk.words.describe(index, text)),
        )

    def on_recording(self) -> None:
        """Ask for words on the whole recording."""
        desk = self._desk
        if desk.session is None:
            return
        desk.stop_playing()
        self._ask(
            title="Note on the recording",
            text=f"It is kept with the review. {NO_NAMES}",
            example="Second trimester, lying on its front",
            now=desk.corrections.note,
            answered=self._of_this_review(desk.words.note),
        )

    def _of_this_review(self, answered: Callable[[str], None]) -> Callable[[str], None]:
        """An answer that comes when another recording is under review is dropped."""
        session = self._desk.session

        def take(text: str) -> None:
            if self._desk.session is session:
                answered(text)

        return take
