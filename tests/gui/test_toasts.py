from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from sonoassist.core.errors import SourceError
from sonoassist.gui.hooks import install_hooks, report
from sonoassist.gui.theme import Look, stylesheet
from sonoassist.gui.toasts import MAX_SHOWN, Toasts, same_matter
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
    made = Toasts(look, over)
    made.set_room(over.width())
    return made


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


def test_they_stand_side_by_side_the_newest_at_the_left(over: QWidget, toasts: Toasts) -> None:
    toasts.show(ERROR)
    toasts.show(INFO)
    toasts.line.resize(toasts.line.sizeHint())
    toasts.line.layout().activate()  # type: ignore[union-attr]
    error, info = toasts.shown
    assert info.isVisible()
    assert error.isVisible()
    assert info.geometry().right() < error.geometry().left()
    closes = [toast.findChildren(QPushButton)[-1].text() for toast in (info, error)]
    assert closes == ["Esc", "Close"]  # the key takes the newest
    toasts.set_room(over.width() // 2)
    assert (info.isVisible(), error.isVisible()) == (True, False)


def test_the_time_of_a_note_runs_while_it_is_seen(qtbot: QtBot, toasts: Toasts) -> None:
    toasts.set_room(300)
    warning = Notice(Level.WARNING, "a warning")
    toasts.show(warning)
    toasts.show(ERROR)
    first = toasts.shown[0]
    assert not first._timer.isActive()
    toasts.dismiss_newest()
    assert first._timer.isActive()
    assert toasts.waiting_text == ""


def test_a_note_that_was_read_does_not_come_back(qtbot: QtBot, toasts: Toasts) -> None:
    toasts.set_room(300)
    toasts.show(INFO)
    toasts.show(Notice(Level.INFO, "another note that has come at once"))
    assert len(toasts.shown) == 2  # nobody can have read it
    toasts.dismiss_newest()
    toasts.shown[0]._timer.start(1000)  # of its time most is over
    toasts.show(ERROR)
    assert [toast.notice for toast in toasts.shown] == [ERROR]


def test_what_was_undone_is_not_told_beside_that_it_was(toasts: Toasts) -> None:
    for title in ("Captured: Femur 90 %", "Undone: Captured for Femur"):
        toasts.show(Notice(Level.INFO, title, matter="step"))
    toasts.show(INFO)
    assert [one.notice.title for one in toasts.shown] == ["Undone: Captured for Femur", INFO.title]


def test_what_is_told_twice_before_anybody_looks_comes_behind_the_others() -> None:
    waiting, (undone, again) = (
        Notices(),
        (Notice(Level.INFO, words) for words in ("Undone", "Again")),
    )
    for notice in (undone, again, undone):
        waiting.put(notice)
    assert waiting.take() == [again, undone]


def test_numbers_that_are_part_of_a_name_tell_matters_apart() -> None:
    def about(title: str) -> Notice:
        return Notice(Level.INFO, title)

    assert same_matter(about("12 pictures written"), about("1,300 pictures written"))
    assert not same_matter(about("SonoNet-16: installed"), about("SonoNet-32: installed"))
    one, other = "Exam 2026-11-30-141810-2654 to PACS", "Exam 2026-11-30-151810-2655 to PACS"
    assert not same_matter(about(one), about(other))


def test_of_the_same_matter_the_later_words_stand_alone(toasts: Toasts) -> None:
    for kept in (1, 0):
        toasts.show(Notice(Level.INFO, f"Exam ended: {kept} kept", "Look it over"))
    (toast,) = toasts.shown
    assert toast.notice.title == "Exam ended: 0 kept"
    assert toast.head == "Note"  # not the same words twice
    for frame in (1, 2):
        toasts.show(Notice(Level.ERROR, f"frame {frame} cannot be read"))
    assert len(toasts.shown) == 3  # of errors each is one of its own
    toasts.show(Notice(Level.ERROR, "frame 2 cannot be read", "Try again"))
    assert toasts.shown[-1].notice.hint == "Try again"
    assert len(toasts.shown) == 3


def test_a_click_dismisses(qtbot: QtBot, toasts: Toasts) -> None:
    toasts.show(ERROR)
    qtbot.mouseClick(toasts.shown[0], Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert toasts.shown == ()
    assert not toasts.dismiss_newest()


@pytest.mark.qt_log_ignore("This plugin does not support")  # of popups, where there is no screen
def test_details_open_and_can_be_copied(toasts: Toasts) -> None:
    toasts.show(ERROR)
    toast = toasts.shown[0]
    toast.toggle_details()
    assert toast.details_shown
    assert toast.details is not None
    toast.details.copy()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == "cannot open a.mp4\nCheck the name\nline 1\nline 2"
    toast.toggle_details()
    assert not toast.details_shown


def test_a_flood_keeps_the_errors(toasts: Toasts) -> None:
    toasts.show(ERROR)
    for number in range(10):
        toasts.show(Notice(Level.INFO, f"note {chr(97 + number)}"))
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
