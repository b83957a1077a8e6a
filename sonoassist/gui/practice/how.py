"""How practice works, in words and keys."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QLabel, QVBoxLayout

from sonoassist.gui.actions import BY_ACT, PLANE_ACTS
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.keymap import Keymap

_HOW = (
    "The exam plays with its answers hidden. When you see a standard plane, press its key, then "
    "freeze its best frame with {freeze} and hand it in with {hand_in}. Each question is worth 100 "
    "points: 60 for the right name, 20 for a quick one, 20 for a frame as good as the best. "
    "A plane named where there is none costs 5."
)
_ROWS = (
    Act.FREEZE,
    Act.CAPTURE,
    Act.BACK,
    Act.FORWARD,
    Act.BACK_MORE,
    Act.FORWARD_MORE,
    Act.HEAT,
    Act.SLOWER,
    Act.FASTER,
    Act.COVER_TEXT,
    Act.TAKE_BACK,
    Act.END_EXERCISE,
)


def fill_how(column: QVBoxLayout, keys: Keymap) -> None:
    """Write it into a column: the rules, then a row for each key."""
    how = _HOW.format(freeze=keys.text(Act.FREEZE), hand_in=keys.text(Act.CAPTURE))
    words = QLabel(how)
    words.setWordWrap(True)
    column.addWidget(words)
    grid = QGridLayout()
    grid.setColumnStretch(1, 1)
    first = keys.text(PLANE_ACTS["femur"])
    rows = [
        (first, "Femur; each plane has its key on its button"),
        (keys.text(PLANE_ACTS["background"]), "None of them"),
        *((keys.text(act), BY_ACT[act].text_on(Place.PRACTICE)) for act in _ROWS),
    ]
    for place, (key, text) in enumerate(rows):
        grid.addWidget(QLabel(key), place, 0, Qt.AlignmentFlag.AlignTop)
        label = QLabel(text)
        label.setObjectName("muted")
        label.setWordWrap(True)
        grid.addWidget(label, place, 1)
    column.addLayout(grid)
    column.addStretch(1)
