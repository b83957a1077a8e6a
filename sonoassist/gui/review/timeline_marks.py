"""What is painted over the strips of the timeline: times, words of the person, playhead."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from sonoassist.core.planes import BY_KEY, Plane
from sonoassist.gui.overlay import rounded
from sonoassist.gui.review.places import LEAST_PX, Places
from sonoassist.gui.review.span import times_between
from sonoassist.gui.timeline import clock
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.table import FrameTable
from sonoassist.review.candidates import Peak

_SURE, _UNSURE = Qt.PenStyle.SolidLine, Qt.PenStyle.DotLine
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def paint_ruler(painter: QPainter, places: Places, table: FrameTable) -> None:
    """The times above the rows."""
    area, look = places.tracks(), places.look
    painter.setFont(look.font(11))
    painter.setPen(look.colour("muted"))
    for frame, at_s in times_between(table.times_s, places.span, ticks_across(places)):
        x = places.x_of(float(frame))
        if x > area.right() - look.px(40):
            continue
        tick = QRectF(x, area.top() - look.px(6), 1, look.px(5))
        painter.fillRect(tick, look.colour("muted"))
        row = QRectF(x + look.px(4), 0, look.px(100), places.ruler_px - look.px(2))
        painter.drawText(row, _LEFT, clock(at_s))


def ticks_across(places: Places) -> int:
    """About so many times have room beside each other."""
    return int(places.tracks().width() / places.look.px(110))


def paint_labels(painter: QPainter, places: Places, corrections: Corrections) -> None:
    """Corrected stretches: hatched in the row of the plane that the person named."""
    look, span = places.look, places.span
    for label in corrections.labels:
        if label.last < span.first or label.first > span.last:
            continue
        rect = places.stretch(places.row_of(label.plane), label.first, label.last)
        colour = QColor(BY_KEY[label.plane].colour)
        painter.fillRect(rect, look.colour("back"))
        painter.fillRect(rect, QBrush(colour, Qt.BrushStyle.BDiagPattern))
        painter.setPen(QPen(look.ink(colour.name()), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))


def paint_range(painter: QPainter, places: Places, chosen: tuple[int, int]) -> None:
    """The frames that are selected."""
    rect = places.stretch(places.tracks(), *chosen)
    colour = places.look.colour("accent")
    painter.setPen(QPen(colour, 1))
    colour.setAlpha(46)
    painter.setBrush(colour)
    painter.drawRect(rect)


def paint_views(painter: QPainter, places: Places, plane: Plane, peaks: Sequence[Peak]) -> None:
    """A line under each view of a plane, from where it begins to where it ends; broken: unsure."""
    wide, span, area = places.look.px(2), places.span, places.tracks()
    foot = places.row_of(plane.key).bottom() - wide / 2
    lines: dict[Qt.PenStyle, list[QLineF]] = {_SURE: [], _UNSURE: []}
    for peak in peaks:  # a long recording has a thousand
        if peak.last < span.first or peak.first > span.last:
            continue
        left, right = (
            area.left() + span.x_of(frame, area.width()) for frame in (peak.first, peak.last + 1)
        )
        line = QLineF(left, foot, max(right, left + LEAST_PX), foot)
        lines[_SURE if peak.sure or peak.told else _UNSURE].append(line)
    pen = QPen(places.look.colour("text"), wide)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    for style, some in lines.items():
        pen.setStyle(style)
        painter.setPen(pen)
        for line in some:
            painter.drawLine(line)


def paint_peaks(painter: QPainter, places: Places, plane: str, peaks: Sequence[Peak]) -> None:
    """Small ticks above the strip of the chosen plane: its candidates."""
    row, look = places.row_of(plane), places.look
    painter.setPen(QPen(look.colour("panel"), 1))
    painter.setBrush(look.colour("text"))
    for peak in peaks:
        x, wide = places.x_of(peak.frame + 0.5), look.px(4)
        top = row.top() - 1
        corners = (QPointF(x - wide, top), QPointF(x + wide, top), QPointF(x, row.top() + wide))
        painter.drawPolygon(QPolygonF(corners))


def paint_best(painter: QPainter, places: Places, corrections: Corrections) -> None:
    """A diamond where a person chose the best frame of a plane."""
    look = places.look
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look.colour("panel"), look.px(2)))
    painter.setBrush(look.colour("good"))
    for key, frame in corrections.best.items():
        row = places.row_of(key)
        middle, half = QPointF(places.x_of(frame + 0.5), row.center().y()), row.height() * 0.42
        steps = ((-half, 0.0), (0.0, -half), (half, 0.0), (0.0, half))
        painter.drawPolygon(QPolygonF([middle + QPointF(*step) for step in steps]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_boxes(painter: QPainter, places: Places, corrections: Corrections) -> None:
    """A small frame where a person drew a box."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(places.look.colour("text"), places.look.px(1)))
    for frame, key in corrections.boxes:
        row = places.row_of(key)
        side = row.height() * 0.6
        x = places.x_of(frame + 0.5)
        painter.drawRect(QRectF(x - side / 2, row.center().y() - side / 2, side, side))


def paint_marks(painter: QPainter, places: Places, corrections: Corrections) -> None:
    """A flag on each marked frame, below the times, which it would hide."""
    area, px = places.tracks(), places.look.px
    colour = places.look.colour("warning")
    top = area.top() - px(6)
    for mark in corrections.marks:
        x = places.x_of(mark.frame + 0.5)
        painter.fillRect(QRectF(x - 0.5, top, 1, area.bottom() - top), colour)
        painter.fillRect(QRectF(x, top, px(9), px(5)), colour)


def paint_head(painter: QPainter, places: Places, index: int) -> None:
    """The playhead: a line through all rows, as wide as its frame when looked at closely."""
    left, right = places.x_of(index), places.x_of(index + 1)
    look, area = places.look, places.tracks()
    top, colour = look.px(2), look.colour("text")
    if right - left > 4:
        ground = QColor(colour)
        ground.setAlpha(40)
        painter.fillRect(QRectF(left, area.top(), right - left, area.height()), ground)
    wide = look.px(2)
    line = QRectF((left + right) / 2 - wide / 2, top, wide, area.bottom() - top)
    painter.fillRect(line.adjusted(-1, 0, 1, 0), look.colour("panel"))
    painter.fillRect(line, colour)


def paint_bar(painter: QPainter, places: Places, index: int) -> None:
    """Which part of the recording is seen, and where the playhead is in all of it."""
    bar, span, look = places.bar(), places.span, places.look
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(rounded(bar, bar.height() / 2), look.colour("raised"))
    left = bar.left() + bar.width() * span.first / span.total
    wide = max(bar.width() * span.length / span.total, look.px(12))
    seen = QRectF(min(left, bar.right() - wide), bar.top(), wide, bar.height())
    painter.fillPath(rounded(seen, bar.height() / 2), look.colour("muted"))
    at = bar.left() + bar.width() * (index + 0.5) / span.total
    painter.fillRect(QRectF(at - 1, bar.top() - 2, 2, bar.height() + 4), look.colour("text"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
