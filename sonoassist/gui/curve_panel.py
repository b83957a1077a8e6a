"""A panel with curves: title and figures above, a legend beside; the plot is made when shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.gui.curve_loading import CurveLoading, make_graph
from sonoassist.gui.curve_parts import Margins
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look

if TYPE_CHECKING:
    from sonoassist.gui.curves import Graph

HEAD_PX, FOOT_PX, LEFT_PX, EDGE_PX = 44, 30, 52, 16
_BESIDE_PX = 24
"""Between plot and legend."""


class CurvePanel(QWidget):
    """Paints the frame of the curves; who derives from it fills the plot.

    Args:
        look: Theme and size.
        title: Above the plot.
        name: For screen readers.
        legend_px: Width of the legend beside the plot, for a window 1080 px high.
    """

    def __init__(self, look: Look, title: str, name: str, legend_px: int) -> None:
        super().__init__()
        self._look = look
        self._title = title
        self._legend_px = legend_px
        self._graph: Graph | None = None
        self._loading = CurveLoading(self, self._make)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        if self._graph is not None:
            self._graph.set_look(look)
            self._place()
            self._draw(self._graph)
        self.update()

    # -- for who derives from it -----------------------------------------------------------

    def headlines(self) -> list[str]:
        """The figures above the plot, the most important first."""
        return []

    def _tone(self, number: int) -> str:
        """Colour of a headline."""
        return "muted"

    def _draw(self, graph: Graph) -> None:
        """Fill the plot with what is known now."""

    def _paint_legend(self, painter: QPainter, room: QRectF) -> None:
        """Paint what the curves are."""

    # -- the plot --------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the plot when it is first seen."""
        super().showEvent(event)
        if self._graph is None:
            self._loading.begin()
        else:
            self._draw(self._graph)

    def _make(self) -> None:
        self._graph = make_graph(self._look, self)
        self._place()
        self._graph.show()
        self._draw(self._graph)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The plot fills what is left."""
        super().resizeEvent(event)
        self._place()
        if self._graph is not None:
            self._draw(self._graph)

    def plot_rect(self) -> QRectF:
        """Where the curves lie on the widget."""
        px = self._look.px
        right = self.width() - self._legend_wide() - px(_BESIDE_PX)
        high = self.height() - px(HEAD_PX) - px(FOOT_PX)
        return QRectF(px(LEFT_PX), px(HEAD_PX), max(right - px(LEFT_PX), 40), max(high, 20))

    def _legend_wide(self) -> float:
        return self._look.px(self._legend_px)

    def _place(self) -> None:
        """Words may reach over the right end of the plot by as much as there is beside it."""
        if self._graph is None:
            return
        px, plot = self._look.px, self.plot_rect()
        edge, over, beside = px(4), px(12), px(_BESIDE_PX) - px(2)
        wide, high = plot.right() + beside - edge, self.height() - edge - (plot.top() - over)
        self._graph.setGeometry(edge, int(plot.top() - over), int(wide), int(high))
        below = high - over - plot.height()
        self._graph.set_margins(Margins(plot.left() - edge, over, beside, below))

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint all but the plot, which is a widget of its own."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.colour("back"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = rounded(QRectF(self.rect()), self._look.px(8))
        painter.fillPath(ground, self._look.colour("panel"))
        self._paint_head(painter)
        px, plot = self._look.px, self.plot_rect()
        left, right = plot.right() + px(_BESIDE_PX), self.width() - px(EDGE_PX)
        bottom = self.height() - px(12)
        room = QRectF(left, plot.top(), right - left, bottom - plot.top())
        if room.width() > 0:
            self._paint_legend(painter, room)
        painter.end()

    def _paint_head(self, painter: QPainter) -> None:
        px, base = self._look.px, float(self._look.px(26))
        left, title = float(px(EDGE_PX)), self._look.font(14, bold=True)
        left += self._text(painter, QPointF(left, base), self._title, title, "text")
        font = self._look.font(13)
        for number, words in enumerate(self.headlines()):
            wide = QFontMetricsF(font).horizontalAdvance(words)
            if left + px(22) + wide > self.width() - px(EDGE_PX):
                return
            at = QPointF(left + px(22), base)
            left += px(22) + self._text(painter, at, words, font, self._tone(number))

    def _text(
        self, painter: QPainter, at: QPointF, text: str, font: QFont, tone: str, align: int = -1
    ) -> float:
        """Write `text` at a baseline; align -1: it starts there, 1: it ends there; its width."""
        wide = QFontMetricsF(font).horizontalAdvance(text)
        painter.setFont(font)
        painter.setPen(self._look.colour(tone))
        painter.drawText(QPointF(at.x() - wide * (align + 1) / 2, at.y()), text)
        return wide
