"""The timeline: a row a plane, confidence as heat strips, like the tracks of a sound editor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.gui.overlay import rounded
from sonoassist.gui.review.span import Span, tick_step_s
from sonoassist.gui.review.strips import Pixels, StripColours
from sonoassist.gui.theme import Look
from sonoassist.gui.timeline import clock
from sonoassist.gui.verdict import percent
from sonoassist.planes import DISPLAY_ORDER
from sonoassist.review.candidates import Peak
from sonoassist.review.records import Corrections
from sonoassist.review.table import Table

ZOOM = 1.25
"""One step of the wheel or of + and −."""
_ROW_PX = 18
_LINE_OF = {plane.key: row for row, plane in enumerate(DISPLAY_ORDER)}
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class TimelineRows(QWidget):
    """Paints a recording's results and lets the mouse go to a place in it.

    The coloured strips are made once for what is shown and copied when painting.

    Signals:
        sought: The user wants to see a frame; arg: its index.
        row_picked: The user chose a plane; arg: its key.
        hovered: The mouse is over a frame; args: its index (-1: over none) and the widget x.
        range_drawn: Frames were selected with the mouse; args: first and last.
    """

    sought = pyqtSignal(int)
    row_picked = pyqtSignal(str)
    hovered = pyqtSignal(int, float)
    range_drawn = pyqtSignal(int, int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: Table | None = None
        self._span = Span.whole(1)
        self._index = 0
        self._plane = DISPLAY_ORDER[0].key
        self._corrections = Corrections()
        self._peaks: Mapping[str, Sequence[Peak]] = {}
        self._chosen_range: tuple[int, int] | None = None
        self._made: tuple[object, ...] | None = None
        self._image = QImage()
        self._memory: Pixels | None = None
        self._grip = ""
        self._grip_at = 0.0
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
        rows = len(DISPLAY_ORDER) * self._row_px()
        self.setFixedHeight(self._ruler_px() + rows + self._bar_px() + look.px(6))
        self.update()

    def show_table(self, table: Table | None) -> None:
        """Show another recording, all of it."""
        self._table = table
        self._span = Span.whole(len(table) if table is not None else 1)
        self._made = None
        self._chosen_range = None
        self.update()

    def refresh(self) -> None:
        """Repaint when results have come."""
        if self._table is not None and (self._made is None or self._made[0] != self._version()):
            self.update()

    def show_index(self, index: int) -> None:
        """Put the playhead on a frame, and keep it in sight."""
        if index != self._index:
            self._index = index
            self._span = self._span.with_frame(index)
            self.update()

    def show_plane(self, plane: str) -> None:
        """Mark a row."""
        self._plane = plane
        self.update()

    def show_words(self, corrections: Corrections, peaks: Mapping[str, Sequence[Peak]]) -> None:
        """Show what a person said and the candidates."""
        self._corrections, self._peaks = corrections, peaks
        self.update()

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

    # -- places ----------------------------------------------------------------------------

    def _row_px(self) -> int:
        return self._look.px(_ROW_PX)

    def _ruler_px(self) -> int:
        return self._look.px(22)

    def _bar_px(self) -> int:
        return self._look.px(12)

    def tracks(self) -> QRectF:
        """Where the strips lie."""
        left, right = self._look.px(122), self._look.px(64)
        rows = len(DISPLAY_ORDER) * self._row_px()
        return QRectF(left, self._ruler_px(), max(self.width() - left - right, 1), rows)

    def row_rect(self, row: int) -> QRectF:
        """Where the strip of a row lies."""
        area, gap = self.tracks(), self._look.px(2)
        top = area.top() + row * self._row_px()
        return QRectF(area.left(), top + gap / 2, area.width(), self._row_px() - gap)

    def bar(self) -> QRectF:
        """Where the bar lies that shows which part is seen."""
        area, thick = self.tracks(), self._look.px(6)
        return QRectF(area.left(), area.bottom() + self._look.px(5), area.width(), thick)

    def x_of(self, frame: float) -> float:
        """Widget x of the beginning of a frame."""
        area = self.tracks()
        return area.left() + self._span.x_of(frame, area.width())

    def frame_at(self, x: float) -> int:
        """The frame at a widget x."""
        area = self.tracks()
        return self._span.frame_at(x - area.left(), area.width())

    # -- mouse -----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go there, choose a row, move what is seen, or begin to select."""
        if event is None or self._table is None:
            return
        point, area = event.position(), self.tracks()
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
            self._pick_row(point.y(), quietly=True)
            self.sought.emit(self.frame_at(point.x()))

    def _hold(self, grip: str, x: float) -> None:
        self._grip, self._grip_at = grip, x

    def _pick_row(self, y: float, *, quietly: bool = False) -> None:
        row = int((y - self.tracks().top()) // self._row_px())
        if 0 <= row < len(DISPLAY_ORDER) and y >= self.tracks().top():
            key = DISPLAY_ORDER[row].key
            if quietly:
                self.row_hinted.emit(key)
            else:
                self.row_picked.emit(key)

    row_hinted = pyqtSignal(str)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Scrub, move or select; else tell what is under the mouse."""
        if event is None or self._table is None:
            return
        x, area = event.position().x(), self.tracks()
        if self._grip == "seek":
            self.sought.emit(self.frame_at(x))
        elif self._grip == "pan":
            self.set_span(self._span.moved((self._grip_at - x) / area.width() * self._span.length))
            self._grip_at = x
        elif self._grip == "bar":
            self._pan_bar(x)
        elif self._grip == "range":
            ends = sorted((self.frame_at(self._grip_at), self.frame_at(x)))
            self.range_drawn.emit(ends[0], ends[1])
        inside = area.left() <= x <= area.right() and event.position().y() < area.bottom()
        self.hovered.emit(self.frame_at(x) if inside else -1, x)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self._grip = ""

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
            area = self.tracks()
            share = (event.position().x() - area.left()) / area.width()
            about = self._span.first + min(max(share, 0.0), 1.0) * self._span.length
            self.set_span(self._span.zoomed(ZOOM**-steps, about))
        event.accept()

    def _pan_bar(self, x: float) -> None:
        bar = self.bar()
        share = min(max((x - bar.left()) / bar.width(), 0.0), 1.0)
        self.set_span(self._span.centred(int(share * self._span.total)))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The strips are made anew."""
        self._made = None

    # -- painting --------------------------------------------------------------------------

    def _version(self) -> int:
        return self._table.version if self._table is not None else -1

    def _strips(self) -> QImage:
        """The strips for what is shown, from the pyramid; kept until something changes."""
        width = max(round(self.tracks().width() * self.devicePixelRatioF()), 1)
        made = (self._version(), self._span, width, self._look.palette.name)
        if made != self._made and self._table is not None:
            columns, known = self._table.columns(self._span.first, self._span.last, width)
            self._memory = self._colours.picture(columns, known)
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
            self._paint_ruler(painter, self._table)
            painter.save()
            painter.setClipRect(self.tracks().adjusted(0, -self._ruler_px(), 0, 0))
            self._paint_range(painter)
            self._paint_labels(painter)
            self._paint_peaks(painter)
            self._paint_best(painter)
            self._paint_marks(painter)
            self._paint_head(painter)
            painter.restore()
            self._paint_bar(painter)
        painter.end()

    def _paint_selected(self, painter: QPainter) -> None:
        row = self.row_rect(_LINE_OF[self._plane])
        whole = QRectF(0, row.top() - 1, self.width(), row.height() + 2)
        painter.fillRect(whole, self._look.colour("hover"))
        edge = QRectF(0, row.top() - 1, self._look.px(3), row.height() + 2)
        painter.fillRect(edge, self._look.colour("accent"))

    def _paint_strips(self, painter: QPainter) -> None:
        if self._table is None:
            for row in range(len(DISPLAY_ORDER)):
                painter.fillRect(self.row_rect(row), self._look.colour("raised"))
            return
        image = self._strips()
        for row in range(len(DISPLAY_ORDER)):
            painter.drawImage(self.row_rect(row), image, QRectF(0, row, image.width(), 1))

    def _paint_names(self, painter: QPainter) -> None:
        px = self._look.px
        for row, plane in enumerate(DISPLAY_ORDER):
            rect = self.row_rect(row)
            mine = plane.key == self._plane
            painter.fillRect(
                QRectF(px(10), rect.top() + px(3), px(5), rect.height() - px(6)),
                QColor(plane.colour),
            )
            painter.setFont(self._look.font(13, bold=mine))
            painter.setPen(self._look.colour("text" if mine else "muted"))
            words = QRectF(px(22), rect.top(), rect.left() - px(24), rect.height())
            painter.drawText(words, _LEFT, plane.label)
            painter.setFont(self._look.font(12))
            text, tone = self._said(plane.key)
            painter.setPen(self._look.colour(tone))
            side = QRectF(rect.right(), rect.top(), px(54), rect.height())
            painter.drawText(side, _RIGHT, text)

    def _said(self, key: str) -> tuple[str, str]:
        """What stands at the end of a row, and its tone."""
        peaks = self._peaks.get(key, ())
        if key in self._corrections.best:
            return "chosen", "good"
        if any(peak.sure or peak.told for peak in peaks):
            return percent(max(peak.confidence for peak in peaks)), "muted"
        return ("" if key == "background" or self._table is None else "missing"), "warning"

    def _paint_ruler(self, painter: QPainter, table: Table) -> None:
        area, px = self.tracks(), self._look.px
        times = table.times_s
        first_s = float(times[min(int(self._span.first), len(times) - 1)])
        last_s = float(times[min(int(self._span.last), len(times) - 1)])
        step_s = tick_step_s(max(last_s - first_s, 0.04), int(area.width() / px(110)))
        painter.setFont(self._look.font(11))
        painter.setPen(self._look.colour("muted"))
        number = int(first_s / step_s)
        while (at_s := number * step_s) <= last_s:
            number += 1
            x = self.x_of(float(times.searchsorted(at_s)))
            if at_s < first_s or x > area.right() - px(40):
                continue
            painter.fillRect(QRectF(x, area.top() - px(6), 1, px(5)), self._look.colour("muted"))
            row = QRectF(x + px(4), 0, px(100), self._ruler_px() - px(2))
            painter.drawText(row, _LEFT, clock(at_s))

    def _stretch(self, row: QRectF, first: int, last: int) -> QRectF:
        left, right = self.x_of(first), self.x_of(last + 1)
        return QRectF(left, row.top(), max(right - left, 3.0), row.height())

    def _paint_labels(self, painter: QPainter) -> None:
        """Corrected stretches: hatched in the row of the plane that the person named."""
        for label in self._corrections.labels:
            if label.last < self._span.first or label.first > self._span.last:
                continue
            rect = self._stretch(self.row_rect(_LINE_OF[label.plane]), label.first, label.last)
            colour = QColor(DISPLAY_ORDER[_LINE_OF[label.plane]].colour)
            painter.fillRect(rect, self._look.colour("back"))
            painter.fillRect(rect, QBrush(colour, Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(self._look.ink(colour.name()), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_range(self, painter: QPainter) -> None:
        if self._chosen_range is None:
            return
        rect = self._stretch(self.tracks(), *self._chosen_range)
        colour = self._look.colour("accent")
        painter.setPen(QPen(colour, 1))
        colour.setAlpha(46)
        painter.setBrush(colour)
        painter.drawRect(rect)

    def _paint_peaks(self, painter: QPainter) -> None:
        """Small ticks above the strip of the chosen plane: its candidates."""
        row = self.row_rect(_LINE_OF[self._plane])
        for peak in self._peaks.get(self._plane, ()):
            x, wide = self.x_of(peak.frame + 0.5), self._look.px(4)
            tick = QPolygonF(
                [QPointF(x - wide, row.top() - 1), QPointF(x + wide, row.top() - 1),
                 QPointF(x, row.top() + wide)]
            )  # fmt: skip
            painter.setPen(QPen(self._look.colour("panel"), 1))
            painter.setBrush(self._look.colour("text"))
            painter.drawPolygon(tick)

    def _paint_best(self, painter: QPainter) -> None:
        """A diamond where a person chose the best frame of a plane."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for key, frame in self._corrections.best.items():
            row = self.row_rect(_LINE_OF[key])
            middle, half = QPointF(self.x_of(frame + 0.5), row.center().y()), row.height() * 0.42
            diamond = QPolygonF(
                [middle + QPointF(*step) for step in ((-half, 0), (0, -half), (half, 0), (0, half))]
            )
            painter.setPen(QPen(self._look.colour("panel"), self._look.px(2)))
            painter.setBrush(self._look.colour("good"))
            painter.drawPolygon(diamond)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_marks(self, painter: QPainter) -> None:
        area, px = self.tracks(), self._look.px
        colour = self._look.colour("warning")
        for mark in self._corrections.marks:
            x = self.x_of(mark.frame + 0.5)
            painter.fillRect(QRectF(x - 0.5, px(4), 1, area.bottom() - px(4)), colour)
            painter.fillRect(QRectF(x, px(4), px(8), px(7)), colour)

    def _paint_head(self, painter: QPainter) -> None:
        """The playhead: a line through all rows, as wide as its frame when looked at closely."""
        left, right = self.x_of(self._index), self.x_of(self._index + 1)
        top, area = self._look.px(2), self.tracks()
        colour = self._look.colour("text")
        if right - left > 4:
            ground = QColor(colour)
            ground.setAlpha(40)
            painter.fillRect(QRectF(left, area.top(), right - left, area.height()), ground)
        wide = self._look.px(2)
        x = (left + right) / 2 - wide / 2
        line = QRectF(x, top, wide, area.bottom() - top)
        painter.fillRect(line.adjusted(-1, 0, 1, 0), self._look.colour("panel"))
        painter.fillRect(line, colour)

    def _paint_bar(self, painter: QPainter) -> None:
        bar, total = self.bar(), self._span.total
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(rounded(bar, bar.height() / 2), self._look.colour("raised"))
        left = bar.left() + bar.width() * self._span.first / total
        wide = max(bar.width() * self._span.length / total, self._look.px(12))
        seen = QRectF(min(left, bar.right() - wide), bar.top(), wide, bar.height())
        painter.fillPath(rounded(seen, bar.height() / 2), self._look.colour("muted"))
        at = bar.left() + bar.width() * (self._index + 0.5) / total
        painter.fillRect(QRectF(at - 1, bar.top() - 2, 2, bar.height() + 4),
                         self._look.colour("text"))  # fmt: skip
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
