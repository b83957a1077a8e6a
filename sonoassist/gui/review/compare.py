"""Candidates side by side, each with its own box; a number chooses one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget

from sonoassist.core.box_age import BoxAge
from sonoassist.core.percent import percent
from sonoassist.core.planes import Plane
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.actions import CHOICE_ACTS
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.fitter import Fitted, fit
from sonoassist.gui.overlay import paint_box, place, rounded
from sonoassist.gui.theme import DARK, Look
from sonoassist.gui.timeline import clock
from sonoassist.live.status import View
from sonoassist.review.candidates import Peak

MOST = 4
"""So many candidates at once."""


class Compare(QWidget):
    """Lies over the page until one is chosen, or its key, Esc or a click beside the pictures.

    Signals:
        chosen: A candidate was chosen; arg: its frame.
        closed: It wants to go away.
    """

    chosen = pyqtSignal(int)
    closed = pyqtSignal()

    def __init__(self, over: QWidget, look: Look) -> None:
        super().__init__(over)
        self._look = look
        self._plane: Plane | None = None
        self._peaks: tuple[Peak, ...] = ()
        self._views: dict[int, View] = {}
        self._fitted: dict[int, Fitted] = {}
        self._best = -1
        self.show_box = True
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Compare candidates")
        handlers: dict[Act, Callable[[], None]] = {
            act: partial(self._choose, number) for number, act in enumerate(CHOICE_ACTS[:MOST])
        }
        handlers[Act.COMPARE] = self.closed.emit
        self.keys = PlaceKeys(self, Place.COMPARE, handlers, look.keys)
        self.hide()

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.keys.set_keys(look.keys)
        self.update()

    def begin(self, plane: Plane, peaks: Sequence[Peak], best: int, area: QRectF) -> None:
        """Show candidates.

        Args:
            plane: That they may stand for.
            peaks: Up to four.
            best: The frame chosen for the plane now, or -1.
            area: Of the page that is covered.
        """
        self._plane, self._peaks, self._best = plane, tuple(peaks), best
        self._views, self._fitted = {}, {}
        self.setGeometry(area.toRect())
        self.show()
        self.raise_()
        self.setFocus()

    @property
    def missing(self) -> list[int]:
        """Frames whose picture has not come yet."""
        return [peak.frame for peak in self._peaks if peak.frame not in self._views]

    @property
    def frames(self) -> list[int]:
        """Frames that are compared."""
        return [peak.frame for peak in self._peaks]

    def offer(self, view: View) -> None:
        """Take a picture with its own result."""
        self._views[view.frame.index] = view
        self.update()

    # -- keys and mouse --------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Choose with the mouse."""
        if event is None:
            return
        for number in range(len(self._peaks)):
            if self.tile_rect(number).contains(event.position()):
                self._choose(number)
                return
        self.closed.emit()

    def _choose(self, number: int) -> None:
        if number >= len(self._peaks):
            return
        frame = self._peaks[number].frame
        self.closed.emit()
        self.chosen.emit(frame)

    # -- painting --------------------------------------------------------------------------

    def _columns(self) -> int:
        """The number of columns that makes the pictures largest."""
        count = max(len(self._peaks), 1)

        def size(columns: int) -> float:
            rows = math.ceil(count / columns)
            return min(self.width() / columns / 4, self.height() / rows / 3.3)

        return max(range(1, count + 1), key=size)

    def tile_rect(self, number: int) -> QRectF:
        """Where a candidate lies."""
        px, columns = self._look.px, self._columns()
        rows = math.ceil(max(len(self._peaks), 1) / columns)
        area = QRectF(self.rect()).adjusted(px(24), px(54), -px(24), -px(10))
        wide, high = area.width() / columns, area.height() / rows
        row, column = divmod(number, columns)
        rect = QRectF(area.left() + column * wide, area.top() + row * high, wide, high)
        return rect.adjusted(px(5), px(5), -px(5), -px(5))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint heading and candidates."""
        look, px = self._look, self._look.px
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.colour("back"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        head = QRectF(px(30), px(8), self.width() - px(60), px(44))
        if self._plane is not None:
            painter.setFont(look.font(24, bold=True))
            painter.setPen(look.ink(self._plane.colour))
            painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, self._plane.label)
        painter.setFont(look.font(14))
        painter.setPen(look.colour("muted"))
        count = len(self._peaks)
        key = look.keys.text
        first, last = key(CHOICE_ACTS[0]), key(CHOICE_ACTS[max(count, 1) - 1])
        keys = f"{first} chooses it as" if count == 1 else f"{first} to {last} choose"
        words = f"{keys} the best frame  ·  {key(Act.COMPARE)} or {key(Act.LEAVE)} goes back"
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(head, right, words)
        for number, peak in enumerate(self._peaks):
            self._paint(painter, self.tile_rect(number), number, peak)
        painter.end()

    def _paint(self, painter: QPainter, rect: QRectF, number: int, peak: Peak) -> None:
        look, px = self._look, self._look.px
        chosen = peak.frame == self._best
        painter.setPen(QPen(look.colour("good" if chosen else "line"), px(3 if chosen else 1)))
        painter.setBrush(look.colour("panel"))
        painter.drawPath(rounded(rect, px(8)))
        picture = rect.adjusted(px(8), px(8), -px(8), -px(38))
        painter.fillRect(picture, look.colour("well"))
        view = self._views.get(peak.frame)
        if view is not None:
            self._paint_picture(painter, picture, view)
        else:
            painter.setPen(QColor(DARK.muted))
            painter.drawText(picture, Qt.AlignmentFlag.AlignCenter, "Reading …")
        self._paint_words(painter, rect, number, peak, chosen=chosen)

    def _paint_words(
        self, painter: QPainter, rect: QRectF, number: int, peak: Peak, *, chosen: bool
    ) -> None:
        look, px = self._look, self._look.px
        line = rect.adjusted(px(10), rect.height() - px(34), -px(10), -px(6))
        chip = QRectF(line.left(), line.top() + px(2), px(24), px(24))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("accent"))
        painter.drawPath(rounded(chip, px(5)))
        painter.setPen(look.colour("on_accent"))
        painter.setFont(look.font(15, bold=True))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, look.keys.text(CHOICE_ACTS[number]))
        painter.setPen(look.colour("text"))
        painter.setFont(look.font(16, bold=True))
        rest = line.adjusted(px(36), 0, 0, 0)
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, percent(peak.confidence))
        painter.setFont(look.font(14))
        painter.setPen(look.colour("muted"))
        sharp = "" if math.isnan(peak.quality) else f"  ·  sharpness {percent(peak.quality)}"
        unsure = "" if peak.sure or peak.told else "unsure  ·  "
        words = f"{unsure}{clock(peak.time_s)}{sharp}" + ("  ·  chosen" if chosen else "")
        painter.drawText(rest.adjusted(px(66), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_picture(self, painter: QPainter, area: QRectF, view: View) -> None:
        frame, ratio = view.frame, self.devicePixelRatioF()
        placement = place(frame.width_px, frame.height_px, area)
        scale = placement.scale * ratio
        size = QSize(round(frame.width_px * scale), round(frame.height_px * scale))
        fitted = self._fitted.get(frame.index)
        if fitted is None or not fitted.is_of(frame.pixels, size):
            fitted = self._fitted[frame.index] = fit(frame.pixels, size)
        fitted.image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(placement.left, placement.top), fitted.image)
        analysis = view.analysis
        if self.show_box and analysis is not None and analysis.shown_box is not None:
            painter.save()
            painter.setClipRect(area)
            plane, age = analysis.prediction.plane, BoxAge(analysis.localisation.age_s)
            sure = analysis.localisation.sure
            paint_box(painter, placement, analysis.shown_box, plane, self._look, age, sure=sure)
            painter.restore()
            painter.setPen(QColor(0, 0, 0, 0))
