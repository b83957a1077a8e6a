"""Where the parts of the timeline lie on its widget."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QRectF

from sonoassist.core.planes import DISPLAY_ORDER
from sonoassist.gui.review.span import Span
from sonoassist.gui.theme import Look

_ROW_PX, LOW_ROW_PX = 18, 14
LEAST_PX = 3.0
"""What lies on a row is at least so wide, to be seen at all."""
LINE_OF = {plane.key: row for row, plane in enumerate(DISPLAY_ORDER)}
"""Key of a plane -> its row."""


@dataclass(frozen=True, slots=True)
class Places:
    """The timeline at one size.

    Attributes:
        look: Theme and size.
        width: Of the widget.
        span: What is shown.
        low: The window is low: the rows are, too.
    """

    look: Look
    width: int
    span: Span
    low: bool = False

    @property
    def row_px(self) -> int:
        """Height of a row with its gap."""
        return self.look.px(LOW_ROW_PX if self.low else _ROW_PX)

    @property
    def ruler_px(self) -> int:
        """Height of the times above the rows."""
        return self.look.px(22)

    @property
    def height(self) -> int:
        """Of all together."""
        return self.ruler_px + len(DISPLAY_ORDER) * self.row_px + self.look.px(18)

    def tracks(self) -> QRectF:
        """Where the strips lie."""
        left, right = self.look.px(136), self.look.px(64)
        rows = len(DISPLAY_ORDER) * self.row_px
        return QRectF(left, self.ruler_px, max(self.width - left - right, 1), rows)

    def row_rect(self, row: int) -> QRectF:
        """Where the strip of a row lies."""
        area, gap = self.tracks(), self.look.px(2)
        top = area.top() + row * self.row_px
        return QRectF(area.left(), top + gap / 2, area.width(), self.row_px - gap)

    def row_of(self, key: str) -> QRectF:
        """Where the strip of a plane lies."""
        return self.row_rect(LINE_OF[key])

    def bar(self) -> QRectF:
        """Where the bar lies that shows which part is seen."""
        area, thick = self.tracks(), self.look.px(6)
        return QRectF(area.left(), area.bottom() + self.look.px(5), area.width(), thick)

    def x_of(self, frame: float) -> float:
        """Widget x of the beginning of a frame."""
        area = self.tracks()
        return area.left() + self.span.x_of(frame, area.width())

    def frame_at(self, x: float) -> int:
        """The frame at a widget x."""
        area = self.tracks()
        return self.span.frame_at(x - area.left(), area.width())

    def stretch(self, row: QRectF, first: int, last: int) -> QRectF:
        """Where some frames lie on a row."""
        left, right = self.x_of(first), self.x_of(last + 1)
        return QRectF(left, row.top(), max(right - left, LEAST_PX), row.height())
