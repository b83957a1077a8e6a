"""What the window shows while the program is being loaded. Needs Qt and nothing else."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QWidget

from sonoassist.core.planes import DISPLAY_ORDER
from sonoassist.gui.theme import Look, scale_for

DISCLAIMER = "Research and training only. Not for diagnosis."
ABOUT = "Finds the 13 standard planes of the fetal scan in the live picture."


class Splash(QWidget):
    """Name, what loads now, and what the program is not, in the theme of the window to come.

    A band of the planes' colours fills from left to right as the parts are loaded.

    Signals:
        painted: It is on screen for the first time.
    """

    painted = pyqtSignal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._step = ""
        self._share = 0.0
        self._seen = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("SonoAssist is loading")

    def show_step(self, step: str, share: float) -> None:
        """Say what loads now.

        Args:
            step: In words.
            share: Of everything, how much is loaded, 0 to 1.
        """
        self._step, self._share = step, share
        self.setAccessibleDescription(step)
        self.update()

    @property
    def step(self) -> str:
        """What it says is being loaded."""
        return self._step

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Take the size of everything from the window's height, as the window itself does."""
        self._look = Look(self._look.palette, scale_for(self.height()), self._look.family)

    def band(self) -> QRectF:
        """Where the band of colours lies on the widget."""
        px = self._look.px
        wide = min(px(560), self.width() - px(64))
        return QRectF((self.width() - wide) / 2, self.height() / 2 + px(22), wide, px(8))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint everything."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._look.colour("back"))
        self._paint_words(painter)
        self._paint_band(painter)
        painter.end()
        if not self._seen:
            self._seen = True
            self.painted.emit()

    def _paint_words(self, painter: QPainter) -> None:
        look, band = self._look, self.band()
        px = look.px
        top = band.top()
        self._line(painter, top - px(118), look.font(48, bold=True), "text", "SonoAssist")
        self._line(painter, top - px(48), look.font(16), "muted", ABOUT)
        self._line(painter, band.bottom() + px(18), look.font(15), "text", self._step)
        foot = self.height() - px(48)
        self._line(painter, foot, look.font(14), "warning", DISCLAIMER)

    def _line(self, painter: QPainter, top: float, font: QFont, tone: str, text: str) -> None:
        painter.setFont(font)
        painter.setPen(self._look.colour(tone))
        row = QRectF(0, top, self.width(), QFontMetricsF(font).height())
        painter.drawText(row, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_band(self, painter: QPainter) -> None:
        band, gap = self.band(), self._look.px(4)
        planes = [plane for plane in DISPLAY_ORDER if not plane.is_background]
        wide = (band.width() - gap * (len(planes) - 1)) / len(planes)
        filled = band.left() + band.width() * self._share
        for number, plane in enumerate(planes):
            cell = QRectF(band.left() + number * (wide + gap), band.top(), wide, band.height())
            painter.fillRect(cell, self._look.colour("raised"))
            done = min(max(filled - cell.left(), 0.0), wide)
            painter.fillRect(
                QRectF(cell.topLeft(), cell.bottomRight()).adjusted(0, 0, done - wide, 0),
                QColor(plane.colour),
            )
