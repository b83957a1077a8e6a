"""Chips and cards painted over the picture, and where they can be clicked."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter

from sonoassist.gui.actions import BY_ACT
from sonoassist.gui.acts import Act
from sonoassist.gui.free_room import Wide, chip_places
from sonoassist.gui.overlay import rounded
from sonoassist.gui.screens import Chip, MessageCard
from sonoassist.gui.theme import DARK, Look

_BACK = QColor(10, 14, 19, 220)
_TEXT = QColor(DARK.text)
_MUTED = QColor(DARK.muted)
_BESIDE_WORDS_PX = 18 + 34
"""Of a chip: its icon, and the gaps."""
_LEAST_LETTERS = 6
_CENTRE = Qt.AlignmentFlag.AlignCenter
_WRAP = int(_CENTRE) | int(Qt.TextFlag.TextWordWrap)


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that does something when clicked.

    Attributes:
        rect: On the widget.
        act: What it does.
    """

    rect: QRectF
    act: Act


def paint_chips(
    painter: QPainter, area: QRectF, taken: QRectF, chips: tuple[Chip, ...], look: Look
) -> list[Hit]:
    """Paint `chips` on `area` where they do not lie on `taken`; always on dark ground."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = QFontMetricsF(look.font(16, bold=True))
    hits = []
    # Where not all have room the first ones are the more important.
    for chip, rect in _placed(area, taken, chips, look):
        text = _readable(metrics, chip, rect.width() - look.px(_BESIDE_WORDS_PX) + 1)
        _paint_chip(painter, rect, chip, text, look)
        if chip.act is not None:
            hits.append(Hit(rect, chip.act))
    return hits


def _placed(
    area: QRectF, taken: QRectF, chips: tuple[Chip, ...], look: Look
) -> list[tuple[Chip, QRectF]]:
    """Chips and their places, without the extra ones for which there is no room."""
    widths = chip_widths(chips, look)
    places = chip_places(area, taken, widths, look)
    cut = len(places) < len(chips) or any(
        place.width() < wide.short for place, wide in zip(places, widths, strict=True)
    )
    extra = next((one for one in reversed(chips) if one.extra), None)
    if cut and extra is not None:
        return _placed(area, taken, tuple(one for one in chips if one is not extra), look)
    return list(zip(chips, places, strict=False))


def chip_widths(chips: tuple[Chip, ...], look: Look) -> list[Wide]:
    """Widths of chips, in pixels of the widget."""
    metrics = QFontMetricsF(look.font(16, bold=True))
    beside = look.px(_BESIDE_WORDS_PX)
    words = metrics.horizontalAdvance
    return [
        Wide(
            max(words(chip.text), words(chip.room_for)) + beside,
            words(chip.short or max(chip.text, chip.room_for, key=words)) + beside,
        )
        for chip in chips
    ]


def _readable(metrics: QFontMetricsF, chip: Chip, room: float) -> str:
    """What a chip says in this room; nothing where a few letters would say nothing."""
    whole = metrics.horizontalAdvance(chip.text) <= room
    text = chip.text if whole else chip.short or chip.text
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    return shown if shown == text or len(shown) > _LEAST_LETTERS else ""


def _paint_chip(painter: QPainter, rect: QRectF, chip: Chip, text: str, look: Look) -> None:
    colour = str(getattr(DARK, chip.tone))
    icon = look.px(18)
    painter.setFont(look.font(16, bold=True))
    painter.fillPath(rounded(rect, look.px(8)), _BACK)
    painter.setPen(QColor(colour))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(rounded(rect.adjusted(0.5, 0.5, -0.5, -0.5), look.px(8)))
    pixmap = look.pixmap(chip.icon, colour, icon, painter.device().devicePixelRatioF())  # type: ignore[union-attr]
    inset = look.px(12) if text else (rect.width() - icon) / 2
    painter.drawPixmap(QPointF(rect.left() + inset, rect.center().y() - icon / 2), pixmap)
    words = rect.adjusted(icon + look.px(20), 0, 0, 0)
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def paint_card(painter: QPainter, area: QRectF, card: MessageCard, look: Look) -> list[Hit]:
    """Paint `card` in the middle of `area`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    wide = min(look.px(560), area.width() - look.px(24))
    high = look.px(250 if card.acts else 190)
    rect = QRectF(0, 0, wide, high)
    rect.moveCenter(area.center())
    painter.fillPath(rounded(rect, look.px(12)), _BACK)
    icon = look.px(44)
    ratio = painter.device().devicePixelRatioF()  # type: ignore[union-attr]
    pixmap = look.pixmap(card.icon, DARK.muted, icon, ratio)
    painter.drawPixmap(QPointF(rect.center().x() - icon / 2, rect.top() + look.px(24)), pixmap)
    _paint_card_words(painter, rect, card, look)
    return _paint_buttons(painter, rect, card, look)


def _paint_card_words(painter: QPainter, rect: QRectF, card: MessageCard, look: Look) -> None:
    inner = rect.adjusted(look.px(20), 0, -look.px(20), 0)
    painter.setPen(_TEXT)
    painter.setFont(look.font(26, bold=True))
    title = QRectF(inner.left(), rect.top() + look.px(76), inner.width(), look.px(38))
    metrics = QFontMetricsF(painter.font())
    words = metrics.elidedText(card.title, Qt.TextElideMode.ElideMiddle, inner.width())
    painter.drawText(title, _CENTRE, words)
    painter.setPen(_MUTED)
    painter.setFont(look.font(15))
    text = QRectF(inner.left(), title.bottom() + look.px(4), inner.width(), look.px(52))
    painter.drawText(text, _WRAP, card.text)


def _widths(metrics: QFontMetricsF, texts: list[str], look: Look) -> list[float]:
    return [metrics.horizontalAdvance(text) + look.px(28) for text in texts]


def _paint_buttons(painter: QPainter, rect: QRectF, card: MessageCard, look: Look) -> list[Hit]:
    acts = card.acts
    names = card.names or tuple(BY_ACT[act].short for act in acts)
    font = look.font(14, bold=True)
    metrics = QFontMetricsF(font)
    texts = [f"{name}  {look.keys.text(act)}" for act, name in zip(acts, names, strict=True)]
    gap, most = look.px(10), rect.width() - look.px(24)
    wides = _widths(metrics, texts, look)
    if sum(wides) + gap * (len(wides) - 1) > most:  # the keys are in the help too
        texts = list(names)
        wides = _widths(metrics, texts, look)
    left = rect.center().x() - (sum(wides) + gap * (len(wides) - 1)) / 2
    hits = []
    for act, text, wide in zip(acts, texts, wides, strict=True):
        button = QRectF(left, rect.bottom() - look.px(62), wide, look.px(38))
        painter.fillPath(rounded(button, look.px(6)), QColor(DARK.raised))
        painter.setPen(_TEXT)
        painter.setFont(font)
        painter.drawText(button, _CENTRE, text)
        hits.append(Hit(button, act))
        left += wide + gap
    return hits
