"""Labels of a fixed width have room for the widest text in the font that they are painted in."""

from __future__ import annotations

import pytest
from gui_fakes import FakeModels, FakeSession, make_services
from pytestqt.qtbot import QtBot

from sonoassist.core.settings import Settings
from sonoassist.gui.compose import build
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.theme import scale_for
from sonoassist.gui.transport import FixedLabel

HEIGHTS_PX = (700, 768, 1080, 1350, 1600, 2160)
"""All sizes of the font from the least to twice the usual one."""


def cut_labels(window: MainWindow) -> list[str]:
    labels = window.findChildren(FixedLabel)
    assert len(labels) == 4
    for label in labels:
        label.ensurePolished()
    needed = {one: one.fontMetrics().horizontalAdvance(one.widest) for one in labels}
    return [
        f"{one.widest}: {one.maximumWidth()} < {wide}"
        for one, wide in needed.items()
        if one.maximumWidth() < wide or one.minimumWidth() != one.maximumWidth()
    ]


def wait_for_scale(qtbot: QtBot, window: MainWindow, scale: float) -> None:
    qtbot.waitUntil(lambda: window.look.scale == scale)


@pytest.mark.parametrize("height_px", HEIGHTS_PX)
def test_clock_and_frame_number_are_not_cut(qtbot: QtBot, height_px: int) -> None:
    window = build(FakeSession(), make_services(FakeModels(), []), Settings(), [], height_px)
    qtbot.addWidget(window)
    window.resize(height_px * 16 // 9, height_px)
    window.show()
    qtbot.waitUntil(lambda: cut_labels(window) == [])
    window.display.stop()
    window.controller.change(theme="light")
    assert cut_labels(window) == []
    for other_px in (2160, 700):
        window.resize(height_px * 16 // 9, other_px)
        wait_for_scale(qtbot, window, scale_for(other_px))
        assert cut_labels(window) == []
    window.close()
