"""Where the time of each frame goes: stacked stages against the interval between frames."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter

from sonoassist.core.packets import LiveStats
from sonoassist.gui.curve_panel import CurvePanel
from sonoassist.gui.curve_parts import Tag
from sonoassist.gui.curve_scale import back_ticks, even_ticks
from sonoassist.gui.frame_times import (
    PAINTING,
    TO_SCREEN,
    WAITING,
    FrameTime,
    FrameTimes,
    Spread,
    spread,
    stage_spreads,
)
from sonoassist.gui.overlay import rounded
from sonoassist.gui.rate_words import labels_and_boxes
from sonoassist.gui.theme import Look

if TYPE_CHECKING:
    from sonoassist.gui.curves import Graph

Reals = NDArray[np.float64]

_WORDS = {
    WAITING: "waiting for the analysis",
    "preprocess": "preparing the picture",
    "inference": "network",
    "localise": "box",
    TO_SCREEN: "on the way to the screen",
    PAINTING: "painting",
}
_COLOURS = {
    "preprocess": "#2aa79b",
    "inference": "#3f8fe0",
    "localise": "#9d74d8",
    PAINTING: "#dd8a2e",
    WAITING: "#6f7f93",
    TO_SCREEN: "#97a3b2",
}
_SPARE = ("#c8607f", "#6fa03a", "#b59a3c")
_TOPS_MS = (20, 40, 60, 80, 100, 120, 160, 200, 300, 400, 600, 800, 1000, 1600, 2000, 4000, 8000)
_IDLE = (WAITING, TO_SCREEN)
_LEGEND_PX = 318
_GAP_S = 0.5
"""Frames further apart than this are not joined."""
_REFRESH_S = 0.2
_STEP_S = 0.04
"""A frame alone is drawn so wide."""


def stacking(stages: Sequence[str]) -> list[str]:
    """The stages from the bottom of the stack upwards: work first, waiting on top of it.

    So the line of the interval between frames can be read: while the work stays below it the
    program keeps up, however long the frames wait in between.
    """
    work = [stage for stage in stages if stage not in _IDLE and stage != PAINTING]
    return [*work, *(stage for stage in (PAINTING, *_IDLE) if stage in stages)]


def top_for(needed_ms: float, before_ms: float) -> float:
    """Upper end of the axis; it stays as it is while that is neither too low nor far too high."""
    if before_ms * 0.45 <= needed_ms <= before_ms:
        return before_ms
    return float(next((top for top in _TOPS_MS if top >= needed_ms), _TOPS_MS[-1]))


class TimingPanel(CurvePanel):
    """The last seconds of `FrameTimes` as areas, with a legend of figures."""

    def __init__(self, look: Look, times: FrameTimes) -> None:
        super().__init__(look, "Capture to screen", "Time of each frame", _LEGEND_PX)
        self._times = times
        self._interval_ms = 0.0
        self._dropped = 0
        self._rates = 0.0, 0.0
        self._top_ms = 0.0
        self._now_s = 0.0
        self._frames: tuple[FrameTime, ...] = ()
        self._spreads: dict[str, Spread] = {}
        self._work_ms = 0.0
        self._refreshed_s = float("-inf")
        self._areas: dict[str, Any] = {}
        self._line: Any = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.set_look(look)

    def show_stats(self, stats: LiveStats, now_s: float | None = None) -> None:
        """Draw anew, a few times a second.

        Args:
            stats: Rate of the capture, and what was dropped.
            now_s: `time.monotonic()`; tests pass their own.
        """
        now_s = time.monotonic() if now_s is None else now_s
        if self._graph is None or not self.isVisible() or now_s < self._refreshed_s + _REFRESH_S:
            return
        self._refreshed_s = self._now_s = now_s
        self._times.forget(now_s)
        self._frames = self._times.frames()
        self._spreads = stage_spreads(self._frames)
        self._work_ms = sum(took_ms for _, took_ms in stats.stages_ms)
        # While the picture goes on without results their stages are not among those painted.
        for stage, took_ms in stats.stages_ms if self._frames else ():
            self._spreads.setdefault(stage, Spread(took_ms, math.nan))
        self._interval_ms = 1e3 / stats.capture_hz if stats.capture_hz > 0 else 0.0
        self._dropped = stats.dropped
        self._rates = stats.analysis_hz, stats.boxes_hz
        totals = sorted(frame.total_ms for frame in self._frames)
        most = totals[int(0.98 * (len(totals) - 1))] if totals else 0.0
        self._top_ms = top_for(max(most, 1.2 * self._interval_ms), self._top_ms)
        self.setAccessibleDescription(" · ".join(self.headlines()))
        self._draw(self._graph)
        self.update()

    # -- what it says ----------------------------------------------------------------------

    def headlines(self) -> list[str]:
        """The figures above the graph, the most important first."""
        if not self._frames:
            return []
        total = spread(frame.total_ms for frame in self._frames)
        said = [f"median {total.p50_ms:.0f} ms, 95 % {total.p95_ms:.0f} ms"]
        if self._work_ms and self._interval_ms:
            of = f"analysis {self._work_ms:.0f} of {self._interval_ms:.0f} ms"
            said.append(of if not self.over_budget else f"{of}: too slow")
        painted = f"{self._times.painted_hz():.0f} painted"
        return [*said, f"{labels_and_boxes(self._rates)}, {painted} /s", f"dropped {self._dropped}"]

    def _tone(self, number: int) -> str:
        return "warning" if self.over_budget and number == 1 else "muted"

    @property
    def over_budget(self) -> bool:
        """Whether the analysis takes longer than a frame's interval."""
        return 0 < self._interval_ms < self._work_ms

    def legend(self) -> list[tuple[str, Spread]]:
        """(words, figures) from the top of the stack down, then the total."""
        rows = [
            (_WORDS.get(stage, stage), self._spreads[stage])
            for stage in reversed(stacking(list(self._spreads)))
        ]
        total = spread(frame.total_ms for frame in self._frames)
        return [*rows, ("capture to screen", total)] if rows else []

    @property
    def top_ms(self) -> float:
        """Upper end of the axis."""
        return self._top_ms

    def colour(self, stage: str) -> QColor:
        """Of a stage."""
        known = [one for one in self._spreads if one not in _COLOURS]
        spare = _SPARE[known.index(stage) % len(_SPARE)] if stage in known else _SPARE[0]
        return QColor(_COLOURS.get(stage, spare))

    # -- where it is -----------------------------------------------------------------------

    def x_of(self, at_s: float) -> float:
        """Widget x of a moment."""
        plot = self.plot_rect()
        return plot.right() + plot.width() * (at_s - self._now_s) / self._times.span_s

    def y_of(self, took_ms: float) -> float:
        """Widget y of a time; what is longer than the axis ends at its top."""
        plot = self.plot_rect()
        return plot.bottom() - plot.height() * min(took_ms / max(self._top_ms, 1e-9), 1.0)

    # -- drawing ---------------------------------------------------------------------------

    def _draw(self, graph: Graph) -> None:
        top_ms = self._top_ms or _TOPS_MS[0]
        span_s = self._times.span_s
        graph.set_across(-span_s, 0.0, back_ticks(span_s))
        graph.set_up(0.0, top_ms, even_ticks(self._top_ms, "ms") if self._top_ms else ())
        nothing = "No frame has been painted in the last seconds"
        graph.show_words("" if self._frames else nothing)
        self._draw_areas(graph, top_ms)
        self._draw_interval(graph)

    def _draw_areas(self, graph: Graph, top_ms: float) -> None:
        """Each stage from the axis up to the top of all below it and itself, the tallest behind."""
        order = stacking(list(self._spreads))
        edges, heights = steps(self._frames, order)
        for stage in self._areas.keys() - set(order):
            graph.removeItem(self._areas.pop(stage))
        for number, stage in enumerate(order):
            if stage not in self._areas:
                self._areas[stage] = graph.add_curve(smooth=False)
            area = self._areas[stage]
            area.setZValue(-number)
            area.setData(
                edges - self._now_s,
                np.minimum(heights[number], top_ms),
                stepMode="center",
                fillLevel=0.0,
                brush=self.colour(stage),
                pen=None,
            )

    def _draw_interval(self, graph: Graph) -> None:
        if self._line is None:
            self._line = graph.add_curve(smooth=False, z=1.0)
        seen = bool(self._frames) and 0 < self._interval_ms <= self._top_ms
        self._line.setVisible(seen)
        if not seen:
            graph.show_tags(())
            return
        ends = np.array([-self._times.span_s, 0.0])
        pen = graph.pen(self._look.colour("text"), 1.5, dashed=True)
        self._line.setData(ends, np.full(2, self._interval_ms), pen=pen)
        words = f"{self._interval_ms:.0f} ms between frames ({1e3 / self._interval_ms:.0f} fps)"
        px, plot, y = self._look.px, graph.plot_rect(), graph.y_of(self._interval_ms)
        row = graph.tag_size(words, bold=True)
        row.moveBottomLeft(QPointF(plot.left() + px(8), y - px(3)))
        if row.top() < plot.top():
            row.moveTop(y + px(3))
        graph.show_tags((Tag(row, words, self._look.colour("text"), bold=True),))

    def _paint_legend(self, painter: QPainter, room: QRectF) -> None:
        rows, px = self.legend(), self._look.px
        if not rows:
            return
        step = min(px(22), room.height() / (len(rows) + 1))
        small, font = self._look.font(11), self._look.font(13)
        columns = (room.right() - px(58), room.right())
        base = room.top() + px(8)
        for x, words in zip(columns, ("median", "95 %"), strict=True):
            self._text(painter, QPointF(x, base), words, small, "muted", 1)
        stages: list[str | None] = [*reversed(stacking(list(self._spreads))), None]
        for number, (stage, (words, times)) in enumerate(zip(stages, rows, strict=True)):
            y = base + step * (number + 1)
            if stage is None:
                line = QRectF(room.left(), y - step + px(5), room.width(), 1)
                painter.fillRect(line, self._look.colour("line"))
                y += px(2)
            else:
                swatch = QRectF(room.left(), y - px(10), px(11), px(11))
                painter.fillPath(rounded(swatch, px(2)), self.colour(stage))
            self._text(painter, QPointF(room.left() + px(20), y), words, font, "text")
            for x, took_ms in zip(columns, (times.p50_ms, times.p95_ms), strict=True):
                self._text(painter, QPointF(x, y), _ms(took_ms), font, "text", 1)


def steps(frames: Sequence[FrameTime], order: Sequence[str]) -> tuple[Reals, Reals]:
    """The stack as steps, one a frame, from its painting to that of the next one.

    Args:
        frames: In their order, n of them in r groups of frames that followed each other closely.
        order: The stages from the bottom of the stack upwards.

    Returns:
        float64 (n + r,), the times at which the steps begin and the last one ends, in seconds;
        and float64 (stages, n + r - 1), how high the stack is up to each stage, in milliseconds:
        0 between two groups. Without frames: one time more than there are steps, which is none.
    """
    edges: list[float] = []
    heights: list[list[float]] = []
    for group in _runs(frames):
        if edges:
            heights.append([0.0] * len(order))
        edges += [frame.painted_at_s for frame in group]
        for took in (dict(frame.stages_ms) for frame in group):
            heights.append([took.get(stage, 0.0) for stage in order])
        first_s, last_s = group[0].painted_at_s, group[-1].painted_at_s
        edges.append(last_s + ((last_s - first_s) / max(len(group) - 1, 1) or _STEP_S))
    tall = np.array(heights, np.float64).reshape(len(heights), len(order)).cumsum(axis=1)
    return np.array(edges or [0.0], np.float64), tall.T


def _ms(took_ms: float) -> str:
    if math.isnan(took_ms):
        return "–"
    return f"{took_ms:.1f}" if took_ms < 99.95 else f"{math.ceil(took_ms - 0.5):d}"


def _runs(frames: Sequence[FrameTime]) -> list[list[FrameTime]]:
    """Frames that followed each other closely, in groups."""
    groups: list[list[FrameTime]] = []
    for frame in frames:
        if groups and frame.painted_at_s - groups[-1][-1].painted_at_s < _GAP_S:
            groups[-1].append(frame)
        else:
            groups.append([frame])
    return groups
