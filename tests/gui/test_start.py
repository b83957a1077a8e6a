"""The start page, and whether there is a display at all."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from gui_fakes import FakeModels, FakeSession, make_services, make_view
from PyQt6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from sonoassist.core.errors import UsageError
from sonoassist.core.settings import Settings
from sonoassist.gui.acts import Act
from sonoassist.gui.app import run_window
from sonoassist.gui.catalogue import Catalogue
from sonoassist.gui.compose import build
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.platform import check_display, missing_library
from sonoassist.gui.screens import screen_for
from sonoassist.gui.start_page import is_missing, recent_text, shortened
from sonoassist.gui.status_line import DISCLAIMER
from sonoassist.live.status import ModelState, Notices, PlayState
from sonoassist.model.store import ModelStore


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    there = tmp_path / "there.mp4"
    there.write_bytes(b"")
    gone = str(tmp_path / "gone.mp4")
    return Settings(recent=[str(there), gone, "device:USB Capture HDMI", "rtsp://box/live"])


def text_of(button: QPushButton) -> str:
    return button.text().strip()


def test_recent_sources_are_offered_and_missing_ones_are_grey(
    window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    assert window.pages.currentWidget() is window.start_page
    rows = {text_of(row): row for row in window.start_page.rows()}
    assert {name: row.isEnabled() for name, row in rows.items()} == {
        "there.mp4": True,
        "gone.mp4": False,
        "USB Capture HDMI": True,
        "rtsp://box/live": True,
    }
    rows["there.mp4"].click()
    assert session.calls[-1] == ("open", settings.recent[0])


def test_devices_are_offered_by_name(window: MainWindow, session: FakeSession) -> None:
    rows = {text_of(row): row for row in window.start_page.device_rows()}
    window.controller.jobs.collect()
    rows = {text_of(row): row for row in window.start_page.device_rows()}
    assert set(rows) == {"USB Capture HDMI", "Look again"}
    rows["USB Capture HDMI"].click()
    assert session.calls[-1] == ("open", "device:USB Capture HDMI")


def test_the_model_card_says_which_model_runs(window: MainWindow, session: FakeSession) -> None:
    window.display.refresh()
    assert window.start_page.model_lines == (
        "SonoNet-16 (published) runs.",
        "SonoNet-32, the recommended one, is not installed.",
    )
    session.now = replace(session.now, model_state=ModelState.MISSING, card=None)
    window.display.refresh()
    assert window.start_page.model_lines[0] == "No model is installed."


def test_the_page_says_what_the_program_is_not(window: MainWindow) -> None:
    texts = {label.text() for label in window.start_page.findChildren(QLabel)}
    assert DISCLAIMER in texts


def test_without_a_demo_exam_the_page_says_so(window: MainWindow, session: FakeSession) -> None:
    rows = [text_of(row) for row in window.start_page.findChildren(QPushButton)]
    assert "The demo exam is not part of this build" in rows
    window.actions_set[Act.DEMO].trigger()
    window.display.tick()
    assert window.toasts.shown[-1].notice.title == "This build has no demo exam"


def test_a_demo_exam_is_played(qtbot: QtBot, session: FakeSession, tmp_path: Path) -> None:
    services = replace(make_services(FakeModels(), []), demo=tmp_path / "demo.mp4")
    window = build(session, services, Settings(), [])
    qtbot.addWidget(window)
    window.actions_set[Act.DEMO].trigger()
    assert session.calls[-1] == ("open", str(tmp_path / "demo.mp4"))
    window.close()


def test_closing_the_source_comes_back_here(window: MainWindow, session: FakeSession) -> None:
    session.show(make_view())
    window.display.refresh()
    assert window.pages.currentWidget() is window.live
    window.actions_set[Act.CLOSE].trigger()
    window.display.refresh()
    assert window.pages.currentWidget() is window.start_page


def test_devices_that_cannot_be_listed_are_a_toast(qtbot: QtBot, session: FakeSession) -> None:
    def fail() -> list[object]:
        raise OSError("no video subsystem")

    services = replace(make_services(FakeModels(), []), list_devices=fail)  # type: ignore[arg-type]
    window = build(session, services, Settings(), [])
    qtbot.addWidget(window)
    window.begin()
    qtbot.waitUntil(lambda: bool(window.toasts.shown))
    assert "no video subsystem" in window.toasts.shown[0].notice.details
    window.close()


def test_choose_a_source_is_written_over_an_empty_picture(session: FakeSession) -> None:
    assert session.now.play_state is PlayState.EMPTY
    card = screen_for(session.now, False, None).card
    assert card is not None
    assert card.title == "Choose a source"


def test_recent_texts() -> None:
    assert recent_text("device:Cam") == ("Cam", "device")
    assert recent_text("rtsp://box/live") == ("rtsp://box/live", "stream")
    assert not is_missing("rtsp://box/live")
    assert not is_missing("device:Cam")
    assert is_missing("x" * 5000)
    assert shortened("/a/b") == "/a/b"
    assert len(shortened("/a" * 100)) == 34


def test_the_catalogue_lists_installed_and_published_models(tmp_path: Path) -> None:
    notices = Notices()
    entries = Catalogue(ModelStore(tmp_path / "own", tmp_path / "none"), notices).entries()
    assert {entry.name for entry in entries} >= {"sononet32", "sononet16"}
    assert not any(entry.installed for entry in entries)
    assert not notices.take()


@pytest.mark.parametrize(
    ("environment", "system", "allowed"),
    [
        ({}, "linux", False),
        ({"QT_QPA_PLATFORM": "xcb"}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({"QT_QPA_PLATFORM": "vnc:port=5"}, "linux", True),
        ({}, "win32", True),
        ({}, "darwin", True),
    ],
)
def test_a_display_is_asked_for(environment: dict[str, str], system: str, allowed: bool) -> None:
    if allowed:
        check_display(environment, system)
        return
    with pytest.raises(UsageError, match="no display") as caught:
        check_display(environment, system)
    assert "sonoassist analyse" in caught.value.hint


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are asked for on Linux")
def test_without_a_display_the_program_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="there is no display to open a window on"):
        run_window(None)


def test_missing_libraries_are_named() -> None:
    error = missing_library(ImportError("libEGL.so.1: cannot open shared object file"))
    assert "libEGL.so.1" in error.message
    assert "libegl1" in error.hint
