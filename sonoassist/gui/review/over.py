"""What lies over the review page: the menu of labels, candidates side by side, a small picture."""

from __future__ import annotations

import math
from collections.abc import Callable

from PyQt6.QtCore import QObject, QRectF, pyqtSignal
from PyQt6.QtWidgets import QWidget

from sonoassist.core.percent import percent
from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.gui.exam_marks import pixmap_of
from sonoassist.gui.review.compare import Compare
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.review.hover import HoverPicture
from sonoassist.gui.review.labels import LabelMenu, Scope
from sonoassist.gui.review.timeline import TimelineRows
from sonoassist.gui.theme import Look
from sonoassist.gui.timeline import clock
from sonoassist.recordings.records import STRIDE

FLAG_PX = 8
"""So near to its mark the mouse shows the words on a frame."""
CLOSE_PX = 3.0
"""Where a frame is as wide as this on the timeline, the small picture is of that very frame."""


class Over(QObject):
    """Opens and closes it, and carries out what was chosen there.

    Args:
        page: What it lies on; gets the keys back.
        picture: On the page, never covered by what asks about it.
        desk: Of the review.
        timeline: That the mouse hovers over.
        choose: Makes a frame the best one of a plane; args: its key and the frame.
        look: Theme and size.

    Signals:
        keys_wanted: Whether the page is to listen to its keys: nothing lies over it.
    """

    keys_wanted = pyqtSignal(bool)

    def __init__(
        self,
        page: QWidget,
        picture: QWidget,
        desk: ReviewDesk,
        timeline: TimelineRows,
        choose: Callable[[str, int], None],
        look: Look,
    ) -> None:
        super().__init__(page)
        self._page, self._desk, self._timeline = page, desk, timeline
        self._choose_frame, self._picture = choose, picture
        self._look = look
        self.hover = HoverPicture(page, look)
        self.labels = LabelMenu(page, look)
        self.compare = Compare(page, look)
        self._hovered = self._kept = -1
        self._hover_x = 0.0
        self.labels.chosen.connect(desk.words.correct)
        self.labels.closed.connect(self._close_labels)
        self.compare.chosen.connect(self._choose)
        self.compare.closed.connect(self._close_compare)
        timeline.hovered.connect(self._hover)
        desk.moved.connect(self._moved)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        for part in (self.hover, self.labels, self.compare):
            part.set_look(look)

    def close(self) -> bool:
        """Take everything away, the page gets the keys back; returns whether anything had them."""
        had_keys = not (self.labels.isHidden() and self.compare.isHidden())
        window = self._page.window()
        if window is not None and window.focusWidget() in (self.labels, self.compare):
            self._page.setFocus()
        for part in (self.hover, self.labels, self.compare):
            part.hide()
        self.labels.forget()
        self.keys_wanted.emit(True)
        return had_keys

    # -- small pictures --------------------------------------------------------------------

    def wishes(self) -> list[int]:
        """Frames whose small picture is wished for; what has come is shown."""
        session = self._desk.session
        if session is None or self._hovered < 0:
            return []
        if session.smalls.got(self._kept) is None:
            return [self._kept]
        self._show_hover()
        return []

    def _hover(self, frame: int, x: float) -> None:
        # While the mouse scrubs, the picture above shows where it is.
        if frame < 0 or self._desk.session is None or self._timeline.scrubbing:
            self._hovered = -1
            self.hover.hide()
            return
        # Of every so manyth frame a picture is kept: it is there at once. Come closer, and each
        # frame under the mouse is read.
        places = self._timeline.places
        close = places.x_of(1) - places.x_of(0) >= CLOSE_PX
        self._hovered, self._hover_x = frame, x
        self._kept = frame if close else frame // STRIDE * STRIDE
        self._show_hover()
        self._desk.pictures_came.emit()

    def _moved(self) -> None:
        """Another frame is looked at: what lies under the mouse is of no interest."""
        self._hovered = -1
        self.hover.hide()

    def _show_hover(self) -> None:
        session = self._desk.session
        if session is None:
            return
        # All of it is of one frame: that of the small picture.
        pixels = session.smalls.got(self._kept)
        words = clock(float(session.table.times_s[self._kept]))
        views = self._desk.views
        word = views.word(self._kept) if views is not None else None
        if word is not None:
            words += f"  ·  {word.plane.label} {percent(word.confidence)}"
        at = self._timeline.geometry()
        picture = pixmap_of(pixels) if pixels is not None else None
        note = self._note_near(self._hover_x)
        self.hover.show_at(at.left() + self._hover_x, at.top() - 2, picture, words, note)

    def _note_near(self, x: float) -> str:
        """The words of the mark whose flag is under the mouse, or ""."""
        places, reach = self._timeline.places, self._look.px(FLAG_PX)
        near = [
            (abs(places.x_of(mark.frame + 0.5) - x), mark.text)
            for mark in self._desk.corrections.marks
            if mark.text
        ]
        away, text = min(near, default=(math.inf, ""))
        return text if away <= max(reach, places.x_of(1) - places.x_of(0)) else ""

    # -- labels ----------------------------------------------------------------------------

    def ask_label(self) -> None:
        """Ask what the frames show."""
        desk = self._desk
        if desk.session is None:
            return
        desk.stop_playing()
        self.hover.hide()
        scopes: list[Scope] = []
        if desk.words.chosen_range is not None:
            scopes.append(self._scope("The selected frames", *desk.words.chosen_range))
        view = desk.words.view_around(desk.index, desk.plane, desk.views)
        if view is not None and view[1] > view[0]:
            scopes.append(self._scope("This view", *view))
        scopes.append(("This frame only", desk.index, desk.index))
        self.keys_wanted.emit(False)
        title = f"What does frame {desk.index + 1:,} show?"
        self.labels.ask(tuple(scopes), QRectF(self._picture.geometry()), title)

    def _scope(self, words: str, first: int, last: int) -> Scope:
        assert self._desk.session is not None
        times = self._desk.session.table.times_s
        seconds = float(times[last] - times[first])
        return f"{words}: {counted(last - first + 1, 'frame')}, {seconds:.1f} s", first, last

    def _close_labels(self) -> None:
        self.labels.hide()
        self.labels.forget()
        self.keys_wanted.emit(True)
        self._page.setFocus()

    # -- comparing -------------------------------------------------------------------------

    def begin_compare(self) -> None:
        """Show the candidates side by side."""
        desk = self._desk
        if desk.session is None:
            return
        peaks = desk.finder.compared(desk.plane)
        if not peaks:
            desk.note(f"There is no candidate for {BY_KEY[desk.plane].label} yet")
            return
        desk.stop_playing()
        self.hover.hide()
        self.keys_wanted.emit(False)
        area = QRectF(0, 0, self._page.width(), self._timeline.geometry().top())
        best = desk.corrections.best.get(desk.plane, -1)
        self.compare.begin(BY_KEY[desk.plane], peaks, best, area)
        self.take_compared()

    def take_compared(self) -> None:
        """Hand out the pictures that have come, and wish for the others."""
        session = self._desk.session
        if session is None or self.compare.isHidden():
            return
        looks = [session.look(frame, evidence=False) for frame in self.compare.missing]
        for look in looks:
            view = session.views.got(look)
            if view is not None:
                self.compare.offer(view)
        left = set(self.compare.missing)
        if left:
            session.views.want([look for look in looks if look.index in left])

    def _choose(self, frame: int) -> None:
        desk = self._desk
        if desk.corrections.best.get(desk.plane) != frame:
            self._choose_frame(desk.plane, frame)
        desk.go(frame)

    def _close_compare(self) -> None:
        self.compare.hide()
        self.keys_wanted.emit(True)
        self._page.setFocus()
        self._desk.look_again()
