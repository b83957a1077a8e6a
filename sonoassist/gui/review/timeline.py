"""The timeline: a row a plane, confidence as heat strips, like the tracks of a sound editor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QGuiApplication,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.core.percent import percent
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.gui.review.places import Places
from sonoassist.gui.review.span import Span
from sonoassist.gui.review.strips import Pixels, StripColours
from sonoassist.gui.review.timeline_marks import (
    paint_bar,
    paint_best,
    paint_boxes,
    paint_head,
    paint_labels,
    paint_marks,
    paint_peaks,
    paint_range,
    paint_ruler,
    paint_views,
)
from sonoassist.gui.theme import Look
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.records import STRIDE
from sonoassist.recordings.table import FrameTable
from sonoassist.review.candidates import Peak
from sonoassist.review.views import RecordingViews

ZOOM = 1.25
"""One step of the wheel or of + and −."""
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class TimelineRows(QWidget):
    """Paints a recording's results and lets the mouse go to a place in it.

    The coloured strips are made once for what is shown and copied when painting.

    Signals:
        sought: The user wants to see a frame; arg: its index.
        row_picked: The user chose a plane; arg: its key.
        row_hinted: The row of a plane was clicked where frames are, not dragged; arg: its key.
        hovered: The mouse is over a frame; args: its index (-1: over none) and the widget x.
        zoomed: Another part is shown; arg: its `Span`.
        range_drawn: Frames were selected with the mouse; args: first and last.
    """

    sought = pyqtSignal(int)
    row_picked = pyqtSignal(str)
    row_hinted = pyqtSignal(str)
    hovered = pyqtSignal(int, float)
    zoomed = pyqtSignal(object)
    range_drawn = pyqtSignal(int, int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: FrameTable | None = None
        self._span = Span.whole(1)
        self._index = 0
        self._plane = DISPLAY_ORDER[0].key
        self._corrections = Corrections()
        self._views: RecordingViews | None = None
        self._chosen_range: tuple[int, int] | None = None
        self._made: tuple[object, ...] | None = None
        self._image = QImage()
        self._memory: Pixels | None = None
        self._grip = ""
        self._grip_at = 0.0
        self._low = False
        self._clicked: QPointF | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Timeline")
        self.set_look(look)

    # -- what to show ----------------------------------------------------------------------

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        palette = look.palette
        self._colours = StripColours(palette.back, palette.raised)
        self._made = None
        self.setFixedHeight(self.places.height)
        self.update()

    def set_low(self, low: bool) -> None:
        """Lower rows, for a low window."""
        if low != self._low:
            self._low = low
            self.set_look(self._look)

    def show_table(self, table: FrameTable | None) -> None:
        """Show another recording, all of it."""
        self._table, self._views = table, None
        self._span = Span.whole(len(table) if table is not None else 1)
        self._made = None
        self._chosen_range = None
        self.update()

    def show_index(self, index: int) -> None:
        """Put the playhead on a frame, and keep it in sight."""
        if index != self._index:
            self._index = index
            self.set_span(self._span.with_frame(index))
            self.update()

    def show_plane(self, plane: str) -> None:
        """Mark a row."""
        self._plane = plane
        self.update()

    def show_words(self, corrections: Corrections, views: RecordingViews | None) -> None:
        """Show what a person said and the views; None before anything is known."""
        self._corrections, self._views = corrections, views
        self.update()

    def _peaks(self, plane: str) -> Sequence[Peak]:
        return () if self._views is None else self._views.candidates.get(plane, ())

    def _all_views(self, plane: str) -> Sequence[Peak]:
        return () if self._views is None else self._views.views.get(plane, ())

    def show_range(self, chosen: tuple[int, int] | None) -> None:
        """Show the frames that are selected, or none."""
        if chosen != self._chosen_range:
            self._chosen_range = chosen
            self.update()

    @property
    def span(self) -> Span:
        """What is shown."""
        return self._span

    def set_span(self, span: Span) -> None:
        """Show another part."""
        if span != self._span:
            self._span = span
            self.zoomed.emit(span)
            self.update()

    def zoom(self, steps: float) -> None:
        """Closer (above 0) or further away, about the playhead where it is in sight."""
        about = self._index + 0.5
        if not self._span.first <= about <= self._span.last:
            about = (self._span.first + self._span.last) / 2
        self.set_span(self._span.zoomed(ZOOM**-steps, about))

    def whole(self) -> None:
        """Show all of the recording."""
        self.set_span(Span.whole(self._span.total))

    @property
    def places(self) -> Places:
        """Where everything lies now."""
        return Places(self._look, self.width(), self._span, self._low)

    # -- mouse -----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go there, choose a row, move what is seen, or begin to select."""
        if event is None or self._table is None:
            return
        point, area = event.position(), self.places.tracks()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() is Qt.MouseButton.MiddleButton:
            self._hold("pan", point.x())
        elif event.button() is not Qt.MouseButton.LeftButton:
            return
        elif point.y() >= area.bottom():
            self._hold("bar", point.x())
            self._pan_bar(point.x())
        elif not area.left() <= point.x() <= area.right():
            self._pick_row(point.y())
        elif shift:
            self._hold("range", point.x())
        else:
            self._hold("seek", point.x())
            self._clicked = point
            self.sought.emit(self.places.frame_at(point.x()))

    @property
    def held(self) -> bool:
        """Whether the mouse drags something."""
        return bool(self._grip)

    @property
    def scrubbing(self) -> bool:
        """Whether the mouse goes through the frames."""
        return self._grip == "seek"

    def _hold(self, grip: str, x: float) -> None:
        self._grip, self._grip_at = grip, x

    def _pick_row(self, y: float, *, quietly: bool = False) -> None:
        row = int((y - self.places.tracks().top()) // self.places.row_px)
        if 0 <= row < len(DISPLAY_ORDER) and y >= self.places.tracks().top():
            key = DISPLAY_ORDER[row].key
            if quietly:
                self.row_hinted.emit(key)
            else:
                self.row_picked.emit(key)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Scrub, move or select; else tell what is under the mouse."""
        if event is None or self._table is None:
            return
        x, area = event.position().x(), self.places.tracks()
        if self._clicked is not None and _away(self._clicked, event.position()):
            self._clicked = None  # from now on it is scrubbed, and scrubbing selects nothing
        if self._grip == "seek" and self._clicked is None:
            self.sought.emit(self.places.frame_at(x))
        elif self._grip == "pan":
            self.set_span(self._span.moved((self._grip_at - x) / area.width() * self._span.length))
            self._grip_at = x
        elif self._grip == "bar":
            self._pan_bar(x)
        elif self._grip == "range":
            ends = sorted((self.places.frame_at(self._grip_at), self.places.frame_at(x)))
            self.range_drawn.emit(ends[0], ends[1])
        inside = area.left() <= x <= area.right() and event.position().y() < area.bottom()
        self.hovered.emit(self.places.frame_at(x) if inside else -1, x)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go; what was clicked and not dragged selects its row."""
        clicked, self._clicked, self._grip = self._clicked, None, ""
        if clicked is not None:
            self._pick_row(clicked.y(), quietly=True)

    def leaveEvent(self, event: object) -> None:
        """Nothing is under the mouse any more."""
        self.hovered.emit(-1, 0.0)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom about the mouse; sideways, or with Shift, move."""
        if event is None or self._table is None:
            return
        steps, aside = event.angleDelta().y() / 120, event.angleDelta().x() / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            steps, aside = 0.0, aside or steps
        if aside:
            self.set_span(self._span.moved(-aside * self._span.length / 10))
        if steps:
            area = self.places.tracks()
            share = (event.position().x() - area.left()) / area.width()
            about = self._span.first + min(max(share, 0.0), 1.0) * self._span.length
            self.set_span(self._span.zoomed(ZOOM**-steps, about))
        event.accept()

    def _pan_bar(self, x: float) -> None:
        bar = self.places.bar()
        share = min(max((x - bar.left()) / bar.width(), 0.0), 1.0)
        self.set_span(self._span.centred(int(share * self._span.total)))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The strips are made anew."""
        self._made = None

    # -- painting --------------------------------------------------------------------------

    def _strips(self, views: RecordingViews) -> QImage:
        """The strips for what is shown, from the pyramid; kept until something changes."""
        width = max(round(self.places.tracks().width() * self.devicePixelRatioF()), 1)
        made = (views, self._span, width, self._look.palette.name)
        if made != self._made:
            columns, known = views.strips.columns(self._span.first, self._span.last, width)
            reach = STRIDE * width / self._span.length
            self._memory = self._colours.picture(columns, known, reach)
            data = cast(bytes, self._memory.data)  # any buffer will do, and none is copied
            height = len(DISPLAY_ORDER)
            self._image = QImage(data, width, height, 4 * width, QImage.Format.Format_RGB32)
            self._made = made
        return self._image

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the rows and what lies over them."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.colour("panel"))
        self._paint_selected(painter)
        self._paint_strips(painter)
        self._paint_names(painter)
        if self._table is not None:
            self._paint_over(painter, self._table)
        painter.end()

    def _paint_over(self, painter: QPainter, table: FrameTable) -> None:
        places, words = self.places, self._corrections
        paint_ruler(painter, places, table)
        painter.save()
        painter.setClipRect(places.tracks().adjusted(0, -places.ruler_px, 0, 0))
        if self._chosen_range is not None:
            paint_range(painter, places, self._chosen_range)
        paint_labels(painter, places, words)
        for plane in DISPLAY_ORDER:
            paint_views(painter, places, plane, self._all_views(plane.key))
        paint_peaks(painter, places, self._plane, self._peaks(self._plane))
        paint_best(painter, places, words)
        paint_boxes(painter, places, words)
        paint_marks(painter, places, words)
        paint_head(painter, places, self._index)
        painter.restore()
        paint_bar(painter, places, self._index)

    def _paint_selected(self, painter: QPainter) -> None:
        row = self.places.row_of(self._plane)
        whole = QRectF(0, row.top() - 1, self.width(), row.height() + 2)
        painter.fillRect(whole, self._look.colour("hover"))
        edge = QRectF(0, row.top() - 1, self._look.px(3), row.height() + 2)
        painter.fillRect(edge, self._look.colour("accent"))

    def _paint_strips(self, painter: QPainter) -> None:
        if self._views is None:
            for row in range(len(DISPLAY_ORDER)):
                painter.fillRect(self.places.row_rect(row), self._look.colour("raised"))
            return
        image = self._strips(self._views)
        for row in range(len(DISPLAY_ORDER)):
            painter.drawImage(self.places.row_rect(row), image, QRectF(0, row, image.width(), 1))

    def _paint_names(self, painter: QPainter) -> None:
        px = self._look.px
        for row, plane in enumerate(DISPLAY_ORDER):
            rect = self.places.row_rect(row)
            mine = plane.key == self._plane
            painter.fillRect(
                QRectF(px(10), rect.top() + px(3), px(5), rect.height() - px(6)),
                QColor(plane.colour),
            )
            painter.setFont(self._look.font(12 if self._low else 13, bold=mine))
            painter.setPen(self._look.colour("text" if mine else "muted"))
            words = QRectF(px(22), rect.top(), rect.left() - px(24), rect.height())
            words.adjust(0, -px(3), 0, px(3))  # the gaps between the rows, too
            painter.drawText(words, _LEFT, plane.label)
            painter.setFont(self._look.font(12))
            text, tone = self._said(plane.key)
            painter.setPen(self._look.colour(tone))
            side = QRectF(rect.right(), words.top(), px(54), words.height())
            painter.drawText(side, _RIGHT, text)

    def _said(self, key: str) -> tuple[str, str]:
        """What stands at the end of a row, and its tone."""
        peaks = self._peaks(key)
        if key in self._corrections.best:
            return "chosen", "good"
        if any(peak.sure or peak.told for peak in peaks):
            return percent(max(peak.confidence for peak in peaks)), "muted"
        surveyed = self._views is not None and self._views.surveyed
        return ("missing" if surveyed and not BY_KEY[key].is_background else ""), "warning"


def _away(begin: QPointF, now: QPointF) -> bool:
    """Whether the mouse was dragged since it was pressed."""
    hints = QGuiApplication.styleHints()
    least = hints.startDragDistance() if hints is not None else 0
    return (now - begin).manhattanLength() >= max(least / 2, 2)
