"""Listens to what widgets paint themselves: every text with its font, colour and room."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter
from PyQt6.QtWidgets import QWidget

_WRAPS = Qt.TextFlag.TextWordWrap.value


@dataclass(frozen=True, slots=True)
class PaintedText:
    """A text that a widget painted itself.

    Attributes:
        widget: Which.
        text: As it was painted.
        room: That it was given, in the widget's pixels; None: painted from a point, without limit.
        ink: That the text needs, in the widget's pixels.
        line: It is one line, whose ink is known to the pixel.
        colour: Of the text, with the painter's opacity in its alpha.
    """

    widget: QWidget
    text: str
    room: QRectF | None
    ink: QRectF
    colour: QColor
    line: bool = True


@dataclass(frozen=True, slots=True)
class Shortened:
    """A text of which a widget painted the beginning only.

    Attributes:
        widget: Which.
        text: Whole.
        shown: What there was room for.
    """

    widget: QWidget
    text: str
    shown: str


@contextmanager
def listening(shortened: list[Shortened] | None = None) -> Iterator[list[PaintedText]]:
    """Have every text that is painted in Python code written into a list.

    Args:
        shortened: Gets the texts whose end had no room.
    """
    with _hearing_ends([] if shortened is None else shortened), _hearing_texts() as heard:
        yield heard


@contextmanager
def _hearing_ends(into: list[Shortened]) -> Iterator[None]:
    kinds = (QFontMetrics, QFontMetricsF)
    kept = [vars(kind)["elidedText"] for kind in kinds]

    def hear(real: Callable[..., str]) -> Callable[..., str]:
        def elided(metrics: Any, text: str, mode: Qt.TextElideMode, *rest: Any) -> str:
            shown, widget = real(metrics, text, mode, *rest), _painting_widget()
            if shown != text and widget is not None and mode is Qt.TextElideMode.ElideRight:
                into.append(Shortened(widget, text, shown))
            return shown

        return elided

    for kind in kinds:
        kind.elidedText = hear(kind.elidedText)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        for kind, real in zip(kinds, kept, strict=True):
            kind.elidedText = real  # type: ignore[method-assign]


@contextmanager
def _hearing_texts() -> Iterator[list[PaintedText]]:
    heard: list[PaintedText] = []
    real = QPainter.drawText
    descriptor = vars(QPainter)["drawText"]

    def draw_text(painter: QPainter, *args: Any) -> Any:
        widget = _painting_widget()
        text = next((one for one in args if isinstance(one, str)), "")
        if widget is not None and text.strip():
            heard.append(_heard(painter, widget, text, args))
        return real(painter, *args)

    QPainter.drawText = draw_text  # type: ignore[assignment, method-assign]
    try:
        yield heard
    finally:
        QPainter.drawText = descriptor  # type: ignore[method-assign]


def _painting_widget() -> QWidget | None:
    """The widget whose `paintEvent` is running."""
    frame = sys._getframe(2)
    while frame is not None:
        own = frame.f_locals.get("self")
        if frame.f_code.co_name == "paintEvent" and isinstance(own, QWidget):
            return own
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _heard(painter: QPainter, widget: QWidget, text: str, args: tuple[Any, ...]) -> PaintedText:
    metrics = QFontMetricsF(painter.font())
    colour = QColor(painter.pen().color())
    colour.setAlphaF(colour.alphaF() * painter.opacity())
    to_widget = painter.worldTransform()
    if isinstance(args[0], QPointF):
        tight, ink = metrics.tightBoundingRect(text), metrics.boundingRect(text)
        ink = QRectF(ink.left(), tight.top(), ink.width(), tight.height()).translated(args[0])
        return PaintedText(widget, text, None, to_widget.mapRect(ink), colour)
    room = QRectF(args[0])
    flags = int(getattr(args[1], "value", args[1])) if not isinstance(args[1], str) else 0
    within = room if flags & _WRAPS else QRectF(room.left(), room.top(), 1e5, room.height())
    size = metrics.boundingRect(within, flags & (_WRAPS | 0xFF), text).size()
    line = not flags & _WRAPS and "\n" not in text
    if line:
        size = QSizeF(metrics.horizontalAdvance(text), metrics.height())
    ink = _aligned(room, size.width(), size.height(), Qt.AlignmentFlag(flags & 0xFF))
    if line:  # only its letters, not all that letters could reach
        tight = metrics.tightBoundingRect(text)
        top = ink.top() + metrics.ascent() + tight.top()
        ink = QRectF(ink.left(), top, ink.width(), tight.height())
    where, needed = to_widget.mapRect(room), to_widget.mapRect(ink)
    return PaintedText(widget, text, where, needed, colour, line)


def _aligned(room: QRectF, wide: float, high: float, align: Qt.AlignmentFlag) -> QRectF:
    """Where a text of this size lies in its room."""
    flags = Qt.AlignmentFlag
    left, top = room.left(), room.top()
    if align & flags.AlignHCenter:
        left += (room.width() - wide) / 2
    elif align & flags.AlignRight:
        left += room.width() - wide
    if align & flags.AlignVCenter:
        top += (room.height() - high) / 2
    elif align & flags.AlignBottom:
        top += room.height() - high
    return QRectF(left, top, wide, high)
