"""The confidences of a recording as curves, over the timeline and as wide as its rows."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QCursor,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.core.planes import INDEX
from sonoassist.gui.confidence_curves import ConfidenceCurves, CurveMark, CurvePicture
from sonoassist.gui.curve_loading import make_graph
from sonoassist.gui.curve_parts import Margins
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.review.places import Places
from sonoassist.gui.review.span import times_between
from sonoassist.gui.review.timeline import TimelineRows
from sonoassist.gui.review.timeline_marks import ticks_across
from sonoassist.gui.theme import Look
from sonoassist.gui.timeline import clock
from sonoassist.recordings.records import RunState
from sonoassist.recordings.table import FrameTable
from sonoassist.review.trend import RecordingTrend

if TYPE_CHECKING:
    from sonoassist.gui.curves import Graph

HIGH_PX, LOW_PX = 168, 118
_FOOT_PX = 22
"""For the times, where the timeline does not tell them."""
_WAIT_MS = 60
"""What changes within such a time is drawn once."""
_READ_S = 0.5
"""While the analysis goes on its results are read so often, and at once when it is done."""
_POINT_PX = 2
"""So far apart are the points of a line at least."""


class RecordingCurve(QWidget):
    """Follows the desk and the timeline while it is shown; a click or a drag goes to a frame.

    Args:
        desk: Has the recording, the plane and the place.
        timeline: Has the part that is shown.
        look: Theme and size.

    Signals:
        sought: The user wants to see a frame; arg: its index.
    """

    sought = pyqtSignal(int)

    def __init__(self, desk: ReviewDesk, timeline: TimelineRows, look: Look) -> None:
        super().__init__()
        self._desk, self._timeline = desk, timeline
        self._graph: Graph | None = None
        self._curves: ConfidenceCurves | None = None
        self._head: Any = None
        self._trend: RecordingTrend | None = None
        self._table: FrameTable | None = None
        self._read_s = 0.0
        self._alone = False
        self.picture: CurvePicture | None = None
        """What is drawn, or None."""
        self._waiting, self._late = QTimer(self), QTimer(self)
        for timer, wait_ms in ((self._waiting, _WAIT_MS), (self._late, round(1e3 * _READ_S))):
            timer.setSingleShot(True)
            timer.setInterval(wait_ms)
            timer.timeout.connect(self._draw)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(QCursor(Qt.CursorShape.PointingHandCursor))
        self.setAccessibleName("Confidences of the recording")
        self.hide()
        self.set_look(look)
        signals = (desk.opened, desk.words_changed, desk.progressed, timeline.zoomed)
        for changed in signals:
            changed.connect(self.ask)
        desk.moved.connect(self._follow)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        if self._graph is not None:
            self._graph.set_look(look)
            self._place(self._graph)
        self.ask()

    def set_room(self, *, low: bool, alone: bool) -> None:
        """Say how much room there is.

        Args:
            low: It is to be lower.
            alone: The timeline is not shown: the times stand here.
        """
        high = self._look.px(LOW_PX if low else HIGH_PX)
        if alone is self._alone and high == self.height():
            return
        self._alone = alone
        self.setFixedHeight(high)
        if self._graph is not None:
            self._place(self._graph)
        self.ask()

    # -- when it is drawn ------------------------------------------------------------------

    def ask(self) -> None:
        """Draw soon what has changed; nothing while it is hidden."""
        if self.isVisible() and not self._waiting.isActive():
            self._waiting.start()

    def _follow(self) -> None:
        """The place moves at once, the rest soon."""
        if self._graph is not None and self.isVisible():
            self._draw_head(self._graph)
            if self.picture is None or self.picture.strong != INDEX[self._desk.plane]:
                self.ask()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the plot when it is first seen."""
        super().showEvent(event)
        if self._graph is None:
            self._graph = make_graph(self._look, self)
            self._curves = ConfidenceCurves(self._graph, cached=True)
            self._head = self._graph.add_curve(smooth=False, z=1.5)
            self._graph.show_title("Confidence")
            self._graph.show()
        self._place(self._graph)
        self._draw()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Nothing more is drawn."""
        super().hideEvent(event)
        self._waiting.stop()
        self._late.stop()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The plot stays over the rows of the timeline."""
        super().resizeEvent(event)
        if self._graph is not None:
            self._place(self._graph)
            self.ask()

    @property
    def places(self) -> Places:
        """As on the timeline, which need not be shown."""
        return Places(self._look, self.width(), self._timeline.span)

    def _place(self, graph: Graph) -> None:
        px, tracks = self._look.px, self.places.tracks()
        graph.setGeometry(0, 0, self.width(), self.height())
        foot = px(_FOOT_PX) if self._alone else px(9)
        right = self.width() - tracks.right()
        graph.set_margins(Margins(tracks.left(), px(6), max(right, 0.0), foot))

    # -- what is drawn ---------------------------------------------------------------------

    def _known(self) -> RecordingTrend | None:
        """The trend of the recording that is open, with what is known by now."""
        session = self._desk.session
        table = session.table if session is not None else None
        if table is not self._table:
            self._table = table
            self._trend = None if table is None else RecordingTrend(table)
            self._read_s = float("-inf")
        if self._trend is not None and self._trend.outdated:
            now_s = time.monotonic()
            if now_s >= self._read_s + _READ_S or self._all_known:
                self._read_s = now_s
                self._trend.read()
        return self._trend

    @property
    def _all_known(self) -> bool:
        progress = self._desk.progress
        return progress is not None and progress.state is RunState.DONE

    def _draw(self) -> None:
        graph, curves = self._graph, self._curves
        if graph is None or curves is None or not self.isVisible():
            return
        trend, span = self._known(), self._timeline.span
        table = self._table
        if trend is None or table is None or not len(table):
            self.picture = None
            graph.show_words("")
            return
        graph.set_across(span.first, span.last, self._times(table))
        self.picture = self._picture(trend)
        nothing = "" if len(self.picture.trend) else "Not analysed yet"
        graph.show_words(nothing)
        curves.draw(self.picture, self._look)
        self._draw_head(graph)
        if trend.outdated:
            self._late.start()

    def _times(self, table: FrameTable) -> tuple[tuple[float, str], ...]:
        """Lines under the times of the timeline, with words where that is not shown."""
        places = self.places
        ticks = times_between(table.times_s, places.span, ticks_across(places))
        return tuple((float(frame), clock(at_s) if self._alone else "") for frame, at_s in ticks)

    def _picture(self, trend: RecordingTrend) -> CurvePicture:
        span, strong = self._timeline.span, INDEX[self._desk.plane]
        points = int(self.places.tracks().width() / self._look.px(_POINT_PX))
        led = trend.led(span.first, span.last)
        planes = led if strong in led else (*led, strong)
        thin = trend.between(span.first, span.last, max(points, 1))
        marks = tuple(self._marks(trend))
        return CurvePicture(thin, planes, self._desk.threshold, marks, strong)

    def _marks(self, trend: RecordingTrend) -> Iterable[CurveMark]:
        """The chosen frame of each plane, else its best candidate where that is sure."""
        best = self._desk.corrections.best
        for key, peaks in self._desk.candidates.items():
            chosen = best.get(key)
            sure = peaks[0].frame if peaks and peaks[0].sure else None
            frame = chosen if chosen is not None else sure
            share = trend.share(frame, INDEX[key]) if frame is not None else None
            if frame is not None and share is not None:
                yield CurveMark(frame + 0.5, INDEX[key], share, kept=chosen is not None)

    def _draw_head(self, graph: Graph) -> None:
        x = np.full(2, self._desk.index + 0.5)
        pen = graph.pen(self._look.colour("text"), 2)
        self._head.setData(x, np.array([-1.0, 1.0]), pen=pen)  # below the names

    # -- mouse -----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go there."""
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go through the frames."""
        self._seek(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom and move as on the timeline, which lies as far to the left."""
        self._timeline.wheelEvent(event)

    def _seek(self, event: QMouseEvent | None) -> None:
        held = event is not None and event.buttons() & Qt.MouseButton.LeftButton
        if event is not None and held and self._desk.session is not None:
            self.sought.emit(self.places.frame_at(event.position().x()))

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the ground; the plot is a widget of its own and covers it."""
        painter = QPainter(self)
        painter.fillRect(QRectF(self.rect()), self._look.colour("panel"))
        painter.end()
