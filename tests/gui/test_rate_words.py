from __future__ import annotations

from dataclasses import replace

import pytest
from gui_fakes import EMPTY, GRABBER, STATS
from pytestqt.qtbot import QtBot

from sonoassist.gui.rate_words import rates_in_words, rates_shortly
from sonoassist.gui.status_line import StatusLine
from sonoassist.gui.theme import Look
from sonoassist.live.status import PlayState


@pytest.mark.parametrize(
    ("labels_hz", "boxes_hz", "words", "shortly"),
    [
        (24.2, 6.4, "labels 24 a second, boxes 6", "24 labels, 6 boxes /s"),
        (24.2, 0.0, "labels 24 a second, boxes 0", "24 labels, 0 boxes /s"),
        (2.04, 0.37, "labels 2 a second, boxes 0.4", "2 labels, 0.4 boxes /s"),
    ],
)
def test_both_rates_are_told(labels_hz: float, boxes_hz: float, words: str, shortly: str) -> None:
    stats = replace(STATS, analysis_hz=labels_hz, boxes_hz=boxes_hz)
    assert (rates_in_words(stats), rates_shortly(stats)) == (words, shortly)


@pytest.mark.parametrize(
    ("wide", "words"),
    [(1024, "25 labels, 6 boxes /s"), (1920, "labels 25 a second, boxes 6")],
)
def test_a_narrow_line_tells_them_shortly(qtbot: QtBot, look: Look, wide: int, words: str) -> None:
    line = StatusLine(look)
    qtbot.addWidget(line)
    line.resize(wide, 30)
    stats = replace(STATS, boxes_hz=6.2)
    line.show_status(replace(EMPTY, play_state=PlayState.PLAYING, source=GRABBER, stats=stats))
    assert words in line.fitting()
