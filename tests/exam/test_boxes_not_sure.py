"""A box that is not sure has broken lines in what is captured and handed over, too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.core.planes import BY_KEY
from sonoassist.exam.capture_words import box_is_sure
from sonoassist.exam.records import Capture, How, Judgement, Shot
from sonoassist.exam.report.stills import open_still
from sonoassist.gui.capture_sheet import StillView
from sonoassist.render.overlay import rgb_of

BOX = Box(100, 80, 220, 180)
SHOT = Shot("", How.AUTO, 0, 0, 0, "4ch", 0.9, 0.5, "", BOX, Box(20, 10, 380, 290))


@pytest.mark.parametrize(
    ("shot", "sure"),
    [
        (SHOT, True),
        (replace(SHOT, plane="lvot"), False),  # an outflow tract: too often wrong
        (replace(SHOT, box=Box(20, 80, 160, 180)), False),  # at the border of what was seen
        (replace(SHOT, box=Box(100, 80, 110, 90)), False),  # no heart is as small
        (replace(SHOT, box=None), False),
        (replace(SHOT, plane=""), False),
    ],
)
def test_by_plane_and_box(shot: Shot, sure: bool) -> None:
    assert box_is_sure(shot) is sure


def edge_share(picture: Pixels, colour: tuple[int, int, int]) -> float:
    """How much of the box's left edge has the colour."""
    edge = picture[round(BOX.top) : round(BOX.bottom), round(BOX.left) - 1 : round(BOX.left) + 2]
    return float((np.abs(edge.astype(int) - colour).sum(axis=2) < 60).any(axis=1).mean())


@pytest.mark.parametrize(("plane", "least", "most"), [("4ch", 0.98, 1.0), ("lvot", 0.3, 0.7)])
def test_pictures_of_a_report(plane: str, least: float, most: float, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.full((300, 400, 3), 90, np.uint8))
    capture = Capture(1, replace(SHOT, plane=plane), Judgement.KEPT, "one.png", "")
    still = open_still(tmp_path, capture, plane, None, mask=False, boxes=True)
    assert still.picture is not None
    assert least <= edge_share(still.picture, rgb_of(BY_KEY[plane])) <= most


@pytest.mark.parametrize(("sure", "least", "most"), [(True, 0.98, 1.0), (False, 0.3, 0.7)])
def test_the_capture_looked_at(
    qtbot: QtBot, sure: bool, least: float, most: float, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.full((300, 400, 3), 90, np.uint8))
    view = StillView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show_still(tmp_path / "one.png", BOX, "#ff0000", sure=sure)
    image = view.grab().toImage().convertToFormat(view.grab().toImage().Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    rows = np.frombuffer(bits.asarray(image.sizeInBytes()), np.uint8)
    rows = rows.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    assert least <= edge_share(rows.reshape(image.height(), -1, 3), (255, 0, 0)) <= most
