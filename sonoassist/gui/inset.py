"""The small picture shown while the analysis is slower than the picture: the last result.

The large picture is then the newest one, which has no result and gets no box; the box is drawn
here, on the very frame that it belongs to. It lies beside the field of view, never on it; where
there is no room for it, it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QRectF, QSize, QSizeF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter

from sonoassist.core.box_age import BoxAge
from sonoassist.gui.fitter import Fitted
from sonoassist.gui.free_room import MARGIN_PX, largest_beside
from sonoassist.gui.overlay import Placement, paint_box
from sonoassist.gui.theme import DARK, Look
from sonoassist.gui.verdict import Verdict, ago
from sonoassist.live.status import View

SHARE = 0.27
"""Of the widget's width; less where it would be too high."""
_HIGH_SHARE = 0.36
CAPTION_PX = 24
LEAST_PX = 110
"""Width below which it is left out."""
_BACK = QColor(10, 14, 19)


@dataclass(frozen=True, slots=True)
class Past:
    """A result that is older than the picture on screen.

    Attributes:
        view: The picture it belongs to.
        verdict: What was said of that picture.
        age_s: How much older it is.
    """

    view: View
    verdict: Verdict
    age_s: float


def inset_rect(view: View, area: QRectF, taken: QRectF, look: Look) -> QRectF | None:
    """Where the small picture lies, its caption above it; None where there is no room.

    Args:
        view: Its picture.
        area: The viewport.
        taken: The field of view of the large picture, which it must not cover.
    """
    frame, margin = view.frame, look.px(MARGIN_PX)
    scale = min(
        area.width() * SHARE / frame.width_px, area.height() * _HIGH_SHARE / frame.height_px
    )
    most = QSizeF(frame.width_px * scale, frame.height_px * scale)
    inner = area.adjusted(margin, margin, -margin, -margin)
    clear = taken.adjusted(-margin, -margin, margin, margin)
    return largest_beside(inner, clear, most, look.px(CAPTION_PX), look.px(LEAST_PX))


def inset_size(rect: QRectF, ratio: float) -> QSize:
    """Size of the small picture in pixels of the screen."""
    return QSize(round(rect.width() * ratio), round(rect.height() * ratio))


def paint_inset(
    painter: QPainter, rect: QRectF, past: Past, fitted: Fitted, look: Look, age: BoxAge | None
) -> None:
    """Paint the small picture with its own box and its age.

    Args:
        age: To be shown of the box; None where no box is shown.
    """
    high = look.px(CAPTION_PX)
    around = rect.adjusted(-look.px(1), -high, look.px(1), look.px(1))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(around.adjusted(-1, -1, 1, 1), QColor(DARK.muted))
    painter.fillRect(around, _BACK)
    painter.drawImage(rect.topLeft(), fitted.image)
    plane, small = past.verdict.plane, Look(look.palette, look.scale * 0.75, look.family)
    if age is not None and past.verdict.box is not None and plane is not None:
        placement = Placement(rect.left(), rect.top(), rect.width() / past.view.frame.width_px)
        painter.save()
        painter.setClipRect(rect)
        sure = past.verdict.box_sure
        paint_box(painter, placement, past.verdict.box, plane, small, age, sure=sure)
        painter.restore()
    _paint_caption(painter, QRectF(around.left(), around.top(), around.width(), high), past, look)


def _paint_caption(painter: QPainter, row: QRectF, past: Past, look: Look) -> None:
    font = look.font(13)
    painter.setFont(font)
    painter.setPen(QColor(DARK.muted))
    inner = row.adjusted(look.px(8), 0, -look.px(8), 0)
    wide = QFontMetricsF(font).horizontalAdvance
    words = f"Last result, {ago(past.age_s)}"
    text = words if wide(words) <= inner.width() else ago(past.age_s)
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, text)
