"""What a plot is told: the room round it, and words over its curves."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor


@dataclass(frozen=True, slots=True)
class Margins:
    """Room round the plot on its widget, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Tag:
    """Words beside a place of the plot.

    Attributes:
        where: The room they are written into, centred, in pixels of the widget.
        words: One line.
        colour: Of the words.
        bold: Whether they are.
        ground: Whether what lies behind them is dimmed.
    """

    where: QRectF
    words: str
    colour: QColor
    bold: bool = False
    ground: bool = True
