"""Choosing the best frame of a plane: the frame on screen, for the plane that is named."""

from __future__ import annotations

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import QWidget

from sonoassist.core.planes import BACKGROUND_INDEX, BY_KEY, KEYS
from sonoassist.gui.fitter import fit
from sonoassist.gui.questions import ShowSheet
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.review.sheets import LARGE_PX, ConflictSheet
from sonoassist.gui.theme import Look
from sonoassist.recordings.corrections import Corrections
from sonoassist.review.contradictions import Contradiction

BACKGROUND = KEYS[BACKGROUND_INDEX]


def choose_text(plane: str, frame: int | None, corrections: Corrections) -> str:
    """What the button says that chooses.

    Args:
        plane: Key of the selected row.
        frame: On screen; None before the first one.
        corrections: What the person said so far.
    """
    if plane == BACKGROUND:
        return "The background has no best frame"
    name = BY_KEY[plane].label
    if frame is None:
        return f"Choose as {name}"
    chosen = corrections.best.get(plane) == frame
    words = f"Take out as best of {name}" if chosen else f"Choose as {name}"
    return f"{words}  ·  frame {frame + 1:,}"


class Chooser:
    """Chooses, and asks once where the network or a label calls the frame something else.

    Args:
        desk: Of the review.
        show: Opens a sheet over the window.
    """

    def __init__(self, desk: ReviewDesk, show: ShowSheet) -> None:
        self._desk = desk
        self._show = show
        self._agreed: set[tuple[str, int]] = set()
        desk.opened.connect(self._agreed.clear)

    def agreed(self, found: Contradiction) -> bool:
        """Whether the person said that this very frame is meant, whatever the network calls it.

        A label that calls it otherwise is the person's own word, given after that.
        """
        return found.confidence is not None and (found.plane, found.frame) in self._agreed

    def agree(self, plane: str, frame: int) -> None:
        """The person says so."""
        self._agreed.add((plane, frame))

    def choose(self) -> None:
        """The frame on screen is the best of the selected plane; once more takes that back."""
        desk = self._desk
        if desk.session is None:
            return
        if desk.shown != desk.index or desk.frame_trouble:
            desk.note("The picture is not on screen yet", "Choose when you see it")
            return
        self.choose_frame(desk.plane, desk.index)

    def choose_frame(self, plane: str, frame: int) -> None:
        """A frame that the person sees is the best of a plane; once more takes that back."""
        desk = self._desk
        found = desk.contradiction(plane, frame)
        taken_back = desk.corrections.best.get(plane) == frame
        if found is None or taken_back or plane == BACKGROUND or self.agreed(found):
            desk.words.choose(plane, frame)
        else:
            self._ask(found)

    def _ask(self, found: Contradiction) -> None:
        desk, session = self._desk, self._desk.session
        assert session is not None
        desk.stop_playing()
        time_s = float(session.table.times_s[found.frame])

        def agreed() -> None:
            if desk.session is session:
                self.agree(found.plane, found.frame)
                desk.words.choose(found.plane, found.frame)

        def make(window: QWidget, look: Look) -> ConflictSheet:
            sheet = ConflictSheet(window, look, found, time_s, self._picture(found.frame))
            sheet.agreed.connect(agreed)
            return sheet

        self._show(make)

    def _picture(self, frame: int) -> QPixmap:
        """The frame as it is on screen, alone or beside others."""
        view, session = self._desk.view, self._desk.session
        if (view is None or view.frame.index != frame) and session is not None:
            view = session.views.got(session.look(frame, evidence=False))
        if view is None:
            return QPixmap()
        wide, high = view.frame.width_px, view.frame.height_px
        scale = 2 * min(LARGE_PX[0] / wide, LARGE_PX[1] / high)
        size = QSize(round(wide * scale), round(high * scale))
        return QPixmap.fromImage(fit(view.frame.pixels, size).image)
