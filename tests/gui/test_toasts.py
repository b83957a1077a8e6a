from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from sonoassist.core.errors import SourceError
from sonoassist.gui.hooks import install_hooks, report
from sonoassist.gui.theme import Look, stylesheet
from sonoassist.gui.toasts import MAX_SHOWN, Toasts
from sonoassist.live.status import Level, Notice, Notices

ERROR = Notice(Level.ERROR, "cannot open a.mp4", "Check the name", "line 1\nline 2")
INFO = Notice(Level.INFO, "SonoNet-32 is installed")


@pytest.fixture
def over(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(900, 700)
    widget.show()
    return widget


@pytest.fixture
def toasts(over: QWidget, look: Look) -> Toasts:
    return Toasts(over, look)


def test_equal_notices_are_counted(toasts: Toasts) -> None:
    for _ in range(3):
        toasts.show(ERROR)
    (toast,) = toasts.shown
    assert toast.head == "Error  ·  3 times"


def test_errors_stay_and_notes_vanish(qtbot: QtBot, toasts: Toasts) -> None:
    toasts.show(ERROR)
    toasts.show(INFO)
    error, info = toasts.shown
    assert error.stays
    assert not info.stays
    info._timer.start(1)
    qtbot.waitUntil(lambda: toasts.shown == (error,))


def test_they_stack_at_the_bottom_right_without_overlap(over: QWidget, toasts: Toasts) -> None:
    toasts.show(ERROR)
    toasts.show(INFO)
    first, second = (toast.geometry() for toast in toasts.shown)
    assert first.bottom() < second.top()
    assert first.right() == second.right() < over.width()
    over.resize(1200, 500)
    assert toasts.shown[1].geometry().bottom() < 500
    assert toasts.shown[1].geometry().right() > 1100


def test_a_click_dismisses(qtbot: QtBot, toasts: Toasts) -> None:
    toasts.show(ERROR)
    qtbot.mouseClick(toasts.shown[0], Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert toasts.shown == ()
    assert not toasts.dismiss_newest()


def test_details_open_and_can_be_copied(toasts: Toasts) -> None:
    toasts.show(ERROR)
    toast = toasts.shown[0]
    before = toast.height()
    toast.toggle_details()
    assert toast.details_shown
    assert toast.height() > before
    toast.copy()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == "cannot open a.mp4\nCheck the name\nline 1\nline 2"


def test_a_flood_keeps_the_errors(toasts: Toasts) -> None:
    toasts.show(ERROR)
    for number in range(10):
        toasts.show(Notice(Level.INFO, f"note {number}"))
    assert len(toasts.shown) == MAX_SHOWN
    assert toasts.shown[0].notice is ERROR


def test_they_survive_a_change_of_theme(toasts: Toasts, look: Look) -> None:
    toasts.show(ERROR)
    toasts.show(ERROR)
    toasts.set_look(look)
    assert toasts.shown[0].head == "Error  ·  2 times"


@pytest.fixture
def notices(tmp_path: Path) -> Iterator[Notices]:
    channel = Notices()
    restore = install_hooks(channel, tmp_path / "logs")
    yield channel
    restore()


def test_an_exception_of_a_thread_becomes_a_notice_and_a_file(
    notices: Notices, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("boom")

    # pytest watches this hook itself: ours is called the way the thread would call it.
    try:
        fail()
    except RuntimeError as error:
        args = threading.ExceptHookArgs((type(error), error, error.__traceback__, None))
        threading.excepthook(args)
    (notice,) = notices.take()
    assert notice.level is Level.ERROR
    assert "boom" in notice.details
    (path,) = (tmp_path / "logs").glob("crash-*.txt")
    assert "boom" in path.read_text()
    assert str(path) in notice.hint
    assert "uncaught exception" in caplog.text


def test_an_error_for_the_user_is_shown_as_it_is(tmp_path: Path) -> None:
    channel = Notices()
    report(SourceError("the disk is gone", "Plug it in"), channel, tmp_path)
    (notice,) = channel.take()
    assert (notice.title, notice.hint) == ("the disk is gone", "Plug it in")


def test_a_folder_that_cannot_be_written_does_not_hide_the_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    channel = Notices()
    report(RuntimeError("boom"), channel, tmp_path / "file" / "logs")
    (notice,) = channel.take()
    assert notice.hint == "The report could not be written"


def test_a_long_hint_is_shown_to_its_end(
    qtbot: QtBot, over: QWidget, toasts: Toasts, look: Look
) -> None:
    over.setStyleSheet(stylesheet(look))
    hint = "Try again, or download http://127.0.0.1:8123/SonoNet32.npz on another computer and run"
    toasts.show(Notice(Level.ERROR, "the downloaded file is not the published one " * 2, hint))
    labels = toasts.shown[0].findChildren(QLabel)
    qtbot.waitUntil(lambda: all(one.height() >= one.heightForWidth(one.width()) for one in labels))
