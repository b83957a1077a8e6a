"""Another source in mid-exam: it is asked first, and what fails changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gui_fakes import GRABBER, RECORDING, FakeSession, make_frame, make_view
from pytestqt.qtbot import QtBot

from sonoassist.exam.store import ExamStore
from sonoassist.gui.acts import Act
from sonoassist.gui.exam_question import ExamQuestion
from sonoassist.gui.main_window import MainWindow
from sonoassist.live.status import PlayState

OTHER = replace(RECORDING, source_id="other", spec="exams/other.mp4", label="other.mp4")


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


@pytest.fixture
def in_exam(qtbot: QtBot, window: MainWindow, session: FakeSession) -> MainWindow:
    window.controller.open(GRABBER.spec)
    session.show(make_view(frame=make_frame(0, info=GRABBER)), GRABBER)
    window.display.refresh()
    qtbot.waitUntil(lambda: window.controller.desk.view is not None)
    session.calls.clear()
    return window


def opened(session: FakeSession) -> list[str]:
    return [call[1] for call in session.calls if call[0] == "open"]


def asked(window: MainWindow) -> ExamQuestion:
    sheet = window.questions.sheet
    assert isinstance(sheet, ExamQuestion)
    return sheet


@pytest.mark.parametrize(
    "spec", [GRABBER.spec, "device:3", "device: usb capture hdmi", "DEVICE:03"]
)
def test_the_same_device_by_another_name_is_not_another_source(
    qtbot: QtBot, in_exam: MainWindow, session: FakeSession, spec: str
) -> None:
    exam_id = in_exam.controller.desk.exam_id
    known = replace(GRABBER, also=("device:3",))
    session.show(make_view(frame=make_frame(1, info=known)), known)
    in_exam.display.refresh()
    in_exam.open_here(spec)
    assert in_exam.questions.sheet is None
    assert opened(session) == [spec]
    again = replace(known, source_id="again")
    session.show(make_view(frame=make_frame(0, info=again)), again)
    in_exam.display.refresh()
    assert in_exam.controller.desk.exam_id == exam_id
    in_exam.open_here("device:4")
    asked(in_exam)


def test_cancel_opens_nothing(in_exam: MainWindow, session: FakeSession) -> None:
    in_exam.open_here("exams/other.mp4")
    asked(in_exam).cancel.click()
    assert in_exam.questions.sheet is None
    in_exam.open_here("exams/other.mp4")
    asked(in_exam)
    in_exam.leave()  # Esc
    assert in_exam.questions.sheet is None
    assert opened(session) == []


def test_the_exam_goes_on_with_the_other_source(
    qtbot: QtBot, in_exam: MainWindow, session: FakeSession
) -> None:
    exam_id = in_exam.controller.desk.exam_id
    in_exam.open_here("exams/other.mp4")
    asked(in_exam).goes_on.click()
    assert opened(session) == ["exams/other.mp4"]
    session.show(make_view(frame=make_frame(0, info=OTHER)), OTHER)
    in_exam.display.refresh()
    assert in_exam.controller.desk.exam_id == exam_id


def test_the_exam_ends_when_the_other_source_is_there_and_not_before(
    qtbot: QtBot, in_exam: MainWindow, session: FakeSession
) -> None:
    exam_id = in_exam.controller.desk.exam_id
    in_exam.open_here("exams/other.mp4")
    asked(in_exam).ends.click()
    assert opened(session) == ["exams/other.mp4"]
    assert in_exam.controller.desk.exam_id == exam_id
    session.show(make_view(frame=make_frame(0, info=OTHER)), OTHER)
    qtbot.waitUntil(lambda: in_exam.controller.desk.exam_id not in ("", exam_id))


def test_what_did_not_open_is_asked_about_again(in_exam: MainWindow, session: FakeSession) -> None:
    in_exam.open_here("exams/other.mp4")
    asked(in_exam).goes_on.click()
    in_exam.open_here("exams/other.mp4")  # it has failed, and the grabber goes on
    asked(in_exam).cancel.click()
    assert opened(session) == ["exams/other.mp4"]


@pytest.mark.parametrize("goes_on", [True, False])
def test_the_answer_holds_for_what_is_still_being_opened(
    qtbot: QtBot, in_exam: MainWindow, session: FakeSession, goes_on: bool
) -> None:
    exam_id = in_exam.controller.desk.exam_id
    in_exam.open_here("exams/other.mp4")
    sheet = asked(in_exam)
    (sheet.goes_on if goes_on else sheet.ends).click()
    session.now = replace(session.now, opens_beside="exams/other.mp4")
    in_exam.open_here("exams/other.mp4")
    assert in_exam.questions.sheet is None
    assert opened(session) == ["exams/other.mp4"] * 2
    session.show(make_view(frame=make_frame(0, info=OTHER)), OTHER, opens_beside="")
    if goes_on:
        assert in_exam.controller.desk.exam_id == exam_id
    else:
        qtbot.waitUntil(lambda: in_exam.controller.desk.exam_id not in ("", exam_id))


@pytest.mark.parametrize("state", [PlayState.PLAYING, PlayState.LOST])
def test_the_same_source_again_is_not_asked(
    in_exam: MainWindow, session: FakeSession, state: PlayState
) -> None:
    session.now = replace(session.now, play_state=state)
    in_exam.controller.reconnect()
    assert in_exam.questions.sheet is None
    assert opened(session) == [GRABBER.spec]


def test_after_a_failed_opening_the_source_is_reconnected_not_the_failed_one(
    in_exam: MainWindow, session: FakeSession
) -> None:
    in_exam.controller.open_for("bad.mp4", goes_on=False)
    in_exam.controller.reconnect()
    assert opened(session) == ["bad.mp4", GRABBER.spec]


@pytest.mark.parametrize("state", list(PlayState))
def test_the_way_to_the_start_page_is_open_in_every_state(
    window: MainWindow, session: FakeSession, state: PlayState
) -> None:
    window.controller.open("bad.mp4")
    source = None if state in (PlayState.EMPTY, PlayState.OPENING, PlayState.FAILED) else GRABBER
    session.now = replace(session.now, play_state=state, source=source)
    window.display.refresh()
    window.actions_set[Act.CLOSE].trigger()
    window.display.refresh()
    assert window.pages.currentWidget() is window.start_page


def test_a_step_back_on_the_live_page(
    qtbot: QtBot, in_exam: MainWindow, session: FakeSession
) -> None:
    desk = in_exam.controller.desk
    desk.note("breech")
    qtbot.waitUntil(lambda: desk.view is not None and desk.view.next_undo == "Note changed")
    in_exam.display.refresh()
    for act, words in ((Act.UNDO, ""), (Act.REDO, "breech"), (Act.UNDO, "")):
        assert in_exam.actions_set[act].isEnabled()
        in_exam.actions_set[act].trigger()
        qtbot.waitUntil(lambda words=words: desk.words()[0] == words)  # type: ignore[misc]

    def told() -> bool:
        in_exam.display.tick()
        return "Undone: Note changed" in [one.notice.title for one in in_exam.toasts.shown]

    qtbot.waitUntil(told)
