"""A graph of the latency over the last minute."""

from __future__ import annotations

from collections import deque

import pyqtgraph as pg
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from sonoassist.gui.theme import Look
from sonoassist.packets import LiveStats

SPAN_S = 60.0


class TimingPanel(QWidget):
    """Median and 95th percentile of the latency, and the median time of each stage."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._points: deque[tuple[float, float, float]] = deque()
        self._plot = pg.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        self._plot.setXRange(-SPAN_S, 0.0, padding=0.0)
        self._median = self._plot.plot()
        self._slow = self._plot.plot()
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.RichText)
        self._title.setObjectName("section")
        self._stages = QLabel()
        self._stages.setObjectName("small")
        self._stages.setWordWrap(True)
        column = QVBoxLayout(self)
        column.addWidget(self._title)
        column.addWidget(self._plot, 1)
        column.addWidget(self._stages)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self.setFixedHeight(look.px(210))
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(look.px(16), look.px(6), look.px(16), look.px(6))
            layout.setSpacing(look.px(4))
        self._title.setText(
            f"Capture to result, ms: <span style='color:{look.palette.accent}'>median</span>"
            f" and <span style='color:{look.palette.warning}'>95 %</span>"
        )
        self._plot.setBackground(look.palette.panel)
        self._median.setPen(pg.mkPen(look.palette.accent, width=look.px(2)))
        self._slow.setPen(pg.mkPen(look.palette.warning, width=look.px(2)))
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(look.palette.line)
            axis.setTextPen(look.palette.muted)
            axis.setTickFont(look.font(11))

    def add(self, now_s: float, stats: LiveStats) -> None:
        """Add a point.

        Args:
            now_s: A clock that only goes forward.
            stats: At that time.
        """
        if not stats.analysed:
            return
        self._points.append((now_s, stats.latency_p50_ms, stats.latency_p95_ms))
        while self._points[0][0] < now_s - SPAN_S:
            self._points.popleft()
        if not self.isVisible():
            return
        ages = [point[0] - now_s for point in self._points]
        self._median.setData(ages, [point[1] for point in self._points])
        self._slow.setData(ages, [point[2] for point in self._points])
        high = max(point[2] for point in self._points)
        self._plot.setYRange(0.0, max(high * 1.15, 1.0), padding=0.0)
        self._stages.setText("  ·  ".join(f"{name} {ms:.1f}" for name, ms in stats.stages_ms))
