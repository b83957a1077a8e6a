"""The window names planes from the model's own threshold on, says which that is, and the user's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gui_fakes import FakeSession, make_card, make_view
from pytestqt.qtbot import QtBot

from sonoassist.core.packets import State
from sonoassist.core.settings import Settings
from sonoassist.gui.acts import Act
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.settings_sheet import SettingsSheet
from sonoassist.gui.status_line import items_for
from sonoassist.gui.threshold_words import threshold_hint, threshold_text
from sonoassist.gui.verdict import VerdictKind, decide
from sonoassist.model.card import Card
from sonoassist.model.score_rules import ScoreCalibration

RULE = ScoreCalibration(temperature=1.2, lapse=0.01, threshold=0.55, error_rate=0.03)


def calibrated() -> Card:
    return make_card().model_copy(update={"calibration": RULE})


def run(qtbot: QtBot, window: MainWindow, session: FakeSession, card: Card) -> None:
    """Have a model ready, as the display finds out."""
    session.now = replace(session.now, card=card)
    window.display.refresh()
    expected = window.controller.threshold
    qtbot.waitUntil(lambda: f"{expected * 100:.0f} %" in window.live.head.rule.text())


def test_the_threshold_of_the_model_that_runs_is_in_force(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    assert window.controller.threshold == 0.7
    session.show(make_view(confidence=0.6, state=State.PLANE))
    run(qtbot, window, session, calibrated())
    assert window.live.headline.verdict.kind is VerdictKind.PLANE
    assert window.live.head.rule.text() == "steady · threshold 55 %, ≤ 3 % wrong"
    run(qtbot, window, session, make_card())
    assert window.live.headline.verdict.kind is VerdictKind.UNSURE
    assert window.live.head.rule.text() == "steady · threshold 70 %, uncalibrated"


def test_the_users_own_stays_when_another_model_comes_and_can_be_left(
    qtbot: QtBot, window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    run(qtbot, window, session, calibrated())
    window.controller.shift_threshold(1)
    assert settings.threshold == 0.6  # from what was in force
    run(qtbot, window, session, make_card())
    assert window.controller.threshold == 0.6
    assert window.live.head.rule.text().endswith("60 %, yours")
    window.actions_set[Act.SETTINGS].trigger()
    sheet = window.questions.sheet
    assert isinstance(sheet, SettingsSheet)
    assert sheet.models_threshold.isEnabled()
    sheet.models_threshold.click()
    assert settings.threshold is None
    assert sheet.threshold.value() == 70
    assert not sheet.models_threshold.isEnabled()
    assert session.calls[-1][1]["model_threshold"] is True
    assert settings.model_dump(exclude_defaults=True).get("threshold") is None


def open_settings(window: MainWindow) -> SettingsSheet:
    window.actions_set[Act.SETTINGS].trigger()
    sheet = window.questions.sheet
    assert isinstance(sheet, SettingsSheet)
    return sheet


def test_the_box_and_the_keys_have_one_range_and_one_step(
    qtbot: QtBot, window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    high = make_card().model_copy(
        update={"calibration": RULE.model_copy(update={"threshold": 0.97})}
    )
    run(qtbot, window, session, high)
    sheet = open_settings(window)
    assert sheet.threshold.value() == 97  # the model's own, as it is
    sheet.threshold.stepUp()
    window.controller.shift_threshold(1)
    assert settings.threshold is None
    sheet.threshold.stepDown()
    assert settings.threshold == 0.95
    assert (sheet.threshold.minimum(), sheet.threshold.maximum()) == (5, 95)
    sheet.threshold.setValue(62)
    sheet.threshold.stepUp()
    by_box = settings.threshold
    sheet.threshold.setValue(62)
    window.controller.shift_threshold(1)
    assert by_box == settings.threshold == 0.65
    assert sheet.threshold.value() == 65


@pytest.mark.parametrize("card", [make_card(), calibrated()])
def test_the_status_line_says_uncalibrated_only_where_that_is_so(
    session: FakeSession, card: Card
) -> None:
    said = [item.text for item in items_for(replace(session.now, card=card))]
    assert ("uncalibrated" in said) is (card.calibration is None)


@pytest.mark.parametrize("measured_on", ["", "101 stills"])
def test_the_status_line_says_where_boxes_were_never_measured(
    session: FakeSession, measured_on: str
) -> None:
    card = make_card().model_copy(update={"boxes_measured_on": measured_on})
    said = [item.text for item in items_for(replace(session.now, card=card))]
    assert ("boxes not measured" in said) is (measured_on == "")


def test_the_words() -> None:
    assert threshold_text(Settings(), None) == "threshold 70 %"
    assert threshold_text(Settings(threshold=0.8), calibrated()) == "threshold 80 %, yours"
    assert threshold_text(Settings(threshold=0.625), None) == "threshold 62.5 %, yours"
    assert "at most 3 %" in threshold_hint(Settings(), calibrated())
    assert "never calibrated" in threshold_hint(Settings(), make_card())
    assert "calibrated" not in threshold_hint(Settings(), None)
    assert "chosen by you" in threshold_hint(Settings(threshold=0.8), calibrated())


def test_a_picture_outside_is_called_one_and_has_no_box() -> None:
    verdict = decide(make_view("femur", 0.99, State.OUTSIDE), "steady", 0.5)
    assert (verdict.kind, verdict.title) == (VerdictKind.OUTSIDE, "Unknown picture")
    assert "outside of what the model knows" in verdict.detail
    assert (verdict.plane, verdict.box, verdict.confidence) == (None, None, None)
