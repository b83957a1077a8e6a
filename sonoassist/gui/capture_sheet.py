"""One capture, large: what a person must see before keeping or rejecting it."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QImageReader, QPainter, QPaintEvent, QPen, QPixmap
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from sonoassist.core.packets import Box
from sonoassist.core.planes import BY_KEY
from sonoassist.exam.capture_words import box_is_sure, capture_words, chosen_by_hand, own_box
from sonoassist.exam.checklist import Line
from sonoassist.gui.action_set import ActionSet
from sonoassist.gui.acts import Act
from sonoassist.gui.controls import KeyButton
from sonoassist.gui.exam_desk import ExamDesk
from sonoassist.gui.exam_marks import share_text, state_text, tip_text
from sonoassist.gui.sheets import Sheet
from sonoassist.gui.theme import Look

_DASH = 5
"""Length of a broken line's pieces and gaps, in the line's widths."""
_ACTS = (Act.KEEP, Act.REJECT, Act.ITEM_UP, Act.ITEM_DOWN)


class StillView(QWidget):
    """A still, as large as there is room, with its box."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = QPixmap()
        self._path: Path | None = None
        self._box: Box | None = None
        self._colour = QColor()
        self._sure = True
        self.high_px = 600
        self.least_px = 240
        """It is never lower than this."""
        self.empty = "No picture yet"
        """Said where there is no picture."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_still(
        self, path: Path | None, box: Box | None, colour: str, *, sure: bool = True
    ) -> None:
        """Show a picture of the disk, or nothing; a box that is not sure has broken lines."""
        if path != self._path:
            self._path = path
            self._picture = QPixmap()
            if path is not None:
                self._picture = QPixmap.fromImage(QImageReader(str(path)).read())
        self._box, self._colour, self._sure = box, QColor(colour), sure
        self.update()

    @property
    def path(self) -> Path | None:
        """The picture shown."""
        return self._path

    def sizeHint(self) -> QSize:
        """So high that all round it fits on the sheet, which would scroll otherwise."""
        return QSize(1600, self.high_px)

    def minimumSizeHint(self) -> QSize:
        """Small windows still show something."""
        return QSize(self.least_px * 4 // 3, self.least_px)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the picture and the box."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor("#07090c"))
        if self._picture.isNull():
            painter.setPen(QColor("#93a0b0"))
            font = painter.font()
            font.setPixelSize(max(self.height() // 24, 15))
            painter.setFont(font)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), flags, self.empty)
        else:
            size = self._picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            area = QRectF(0, 0, size.width(), size.height())
            area.moveCenter(QRectF(self.rect()).center())
            painter.drawPixmap(area, self._picture, QRectF(self._picture.rect()))
            self._paint_box(painter, area)
        painter.end()

    def _paint_box(self, painter: QPainter, area: QRectF) -> None:
        if self._box is None:
            return
        factor = area.width() / self._picture.width()
        rect = QRectF(
            area.left() + self._box.left * factor,
            area.top() + self._box.top * factor,
            self._box.width * factor,
            self._box.height * factor,
        )
        pen = QPen(self._colour, 2)
        if not self._sure:
            pen.setDashPattern([_DASH, _DASH])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)


class CaptureSheet(Sheet):
    """The selected item's capture; the keys of the checklist work while it is open."""

    def __init__(self, over: QWidget, look: Look, desk: ExamDesk, actions: ActionSet) -> None:
        super().__init__(over, look, "Capture", 1240)
        self._desk = desk
        self.name = QLabel()
        self.name.setObjectName("heading")
        self.said = QLabel()
        self.said.setObjectName("muted")
        self.said.setWordWrap(True)
        self.still = StillView()
        self.still.high_px = max(over.height() - look.px(330), 240)
        keys = QHBoxLayout()
        for act in _ACTS:
            keys.addWidget(KeyButton(actions[act], act, look))
        keys.addStretch(1)
        self.body.addWidget(self.name)
        self.body.addWidget(self.still, 1)
        self.body.addWidget(self.said)
        self.body.addLayout(keys)
        desk.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the selected item."""
        line, found = self._desk.line(self._desk.selected), self._desk.shown_still()
        if line is None:
            self.closed.emit()
            return
        self.name.setText(title_of(line))
        self.said.setText(tip_text(line, self._look.keys, looking=True))
        shot = found[0].shown.shot if found is not None and found[0].shown is not None else None
        path = found[1] if found is not None else None
        box = own_box(shot, line.item) if shot is not None else None
        plane = BY_KEY.get(line.item.plane)
        colour = plane.colour if plane is not None else "#ffffff"
        sure = shot is not None and box_is_sure(shot)
        self.still.show_still(path, box, colour, sure=sure)


def title_of(line: Line) -> str:
    """E.g. "LVOT, chosen by hand; the network saw Spine (cor.) 99 %  ·  kept"."""
    share = share_text(line)
    named = f"{line.item.label}  {share}" if share else line.item.label
    if line.shown is not None and chosen_by_hand(line.shown.shot, line.item):
        named = capture_words(line.shown.shot, line.item)
    return f"{named}  ·  {state_text(line, chosen=False)}"
