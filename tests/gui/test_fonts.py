from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtGui import QFontDatabase, QFontInfo, QFontMetricsF
from PyQt6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from sonoassist.gui import fonts
from sonoassist.gui.fonts import FAMILY, family, first_of, shipped_files, use_shipped_font
from sonoassist.gui.theme import DARK, Look, stylesheet

pytestmark = pytest.mark.usefixtures("qapp")


def test_the_shipped_font_is_used() -> None:
    for file in shipped_files():
        loaded = QFontDatabase.addApplicationFont(str(file))
        assert QFontDatabase.applicationFontFamilies(loaded) == [FAMILY]
        assert QFontDatabase.removeApplicationFont(loaded)
    assert family() == FAMILY


def test_a_font_that_cannot_be_loaded_is_told(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fonts, "shipped_files", lambda: [Path("gone.ttf")])
    use_shipped_font(qapp)
    assert "the font gone.ttf cannot be loaded" in capsys.readouterr().err


@pytest.mark.parametrize("bold", [False, True])
def test_each_weight_is_drawn_from_a_file_of_its_own(look: Look, *, bold: bool) -> None:
    drawn = QFontInfo(look.font(14, bold=bold))
    assert drawn.family() == FAMILY
    assert drawn.exactMatch()
    assert drawn.styleName() == ("Bold" if bold else "Regular")


@pytest.mark.parametrize("bold", [False, True])
def test_digits_are_of_one_width(look: Look, *, bold: bool) -> None:
    widths = {
        QFontMetricsF(look.font(14, bold=bold)).horizontalAdvance(10 * d) for d in "0123456789"
    }
    assert len(widths) == 1


def test_digits_are_of_one_width_in_what_the_style_sheet_draws(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setStyleSheet(stylesheet(Look(DARK, 1.0, family())))
    labels = [QLabel(10 * digit, window) for digit in "0123456789"]
    for label in labels:
        label.ensurePolished()
    assert len({label.sizeHint().width() for label in labels}) == 1


def test_the_first_family_that_is_there_is_taken_else_the_systems() -> None:
    installed = ["Arial", "Ubuntu [DAMA]", "Noto Sans"]
    assert first_of(("Inter", "Ubuntu", "Noto Sans"), installed, "Arial") == "Ubuntu [DAMA]"
    assert first_of(("Inter", "Ubuntu Mono"), installed, "Arial") == "Arial"
