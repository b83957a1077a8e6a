"""The picture of the review page, on which boxes are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter

from sonoassist.core.packets import Box
from sonoassist.core.planes import BY_KEY, Plane
from sonoassist.gui.inset import Past
from sonoassist.gui.overlay import Placement, frame_edges, paint_outline
from sonoassist.gui.review.box_shape import Grip, Ground, drawn, grip_at, pulled
from sonoassist.gui.theme import Look
from sonoassist.gui.verdict import Verdict
from sonoassist.gui.viewport import Viewport
from sonoassist.live.status import View

REACH_PX = 7
"""So near to an edge the mouse takes hold of it, at scale 1."""
HANDLE_PX = 9
_HALO = QColor(0, 0, 0, 170)
_INK = QColor("#0b0f14")
_CURSORS = {
    Grip.INSIDE: Qt.CursorShape.SizeAllCursor,
    Grip.LEFT: Qt.CursorShape.SizeHorCursor,
    Grip.RIGHT: Qt.CursorShape.SizeHorCursor,
    Grip.TOP: Qt.CursorShape.SizeVerCursor,
    Grip.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Grip.TOP_LEFT: Qt.CursorShape.SizeFDiagCursor,
    Grip.BOTTOM_RIGHT: Qt.CursorShape.SizeFDiagCursor,
    Grip.TOP_RIGHT: Qt.CursorShape.SizeBDiagCursor,
    Grip.BOTTOM_LEFT: Qt.CursorShape.SizeBDiagCursor,
}


@dataclass(frozen=True, slots=True)
class Pull:
    """A box under the mouse.

    Attributes:
        begin: Where the mouse was pressed, in frame pixels.
        now: Where it is.
        box: That is pulled; None where a new one is drawn.
        grip: By what it is held; None where a new one is drawn.
    """

    begin: tuple[float, float]
    now: tuple[float, float]
    box: Box | None = None
    grip: Grip | None = None

    def made(self, ground: Ground) -> Box | None:
        """The box that comes of it; None where a new one is too small."""
        if self.box is None or self.grip is None:
            return drawn(self.begin, self.now, ground)
        by = (self.now[0] - self.begin[0], self.now[1] - self.begin[1])
        return pulled(self.box, self.grip, *by, ground)


class BoxView(Viewport):
    """A picture with the boxes that a person drew on it.

    Drawn boxes are solid, have handles while they can be pulled at, and say that they are drawn;
    the network's box of the same plane is dashed beside one.

    Signals:
        box_made: A box was drawn or pulled at; args: frame, key of the plane, `Box`.
    """

    box_made = pyqtSignal(int, str, object)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._boxes: Mapping[str, Box] = {}
        self._plane = ""
        self._pull: Pull | None = None

    @property
    def boxed_plane(self) -> str:
        """Key of the plane whose box is drawn with the mouse; "" for none."""
        return self._plane

    @property
    def boxes(self) -> Mapping[str, Box]:
        """The boxes that were drawn on this picture, by plane."""
        return self._boxes

    def show_boxes(self, boxes: Mapping[str, Box], plane: str) -> None:
        """Show what was drawn on the picture.

        Args:
            boxes: Key of a plane -> its box, in frame pixels.
            plane: Whose box the mouse draws and pulls at; "" for none.
        """
        if plane != self._plane:
            self._pull = None
            self.unsetCursor()
        self._boxes, self._plane = boxes, plane
        self.update()

    def show_view(
        self,
        view: View | None,
        verdict: Verdict,
        *,
        frozen: bool = False,
        past: Past | None = None,
    ) -> None:
        """Draw a picture from now on; a box of another one is let go."""
        before = self.view
        if view is None or before is None or view.frame.index != before.frame.index:
            self._pull = None
        super().show_view(view, verdict, frozen=frozen, past=past)

    # -- mouse -----------------------------------------------------------------------------

    def _ground(self) -> Ground | None:
        view = self.view
        return None if view is None else Ground(view.frame.width_px, view.frame.height_px)

    def _point(self, event: QMouseEvent) -> tuple[float, float] | None:
        placement = self.placement()
        return None if placement is None else placement.to_frame(event.position())

    def _begun(self, at: tuple[float, float]) -> Pull:
        """What pressing the mouse at a point begins."""
        box = self._boxes.get(self._plane)
        if box is None:
            box = self._network_box()
        grip = self._grip(box, at)
        if box is None or grip is None or (grip is Grip.INSIDE and self._plane not in self._boxes):
            return Pull(at, at)
        return Pull(at, at, box, grip)

    def _grip(self, box: Box | None, at: tuple[float, float]) -> Grip | None:
        placement = self.placement()
        if box is None or placement is None:
            return None
        return grip_at(box, *at, self._look.px(REACH_PX) / placement.scale)

    def _network_box(self) -> Box | None:
        """The network's box of the plane, where it has one: it can be pulled at as well."""
        verdict, ground = self._verdict, self._ground()
        mine = verdict.plane is not None and verdict.plane.key == self._plane
        if not mine or verdict.box is None or ground is None or not self.show_box:
            return None
        return ground.clamped(verdict.box)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin a box, or take hold of one."""
        if event is None or not self._plane or event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        at = self._point(event)
        if at is not None and self._act_at(event.position()) is None:
            self._pull = self._begun(at)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Stretch or pull it, or show what can be taken hold of."""
        if event is None or not self._plane:
            super().mouseMoveEvent(event)
            return
        at = self._point(event)
        if at is None:
            return
        if self._pull is not None:
            self._pull = Pull(self._pull.begin, at, self._pull.box, self._pull.grip)
            self.update()
            return
        grip = self._begun(at).grip
        self.setCursor(Qt.CursorShape.CrossCursor if grip is None else _CURSORS[grip])

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """The box is as it is now."""
        if self._pull is None:
            super().mouseReleaseEvent(event)
            return
        pull, ground, view = self._pull, self._ground(), self.view
        self._pull = None
        self.update()
        box = pull.made(ground) if ground is not None else None
        if box is not None and view is not None and box != self._boxes.get(self._plane):
            self.box_made.emit(view.frame.index, self._plane, box)

    # -- painting --------------------------------------------------------------------------

    def _now(self) -> dict[str, Box]:
        """The boxes as they are on screen, with the one under the mouse."""
        boxes, ground = dict(self._boxes), self._ground()
        if self._pull is not None and ground is not None:
            box = self._pull.made(ground)
            if box is not None:
                boxes[self._plane] = box
        return boxes

    def _paint_box(self, painter: QPainter, placement: Placement, box: Box, plane: Plane) -> None:
        """The network's box: dashed where a person drew one."""
        if plane.key in self._now():
            rect = placement.to_widget(box)
            paint_outline(painter, rect, QColor(plane.colour), self._look)
        else:
            super()._paint_box(painter, placement, box, plane)

    def _paint_more(self, painter: QPainter, placement: Placement) -> None:
        for key, box in self._now().items():
            self._paint_drawn(painter, placement.to_widget(box), BY_KEY[key])

    def _paint_drawn(self, painter: QPainter, rect: QRectF, plane: Plane) -> None:
        look, colour = self._look, QColor(plane.colour)
        edges = frame_edges(rect, look.px(3))
        for edge in edges:
            painter.fillRect(edge.adjusted(-1, -1, 1, 1), _HALO)
        for edge in edges:
            painter.fillRect(edge, colour)
        if plane.key == self._plane:
            self._paint_handles(painter, rect, colour)
        self._paint_words_of(painter, rect, plane)

    def _paint_handles(self, painter: QPainter, rect: QRectF, colour: QColor) -> None:
        side, middle = self._look.px(HANDLE_PX), rect.center()
        for x in (rect.left(), middle.x(), rect.right()):
            for y in (rect.top(), middle.y(), rect.bottom()):
                if QPointF(x, y) == middle:
                    continue
                handle = QRectF(x - side / 2, y - side / 2, side, side)
                painter.fillRect(handle.adjusted(-1, -1, 1, 1), _HALO)
                painter.fillRect(handle, QColor("#ffffff"))
                inner = self._look.px(2)
                painter.fillRect(handle.adjusted(inner, inner, -inner, -inner), colour)

    def _paint_words_of(self, painter: QPainter, rect: QRectF, plane: Plane) -> None:
        """Its name below it, where the network's box has none."""
        look, words = self._look, f"{plane.label}, drawn"
        font = look.font(13, bold=True)
        metrics = QFontMetricsF(font)
        wide, high = metrics.horizontalAdvance(words) + look.px(14), metrics.height() + look.px(4)
        gap = look.px(HANDLE_PX)
        top = rect.bottom() + gap
        if top + high > self.height():
            top = rect.bottom() - gap - high
        left = min(max(rect.left(), 0.0), self.width() - wide)
        tag = QRectF(left, top, wide, high)
        painter.fillRect(tag, QColor(plane.colour))
        painter.setFont(font)
        painter.setPen(_INK)
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, words)
