"""Progress over exercises as a curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.gui.curve_loading import make_graph
from sonoassist.gui.curve_parts import Margins
from sonoassist.gui.curve_scale import Ticks, count_ticks
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look

if TYPE_CHECKING:
    from sonoassist.gui.curves import Graph

TOP = 100.0
_POINT_PX = 6
"""So far a point reaches over its place."""


class Curve(QWidget):
    """Points from 0 to 100 over the exercises; an exercise without a value leaves a gap.

    Args:
        title: Above it.
        colour: Of the line, "#rrggbb", or "" for the accent.
        look: Theme and size.
        large: With a scale and numbers.
    """

    def __init__(self, title: str, colour: str, look: Look, *, large: bool = False) -> None:
        super().__init__()
        self.title = title
        self._colour = colour
        self._large = large
        self._graph: Graph | None = None
        self._line: Any = None
        self._points: Any = None
        self.values: tuple[float | None, ...] = ()
        self.hollow: tuple[bool, ...] = ()
        self.note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setMinimumHeight(look.px(200 if self._large else 92))
        if self._graph is not None:
            self._graph.set_look(look)
            self._place(self._graph)
        self.update()

    def show_values(
        self, values: Sequence[float | None], note: str = "", hollow: Sequence[bool] = ()
    ) -> None:
        """Draw a curve.

        Args:
            values: 0 to 100 for each exercise, None where there is no value.
            note: Behind the title.
            hollow: Which points are drawn as rings; none where it is left out.
        """
        self.values, self.note = tuple(values), note
        self.hollow = tuple(hollow) or (False,) * len(self.values)
        self.setAccessibleDescription(note)
        if self._graph is not None:
            self._draw(self._graph)
        self.update()

    # -- the plot --------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the plot when it is first seen."""
        super().showEvent(event)
        if self._graph is None:
            self._graph = make_graph(self._look, self)
            self._line, self._points = self._graph.add_curve(), self._graph.add_points(z=1.0)
            self._graph.show()
        self._place(self._graph)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The plot fills what is left below the title."""
        super().resizeEvent(event)
        if self._graph is not None:
            self._place(self._graph)

    def _place(self, graph: Graph) -> None:
        px = self._look.px
        left, right = px(46 if self._large else 14), px(28 if self._large else 14)
        head, over, foot = px(44 if self._large else 38), px(6), px(34 if self._large else 12)
        graph.setGeometry(2, head - over, self.width() - 4, self.height() - head + over - px(4))
        graph.set_margins(Margins(left - 2, over, right - 2, foot - px(4)))
        self._draw(graph)

    def _draw(self, graph: Graph) -> None:
        count, plot = max(len(self.values), 1), graph.plot_rect()
        aside = self._look.px(_POINT_PX) * max(count - 1, 1) / plot.width()
        above = self._look.px(_POINT_PX) * TOP / plot.height()
        graph.set_across(1 - aside, count + aside, self._numbers(count))
        graph.set_up(-above, TOP + above, self._scale())
        known = [
            (at, value, hollow)
            for at, (value, hollow) in enumerate(zip(self.values, self.hollow, strict=True), 1)
            if value is not None
        ]
        x, y = [at for at, _, _ in known], [value for _, value, _ in known]
        stroke = self._stroke()
        pen = graph.pen(stroke, 3 if self._large else 2)
        self._line.setData(x, y, pen=pen)
        ground, size = self._look.colour("back"), self._look.px(10 if self._large else 8)
        brushes = [ground if hollow else stroke for _, _, hollow in known]
        self._points.setData(x=x, y=y, size=size, symbol="o", pen=pen, brush=brushes)

    def _scale(self) -> Ticks:
        values = (0.0, TOP / 2, TOP)
        return tuple((value, f"{value:.0f}" if self._large else "") for value in values)

    def _numbers(self, count: int) -> Ticks:
        """The exercises below the large curve."""
        if not self._large or not self.values:
            return ()
        (first, words), *others = count_ticks(count)
        return ((first, f"exercise {words}"), *others)

    def _stroke(self) -> QColor:
        return self._look.stroke(self._colour) if self._colour else self._look.colour("accent")

    def _ink(self) -> QColor:
        return self._look.ink(self._colour) if self._colour else self._look.colour("text")

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint title and frame; the plot is a widget of its own."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        px = self._look.px
        whole = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.fillPath(rounded(whole, px(8)), self._look.colour("panel"))
        painter.setPen(self._look.colour("line"))
        painter.drawPath(rounded(whole, px(8)))
        row = QRectF(whole.left() + px(14), whole.top() + px(6), whole.width() - px(28), px(28))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._look.font(18 if self._large else 16, bold=True))
        painter.setPen(self._ink())
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | middle, self.title)
        painter.setFont(self._look.font(15))
        painter.setPen(self._look.colour("muted"))
        painter.drawText(row, Qt.AlignmentFlag.AlignRight | middle, self.note)
        painter.end()
