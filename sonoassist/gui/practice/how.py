"""How practice works, in words and keys."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QLabel, QVBoxLayout

from sonoassist.gui.practice.keys import ANSWER_KEYS, KEYS

_HOW = (
    "The exam plays with its answers hidden. When you see a standard plane, press its key, then "
    "freeze its best frame with Space and hand it in with Enter. Each question is worth 100 "
    "points: 60 for the right name, 20 for a quick one, 20 for a frame as good as the best. "
    "A plane named where there is none costs 5."
)


def fill_how(column: QVBoxLayout) -> None:
    """Write it into a column: the rules, then a row for each key."""
    words = QLabel(_HOW)
    words.setWordWrap(True)
    column.addWidget(words)
    grid = QGridLayout()
    grid.setColumnStretch(1, 1)
    planes = " ".join(ANSWER_KEYS[key] for key in ANSWER_KEYS if key != "background")
    rows = [(planes, "Name a plane"), (ANSWER_KEYS["background"], "None of them")]
    rows += [(row.shown, row.text) for row in KEYS]
    for place, (key, text) in enumerate(rows):
        grid.addWidget(QLabel(key), place, 0, Qt.AlignmentFlag.AlignTop)
        label = QLabel(text)
        label.setObjectName("muted")
        label.setWordWrap(True)
        grid.addWidget(label, place, 1)
    column.addLayout(grid)
    column.addStretch(1)
