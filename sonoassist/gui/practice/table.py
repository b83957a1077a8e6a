"""The table of an exercise: how each plane went."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QLabel, QWidget

from sonoassist.core.percent import percent
from sonoassist.core.planes import BY_KEY
from sonoassist.gui.practice.words import seconds
from sonoassist.gui.theme import Look
from sonoassist.practice.scores import PlaneScore

COLUMNS = ("Plane", "Found", "Wrong", "Missed", "Time", "Frames off", "Less sure", "Points")

NOT_KNOWN = "not known"


class PlaneTable(QWidget):
    """One row a plane that was asked for."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._scores: Sequence[PlaneScore] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(len(COLUMNS), 1)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.show_scores(self._scores)

    def show_scores(self, scores: Sequence[PlaneScore]) -> None:
        """Fill the table."""
        self._scores = scores
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._grid.setHorizontalSpacing(self._look.px(24))
        self._grid.setVerticalSpacing(self._look.px(11))
        for column, title in enumerate(COLUMNS):
            self._put(0, column, title, muted=True)
        for row, score in enumerate(scores, 1):
            self._row(row, score)

    def _row(self, row: int, score: PlaneScore) -> None:
        frames = score.distance_frames
        gap = score.confidence_gap
        sign = "✓" if score.found == score.asked else "✗" if score.wrong else "○"
        cells = (
            f"{sign} {BY_KEY[score.plane].label}",
            f"{score.found} of {score.asked}",
            str(score.wrong) if score.wrong else "–",
            str(score.missed) if score.missed else "–",
            seconds(score.time_s),
            known_text(None if frames is None else f"{frames:g}", score),
            known_text(None if gap is None else percent(max(gap, 0.0)), score),
            str(round(score.points)),
        )
        for column, text in enumerate(cells):
            self._put(row, column, text)
        name = self._grid.itemAtPosition(row, 0)
        label = name.widget() if name is not None else None
        if label is not None:
            ink = self._look.ink(BY_KEY[score.plane].colour).name()
            label.setStyleSheet(f"color: {ink}; font-size: {self._look.px(20)}px; font-weight: 600")

    def _put(self, row: int, column: int, text: str, *, muted: bool = False) -> None:
        label = QLabel(text)
        if muted:
            label.setObjectName("muted")
        label.setStyleSheet(f"font-size: {self._look.px(15 if muted else 20)}px")
        side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
        self._grid.addWidget(label, row, column, side | Qt.AlignmentFlag.AlignVCenter)


def known_text(value: str | None, score: PlaneScore) -> str:
    """What is known of the frames of a plane; a dash where none was to be looked for."""
    if value is not None:
        return value
    return NOT_KNOWN if score.found else "–"
