"""Keeps the views up to date while the analysis goes on and the person corrects it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.core.errors import window_text
from sonoassist.core.planes import INDEX
from sonoassist.gui.controller import Controller
from sonoassist.recordings.corrections import Corrections
from sonoassist.review.candidates import Peak, missing
from sonoassist.review.views import RecordingViews, find_views

if TYPE_CHECKING:
    from sonoassist.review.session import ReviewSession

LOOK_AGAIN_S = 0.8
"""While the analysis runs, candidates are looked for so often."""
COMPARED = 4
"""So many candidates are shown side by side at most."""


class Finder(QObject):
    """Looks for candidates in the background.

    Args:
        controller: Of the window: jobs.

    Attributes:
        views: Of the recording; None before anything is known.
        missing: Keys of the planes without a sure frame.

    Signals:
        found: The candidates are others than before.
    """

    found = pyqtSignal()

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._session: ReviewSession | None = None
        self.views: RecordingViews | None = None
        self.missing: list[str] = []
        self._made_from: tuple[int, Corrections] | None = None
        self._looking = False
        self._looked_s = 0.0

    def show_session(self, session: ReviewSession | None) -> None:
        """Another review is under way, or none."""
        self._session, self._made_from = session, None
        self.views, self.missing = None, []

    @property
    def candidates(self) -> Mapping[str, tuple[Peak, ...]]:
        """Key of a plane -> its candidates, best first; empty before anything is known."""
        return {} if self.views is None else self.views.candidates

    def look_again(self) -> None:
        """Look when something has changed, but not too often."""
        if time.monotonic() - self._looked_s >= LOOK_AGAIN_S:
            self.look()

    def hurry(self) -> None:
        """Nothing more will come, so that nothing is gained by waiting until the next look."""
        self._looked_s = float("-inf")

    def look(self) -> None:
        """Look when something has changed."""
        session = self._session
        if session is None or self._looking:
            return
        wanted = (session.table.version, session.review.corrections)
        if wanted == self._made_from:
            return
        self._looking, self._looked_s = True, time.monotonic()
        table, words = session.table, wanted[1]

        def done(views: RecordingViews) -> None:
            self._looking = False
            if self._session is session:
                self._made_from = wanted
                self.views = views
                self.missing = missing(views.candidates, session.review.corrections)
                self.found.emit()

        def failed(error: Exception) -> None:
            self._looking = False
            self._controller.note(f"The candidates could not be found: {window_text(error)}")

        self._controller.jobs.start(
            "candidates", lambda: find_views(table.snapshot(), words), done, failed
        )

    def compared(self, plane: str) -> list[Peak]:
        """The candidates to compare: the chosen frame, then the best ones; up to four."""
        session = self._session
        peaks = list(self.candidates.get(plane, ()))
        chosen = session.review.corrections.best.get(plane) if session is not None else None
        if (
            session is not None
            and chosen is not None
            and chosen not in {one.frame for one in peaks}
        ):
            peaks.insert(0, _peak_of(session, plane, chosen))
        return peaks[:COMPARED]


def _peak_of(session: ReviewSession, plane: str, frame: int) -> Peak:
    """A frame as a candidate of a plane, whatever the model says."""
    result = session.table.result(frame)
    # Of a menu or a spectrum the network says something too, and it means nothing.
    judged = result is not None and result.state is not None and result.state.judged
    share = float(result.probabilities[INDEX[plane]]) if result is not None and judged else 0.0
    quality = result.quality if result is not None else float("nan")
    at_s = float(session.table.times_s[frame])
    return Peak(frame, at_s, share, quality, False, True, frame, frame)
