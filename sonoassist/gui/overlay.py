"""The small things painted over a picture: box, heat map, crop outline, chips and cards."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from sonoassist.core.box_age import OWN, BoxAge
from sonoassist.core.packets import Analysis, Box, Floats
from sonoassist.core.planes import Plane
from sonoassist.gui.theme import Look

BOX_PX = 3
DASH_PX = 9
HEAT_OPACITY = 0.72
TICK_SHARE = 0.09
_INK = QColor("#0b0f14")
_HALO = QColor(0, 0, 0, 150)
_MORE_HALO = 140
"""A faint line on bright tissue is seen by the dark around it."""
_PLATE = QColor(11, 15, 20, 190)
_CARRIED = QColor("#d5dce5")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture lies on the widget.

    Attributes:
        left: Widget x of the picture's left edge.
        top: Widget y of its top edge.
        scale: Widget pixels for one frame pixel.
    """

    left: float
    top: float
    scale: float

    def to_widget(self, box: Box) -> QRectF:
        """Map a box from frame pixels to the widget."""
        return QRectF(
            QPointF(self.left + box.left * self.scale, self.top + box.top * self.scale),
            QPointF(self.left + box.right * self.scale, self.top + box.bottom * self.scale),
        )

    def to_frame(self, point: QPointF) -> tuple[float, float]:
        """Map a point of the widget to frame pixels."""
        return (point.x() - self.left) / self.scale, (point.y() - self.top) / self.scale


def place(width_px: int, height_px: int, area: QRectF) -> Placement:
    """Fit a picture into `area` with its aspect kept, centred, on whole widget pixels."""
    scale = min(area.width() / width_px, area.height() / height_px)
    left = area.left() + (area.width() - width_px * scale) / 2
    top = area.top() + (area.height() - height_px * scale) / 2
    return Placement(float(round(left)), float(round(top)), scale)


@functools.cache
def _heat_table() -> NDArray[np.uint8]:
    """256 premultiplied BGRA entries: inferno, more opaque the stronger the evidence."""
    from sonoassist.core.opencv import cv2  # not at the top: the window is up before it is loaded

    # A column: OpenCV 5 takes a flat array for one row, older ones for one column.
    levels = np.arange(256, dtype=np.uint8).reshape(256, 1)
    mapped = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO).reshape(256, 3)
    colours = np.asarray(mapped, np.float32)
    strength = np.linspace(0.0, 1.0, 256, dtype=np.float32)
    alpha = HEAT_OPACITY * np.clip(strength * 1.4 - 0.06, 0.0, 1.0)
    table = np.empty((256, 4), np.float32)
    table[:, :3] = colours * alpha[:, None]
    table[:, 3] = alpha * 255
    return np.asarray(table.round(), np.uint8)


def heat_evidence(analysis: Analysis, guided: bool) -> Floats | None:
    """What the heat map shows, (h, w) in [0, 1]: the guided map where wanted and there."""
    saliency = analysis.prediction.guided
    if not guided or saliency is None:
        return analysis.localisation.evidence
    strength = np.abs(saliency)
    # A few pixels of a guided map are far stronger than the rest and would leave it black.
    top = max(float(np.percentile(strength, 99.5)), 1e-12)
    return np.asarray(np.clip(strength / top, 0.0, 1.0), np.float32)


def heat_image(evidence: Floats) -> QImage:
    """Evidence (h, w) in [0, 1] as a translucent picture of the same size."""
    levels = (np.clip(np.nan_to_num(evidence), 0.0, 1.0) * 255).astype(np.uint8)
    pixels = np.ascontiguousarray(_heat_table()[levels])
    height, width = (int(side) for side in levels.shape)
    kind = QImage.Format.Format_ARGB32_Premultiplied
    image = QImage(cast(bytes, pixels.data), width, height, 4 * width, kind)
    return image.copy()  # the array goes away with this function


def paint_heat(painter: QPainter, placement: Placement, crop: Box, image: QImage) -> None:
    """Paint a heat map over its crop and nowhere else."""
    target = placement.to_widget(crop)
    painter.save()
    painter.setClipRect(target, Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(target, image)
    painter.restore()


def frame_edges(rect: QRectF, thick: int) -> tuple[QRectF, QRectF, QRectF, QRectF]:
    """The four edges (left, top, right, bottom) of a frame whose lines are centred on `rect`."""
    half = thick / 2
    left, top = round(rect.left() - half), round(rect.top() - half)
    right, bottom = round(rect.right() - half), round(rect.bottom() - half)
    wide, high = right - left + thick, bottom - top + thick
    return (
        QRectF(left, top, thick, high),
        QRectF(left, top, wide, thick),
        QRectF(right, top, thick, high),
        QRectF(left, bottom, wide, thick),
    )


def paint_box(
    painter: QPainter,
    placement: Placement,
    box: Box,
    plane: Plane,
    look: Look,
    age: BoxAge = OWN,
    *,
    sure: bool = True,
) -> None:
    """Paint the box in the colour of its plane, with ticks at the middles and its name.

    Args:
        age: A box that was found earlier is drawn fainter, and says that it is carried.
        sure: One that is not is drawn with broken lines.
    """
    rect = placement.to_widget(box)
    thick = look.px(BOX_PX)
    colour = QColor(plane.colour)
    colour.setAlphaF(age.strength)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    edges = frame_edges(rect, thick)
    halo = QColor(_HALO)
    halo.setAlpha(_HALO.alpha() + round(_MORE_HALO * (1 - age.strength)))
    left, top, right, bottom = edges
    dash = 0.0 if sure else look.px(DASH_PX)
    for edge in edges:
        for piece in pieces_of(edge, dash):
            painter.fillRect(piece.adjusted(-1, -1, 1, 1), halo)
    # Not where they meet the others: a faint line would show twice.
    inner = (edge.adjusted(thick, 0, -thick, 0) for edge in (top, bottom))
    for edge in (left, right, *inner):
        for piece in pieces_of(edge, dash):
            painter.fillRect(piece, colour)
    _paint_ticks(painter, rect, colour, look)
    _paint_tag(painter, top, plane, look)
    _paint_age(painter, bottom, age.words, look)


def pieces_of(edge: QRectF, dash: float) -> list[QRectF]:
    """An edge in pieces of the length of their gaps, with one at either end; whole without a dash.

    Args:
        edge: A thin rectangle, upright or level.
        dash: Length of a piece, about; 0 for none.
    """
    upright = edge.height() > edge.width()
    long = max(edge.height(), edge.width())
    count = round((long / dash + 1) / 2) if dash > 0 else 1
    if count < 2:
        return [edge]
    piece = long / (2 * count - 1)
    starts = (2 * number * piece for number in range(count))
    if upright:
        return [QRectF(edge.left(), edge.top() + at, edge.width(), piece) for at in starts]
    return [QRectF(edge.left() + at, edge.top(), piece, edge.height()) for at in starts]


def _paint_ticks(painter: QPainter, rect: QRectF, colour: QColor, look: Look) -> None:
    thin = look.px(1)
    long = min(look.px(14), rect.width() * TICK_SHARE, rect.height() * TICK_SHARE)
    middle = rect.center()
    across = ((rect.left(), 1.0), (rect.right(), -1.0))
    for x, inward in across:
        start = min(x, x + inward * long)
        painter.fillRect(QRectF(start, middle.y() - thin / 2, long, thin), colour)
    for y, inward in ((rect.top(), 1.0), (rect.bottom(), -1.0)):
        start = min(y, y + inward * long)
        painter.fillRect(QRectF(middle.x() - thin / 2, start, thin, long), colour)


def _paint_tag(painter: QPainter, top_edge: QRectF, plane: Plane, look: Look) -> None:
    font = look.font(13, bold=True)
    metrics = QFontMetricsF(font)
    wide = metrics.horizontalAdvance(plane.label) + look.px(14)
    high = metrics.height() + look.px(4)
    above = top_edge.top() - high
    top = above if above >= 0 else top_edge.bottom()
    tag = QRectF(top_edge.left(), top, wide, high)
    painter.fillRect(tag, QColor(plane.colour))
    painter.setFont(font)
    painter.setPen(_INK)
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, plane.label)


def _paint_age(painter: QPainter, bottom_edge: QRectF, words: str, look: Look) -> None:
    """Under the box at its left, or in it where there is no room below."""
    if not words:
        return
    font = look.font(13)
    metrics = QFontMetricsF(font)
    wide = metrics.horizontalAdvance(words) + look.px(10)
    high = metrics.height() + look.px(2)
    area = painter.clipBoundingRect() if painter.hasClipping() else QRectF(painter.window())
    below = bottom_edge.bottom() + high <= area.bottom()
    top = bottom_edge.bottom() if below else bottom_edge.top() - high
    left = max(min(bottom_edge.left(), area.right() - wide), area.left())
    plate = QRectF(left, top, wide, high)
    painter.fillRect(plate, _PLATE)
    painter.setFont(font)
    painter.setPen(_CARRIED)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)


def paint_outline(painter: QPainter, rect: QRectF, colour: QColor, look: Look) -> None:
    """Paint a dashed rectangle: the outline of the crop."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for tone, offset in ((_HALO, 4.0), (colour, 0.0)):
        pen = QPen(tone, look.px(1.5))
        pen.setDashPattern([4.0, 4.0])
        pen.setDashOffset(offset)
        painter.setPen(pen)
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))


def rounded(rect: QRectF, radius: float) -> QPainterPath:
    """A rectangle with round corners, to fill or stroke."""
    path = QPainterPath()
    path.addRoundedRect(rect, radius, radius)
    return path
