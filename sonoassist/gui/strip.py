"""The last minute in plane colours, under the picture."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QCursor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.core.planes import PLANES
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look
from sonoassist.gui.timeline import STILL_S, WINDOW_S, Segment, Timeline, clock
from sonoassist.gui.verdict import CODE_UNSURE

_INK = QColor("#0b0f14")
_TICKS_S = 15


class Strip(QWidget):
    """Paints a timeline; a click on it seeks where the source can.

    Signals:
        picked: A place was clicked; arg: source time in seconds.
    """

    picked = pyqtSignal(float)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline = Timeline()
        self._drawn_version = -1
        self._segments: list[Segment] = []
        self._marked_s: float | None = None
        self._seekable = False
        self._stills = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Last minute")
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setFixedHeight(look.px(48))
        self.update()

    def set_timeline(self, timeline: Timeline) -> None:
        """Draw another timeline."""
        self._timeline = timeline
        self.refresh()

    def set_source(self, *, seekable: bool, stills: bool) -> None:
        """Say what kind of source it is: seekable ones answer clicks."""
        if (seekable, stills) == (self._seekable, self._stills):
            return
        self._seekable, self._stills = seekable, stills
        shape = Qt.CursorShape.PointingHandCursor if seekable else Qt.CursorShape.ArrowCursor
        self.setCursor(QCursor(shape))
        self.setToolTip("Click to go there" if seekable else "")

    def mark(self, at_s: float | None) -> None:
        """Mark a place of its own (the frozen picture), or none."""
        if at_s != self._marked_s:
            self._marked_s = at_s
            self.update()

    def refresh(self) -> None:
        """Repaint when the timeline has changed."""
        if self._timeline.version != self._drawn_version:
            self._drawn_version = self._timeline.version
            self._segments = self._timeline.segments()
            self.update()

    def track(self) -> QRectF:
        """Where the coloured band lies on the widget."""
        return QRectF(0, 0, self.width(), self._look.px(28))

    def x_of(self, at_s: float) -> float:
        """Widget x of a source time."""
        start, end = self._timeline.window()
        return self.track().width() * (at_s - start) / max(end - start, 1e-9)

    def time_at(self, x: float) -> float:
        """Source time at a widget x, in seconds."""
        start, end = self._timeline.window()
        return start + (end - start) * min(max(x / max(self.track().width(), 1.0), 0.0), 1.0)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the place clicked."""
        if event is not None and self._seekable:
            self.picked.emit(self.time_at(event.position().x()))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the band, its labels, the time under it and where we are."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.colour("back"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = self.track()
        shape = rounded(track, self._look.px(5))
        painter.fillPath(shape, self._look.colour("raised"))
        painter.setClipPath(shape)
        for segment in self._segments:
            self._paint_segment(painter, segment)
        painter.setClipping(False)
        self._paint_times(painter)
        self._paint_marks(painter)
        painter.end()

    def _paint_segment(self, painter: QPainter, segment: Segment) -> None:
        left, right = self.x_of(segment.start_s), self.x_of(segment.end_s)
        rect = QRectF(left, 0, max(right - left, 1.0), self.track().height())
        if segment.code == CODE_UNSURE:
            colour = self._look.colour("muted")
            colour.setAlpha(60)
            painter.fillRect(rect, colour)
        elif segment.code < len(PLANES):
            plane = PLANES[segment.code]
            painter.fillRect(rect, QColor(plane.colour))
            names = (plane.label, plane.published_label)
            self._paint_label(painter, rect.intersected(self.track()), names)

    def _paint_label(self, painter: QPainter, rect: QRectF, names: tuple[str, str]) -> None:
        """Write the first of `names` that fits, or nothing."""
        font = self._look.font(13, bold=True)
        metrics = QFontMetricsF(font)
        room = rect.width() - self._look.px(8)
        label = next((name for name in names if metrics.horizontalAdvance(name) <= room), "")
        painter.setFont(font)
        painter.setPen(_INK)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, label)

    def _paint_times(self, painter: QPainter) -> None:
        start, end = self._timeline.window()
        painter.setFont(self._look.font(11))
        painter.setPen(self._look.colour("muted"))
        metrics = QFontMetricsF(painter.font())
        top = self.track().bottom() + self._look.px(3)
        used = -1e9
        for at_s in self._ticks(start, end):
            text = self._time_text(at_s, end)
            wide = metrics.horizontalAdvance(text)
            left = min(max(self.x_of(at_s) - wide / 2, 0.0), self.width() - wide)
            if left > used + self._look.px(12):
                row = QRectF(left, top, wide + 1, metrics.height())
                painter.drawText(row, Qt.AlignmentFlag.AlignLeft, text)
                used = left + wide

    def _ticks(self, start: float, end: float) -> list[float]:
        if not self._seekable:
            return [end - back for back in range(int(WINDOW_S), -1, -_TICKS_S)]
        if self._stills:
            return still_ticks(start, end)
        step = max((end - start) / 4, 1e-6)
        return [start + step * number for number in range(5)]

    def _time_text(self, at_s: float, end_s: float) -> str:
        if self._stills:
            return f"picture {int(at_s / STILL_S) + 1}"
        if self._seekable:
            return clock(at_s)
        back = round(end_s - at_s)
        return f"−{back} s" if back else "now"

    def _paint_marks(self, painter: QPainter) -> None:
        for at_s, tone in ((self._now(), "text"), (self._marked_s, "accent")):
            if at_s is None:
                continue
            wide = self._look.px(2)
            x = min(max(self.x_of(at_s) - wide / 2, 0.0), self.width() - wide)
            rect = QRectF(x, 0, wide, self.track().height())
            painter.fillRect(rect.adjusted(-1, 0, 1, 0), self._look.colour("back"))
            painter.fillRect(rect, self._look.colour(tone))

    def _now(self) -> float | None:
        return self._timeline.now_s if self._seekable else None


def still_ticks(start_s: float, end_s: float, most: int = 5) -> list[float]:
    """Where pictures are named on an axis: the middle of a few of them, first and last among."""
    first, last = round(start_s / STILL_S), round(end_s / STILL_S) - 1
    steps = min(most, last - first + 1)
    if steps < 2:
        return [(first + 0.5) * STILL_S]
    numbers = [first + round(step * (last - first) / (steps - 1)) for step in range(steps)]
    return [(number + 0.5) * STILL_S for number in numbers]
