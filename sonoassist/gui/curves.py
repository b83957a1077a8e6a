"""Curves in the program's look: one plot for all pages, drawn with pyqtgraph.

Only `curve_loading` imports this module, when a curve is first shown: nothing that the
window needs to come up waits for pyqtgraph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PyQt6.QtWidgets import QWidget

from sonoassist.gui.curve_parts import Margins, Tag
from sonoassist.gui.curve_scale import Ticks
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look

_CENTRE = Qt.AlignmentFlag.AlignCenter
_LABEL_PX, _TITLE_PX = 11, 13
_GAP_PX = 7
"""Between the plot and the words of its axes."""


class Axis(pg.AxisItem):
    """Words and grid lines of one side; no line of its own.

    pyqtgraph keeps the painting of an axis in a QPicture, which forgets that the digits are to be
    as wide as each other, and leaves out words that reach over the end of the axis.
    """

    def boundingRect(self) -> QRectF:
        """All of the plot: the grid lies in it, and words may stand at its very end."""
        around = self.parentItem()
        if around is None:
            return QRectF()
        return QRectF(self.mapRectFromParent(around.boundingRect()))

    def paint(self, painter: QPainter, *_how: object) -> None:
        """Paint the words and the lines."""
        specs = self.generateDrawSpecs(painter)
        if specs is not None:
            self.drawPicture(painter, *specs)


class Graph(pg.PlotWidget):
    """A plot without a mouse of its own: nothing zooms, moves or opens a menu by accident.

    Whoever it lies on gets the mouse, and can ask what is where.

    Args:
        look: Theme and size.
        parent: Its Qt parent.
    """

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        axes = {side: Axis(side) for side in ("left", "bottom")}
        super().__init__(parent, axisItems=axes, enableMenu=False)
        self._axes = axes
        self._margins = Margins(0, 0, 0, 0)
        self._across, self._up = (0.0, 1.0), (0.0, 1.0)
        self._ticks: dict[str, Ticks] = {}
        self._tags: tuple[Tag, ...] = ()
        self._words = self._title = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCacheMode(self.CacheModeFlag.CacheNone)
        self.hideButtons()
        self.setMouseEnabled(False, False)
        self.disableAutoRange()
        self.getPlotItem().setContentsMargins(0, 0, 0, 0)
        self.set_look(look)

    # -- look and place --------------------------------------------------------------------

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setBackground(look.colour("panel"))
        for axis in self._axes.values():
            axis.setPen(None)
            axis.setTickPen(QPen(look.colour("line"), 1))
            axis.setTextPen(look.colour("muted"))
            axis.setTickFont(look.font(_LABEL_PX))
            axis.setStyle(tickLength=0, tickTextOffset=look.px(_GAP_PX), tickAlpha=255)
            axis.setGrid(255)
            axis.setZValue(-1000)  # under the curves
        self.update_all()

    def set_margins(self, margins: Margins) -> None:
        """Leave room round the plot; the axes' words are written into it."""
        if margins == self._margins:
            return
        self._margins = margins
        self._axes["left"].setWidth(margins.left)
        self._axes["bottom"].setHeight(margins.bottom)
        layout = self.getPlotItem().layout
        layout.setContentsMargins(0, margins.top, margins.right, 0)
        layout.activate()  # at once: what is painted before the next event has its place, too
        self.update_all()

    def update_all(self) -> None:
        """Paint all of it anew."""
        self.viewport().update()

    def plot_rect(self) -> QRectF:
        """Where the curves lie on the widget."""
        around = self._margins
        wide = self.width() - around.left - around.right
        high = self.height() - around.top - around.bottom
        return QRectF(around.left, around.top, max(wide, 1.0), max(high, 1.0))

    # -- scales ----------------------------------------------------------------------------

    def set_across(self, first: float, last: float, ticks: Ticks) -> None:
        """What the plot's width stands for.

        Args:
            first: Value at its left edge.
            last: Value at its right edge, larger.
            ticks: Values with their words.
        """
        self._show_ticks("bottom", ticks)
        if (first, last) != self._across:
            self._across = (first, last)
            self.setXRange(first, last, padding=0)

    @property
    def across(self) -> tuple[float, float]:
        """Values at the left and the right edge of the plot."""
        return self._across

    def set_up(self, first: float, last: float, ticks: Ticks) -> None:
        """What the plot's height stands for, see `set_across`."""
        self._show_ticks("left", ticks)
        if (first, last) != self._up:
            self._up = (first, last)
            self.setYRange(first, last, padding=0)

    def _show_ticks(self, side: str, ticks: Ticks) -> None:
        if self._ticks.get(side) != ticks:
            self._ticks[side] = ticks
            self._axes[side].setTicks([list(ticks)])

    def x_of(self, value: float) -> float:
        """Widget x of a value."""
        plot, (first, last) = self.plot_rect(), self._across
        return plot.left() + plot.width() * (value - first) / (last - first)

    def y_of(self, value: float) -> float:
        """Widget y of a value."""
        plot, (first, last) = self.plot_rect(), self._up
        return plot.bottom() - plot.height() * (value - first) / (last - first)

    def value_at(self, x: float) -> float:
        """Value at a widget x, kept between those at the edges."""
        plot, (first, last) = self.plot_rect(), self._across
        share = min(max((x - plot.left()) / plot.width(), 0.0), 1.0)
        return first + (last - first) * share

    # -- what is drawn ---------------------------------------------------------------------

    def add_curve(self, *, smooth: bool = True, z: float = 0.0, cached: bool = False) -> Any:
        """A curve to be filled with `setData`; it is not drawn where a value is not finite.

        Args:
            smooth: Antialiased; areas and lines along the grid are crisp without.
            z: Those with a larger one lie above.
            cached: Painted once as long as it stays as it is, though something moves over it.
        """
        curve = pg.PlotCurveItem(connect="finite", antialias=smooth)
        # As one line of many points a smooth curve takes a hundred times as long to paint.
        curve.setSegmentedLineMode("on" if smooth else "auto")
        curve.setZValue(z)
        if cached:
            curve.setCacheMode(curve.CacheMode.DeviceCoordinateCache)
        self.addItem(curve, ignoreBounds=True)
        return curve

    def add_points(self, *, z: float = 0.0) -> Any:
        """Points to be filled with `setData`."""
        points = pg.ScatterPlotItem(pxMode=True, antialias=True)
        points.setZValue(z)
        self.addItem(points, ignoreBounds=True)
        return points

    def pen(self, colour: QColor, wide_px: float, *, dashed: bool = False) -> QPen:
        """A pen as wide at every scale of the plot.

        Args:
            colour: Of the line.
            wide_px: Its width for a window 1080 px high.
            dashed: Whether it is.
        """
        # The width of a cosmetic pen is in pixels of the screen.
        pen = QPen(colour, max(self._look.px(wide_px), 1) * self.devicePixelRatioF())
        pen.setCosmetic(True)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if dashed:
            pen.setDashPattern([5.0, 4.0])
        return pen

    def show_tags(self, tags: Sequence[Tag]) -> None:
        """Write these words over the curves."""
        if tuple(tags) != self._tags:
            self._tags = tuple(tags)
            self.update_all()

    def show_words(self, words: str) -> None:
        """Write in the middle why there is no curve; "" for nothing."""
        if words != self._words:
            self._words = words
            self.update_all()

    def show_title(self, title: str) -> None:
        """Write what the curves are beside the plot, at its upper left."""
        if title != self._title:
            self._title = title
            self.update_all()

    # -- painting --------------------------------------------------------------------------

    def drawBackground(self, painter: QPainter | None, rect: QRectF) -> None:
        """The ground of the plot under grid and curves."""
        if painter is not None:
            painter.fillRect(rect, self._look.colour("panel"))
            painter.fillRect(self.plot_rect(), self._look.colour("back"))

    def drawForeground(self, painter: QPainter | None, rect: QRectF) -> None:
        """The words over the curves."""
        if painter is None:
            return
        look = self._look
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for tag in self._tags:
            if tag.ground:
                ground = look.colour("back")
                ground.setAlpha(225)
                painter.fillPath(rounded(tag.where, look.px(4)), ground)
            painter.setFont(look.font(12, bold=tag.bold))
            painter.setPen(tag.colour)
            painter.drawText(tag.where, _CENTRE, tag.words)
        if self._title:
            painter.setFont(look.font(_TITLE_PX, bold=True))
            painter.setPen(look.colour("muted"))
            at = QPointF(look.px(10), self._margins.top + QFontMetricsF(painter.font()).ascent())
            painter.drawText(at, self._title)
        if self._words:
            painter.setFont(look.font(14))
            painter.setPen(look.colour("muted"))
            painter.drawText(self.plot_rect(), _CENTRE | Qt.TextFlag.TextWordWrap, self._words)

    def tag_size(self, words: str, *, bold: bool = False) -> QRectF:
        """The room that words need, at the origin."""
        metrics, px = QFontMetricsF(self._look.font(12, bold=bold)), self._look.px
        wide = metrics.horizontalAdvance(words) + px(10)
        return QRectF(QPointF(0, 0), QPointF(wide, metrics.height() + px(2)))
