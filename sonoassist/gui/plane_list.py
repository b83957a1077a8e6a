"""The 14 confidence bars and the checklist as one list, in one order, painted by one widget."""

from __future__ import annotations

import math

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QRegion,
)
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from sonoassist.core.packets import Floats
from sonoassist.core.percent import percent
from sonoassist.core.planes import DISPLAY_ORDER, PLANES, Plane
from sonoassist.exam.checklist import Line
from sonoassist.exam.exam_view import ExamView
from sonoassist.gui.exam_marks import (
    Thumbnails,
    paint_mark,
    paint_thumbnail,
    share_text,
    state_text,
    state_tone,
    tip_text,
)
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look
from sonoassist.gui.verdict import NOTHING, Verdict, VerdictKind

STEADY_MS = 120.0
_AT = np.array([PLANES.index(plane) for plane in DISPLAY_ORDER])
_STILL = 0.002
LEAST_ROW_PX = 20
_LETTERS_SHARE = 0.8
"""Letters with what hangs below the line take no more than their room at this share of it."""
_STATE_ROW_PX = 40
"""Rows lower than this (at scale 1) say the state of the checklist by its mark alone."""
_PICTURES_WIDE_PX = 300
"""Lists narrower than this (at scale 1) show no thumbnails."""


class PlaneList(QWidget):
    """One row a plane: name, the frame's own percentage, bar, threshold; the winner is marked.

    While an exam runs each row also has its best picture and what is there or missing.

    Signals:
        picked: The user clicked a plane that is on the checklist; arg: its key there.
        opened: The same by a double click.
    """

    picked = pyqtSignal(str)
    opened = pyqtSignal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._verdict = NOTHING
        self._threshold = 0.7
        self._shares: Floats | None = None
        self._bars = np.zeros(len(DISPLAY_ORDER), np.float64)
        self._painted: list[tuple[object, ...]] = []
        self._placed: list[tuple[QRectF, QRectF]] = []
        self._placed_for: tuple[int, int, float, bool] | None = None
        self._lines: dict[str, Line] = {}
        self._selected = ""
        self._thumbnails = Thumbnails()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(len(DISPLAY_ORDER) * LEAST_ROW_PX)
        self.setAccessibleName("Planes")

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.update()

    def show_exam(self, exam: ExamView | None, selected: str) -> None:
        """Show the checklist of the running exam, or none.

        Args:
            exam: The running exam.
            selected: Key of the item that the keys are for.
        """
        lines = exam.lines if exam is not None else ()
        self._lines = {line.item.plane: line for line in lines if line.item.plane}
        self._selected = selected
        self._thumbnails.update(exam.thumbnails if exam is not None else {})
        self._update_rows()

    def line_of(self, row: int) -> Line | None:
        """The checklist's line of a row."""
        return self._lines.get(DISPLAY_ORDER[row].key)

    def set_threshold(self, threshold: float) -> None:
        """Move the threshold's tick."""
        self._threshold = threshold
        self.update()

    def show_shares(self, probabilities: Floats | None, verdict: Verdict) -> None:
        """Show a frame's own softmax.

        Args:
            probabilities: (14,) in the order of `planes.PLANES`; None where there is no result.
            verdict: Of the same frame.
        """
        self._shares = None if probabilities is None else probabilities[_AT]
        self._verdict = verdict
        if probabilities is None:
            self._bars[:] = 0.0
        self._update_rows()

    def _update_rows(self) -> None:
        """Repaint the rows that look different now; most of them stay at 0 %."""
        wanted = self._rows()
        if len(wanted) != len(self._painted):
            self.update()
        else:
            for row, (old, new) in enumerate(zip(self._painted, wanted, strict=True)):
                if old != new:
                    self.update(self.row_rect(row).toAlignedRect())
        self._painted = wanted

    def _rows(self) -> list[tuple[object, ...]]:
        """What each row looks like: its percentage, the length of its bar, whether it won."""
        room, winner = self.bar_rect(0).width(), self.winner()
        past = self._verdict.kind is VerdictKind.PAST
        return [
            (text, round(room * float(bar)), plane is winner, past, line, self._is_selected(line))
            for (_, text), bar, plane, line in zip(
                self.texts(), self._bars, DISPLAY_ORDER, self._all_lines(), strict=True
            )
        ]

    def _all_lines(self) -> list[Line | None]:
        return [self._lines.get(plane.key) for plane in DISPLAY_ORDER]

    def _is_selected(self, line: Line | None) -> bool:
        return line is not None and line.item.key == self._selected

    def advance(self, elapsed_ms: float) -> None:
        """Let the bars follow; they are steadied for the eye only, the numbers are not."""
        if self._shares is None:
            return
        gap = self._shares - self._bars
        widest = float(np.abs(gap).max())
        if widest == 0.0:
            return
        if widest < _STILL:
            self._bars[:] = self._shares
        else:
            self._bars += gap * (1.0 - math.exp(-elapsed_ms / STEADY_MS))
        self._update_rows()

    @property
    def bars(self) -> tuple[float, ...]:
        """Length of each bar, 0 to 1, in display order."""
        return tuple(float(bar) for bar in self._bars)

    def texts(self) -> list[tuple[str, str]]:
        """(name, percentage) of each row, in display order."""
        shares = self._shares
        if shares is None:
            return [(plane.label, "–") for plane in DISPLAY_ORDER]
        return [
            (plane.label, percent(float(share)))
            for plane, share in zip(DISPLAY_ORDER, shares, strict=True)
        ]

    def winner(self) -> Plane | None:
        """The row that is marked: the plane named, or the background when that is said."""
        if self._verdict.kind in (VerdictKind.PLANE, VerdictKind.BACKGROUND):
            return self._verdict.plane or self._verdict.guess
        return None

    def row_rect(self, row: int) -> QRectF:
        """Where a row lies on the widget."""
        return self._places()[row][0]

    def bar_rect(self, row: int) -> QRectF:
        """Where a row's track lies on the widget."""
        return self._places()[row][1]

    def _places(self) -> list[tuple[QRectF, QRectF]]:
        """(row, track) of each plane, made anew when the size of something has changed."""
        made_for = (self.width(), self.height(), self._look.scale, bool(self._lines))
        if made_for != self._placed_for:
            # In whole pixels, so that a row can be repainted without touching its neighbours.
            high = min(self.height() // len(DISPLAY_ORDER), self._look.px(66))
            rows = [QRectF(0, row * high, self.width(), high) for row in range(len(DISPLAY_ORDER))]
            self._placed = [(row, self._track(row)) for row in rows]
            self._placed_for = made_for
        return self._placed

    def _says_state(self, row: QRectF) -> bool:
        return bool(self._lines) and row.height() >= self._look.px(_STATE_ROW_PX)

    def _shows_pictures(self, row: QRectF) -> bool:
        wide = self.width() >= self._look.px(_PICTURES_WIDE_PX)
        return self._says_state(row) and wide

    def picture_rect(self, row: int) -> QRectF:
        """Where a row's thumbnail lies; empty where there is no room for it."""
        rect = self.row_rect(row)
        if not self._shows_pictures(rect):
            return QRectF()
        high = rect.height() - self._look.px(8)
        return QRectF(self._look.px(26), rect.top() + self._look.px(4), round(high * 4 / 3), high)

    def _track(self, row: QRectF) -> QRectF:
        px = self._look.px
        left, right = row.left() + px(30), row.right() - px(16)
        if self._shows_pictures(row):
            left = px(26) + round((row.height() - px(8)) * 4 / 3) + px(10)
        thick = px(8) if row.height() > px(40) else px(6)
        lower = 0.05 if self._says_state(row) else 0.22
        middle = row.center().y() + row.height() * lower
        return QRectF(left, round(middle - thick / 2), right - left, thick)

    def row_at(self, y: float) -> int | None:
        """The row at a height on the widget."""
        row = int(y // max(self.row_rect(0).height(), 1.0))
        return row if 0 <= row < len(DISPLAY_ORDER) else None

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Pick the plane under the mouse."""
        self._pick(event, self.picked)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Look at the picture of the plane under the mouse."""
        self._pick(event, self.opened)

    def _pick(self, event: QMouseEvent | None, signal: object) -> None:
        row = self.row_at(event.position().y()) if event is not None else None
        line = self.line_of(row) if row is not None else None
        if line is not None:
            signal.emit(line.item.key)  # type: ignore[attr-defined]

    def event(self, event: QEvent | None) -> bool:
        """Say on hover why a picture was chosen."""
        if isinstance(event, QHelpEvent):
            row = self.row_at(event.pos().y())
            line = self.line_of(row) if row is not None else None
            if line is not None:
                QToolTip.showText(event.globalPos(), tip_text(line, self._look.keys), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the rows that need it."""
        painter = QPainter(self)
        region = event.region() if event is not None else QRegion(self.rect())
        painter.fillRect(self.rect(), self._look.colour("panel"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        winner = self.winner()
        for row, (name, share) in enumerate(self.texts()):
            if region.intersects(self.row_rect(row).toAlignedRect()):
                plane = DISPLAY_ORDER[row]
                line = self.line_of(row)
                if self._is_selected(line):
                    self._paint_selection(painter, row)
                if plane is winner:
                    # Where there is no room for both, the state matters more than the arrow.
                    arrow = line is None or not self.picture_rect(row).isEmpty()
                    self._paint_mark(painter, row, plane, arrow=arrow)
                if line is not None:
                    self._paint_line(painter, row, line, won=plane is winner)
                self._paint_words(painter, row, name, share, plane is winner)
                self._paint_bar(painter, row, plane)
        painter.end()

    def _paint_mark(self, painter: QPainter, row: int, plane: Plane, *, arrow: bool) -> None:
        look = self._look
        rect = self.row_rect(row).adjusted(look.px(4), 1.5, -look.px(4), -1.5)
        fill = QColor(plane.colour)
        fill.setAlpha(38)
        painter.setBrush(fill)
        painter.setPen(QPen(look.ink(plane.colour), max(look.px(2), 2)))
        painter.drawPath(rounded(rect, look.px(7)))
        if not arrow:
            return
        middle, left, side = rect.center().y(), rect.left() + look.px(9), look.px(5)
        painter.setBrush(look.ink(plane.colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(left, middle - side),
                    QPointF(left + side * 1.5, middle),
                    QPointF(left, middle + side),
                ]
            )
        )

    def _paint_selection(self, painter: QPainter, row: int) -> None:
        """A bar at the edge and a paler ground: the keys are for this row."""
        look = self._look
        rect = self.row_rect(row).adjusted(look.px(4), 1.5, -look.px(4), -1.5)
        painter.fillPath(rounded(rect, look.px(7)), look.colour("raised"))
        edge = QRectF(0, rect.top(), look.px(4), rect.height())
        painter.fillRect(edge, look.colour("accent"))

    def _paint_line(self, painter: QPainter, row: int, line: Line, *, won: bool) -> None:
        look, rect = self._look, self.row_rect(row)
        picture = self.picture_rect(row)
        side = look.px(14)
        if not picture.isEmpty():
            paint_thumbnail(painter, picture, line, self._thumbnails.of(line), look)
        at = QRectF(0, 0, side, side)
        at.moveCenter(QPointF(look.px(15), rect.center().y()))
        if not won or picture.isEmpty():
            paint_mark(painter, at, line, look)
        elif line.state.done:  # the winner's arrow stands there
            at.moveTopRight(picture.topRight() + QPointF(-look.px(2), look.px(2)))
            paint_mark(painter, at, line, look)
        if self._says_state(rect):
            track = self.bar_rect(row)
            words = QRectF(track.left(), track.bottom() + 1, track.width(), 0)
            words.setBottom(rect.bottom() - look.px(2))
            size = min(13.0 * look.scale, words.height() * _LETTERS_SHARE)
            painter.setFont(look.font(size, scaled=False))
            painter.setPen(look.colour(state_tone(line)))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(words, middle | Qt.AlignmentFlag.AlignLeft, state_text(line))
            painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, share_text(line))

    def _paint_words(self, painter: QPainter, row: int, name: str, share: str, won: bool) -> None:
        bar = self.bar_rect(row)
        rect = self.row_rect(row)
        high = bar.top() - rect.top()
        size = min(16.0 * self._look.scale, high * 0.66)
        words = QRectF(bar.left(), rect.top() + high * 0.1, bar.width(), high * 0.9)
        painter.setFont(self._look.font(size, bold=won, scaled=False))
        quiet = DISPLAY_ORDER[row].is_background and not won
        painter.setPen(self._look.colour("muted" if quiet else "text"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignLeft, name)
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, share)

    def _paint_bar(self, painter: QPainter, row: int, plane: Plane) -> None:
        track = self.bar_rect(row)
        radius = track.height() / 2
        ground = "hover" if self._is_selected(self.line_of(row)) else "raised"
        painter.fillPath(rounded(track, radius), self._look.colour(ground))
        # A small swatch stays even at 0 %, so that each row shows its plane's colour.
        wide = max(track.width() * float(self._bars[row]), track.height())
        filled = QRectF(track.left(), track.top(), wide, track.height())
        painter.fillPath(rounded(filled, radius), QColor(plane.colour))
        if not plane.is_background:
            x = round(track.left() + track.width() * self._threshold)
            reach = self._look.px(2)
            tick = QRectF(x, track.top() - reach, self._look.px(1.5), track.height() + 2 * reach)
            painter.fillRect(tick, self._look.colour("muted"))
