"""Opening a review, and loading the model for it, without keeping the window waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.core.errors import window_text
from sonoassist.core.settings import Settings
from sonoassist.gui.controller import Controller
from sonoassist.model.card import Card
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.review.shown import Shown

if TYPE_CHECKING:
    from sonoassist.review.session import ReviewSession


class ReviewOpener(QObject):
    """Holds the review under way; what is opened while something else was asked for is closed.

    Args:
        controller: Of the window: settings, jobs, and how a model is made.
        reviews: Where reviews are kept.
        ready: Called on any thread when a picture of the review has come.
        held: Whether the analysis has to wait.

    Attributes:
        session: The review under way, or None.
        spec: What was opened last.
        opening: What is being opened, or "".
        trouble: Why it could not be opened, or "".
        model_trouble: Why there is no analysis, or "".
        card: Of the model that analyses it; None where none is loaded.

    Signals:
        opened: Another review is under way, or none; or one is being opened.
        model_came: The model is there, or cannot be had.
    """

    opened = pyqtSignal()
    model_came = pyqtSignal()

    def __init__(
        self,
        controller: Controller,
        reviews: CorrectionStore,
        ready: Callable[[], None],
        held: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._controller = controller
        self._reviews = reviews
        self._ready, self._held = ready, held
        self.session: ReviewSession | None = None
        self.card: Card | None = None
        self.spec = self.opening = self.trouble = self.model_trouble = ""
        self._made_for: tuple[object, ...] = ()
        self._generation = 0
        self._closing: list[threading.Thread] = []
        self._one_by_one = threading.Lock()

    def open(self, spec: str) -> None:
        """Open a recording; nothing is under way."""
        self._generation += 1
        generation = self._generation
        self.spec = self.opening = spec
        self.trouble = self.model_trouble = ""
        self.card = None
        self.opened.emit()
        store, closing = self._controller.services.exams, tuple(self._closing)

        def work() -> ReviewSession | None:
            for thread in closing:  # it may be this very recording that is being closed
                thread.join()
            from sonoassist.review.session import ReviewSession  # heavy: not at the start

            with self._one_by_one:  # or this very one that is being opened
                if generation != self._generation:
                    return None
                session = ReviewSession.open(spec, self._reviews, self._ready, store)
                if generation != self._generation:
                    session.close(session.place)
                    return None
                return session

        self._controller.jobs.start(
            "open review",
            work,
            lambda session: self._on_opened(session, generation),
            lambda error: self._on_failed(error, generation),
        )

    def _on_opened(self, session: ReviewSession | None, generation: int) -> None:
        if session is None:
            return  # something else was asked for meanwhile
        if generation != self._generation:
            self._end(session, session.place)
            return
        self.session, self.opening = session, ""
        # A kept exam has a list of its own, and the other pages cannot open it by its name.
        if not session.recording.exam_id:
            self._controller.remember(session.recording.info.spec)
        self.opened.emit()
        self._load_model(session, generation)

    def _on_failed(self, error: Exception, generation: int) -> None:
        if generation == self._generation:
            self.opening, self.trouble = "", window_text(error)
            self.opened.emit()

    def _load_model(self, session: ReviewSession, generation: int) -> None:
        """Make the model and load what is kept, in the background."""
        settings = self._controller.settings.model_copy(deep=True)
        self._made_for = _wanted(settings)
        make = self._controller.make_analyser
        synthetic = session.recording.info.synthetic

        def work() -> Card:
            analyser = make(settings, synthetic, lambda _step: None)
            session.begin(analyser, paused=self._held(), any_precision=settings.precision == "auto")
            card: Card = analyser.card
            return card

        def done(card: Card) -> None:
            if generation == self._generation:
                self.card = card
                self.model_came.emit()

        def failed(error: Exception) -> None:
            if generation == self._generation:
                self.model_trouble = window_text(error)
                self.model_came.emit()

        self._controller.jobs.start("review model", work, done, failed)

    def load_again(self) -> None:
        """Try once more to have a model for the review under way."""
        if self.session is not None and self.model_trouble:
            self.model_trouble = ""
            self._load_model(self.session, self._generation)

    @property
    def outdated(self) -> bool:
        """Whether the analysis under way is not the one that the settings ask for now."""
        return self.session is not None and self._made_for != _wanted(self._controller.settings)

    def close(self, place: int, shown: Shown) -> None:
        """Leave the review.

        Args:
            place: The frame that is looked at; the review begins there the next time.
            shown: What else is on screen, which comes back then.
        """
        self._generation += 1
        session, self.session = self.session, None
        self.card = None
        self.opening = self.trouble = self.model_trouble = ""
        if session is not None:
            self._end(session, place, shown)
            self.opened.emit()

    def _end(self, session: ReviewSession, place: int, shown: Shown | None = None) -> None:
        """Closing waits for a frame under way: not on this thread."""
        thread = threading.Thread(target=session.close, args=(place, shown), name="review closing")
        thread.start()
        self._closing = [*(one for one in self._closing if one.is_alive()), thread]

    def stop(self, place: int, shown: Shown) -> None:
        """End everything; no thread of a review runs when this returns."""
        self.close(place, shown)
        for thread in self._closing:
            thread.join()


def _wanted(settings: Settings) -> tuple[object, ...]:
    """What of the settings an analysis depends on."""
    crop = settings.own_crops.get(settings.crop, settings.crop)
    return (settings.model, crop, settings.threshold, settings.precision, settings.localiser)
