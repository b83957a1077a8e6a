"""The line at the bottom: source, rates, engine, model, and always the disclaimer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.gui.elided import one_line
from sonoassist.gui.rate_words import rates_in_words, rates_shortly
from sonoassist.gui.splash import DISCLAIMER
from sonoassist.gui.theme import Look
from sonoassist.gui.threshold_words import BOXES_NOT_MEASURED, UNCALIBRATED
from sonoassist.live.status import ModelState, PlayState, SessionStatus
from sonoassist.model.card import DEFAULT_ARCHITECTURE, Card

_LEAST_PX = 100
"""In less room than this nothing is shortened, and the line says nothing but its disclaimer."""


@dataclass(frozen=True, slots=True)
class StatusItem:
    """A piece of the line.

    Attributes:
        text: What it says.
        rank: The highest goes first where there is no room.
        short: What it says where not all has room; "" for the same.
        is_name: It may be cut in its middle; other words are whole, or left out.
    """

    text: str
    rank: int
    short: str = ""
    is_name: bool = False

    @property
    def shortened(self) -> StatusItem:
        """With its short words."""
        return replace(self, text=self.short or self.text)


def model_text(card: Card) -> str:
    """Which model runs, and that it is not the default one where that is so."""
    said = f"{card.title} ({card.domain})"
    return said if card.architecture == DEFAULT_ARCHITECTURE else f"{said}, not SonoNet-32"


def items_for(status: SessionStatus, picture: str = "") -> list[StatusItem]:
    """What the line says of a session.

    Args:
        status: Of the session.
        picture: Name of the file on screen, where the source is a folder of pictures.
    """
    items = []
    if status.source is not None:
        items.append(StatusItem(status.source.label, 1, is_name=True))
        if picture != status.source.label:  # a single picture is called as its source
            items.append(StatusItem(one_line(picture), 2, is_name=True))
        items.append(StatusItem(status.source.detail, 6))
    if status.play_state is not PlayState.EMPTY:
        items += _rates(status)
    if status.engine:
        device = f" · {status.device}" if status.device else ""
        items.append(StatusItem(f"{status.engine}{device}", 5))
    if status.card is not None:
        items.append(StatusItem(model_text(status.card), 2, status.card.title))
        if status.card.calibration is None:
            items.append(StatusItem(UNCALIBRATED, 4))
        if not status.card.boxes_measured_on:
            items.append(StatusItem(BOXES_NOT_MEASURED, 4))
    elif status.model_state is ModelState.MISSING:
        items.append(StatusItem("no model", 2))
    return [item for item in items if item.text]


def _rates(status: SessionStatus) -> list[StatusItem]:
    stats = status.stats
    items = []
    if stats.capture_hz > 0:  # what stands still has no rate
        items.append(StatusItem(f"{stats.capture_hz:.1f} fps", 3))
    if stats.analysis_hz > 0:
        items.append(StatusItem(rates_in_words(stats), 4, rates_shortly(stats)))
        fast, slow = stats.latency_p50_ms, stats.latency_p95_ms
        items.append(StatusItem(f"latency {fast:.0f} / {slow:.0f} ms", 5))
    if status.source is None or not status.source.stills:  # they wait
        items.append(StatusItem(f"dropped {stats.dropped}", 7))
    return items


class StatusLine(QWidget):
    """One painted line with tabular digits; the least important pieces go first."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[StatusItem] = []
        self.setObjectName("bar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size; the disclaimer always has room."""
        self._look = look
        self.setMinimumHeight(look.px(30))
        disclaimer = QFontMetricsF(look.font(12)).horizontalAdvance(DISCLAIMER)
        self.setMinimumWidth(round(disclaimer) + 2 * look.px(16))
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(400, self._look.px(30))

    def show_status(self, status: SessionStatus, picture: str = "") -> None:
        """Say how the session is; see `items_for`."""
        self.show_items(items_for(status, picture))

    def show_items(self, items: list[StatusItem]) -> None:
        """Say something else: of a page with results of its own."""
        if items != self._items:
            self._items = items
            self.setToolTip("  ·  ".join(item.text for item in items))
            self.setAccessibleDescription(self.toolTip())
            self.update()

    def fitting(self) -> list[str]:
        """The pieces there is room for, in their order."""
        metrics = QFontMetricsF(self._look.font(12))
        gap = self._look.px(24)
        room = self.width() - 2 * self._look.px(16) - metrics.horizontalAdvance(DISCLAIMER) - gap
        if room < self._look.px(_LEAST_PX) or not self._items:
            return []  # a few letters would say nothing
        kept, half = self._items, room / 2 - gap

        def fits() -> bool:
            wide = [(item, metrics.horizontalAdvance(item.text)) for item in kept]
            in_bits = half < self._look.px(_LEAST_PX) and any(one > half for _, one in wide)
            taken = [min(one, half) if item.is_name else one for item, one in wide]
            return not in_bits and sum(taken) + gap * len(taken) <= room

        if not fits():
            kept = [item.shortened for item in kept]
        while len(kept) > 1 and not fits():
            kept.remove(max(kept, key=lambda item: item.rank))
        # A name takes no more than half of the line: what stands behind it can be read too.
        alone = len(kept) == 1
        most = room - gap if alone else half
        elide = Qt.TextElideMode.ElideMiddle
        return [
            metrics.elidedText(item.text, elide, most) if item.is_name or alone else item.text
            for item in kept
        ]

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.colour("panel"))
        painter.fillRect(QRectF(0, 0, self.width(), 1), self._look.colour("line"))
        font = self._look.font(12)
        painter.setFont(font)
        painter.setPen(self._look.colour("muted"))
        metrics = QFontMetricsF(font)
        left, middle = float(self._look.px(16)), Qt.AlignmentFlag.AlignVCenter
        for text in self.fitting():
            wide = metrics.horizontalAdvance(text)
            painter.drawText(QRectF(left, 0, wide + 2, self.height()), middle, text)
            left += wide + self._look.px(24)
        painter.setPen(self._look.colour("warning"))
        right = QRectF(self.rect()).adjusted(0, 0, -self._look.px(16), 0)
        painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, DISCLAIMER)
        painter.end()
