"""A picture with the crop on it, which mouse and keys move and size."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QCursor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.core.packets import Box, Pixels
from sonoassist.gui.acts import Act
from sonoassist.gui.fitter import Fitted, fit
from sonoassist.gui.overlay import Placement, paint_outline, place
from sonoassist.gui.theme import DARK, Look

if TYPE_CHECKING:
    from sonoassist.preprocess.fan_outline import Outline

HANDLE_PX, REACH_PX = 11, 16
STEP_SHARE = 0.01
"""One press of a key moves by so much of the picture's width."""
LEAST_SHARE = 0.08
"""The crop is at least so wide, as a share of the picture's width."""


class CropGrip(Enum):
    """What of the crop is held; values: where its corner is, across and down (0 or 1)."""

    TOP_LEFT = (0, 0)
    TOP_RIGHT = (1, 0)
    BOTTOM_LEFT = (0, 1)
    BOTTOM_RIGHT = (1, 1)
    WHOLE = (-1, -1)


class CropEditor(QWidget):
    """Shows a picture and edits a crop of one aspect on it.

    Args:
        look: Theme and size.
        aspect: Width over height of the crop, always kept.

    Signals:
        edited: The crop is another one; arg: `Box` in frame pixels.
    """

    edited = pyqtSignal(object)

    def __init__(self, look: Look, aspect: float) -> None:
        super().__init__()
        self._look, self._aspect = look, aspect
        self._pixels: Pixels | None = None
        self._fitted: Fitted | None = None
        self._grip: CropGrip | None = None
        self._from: tuple[QPointF, Box] | None = None
        self.crop = Box(0, 0, 1, 1)
        self._outline: Outline | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Crop on the picture")

    def sizeHint(self) -> QSize:
        """As small as it may be: the sheet gives it all that is left of the window."""
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        """Small windows still show something."""
        return QSize(360, 260)

    def show_picture(self, pixels: Pixels) -> None:
        """Draw this picture under the crop, uint8 (H, W, 3) or (H, W)."""
        self._pixels = pixels
        self.update()

    def show_outline(self, outline: Outline) -> None:
        """Draw where the ultrasound picture was found, corners (n, 2) in frame pixels."""
        self._outline = outline
        self.update()

    def set_crop(self, crop: Box) -> None:
        """Take another crop, moved and made smaller until it fits; tells it."""
        self.crop = self._fitting(crop)
        self.update()
        self.edited.emit(self.crop)

    # -- geometry --------------------------------------------------------------------------

    def _size_px(self) -> tuple[int, int]:
        assert self._pixels is not None
        height, width = self._pixels.shape[:2]
        return width, height

    def _fitting(self, crop: Box) -> Box:
        wide, high = self._size_px()
        width = min(max(crop.width, LEAST_SHARE * wide), wide, high * self._aspect)
        height = width / self._aspect
        left = min(max(crop.left, 0.0), wide - width)
        top = min(max(crop.top, 0.0), high - height)
        return Box(
            float(round(left)),
            float(round(top)),
            float(int(left + width)),
            float(int(top + height)),
        )

    def moved(self, across_px: float, down_px: float) -> None:
        """Move the crop by frame pixels."""
        crop = self.crop
        self.set_crop(
            Box(
                crop.left + across_px,
                crop.top + down_px,
                crop.right + across_px,
                crop.bottom + down_px,
            )
        )

    def sized(self, wider_px: float) -> None:
        """Make the crop wider, or (negative) narrower, about its middle; the aspect stays."""
        crop = self.crop
        width = max(crop.width + wider_px, 1.0)
        x, y = (crop.left + crop.right) / 2, (crop.top + crop.bottom) / 2
        half_w, half_h = width / 2, width / self._aspect / 2
        self.set_crop(Box(x - half_w, y - half_h, x + half_w, y + half_h))

    def _stretched(self, grip: CropGrip, point: tuple[float, float]) -> Box:
        """The crop with one corner at a point and the opposite one where it was."""
        across, down = grip.value
        fixed_x = self.crop.left if across else self.crop.right
        fixed_y = self.crop.top if down else self.crop.bottom
        wide, high = self._size_px()
        room_x = wide - fixed_x if across else fixed_x
        room_y = high - fixed_y if down else fixed_y
        width = max(abs(point[0] - fixed_x), abs(point[1] - fixed_y) * self._aspect)
        width = min(max(width, LEAST_SHARE * wide), room_x, room_y * self._aspect)
        height = width / self._aspect
        left = fixed_x if across else fixed_x - width
        top = fixed_y if down else fixed_y - height
        return Box(left, top, left + width, top + height)

    def placement(self) -> Placement | None:
        """Where the picture lies on the widget, or None without one."""
        if self._pixels is None:
            return None
        return place(*self._size_px(), QRectF(self.rect()))

    def _grip_at(self, point: QPointF) -> CropGrip | None:
        placement = self.placement()
        if placement is None:
            return None
        rect = placement.to_widget(self.crop)
        reach = self._look.px(REACH_PX)
        for grip in CropGrip:
            if grip is not CropGrip.WHOLE:
                corner = _corner(rect, grip)
                if (point - corner).manhattanLength() <= 1.5 * reach:
                    return grip
        return CropGrip.WHOLE if rect.contains(point) else None

    # -- mouse and keys --------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take hold of a corner, or of the whole crop."""
        if event is not None and event.button() is Qt.MouseButton.LeftButton:
            self.setFocus()
            self._grip = self._grip_at(event.position())
            self._from = (event.position(), self.crop)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Move what is held, or show what can be."""
        placement = self.placement()
        if event is None or placement is None:
            return
        if self._grip is None or self._from is None:
            self.setCursor(QCursor(_cursor(self._grip_at(event.position()))))
        elif self._grip is CropGrip.WHOLE:
            start, crop = self._from
            off = (event.position() - start) / placement.scale
            self.set_crop(
                Box(
                    crop.left + off.x(),
                    crop.top + off.y(),
                    crop.right + off.x(),
                    crop.bottom + off.y(),
                )
            )
        else:
            self.set_crop(self._stretched(self._grip, placement.to_frame(event.position())))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self._grip = self._from = None

    def key_handlers(self) -> dict[Act, Callable[[], None]]:
        """What the keys do: arrows move it by a step, by ten with Shift, by a pixel with Ctrl."""
        ways = {
            (-1, 0): (Act.BACK, Act.BACK_MORE, Act.FINE_LEFT),
            (1, 0): (Act.FORWARD, Act.FORWARD_MORE, Act.FINE_RIGHT),
            (0, -1): (Act.ITEM_UP, None, Act.FINE_UP),
            (0, 1): (Act.ITEM_DOWN, None, Act.FINE_DOWN),
        }
        handlers: dict[Act, Callable[[], None]] = {
            Act.LARGER: lambda: self.sized(2 * self._step_px()),
            Act.SMALLER: lambda: self.sized(-2 * self._step_px()),
        }
        for (across, down), (by_step, by_ten, by_pixel) in ways.items():
            handlers[by_step] = partial(self._by_key, across, down, 1)
            handlers[by_pixel] = partial(self._by_key, across, down, 0)
            if by_ten is not None:
                handlers[by_ten] = partial(self._by_key, across, down, 10)
        return handlers

    def _step_px(self) -> float:
        """How far a key moves it, in pixels of the picture."""
        return max(STEP_SHARE * self._size_px()[0], 1.0) if self._pixels is not None else 0.0

    def _by_key(self, across: int, down: int, steps: int) -> None:
        """Move it by so many steps; 0: by one pixel."""
        far_px = steps * self._step_px() if steps else 1.0
        if self._pixels is not None:
            self.moved(across * far_px, down * far_px)

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the picture, dark beside the crop, and the crop's handles."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#07090c"))
        placement = self.placement()
        if placement is not None and self._pixels is not None:
            self._paint_picture(painter, placement, self._pixels)
            self._paint_crop(painter, placement)
        painter.end()

    def _paint_picture(self, painter: QPainter, placement: Placement, pixels: Pixels) -> None:
        ratio = self.devicePixelRatioF()
        wide, high = self._size_px()
        size = QSize(round(wide * placement.scale * ratio), round(high * placement.scale * ratio))
        if self._fitted is None or not self._fitted.is_of(pixels, size):
            self._fitted = fit(pixels, size)
        self._fitted.image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(placement.left, placement.top), self._fitted.image)

    def _paint_crop(self, painter: QPainter, placement: Placement) -> None:
        wide, high = self._size_px()
        whole = placement.to_widget(Box(0, 0, wide, high))
        rect = placement.to_widget(self.crop)
        shade = QColor(0, 0, 0, 150)
        for part in _beside(whole, rect):
            painter.fillRect(part, shade)
        if self._outline is not None:
            corners = [
                QPointF(placement.left + x * placement.scale, placement.top + y * placement.scale)
                for x, y in self._outline
            ]
            painter.setPen(QPen(QColor(DARK.muted), max(self._look.px(1), 1)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(QPolygonF(corners))
        accent = QColor(DARK.accent)  # the picture is dark in both themes
        paint_outline(painter, rect, accent, self._look)
        side = self._look.px(HANDLE_PX)
        for grip in CropGrip:
            if grip is not CropGrip.WHOLE:
                handle = QRectF(0, 0, side, side)
                handle.moveCenter(_corner(rect, grip))
                painter.fillRect(handle, accent)
                painter.setPen(QColor("#0b0f14"))
                painter.drawRect(handle)


def _corner(rect: QRectF, grip: CropGrip) -> QPointF:
    across, down = grip.value
    return QPointF(rect.right() if across else rect.left(), rect.bottom() if down else rect.top())


def _beside(whole: QRectF, hole: QRectF) -> tuple[QRectF, QRectF, QRectF, QRectF]:
    """The four rectangles that cover `whole` but not `hole`."""
    return (
        QRectF(whole.left(), whole.top(), whole.width(), hole.top() - whole.top()),
        QRectF(whole.left(), hole.bottom(), whole.width(), whole.bottom() - hole.bottom()),
        QRectF(whole.left(), hole.top(), hole.left() - whole.left(), hole.height()),
        QRectF(hole.right(), hole.top(), whole.right() - hole.right(), hole.height()),
    )


def _cursor(grip: CropGrip | None) -> Qt.CursorShape:
    if grip is None:
        return Qt.CursorShape.ArrowCursor
    if grip is CropGrip.WHOLE:
        return Qt.CursorShape.SizeAllCursor
    along = grip in (CropGrip.TOP_LEFT, CropGrip.BOTTOM_RIGHT)
    return Qt.CursorShape.SizeFDiagCursor if along else Qt.CursorShape.SizeBDiagCursor
