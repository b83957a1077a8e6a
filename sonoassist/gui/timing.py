"""Where the time of each frame goes: stacked stages against the interval between frames."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import pairwise

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.core.packets import LiveStats
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
from sonoassist.gui.theme import Look

_WORDS = {
    WAITING: "waiting for the analysis",
    "preprocess": "preparing the picture",
    "inference": "network",
    "localise": "box",
    TO_SCREEN: "on the way to the screen",
    PAINTING: "painting",
}
_COLOURS = {
    "preprocess": "#2aa79b", "inference": "#3f8fe0", "localise": "#9d74d8", PAINTING: "#dd8a2e",
    WAITING: "#6f7f93", TO_SCREEN: "#97a3b2",
}  # fmt: skip
_SPARE = ("#c8607f", "#6fa03a", "#b59a3c")
_TOPS_MS = (20, 40, 60, 80, 100, 120, 160, 200, 300, 400, 600, 800, 1000, 1600, 2000, 4000, 8000)
_IDLE = (WAITING, TO_SCREEN)
_LEGEND_PX = 318
_GAP_S = 0.5
"""Frames further apart than this are not joined."""
_REFRESH_S = 0.2


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


class TimingPanel(QWidget):
    """Paints the last seconds of `FrameTimes` as areas, with a legend of figures."""

    def __init__(self, look: Look, times: FrameTimes) -> None:
        super().__init__()
        self._times = times
        self._interval_ms = 0.0
        self._dropped = 0
        self._top_ms = 0.0
        self._now_s = 0.0
        self._frames: tuple[FrameTime, ...] = ()
        self._spreads: dict[str, Spread] = {}
        self._work_ms = 0.0
        self._refreshed_s = float("-inf")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Time of each frame")
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.update()

    def show_stats(self, stats: LiveStats, now_s: float | None = None) -> None:
        """Draw anew, a few times a second.

        Args:
            stats: Rate of the capture, and what was dropped.
            now_s: `time.monotonic()`; tests pass their own.
        """
        now_s = time.monotonic() if now_s is None else now_s
        if not self.isVisible() or now_s < self._refreshed_s + _REFRESH_S:
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
        totals = sorted(frame.total_ms for frame in self._frames)
        most = totals[int(0.98 * (len(totals) - 1))] if totals else 0.0
        self._top_ms = top_for(max(most, 1.2 * self._interval_ms), self._top_ms)
        self.setAccessibleDescription(" · ".join(self.headlines()))
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
        return [*said, f"painted {self._times.painted_hz():.0f} fps", f"dropped {self._dropped}"]

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

    def plot_rect(self) -> QRectF:
        """Where the areas lie on the widget."""
        px = self._look.px
        right = self.width() - px(_LEGEND_PX) - px(24)
        return QRectF(px(52), px(44), max(right - px(52), 40), self.height() - px(44 + 30))

    def x_of(self, at_s: float) -> float:
        """Widget x of a moment."""
        plot = self.plot_rect()
        return plot.right() + plot.width() * (at_s - self._now_s) / self._times.span_s

    def y_of(self, took_ms: float) -> float:
        """Widget y of a time; what is longer than the axis ends at its top."""
        plot = self.plot_rect()
        return plot.bottom() - plot.height() * min(took_ms / max(self._top_ms, 1e-9), 1.0)

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint everything."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.colour("back"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = rounded(QRectF(self.rect()), self._look.px(8))
        painter.fillPath(ground, self._look.colour("panel"))
        self._paint_head(painter)
        self._paint_axes(painter)
        if self._frames:
            self._paint_areas(painter)
            self._paint_interval(painter)
            self._paint_legend(painter)
        else:
            painter.setPen(self._look.colour("muted"))
            painter.setFont(self._look.font(14))
            words = "No frame has been painted in the last seconds"
            painter.drawText(self.plot_rect(), Qt.AlignmentFlag.AlignCenter, words)
        painter.end()

    def _text(
        self, painter: QPainter, at: QPointF, text: str, font: QFont, tone: str, align: int = -1
    ) -> float:
        """Write `text` at a baseline; align -1 left of it starts, 1 ends, 0 middle; its width."""
        wide = QFontMetricsF(font).horizontalAdvance(text)
        painter.setFont(font)
        painter.setPen(self._look.colour(tone))
        painter.drawText(QPointF(at.x() - wide * (align + 1) / 2, at.y()), text)
        return wide

    def _paint_head(self, painter: QPainter) -> None:
        px, base = self._look.px, float(self._look.px(26))
        left = float(px(16))
        title = self._look.font(14, bold=True)
        left += self._text(painter, QPointF(left, base), "Capture to screen", title, "text")
        font = self._look.font(13)
        for number, words in enumerate(self.headlines()):
            wide = QFontMetricsF(font).horizontalAdvance(words)
            if left + px(22) + wide > self.width() - px(16):
                return
            tone = "warning" if self.over_budget and number == 1 else "muted"
            at = QPointF(left + px(22), base)
            left += px(22) + self._text(painter, at, words, font, tone)

    def _paint_axes(self, painter: QPainter) -> None:
        plot, px, font = self.plot_rect(), self._look.px, self._look.font(11)
        painter.fillRect(plot, self._look.colour("back"))
        for number in range(5):
            took_ms = self._top_ms * number / 4
            y = round(self.y_of(took_ms))
            painter.fillRect(QRectF(plot.left(), y, plot.width(), 1), self._look.colour("line"))
            words = f"{took_ms:g}" + (" ms" if number == 4 else "")
            at = QPointF(plot.left() - px(7), y + px(4))
            if self._top_ms:
                self._text(painter, at, words, font, "muted", 1)
        for back in range(int(self._times.span_s), -1, -1):
            x = plot.right() - plot.width() * back / self._times.span_s
            words = f"−{back} s" if back else "now"
            align = 1 if not back else -1 if back == int(self._times.span_s) else 0
            self._text(painter, QPointF(x, plot.bottom() + px(18)), words, font, "muted", align)

    def _paint_areas(self, painter: QPainter) -> None:
        painter.save()
        painter.setClipRect(self.plot_rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        order = stacking(list(self._spreads))
        for group in _runs(self._frames):
            below = [0.0] * len(group)
            for stage in order:
                above = [
                    under + dict(frame.stages_ms).get(stage, 0.0)
                    for under, frame in zip(below, group, strict=True)
                ]
                painter.setBrush(self.colour(stage))
                painter.drawPolygon(self._area(group, below, above))
                below = above
        painter.restore()

    def _area(
        self, group: Sequence[FrameTime], below: Sequence[float], above: Sequence[float]
    ) -> QPolygonF:
        """A step for each frame, from its painting to that of the next one."""
        last_s = group[-1].painted_at_s
        step_s = (last_s - group[0].painted_at_s) / max(len(group) - 1, 1) or 0.04
        edges = [self.x_of(frame.painted_at_s) for frame in group]
        edges.append(self.x_of(min(last_s + step_s, max(self._now_s, last_s))))
        upper = [
            QPointF(x, self.y_of(took_ms))
            for (left, right), took_ms in zip(pairwise(edges), above, strict=True)
            for x in (left, right)
        ]
        lower = [
            QPointF(x, self.y_of(took_ms))
            for (left, right), took_ms in zip(pairwise(edges), below, strict=True)
            for x in (left, right)
        ]
        return QPolygonF([*upper, *reversed(lower)])

    def _paint_interval(self, painter: QPainter) -> None:
        if not self._interval_ms or self._interval_ms > self._top_ms:
            return
        plot, px = self.plot_rect(), self._look.px
        y = round(self.y_of(self._interval_ms)) + 0.5
        pen = QPen(self._look.colour("text"), max(px(1.5), 1))
        pen.setDashPattern([5.0, 4.0])
        painter.setPen(pen)
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        font = self._look.font(12, bold=True)
        hz = 1e3 / self._interval_ms
        words = f"{self._interval_ms:.0f} ms between frames ({hz:.0f} fps)"
        metrics = QFontMetricsF(font)
        wide, high = metrics.horizontalAdvance(words) + px(12), metrics.height() + px(2)
        row = QRectF(plot.left() + px(8), y - high - px(3), wide, high)
        if row.top() < plot.top():
            row.moveTop(y + px(3))
        ground = self._look.colour("panel")
        ground.setAlpha(225)
        painter.fillPath(rounded(row, px(4)), ground)
        painter.setFont(font)
        painter.setPen(self._look.colour("text"))
        painter.drawText(row, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_legend(self, painter: QPainter) -> None:
        px, plot = self._look.px, self.plot_rect()
        left, right = plot.right() + px(24), float(self.width() - px(16))
        rows = self.legend()
        step = min(px(22), (self.height() - px(44) - px(12)) / (len(rows) + 1))
        small, font = self._look.font(11), self._look.font(13)
        columns = (right - px(58), right)
        base = plot.top() + px(8)
        for x, words in zip(columns, ("median", "95 %"), strict=True):
            self._text(painter, QPointF(x, base), words, small, "muted", 1)
        stages: list[str | None] = [*reversed(stacking(list(self._spreads))), None]
        for number, (stage, (words, times)) in enumerate(zip(stages, rows, strict=True)):
            y = base + step * (number + 1)
            if stage is None:
                line = QRectF(left, y - step + px(5), right - left, 1)
                painter.fillRect(line, self._look.colour("line"))
                y += px(2)
            else:
                swatch = QRectF(left, y - px(10), px(11), px(11))
                painter.fillPath(rounded(swatch, px(2)), self.colour(stage))
            self._text(painter, QPointF(left + px(20), y), words, font, "text")
            for x, took_ms in zip(columns, (times.p50_ms, times.p95_ms), strict=True):
                self._text(painter, QPointF(x, y), _ms(took_ms), font, "text", 1)


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
