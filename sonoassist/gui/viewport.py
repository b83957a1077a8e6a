"""The picture, and over it only what belongs to the very frame drawn."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QCursor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.core.box_age import OWN, BoxAge
from sonoassist.core.packets import Analysis, Box
from sonoassist.core.planes import Plane
from sonoassist.gui.acts import Act
from sonoassist.gui.anatomy import Anatomy
from sonoassist.gui.cards import Hit, chip_widths, paint_card, paint_chips
from sonoassist.gui.carried import CarriedAge
from sonoassist.gui.fitter import Fitted, fit
from sonoassist.gui.free_room import chip_band, has_room_for_chips
from sonoassist.gui.inset import Past, inset_rect, inset_size, paint_inset
from sonoassist.gui.overlay import (
    Placement,
    heat_evidence,
    heat_image,
    paint_box,
    paint_heat,
    paint_outline,
    place,
)
from sonoassist.gui.screens import Chip, Screen
from sonoassist.gui.theme import Look
from sonoassist.gui.verdict import NOTHING, Verdict, VerdictKind
from sonoassist.live.status import View

MIN_CROP_PX = 16
_DRAW = Chip("crop", "Drag a rectangle around the picture", "accent", short="Drag a rectangle")


class Viewport(QWidget):
    """Draws a view: the picture, its own box, heat map and crop, and what is to be said.

    Signals:
        asked: A chip or a button over the picture was clicked; arg: its `Act`.
        crop_drawn: A rectangle was drawn with the mouse; arg: `Box` in frame pixels.
        painted: A picture was painted for the first time; arg: its `View`.
    """

    asked = pyqtSignal(object)
    crop_drawn = pyqtSignal(object)
    painted = pyqtSignal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._view: View | None = None
        self._verdict: Verdict = NOTHING
        self._screen = Screen()
        self._frozen = False
        self.show_box = True
        self.show_heat = False
        self.show_crop = False
        self.guided_heat = False
        self._past: Past | None = None
        self._anatomy = Anatomy()
        self._carried = CarriedAge()
        self._past_carried = CarriedAge()
        self._box_age = self._past_age = OWN
        self._fitted: Fitted | None = None
        self._small: Fitted | None = None
        self._told: View | None = None
        self._heat: tuple[Analysis, bool, QImage | None] | None = None
        self._hits: list[Hit] = []
        self._drawing = False
        self._drag: tuple[QPointF, QPointF] | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Picture")

    # -- what to draw ----------------------------------------------------------------------

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.update()

    def show_view(
        self,
        view: View | None,
        verdict: Verdict,
        *,
        frozen: bool = False,
        past: Past | None = None,
    ) -> None:
        """Draw a picture from now on.

        Args:
            view: The picture; None for none.
            verdict: Of this very picture.
            frozen: Mark it as one of the past.
            past: The last result, where the picture itself has none.
        """
        self._view, self._verdict, self._frozen, self._past = view, verdict, frozen, past
        self._box_age = self._age_of(view, verdict, self._carried)
        small, said = (None, NOTHING) if past is None else (past.view, past.verdict)
        self._past_age = self._age_of(small, said, self._past_carried)
        self.update()

    def _age_of(self, view: View | None, verdict: Verdict, carried: CarriedAge) -> BoxAge:
        """Of the box: its own on a picture that is held, steadied where pictures run."""
        if view is None or verdict.box is None:
            return OWN
        if self._frozen:
            return BoxAge(verdict.box_age_s)
        return carried.shown(view, verdict.box_age_s)

    def fit_sizes(self, view: View, past: Past | None) -> dict[str, tuple[View, QSize]]:
        """What has to be scaled before it can be drawn: role -> (picture, size on the screen)."""
        wanted = {"large": (view, self.picture_size(view))}
        place = None if past is None else self._inset_place(view, past)
        if past is not None and place is not None:
            wanted["small"] = (past.view, inset_size(place, self.devicePixelRatioF()))
        return {
            role: (one, size)
            for role, (one, size) in wanted.items()
            if not _is_of(self._fitted if role == "large" else self._small, one, size)
        }

    def picture_size(self, view: View) -> QSize:
        """Size of a picture in pixels of the screen."""
        frame, ratio = view.frame, self.devicePixelRatioF()
        scale = self._place_of(view).scale * ratio
        return QSize(round(frame.width_px * scale), round(frame.height_px * scale))

    def offer(self, role: str, fitted: Fitted) -> None:
        """Take a picture that was scaled elsewhere, to be drawn when it is asked for."""
        if role == "large":
            self._fitted = fitted
        else:
            self._small = fitted

    def show_screen(self, screen: Screen) -> None:
        """Write `screen` over the picture from now on."""
        if screen != self._screen:
            self._screen = screen
            self.update()

    @property
    def screen_shown(self) -> Screen:
        """What is written over the picture."""
        return self._screen

    @property
    def view(self) -> View | None:
        """What is drawn."""
        return self._view

    def placement(self) -> Placement | None:
        """Where the picture lies on the widget, or None without one."""
        return None if self._view is None else self._place_of(self._view)

    def _place_of(self, view: View) -> Placement:
        """Where a picture lies: lower where there is no other room for the chips."""
        frame, area = view.frame, QRectF(self.rect())
        placement = place(frame.width_px, frame.height_px, area)
        chips = self._chips()
        # While a rectangle is drawn the picture stays where it is, and its hint lies on it.
        if not chips or self._drawing:
            return placement
        widths = chip_widths(tuple(one for one in chips if not one.extra), self._look)
        if has_room_for_chips(area, self._field_at(placement, view), widths, self._look):
            return placement
        below = area.adjusted(0, chip_band(self._look), 0, 0)
        return place(frame.width_px, frame.height_px, below)

    def _chips(self) -> tuple[Chip, ...]:
        if self._drawing:
            key = self._look.keys.text(Act.LEAVE)
            return (
                _DRAW,
                *((Chip("close", f"{key} gives up", "accent", extra=True),) if key else ()),
            )
        return self._screen.chips if self._screen.card is None else ()

    def field_of(self, view: View | None) -> QRectF:
        """What nothing may lie on: the part of the picture with the anatomy; empty without one."""
        return QRectF() if view is None else self._field_at(self._place_of(view), view)

    def _field_at(self, placement: Placement, view: View) -> QRectF:
        past = self._past.view if self._past is not None else None
        known = view if view.analysis is not None else past
        return placement.to_widget(self._anatomy.of(view.frame, known))

    def _inset_place(self, view: View, past: Past) -> QRectF | None:
        """Where the small picture lies, or None where there is no room beside the anatomy."""
        area = QRectF(self.rect())
        if self._chips():
            area.adjust(0, chip_band(self._look), 0, 0)
        taken = self._place_of(view).to_widget(self._anatomy.of(view.frame, past.view))
        return inset_rect(past.view, area, taken, self._look)

    # -- drawing an own crop ---------------------------------------------------------------

    @property
    def drawing_crop(self) -> bool:
        """Whether the mouse draws a rectangle now."""
        return self._drawing

    def draw_crop(self, on: bool) -> None:
        """Let the mouse draw a rectangle on the picture, or stop that."""
        self._drawing = on and self._view is not None
        self._drag = None
        shape = Qt.CursorShape.CrossCursor if self._drawing else Qt.CursorShape.ArrowCursor
        self.setCursor(QCursor(shape))
        self.update()

    def _dragged(self) -> Box | None:
        placement = self.placement()
        if self._drag is None or placement is None or self._view is None:
            return None
        (x0, y0), (x1, y1) = (placement.to_frame(point) for point in self._drag)
        wide, high = self._view.frame.width_px, self._view.frame.height_px
        return Box(
            float(min(max(round(min(x0, x1)), 0), wide)),
            float(min(max(round(min(y0, y1)), 0), high)),
            float(min(max(round(max(x0, x1)), 0), wide)),
            float(min(max(round(max(y0, y1)), 0), high)),
        )

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Start a rectangle, or follow a chip."""
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        if self._drawing:
            self._drag = (event.position(), event.position())
            self.update()
            return
        act = self._act_at(event.position())
        if act is not None:
            self.asked.emit(act)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Stretch the rectangle, or show that a chip can be clicked."""
        if event is None:
            return
        if self._drag is not None:
            self._drag = (self._drag[0], event.position())
            self.update()
        elif not self._drawing:
            over = self._act_at(event.position()) is not None
            shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
            self.setCursor(QCursor(shape))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Finish the rectangle."""
        box = self._dragged()
        if event is None or box is None:
            return
        self._drag = None
        self.update()
        if box.width >= MIN_CROP_PX and box.height >= MIN_CROP_PX:
            self.draw_crop(False)
            self.crop_drawn.emit(box)

    def _act_at(self, point: QPointF) -> Act | None:
        return next((hit.act for hit in self._hits if hit.rect.contains(point)), None)

    def changeEvent(self, event: QEvent | None) -> None:
        """Repaint when the window is enabled, disabled or given another font."""
        super().changeEvent(event)
        self.update()

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the picture and what lies over it."""
        painter = QPainter(self)
        placement, view = self.placement(), self._view
        if placement is not None and view is not None:
            self._paint_picture(painter, placement, view)
            covered = self._drawing or self._screen.card is not None
            if view.analysis is not None and not covered:
                self._paint_overlay(painter, placement, view.analysis)
            if not covered:
                self._paint_more(painter, placement)
            if self._past is not None and not covered:
                self._paint_past(painter, view, self._past)
        else:
            painter.fillRect(self.rect(), self._look.colour("well"))
        self._paint_drag(painter, placement)
        self._paint_words(painter)
        painter.end()
        if view is not None and view is not self._told:
            self._told = view
            self.painted.emit(view)

    def _paint_picture(self, painter: QPainter, placement: Placement, view: View) -> None:
        frame, size = view.frame, self.picture_size(view)
        whole = placement.to_widget(Box(0, 0, frame.width_px, frame.height_px))
        for part in _around(self.rect(), whole.toRect().adjusted(1, 1, -1, -1)):
            painter.fillRect(part, self._look.colour("well"))
        fitted = self._fitted
        if fitted is None or not _is_of(fitted, view, size):
            fitted = self._fitted = fit(frame.pixels, size)
        fitted.image.setDevicePixelRatio(self.devicePixelRatioF())
        painter.drawImage(QPointF(placement.left, placement.top), fitted.image)

    def _paint_past(self, painter: QPainter, view: View, past: Past) -> None:
        rect, fitted = self._inset_place(view, past), self._small
        if rect is None:
            return
        size = inset_size(rect, self.devicePixelRatioF())
        if fitted is None or not _is_of(fitted, past.view, size):
            fitted = self._small = fit(past.view.frame.pixels, size)
        fitted.image.setDevicePixelRatio(self.devicePixelRatioF())
        age = self._past_age if self.show_box else None
        paint_inset(painter, rect, past, fitted, self._look, age)

    def _paint_overlay(self, painter: QPainter, placement: Placement, analysis: Analysis) -> None:
        verdict = self._verdict
        sure = verdict.kind is VerdictKind.PLANE and verdict.plane is not None
        heat = self._heat_of(analysis) if self.show_heat and sure else None
        if heat is not None:
            paint_heat(painter, placement, analysis.geometry.crop, heat)
        if self.show_crop:
            rect = placement.to_widget(analysis.geometry.crop)
            paint_outline(painter, rect, QColor("#c9d2dc"), self._look)
        box = verdict.box
        if box is not None and self._frozen:  # one picture by itself, and what would be kept of it
            box = analysis.shown_box
        if self.show_box and box is not None and verdict.plane is not None:
            self._paint_box(painter, placement, box, verdict.plane)

    def _paint_box(self, painter: QPainter, placement: Placement, box: Box, plane: Plane) -> None:
        """The network's box."""
        sure = self._verdict.box_sure
        paint_box(painter, placement, box, plane, self._look, self._box_age, sure=sure)

    def _paint_more(self, painter: QPainter, placement: Placement) -> None:
        """What a page has to draw over its pictures besides."""

    def _heat_of(self, analysis: Analysis) -> QImage | None:
        kept = self._heat
        if kept is not None and kept[0] is analysis and kept[1] is self.guided_heat:
            return kept[2]
        evidence = heat_evidence(analysis, self.guided_heat)
        image = None if evidence is None else heat_image(evidence)
        self._heat = (analysis, self.guided_heat, image)
        return image

    def _paint_words(self, painter: QPainter) -> None:
        area = QRectF(self.rect())
        self._hits = []
        if self._frozen:
            pen = QPen(self._look.colour("accent"), self._look.px(4))
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            half = self._look.px(4) / 2
            painter.drawRect(area.adjusted(half, half, -half, -half))
        if self._screen.card is not None and not self._drawing:
            if self._view is not None:
                painter.fillRect(self.rect(), QColor(0, 0, 0, 150))
            self._hits = paint_card(painter, area, self._screen.card, self._look)
        else:
            chips = self._chips()
            keeps_clear = bool(chips) and not self._drawing
            taken = self.field_of(self._view) if keeps_clear else QRectF()
            self._hits = paint_chips(painter, area, taken, chips, self._look)

    def _paint_drag(self, painter: QPainter, placement: Placement | None) -> None:
        box = self._dragged()
        if not self._drawing or placement is None:
            return
        if box is not None:
            rect = placement.to_widget(box)
            shade = QColor(0, 0, 0, 120)
            whole = self.rect()
            hole = rect.toRect()
            for part in _around(whole, hole):
                painter.fillRect(part, shade)
            paint_outline(painter, rect, self._look.colour("accent"), self._look)
        else:
            painter.fillRect(self.rect(), QColor(0, 0, 0, 90))


def _is_of(fitted: Fitted | None, view: View, size: QSize) -> bool:
    return fitted is not None and fitted.is_of(view.frame.pixels, size)


def _around(whole: QRect, hole: QRect) -> tuple[QRect, QRect, QRect, QRect]:
    """The four rectangles that cover `whole` but not `hole`."""
    return (
        QRect(whole.left(), whole.top(), whole.width(), hole.top() - whole.top()),
        QRect(whole.left(), hole.bottom() + 1, whole.width(), whole.bottom() - hole.bottom()),
        QRect(whole.left(), hole.top(), hole.left() - whole.left(), hole.height()),
        QRect(hole.right() + 1, hole.top(), whole.right() - hole.right(), hole.height()),
    )
