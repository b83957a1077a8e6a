"""The plane's name, readable from two metres, and how sure the frame, or a held view, is."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.core.percent import percent
from sonoassist.gui.theme import Look
from sonoassist.gui.verdict import NOTHING, Verdict, VerdictKind

NAME_PX = 60
PERCENT_PX = 42
MOST_HINTS, MOST_LINES = 2, 3
_LONGEST = "No standard plane"
_STEADY = "steady for "
HEIGHT_SHARE = 0.84
"""The letters of the name take so much of the height, with what hangs below the line."""


class Headline(QWidget):
    """One painted line: name, confidence, and two small lines beside them."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict = NOTHING
        self._reason = ""
        self._recording = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Plane")
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setFixedHeight(look.px(84))
        self.update()

    def show_verdict(self, verdict: Verdict, reason: str = "") -> None:
        """Write `verdict`.

        Args:
            verdict: Of the picture on screen.
            reason: Why the picture has no result, where it has none.
        """
        before = self._painted_as()
        self._verdict, self._reason = verdict, reason
        # The share changes with each frame, its whole percent much less often.
        if self._painted_as() != before:
            self.setAccessibleDescription(self.spoken)
            self.update()

    def show_recording(self, clock: str) -> None:
        """Say that a video is being recorded; "" takes it away.

        Args:
            clock: How long it has run, e.g. "07:41".
        """
        if clock != self._recording:
            self._recording = clock
            self.update()

    @property
    def recording(self) -> str:
        """How long the recording has run, or ""."""
        return self._recording

    def _painted_as(self) -> tuple[object, ...]:
        verdict = self._verdict
        words = (*self.lines(), *self.hint_lines())
        return verdict.kind, verdict.plane, verdict.title, self.percent_text, *words

    @property
    def verdict(self) -> Verdict:
        """What is written."""
        return self._verdict

    @property
    def spoken(self) -> str:
        """The headline as one line of text."""
        parts = [self._verdict.title, self.percent_text, *self.lines(), *self.hint_lines()]
        return ", ".join(part for part in parts if part)

    @property
    def percent_text(self) -> str:
        """The confidence, written large only beside a plane's name."""
        confident = self._verdict.kind is VerdictKind.PLANE and self._verdict.confidence is not None
        return percent(self._verdict.confidence or 0.0) if confident else ""

    def lines(self) -> list[str]:
        """The small lines."""
        verdict = self._verdict
        if verdict.kind is VerdictKind.NOT_ANALYSED:
            reason = self._reason or verdict.detail
            return [reason] if reason and verdict.title else []
        lines = [verdict.when] if verdict.when else []
        if verdict.steady_s is not None and verdict.steady_s >= 0.05:
            lines.append(f"{_STEADY}{verdict.steady_s:.1f} s")
        return [*lines, verdict.detail] if verdict.detail else lines

    def hint_lines(self, most: int = MOST_HINTS) -> list[str]:
        """What could be better in the picture, below the small lines; the gravest ones."""
        gravest = sorted(self._verdict.hints, key=lambda one: -one.strength)[:most]
        return [one.flaw.advice for one in self._verdict.hints if one in gravest]

    def name_font_px(self) -> float:
        """Size of the name, smaller where the widget is too low, or too narrow for the longest."""
        size = min(float(self._look.px(NAME_PX)), self.height() * HEIGHT_SHARE)
        metrics = QFontMetricsF(self._look.font(size, bold=True, scaled=False))
        room = self.width() * 0.62
        return min(size, size * room / max(metrics.horizontalAdvance(_LONGEST), 1.0))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the name, the percentage and the small lines."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.colour("back"))
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        size = self.name_font_px()
        baseline = self.height() / 2 + size * 0.36
        known = self._verdict.kind is VerdictKind.PLANE
        right = self._word(
            painter,
            0.0,
            baseline,
            self._verdict.title,
            size,
            self._look.colour("text" if known else "muted"),
        )
        if known and self._verdict.plane is not None:
            colour = self._look.ink(self._verdict.plane.colour)
            smaller = size * PERCENT_PX / NAME_PX
            gap = self._look.px(24)
            self._word(painter, right + gap, baseline, self.percent_text, smaller, colour)
            if self.percent_text:
                # Room for "100 %", so that the small lines do not move with the digits.
                font = self._look.font(smaller, bold=True, scaled=False)
                right += gap + QFontMetricsF(font).horizontalAdvance("100 %")
        self._paint_lines(painter, right + self._look.px(26))
        self._paint_recording(painter)
        painter.end()

    def _recording_room(self) -> float:
        return self._look.px(150) if self._recording else 0.0

    def _paint_recording(self, painter: QPainter) -> None:
        if not self._recording:
            return
        font = self._look.font(22, bold=True)
        painter.setFont(font)
        painter.setPen(self._look.colour("error"))
        wide = QFontMetricsF(font).horizontalAdvance(f"REC {self._recording}")
        left, middle = self.width() - wide, self.height() / 2
        row = QRectF(left, 0, wide, self.height())
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, f"REC {self._recording}")
        radius = self._look.px(7)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._look.colour("error"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QPointF(left - 2 * radius, middle), radius, radius)

    def _word(
        self, painter: QPainter, left: float, base: float, text: str, size: float, tone: QColor
    ) -> float:
        font = self._look.font(size, bold=True, scaled=False)
        painter.setFont(font)
        painter.setPen(tone)
        painter.drawText(QPointF(left, base), text)
        return left + QFontMetricsF(font).horizontalAdvance(text)

    def _lines_fitting(self, metrics: QFontMetricsF, step: float) -> int:
        """So many small lines have room above each other; half a line cannot be read."""
        letters = metrics.tightBoundingRect("Ag").height()
        fitting = 1 + int((self.height() - letters) // step)
        return min(max(fitting, 1), MOST_LINES)

    def _paint_lines(self, painter: QPainter, left: float) -> None:
        lines = self.lines()
        font = self._look.font(16)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self._look.colour("muted"))
        step = metrics.height() + self._look.px(2)
        room = self.width() - left - self._recording_room()
        if room < self._look.px(60):
            return
        most = self._lines_fitting(metrics, step)
        hints = [_fitting(line, metrics, room) for line in self.hint_lines(max(most - 1, 1))]
        if len(lines) == 1 and not hints and metrics.horizontalAdvance(lines[0]) > room:
            lines = _wrapped(lines[0], metrics)
        lines = lines[: most - len(hints)]
        count = len(lines) + len(hints)
        lower = self._look.px(3) if count == 1 else 0  # nearer to the line of the name
        top = (self.height() - step * count) / 2 + lower
        for number, line in enumerate([*lines, *hints]):
            text = metrics.elidedText(
                _brief(line, metrics, room), Qt.TextElideMode.ElideRight, room
            )
            row = QRectF(left, top + number * step, room, step)
            painter.setPen(self._look.colour("muted" if number < len(lines) else "warning"))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, text)


def _fitting(advice: str, metrics: QFontMetricsF, room: float) -> str:
    """A hint with what helps, or without where there is no room for that."""
    return advice if metrics.horizontalAdvance(advice) <= room else advice.partition(":")[0]


def _brief(line: str, metrics: QFontMetricsF, room: float) -> str:
    """How long a view has been steady with its number whole, also where there is little room."""
    if metrics.horizontalAdvance(line) <= room or not line.startswith(_STEADY):
        return line
    return line.replace(_STEADY, "for ", 1)


def _wrapped(line: str, metrics: QFontMetricsF) -> list[str]:
    """Break a line at its comma, else where both parts need the least room."""
    head, comma, tail = line.partition(", ")
    if comma:
        return [head + ",", tail]
    words = line.split()
    breaks = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    if not breaks:
        return [line]
    return list(min(breaks, key=lambda parts: max(map(metrics.horizontalAdvance, parts))))
