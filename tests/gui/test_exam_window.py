"""The exam in the window: a fake session, a real record on disk."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from gui_fakes import (
    GRABBER,
    RECORDING,
    FakeSession,
    make_card,
    shares,
)
from gui_fakes import make_frame as fake_frame
from gui_fakes import make_view as fake_view
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QHelpEvent
from PyQt6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from sonoassist.core import paths
from sonoassist.core.packets import Frame, State, SteadyState
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.exam.checklist import ItemState, Line
from sonoassist.exam.records import How
from sonoassist.exam.store import ExamStore
from sonoassist.gui import exam_panel
from sonoassist.gui.acts import Act
from sonoassist.gui.capture_sheet import CaptureSheet
from sonoassist.gui.exam_desk import ExamDesk
from sonoassist.gui.exams_sheet import ExamsSheet
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.report_sheet import ReportSheet
from sonoassist.gui.sheets import AskSheet
from sonoassist.live.status import ModelState, PlayState, View
from sonoassist.sources.base import SourceInfo

AFTER_S = time.monotonic() + 1e6
"""Frames are captured while the exams run, not before, however long the tests before take."""


def make_frame(index: int = 0, info: SourceInfo = RECORDING) -> Frame:
    return replace(fake_frame(index, info=info), captured_at_s=AFTER_S + index / 25)


def make_view(key: str = "femur", *, frame: Frame | None = None) -> View:
    return fake_view(key, frame=frame or make_frame())


FEMUR = next(row for row, plane in enumerate(DISPLAY_ORDER) if plane.key == "femur")


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


@pytest.fixture
def size_px() -> tuple[int, int]:
    return 1920, 1040


@pytest.fixture
def desk(window: MainWindow) -> ExamDesk:
    return window.controller.desk


def begin(qtbot: QtBot, window: MainWindow, session: FakeSession, view: View | None = None) -> None:
    session.show(view or make_view())
    window.display.refresh()
    wait_tick(qtbot, window, lambda: window.controller.desk.view is not None)


def wait_tick(qtbot: QtBot, window: MainWindow, condition: object) -> None:
    def turn() -> bool:
        window.display.tick()
        return bool(condition())  # type: ignore[operator]

    qtbot.waitUntil(turn)


def trigger(window: MainWindow, act: Act) -> None:
    window.display.refresh()
    assert window.actions_set[act].isEnabled()
    window.actions_set[act].trigger()


def line(desk: ExamDesk, item: str) -> Line:
    found = desk.line(item)
    assert found is not None
    return found


def wait_state(qtbot: QtBot, desk: ExamDesk, item: str, state: ItemState) -> Line:
    """Wait until an item has come so far, and the window has heard of it."""

    def heard() -> bool:
        shown = line(desk, item).shown
        seen = desk._selection._shown.get(item)
        return line(desk, item).state is state and (shown is None or shown.capture_id == seen)

    qtbot.waitUntil(heard)
    return line(desk, item)


def test_an_exam_begins_with_a_recording_and_ends_with_it(
    qtbot: QtBot, window: MainWindow, session: FakeSession, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    desk = window.controller.desk
    exam_id = desk.exam_id
    assert store.ids() == [exam_id]
    assert len(session.watchers) >= 1
    window.controller.close_source()
    wait_tick(qtbot, window, lambda: desk.view is None and not window.controller.jobs.busy)
    with store.open(exam_id) as exam:
        info = exam.info()
    assert info.ended
    assert info.start.source == RECORDING.spec
    assert info.start.model["name"] == make_card().name
    assert info.start.settings["threshold"] == 0.7


def test_an_exam_begins_and_ends_though_nothing_is_painted(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk, store: ExamStore
) -> None:
    window.hide()
    session.show(make_view())  # the display is stopped, and nobody ticks
    qtbot.waitUntil(lambda: desk.view is not None)
    for at in range(3):
        for watcher in session.watchers:
            watcher(make_view(frame=make_frame(at)))
    exam_id = desk.exam_id
    session.now = replace(session.now, play_state=PlayState.FAILED, source=None)
    assert desk.view is None
    qtbot.waitUntil(lambda: not window.controller.exam_life.busy)
    with store.open(exam_id) as exam:
        assert exam.info().ended
        assert exam.frame_count() == 3


def test_the_display_only_reads(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    calls, ids, settings = list(session.calls), store.ids(), window.controller.settings
    before = settings.model_copy(deep=True)
    session.view = make_view(frame=make_frame(1, replace(RECORDING, source_id="b")))
    # As if the news of another source had not come yet.
    object.__setattr__(
        session, "now", replace(session.now, source=replace(RECORDING, source_id="b", spec="b.mp4"))
    )
    for _ in range(10):
        window.display.refresh()
        window.display.tick()
    assert session.calls == calls
    assert (store.ids(), settings) == (ids, before)
    assert desk.exam_id == ids[0]


def test_another_source_is_another_exam_and_a_live_one_that_comes_back_is_not(
    qtbot: QtBot, window: MainWindow, session: FakeSession, store: ExamStore
) -> None:
    begin(qtbot, window, session, make_view(frame=make_frame(info=GRABBER)))
    session.show(make_view(frame=make_frame(info=GRABBER)), GRABBER)
    wait_tick(qtbot, window, lambda: len(store.ids()) == 2 and window.controller.desk.view)
    first = window.controller.desk.exam_id
    back = replace(GRABBER, source_id="again")
    session.show(make_view(frame=make_frame(info=back)), back)
    window.display.refresh()
    window.display.refresh()
    assert window.controller.desk.exam_id == first


@pytest.mark.parametrize(
    ("wish", "live", "begins"),
    [("always", False, True), ("live", False, False), ("live", True, True), ("never", True, False)],
)
def test_the_settings_say_when_an_exam_begins_by_itself(
    qtbot: QtBot, window: MainWindow, session: FakeSession, wish: str, live: bool, begins: bool
) -> None:
    window.controller.change(exam_with_source=wish)
    info = GRABBER if live else RECORDING
    session.show(make_view(frame=make_frame(info=info)), info)
    window.display.refresh()
    wait_tick(qtbot, window, lambda: not window.controller.jobs.busy)
    if begins:
        wait_tick(qtbot, window, lambda: window.controller.desk.view is not None)
    assert (window.controller.desk.view is not None) is begins
    if not begins:
        trigger(window, Act.EXAM)
        wait_tick(qtbot, window, lambda: window.controller.desk.view is not None)


def test_pictures_of_a_folder_and_a_model_that_loads_begin_none(
    window: MainWindow, session: FakeSession
) -> None:
    session.show(make_view(), replace(RECORDING, kind="folder"))
    window.display.refresh()
    assert not window.controller.exam_life.busy
    session.show(make_view(), RECORDING, model_state=ModelState.LOADING)
    window.display.refresh()
    assert not window.controller.exam_life.busy


def test_an_exam_ended_by_hand_does_not_begin_again_by_itself(
    qtbot: QtBot, window: MainWindow, session: FakeSession, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    trigger(window, Act.EXAM)
    wait_tick(qtbot, window, lambda: not window.controller.jobs.busy)
    window.display.refresh()
    window.display.refresh()
    assert window.controller.desk.view is None
    trigger(window, Act.EXAM)
    wait_tick(qtbot, window, lambda: window.controller.desk.view is not None)
    assert len(store.ids()) == 2


def test_a_bad_checklist_is_said_and_no_exam_begins(
    window: MainWindow, session: FakeSession
) -> None:
    window.controller.change(checklist="none of this name")
    session.show(make_view())
    window.display.refresh()
    window.display.tick()
    assert window.controller.desk.view is None
    titles = [toast.notice.title for toast in window.toasts.shown]
    assert any("there is no checklist 'none of this name'" in title for title in titles)


def test_capture_keep_reject_swap_by_keys(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    assert desk.selected == "femur"  # the plane in view
    trigger(window, Act.CAPTURE)
    first = wait_state(qtbot, desk, "femur", ItemState.KEPT).shown
    assert first is not None
    assert first.shot.how is How.HAND
    trigger(window, Act.REJECT)
    wait_state(qtbot, desk, "femur", ItemState.REJECTED)
    trigger(window, Act.CAPTURE)
    second = wait_state(qtbot, desk, "femur", ItemState.KEPT).shown
    session.show(make_view(frame=make_frame(33)))
    trigger(window, Act.SWAP)
    qtbot.waitUntil(lambda: line(desk, "femur").shown != second)
    shown = line(desk, "femur").shown
    assert shown is not None
    assert shown.shot.index == 33


def test_a_picture_without_a_result_is_captured_for_the_item_named_on_screen(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    session.show(View(make_frame(7)))
    trigger(window, Act.CAPTURE)
    shown = wait_state(qtbot, desk, "femur", ItemState.KEPT).shown
    assert shown is not None
    assert (shown.shot.index, shown.shot.plane, shown.shot.box) == (7, "", None)


def test_the_whole_way_by_the_keyboard_alone(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    qtbot.keyClick(window, Qt.Key.Key_Return)
    wait_state(qtbot, desk, "femur", ItemState.KEPT)
    qtbot.keyClick(window, Qt.Key.Key_X)
    wait_state(qtbot, desk, "femur", ItemState.REJECTED)
    qtbot.keyClick(window, Qt.Key.Key_Down)
    assert desk.selected == "spine_sag"
    for _ in range(30):
        qtbot.keyClick(window, Qt.Key.Key_Down)
    assert desk.selected == "amniotic_fluid"
    qtbot.keyClick(window, Qt.Key.Key_K)
    wait_state(qtbot, desk, "amniotic_fluid", ItemState.TICKED)
    for _ in range(30):
        qtbot.keyClick(window, Qt.Key.Key_Up)
    assert desk.selected == "brain_tv"
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    window.display.refresh()
    session.show(make_view("lips"))
    window.display.refresh()
    assert desk.selected == "lips"


def test_the_frozen_picture_is_the_one_that_is_captured(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    session.past = tuple(make_view(frame=make_frame(at)) for at in range(20))
    session.show(session.past[-1])
    trigger(window, Act.FREEZE)
    for _ in range(7):
        trigger(window, Act.BACK)
    trigger(window, Act.CAPTURE)
    shown = wait_state(qtbot, desk, "femur", ItemState.KEPT).shown
    assert shown is not None
    assert shown.shot.index == 12
    exam_id = desk.exam_id
    window.close()
    with store.open(exam_id) as exam:
        assert exam.capture(shown.capture_id).clip.endswith(".mp4")


def test_marks_in_the_freeze(qtbot: QtBot, window: MainWindow, session: FakeSession) -> None:
    session.past = tuple(make_view(frame=make_frame(at)) for at in range(20))
    begin(qtbot, window, session, session.past[-1])  # an exam that begins later ends the freeze
    assert not window.actions_set[Act.MARK].isEnabled()
    trigger(window, Act.FREEZE)
    freeze = window.controller.freeze
    for at in (4, 15):
        window.controller.look_at(at)
        trigger(window, Act.MARK)
    assert freeze.marks == {4, 15}
    trigger(window, Act.MARK_BACK)
    assert freeze.position == 4
    trigger(window, Act.MARK_BACK)
    assert freeze.position == 4
    trigger(window, Act.MARK_ON)
    assert freeze.position == 15
    trigger(window, Act.MARK)
    assert freeze.marks == {4}
    trigger(window, Act.FREEZE)
    assert freeze.marks == frozenset()


def test_the_list_shows_states_thumbnails_and_the_count(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    planes = window.live.planes
    found = planes.line_of(FEMUR)
    assert found is not None
    assert found.state is ItemState.MISSING
    assert not planes.picture_rect(FEMUR).isEmpty()
    assert "0 of 13" in window.live.head._count.text()
    trigger(window, Act.CAPTURE)
    wait_state(qtbot, desk, "femur", ItemState.KEPT)
    window.display.refresh()
    assert "1 of 13" in window.live.head._count.text()
    assert "1 kept" in window.live.head._clock.text()
    missing = window.live.still_to_find
    assert not missing.isHidden()
    qtbot.waitUntil(lambda: len(missing.names) == 12)
    assert "Femur" not in missing.names
    assert not missing.grab().isNull()
    found = planes.line_of(FEMUR)
    assert found is not None
    picture = planes._thumbnails.of(found)
    assert picture is not None
    assert (picture.width(), picture.height()) == (192, 144)
    image = planes.grab().toImage()
    middle = planes.picture_rect(FEMUR).center().toPoint()
    assert image.pixelColor(middle).red() == 60  # the picture's own grey


@pytest.mark.qt_log_ignore("does not support raise")
def test_a_click_picks_and_a_hover_says_why(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    planes = window.live.planes
    at = planes.row_rect(0).center().toPoint()
    qtbot.mouseClick(planes, Qt.MouseButton.LeftButton, pos=at)
    assert desk.selected == DISPLAY_ORDER[0].key
    event = QHelpEvent(QEvent.Type.ToolTip, at, planes.mapToGlobal(at))
    planes.event(event)
    assert "missing" in QToolTip.text()
    background = planes.row_rect(len(DISPLAY_ORDER) - 1).center().toPoint()
    qtbot.mouseClick(planes, Qt.MouseButton.LeftButton, pos=background)
    assert desk.selected == DISPLAY_ORDER[0].key
    QToolTip.hideText()


def test_items_without_a_plane_are_ticked_with_the_mouse(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    manual = window.live.manual
    assert [one.item.key for one in manual.lines][:2] == ["cord_insertion", "bladder"]
    at = manual.item_rect(1).center().toPoint()
    qtbot.mouseClick(manual, Qt.MouseButton.LeftButton, pos=at)
    wait_state(qtbot, desk, "bladder", ItemState.TICKED)
    assert desk.selected == "femur"  # the keys stay with the plane in view
    qtbot.mouseClick(manual, Qt.MouseButton.LeftButton, pos=at)
    wait_state(qtbot, desk, "bladder", ItemState.MISSING)


def test_recording_is_said_beside_the_name(
    qtbot: QtBot,
    window: MainWindow,
    session: FakeSession,
    desk: ExamDesk,
    store: ExamStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(qtbot, window, session)
    trigger(window, Act.RECORD)
    qtbot.waitUntil(lambda: desk.recording)
    for at in range(10):
        for watcher in session.watchers:
            watcher(View(make_frame(at)))
    began_s = desk.view.recording_s  # type: ignore[union-attr]
    for passed_s, said in ((0.9, "00:00"), (61.2, "01:01")):
        clock = SimpleNamespace(monotonic=lambda passed_s=passed_s: began_s + passed_s)
        monkeypatch.setattr(exam_panel, "time", clock)
        window.display.refresh()
        assert window.live.headline.recording == said
    trigger(window, Act.RECORD)
    qtbot.waitUntil(lambda: not desk.recording)
    window.display.refresh()
    assert window.live.headline.recording == ""
    with store.open(desk.exam_id) as exam:
        assert [one.frames for one in exam.recordings()] == [10]


def test_a_note_and_a_study_number_are_kept(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    for act, text in ((Act.NOTE, "Lying on its front"), (Act.STUDY, "S-0417")):
        trigger(window, act)
        sheet = window.questions.sheet
        assert isinstance(sheet, AskSheet)
        qtbot.keyClicks(sheet.line, text)
        qtbot.keyClick(sheet.line, Qt.Key.Key_Return)
        assert window.questions.sheet is None
    with store.open(desk.exam_id) as exam:
        qtbot.waitUntil(lambda: exam.info().start.study_id == "S-0417")
        assert exam.info().note == "Lying on its front"


def test_a_capture_is_looked_at_large_and_judged_there(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    trigger(window, Act.CAPTURE)
    wait_state(qtbot, desk, "femur", ItemState.KEPT)
    trigger(window, Act.LOOK)
    sheet = window.questions.sheet
    assert isinstance(sheet, CaptureSheet)
    assert sheet.name.text().startswith("Femur  90 %")
    path = sheet.still.path
    assert path is not None
    assert path.is_file()
    assert not sheet.grab().isNull()
    session.show(make_view("lips"))  # what is in view changes nothing here
    window.display.refresh()
    assert desk.selected == "femur"
    qtbot.keyClick(window, Qt.Key.Key_X)
    wait_state(qtbot, desk, "femur", ItemState.REJECTED)
    qtbot.waitUntil(lambda: "rejected" in sheet.name.text())
    assert sheet.still.path is None
    qtbot.keyClick(window, Qt.Key.Key_Up)
    assert sheet.name.text().startswith("Kidneys")
    qtbot.keyClick(window, Qt.Key.Key_D)
    assert window.questions.sheet is None
    assert desk.selected == "kidneys"  # picked by hand


def test_the_exams_kept_are_listed_and_deleted_at_the_second_press(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    old = desk.exam_id
    trigger(window, Act.EXAM)
    wait_tick(qtbot, window, lambda: not window.controller.jobs.busy)
    trigger(window, Act.EXAM)
    wait_tick(qtbot, window, lambda: desk.view is not None)
    new = desk.exam_id
    (store.folder / "broken").mkdir()
    trigger(window, Act.EXAMS)
    sheet = window.questions.sheet
    assert isinstance(sheet, ExamsSheet)
    wait_tick(qtbot, window, lambda: sheet.buttons)
    assert (new, "Delete") not in sheet.buttons  # it is running
    assert ("broken", "Report") not in sheet.buttons
    assert (old, "Practise") in sheet.buttons
    sheet.buttons[old, "Delete"].click()
    assert old in store.ids()
    sheet.buttons[old, "Delete"].click()
    wait_tick(qtbot, window, lambda: old not in store.ids())
    wait_tick(qtbot, window, lambda: (old, "Delete") not in sheet.buttons)


def test_closing_the_window_ends_the_exam(
    qtbot: QtBot, window: MainWindow, session: FakeSession, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    for at in range(5):
        for watcher in session.watchers:
            watcher(make_view(frame=make_frame(at)))
    exam_id = window.controller.desk.exam_id
    window.close()
    with store.open(exam_id) as exam:
        assert exam.info().ended
        assert exam.frame_count() == 5


def test_without_an_exam_a_capture_says_how_to_begin_one(
    window: MainWindow, session: FakeSession
) -> None:
    window.controller.change(exam_with_source="never")
    session.show(make_view())
    window.display.refresh()
    trigger(window, Act.CAPTURE)
    (said,) = session.notices.take()
    assert said.title == "No exam is running"
    assert "Ctrl+B" in said.hint


@pytest.mark.parametrize("size", [(1024, 768), (1920, 1080), (1280, 720)])
def test_every_row_is_painted_at_every_size(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk, size: tuple[int, int]
) -> None:
    window.resize(*size)
    begin(qtbot, window, session)
    trigger(window, Act.CAPTURE)
    wait_state(qtbot, desk, "femur", ItemState.KEPT)
    window.display.refresh()
    for theme in ("dark", "light"):
        window.controller.change(theme=theme)
        assert not window.grab().isNull()
    planes = window.live.planes
    assert planes.row_rect(13).bottom() <= planes.height()
    manual = window.live.manual
    assert manual.geometry().top() >= planes.geometry().bottom()
    bar = window.live.exam_bar
    assert bar.geometry().bottom() <= window.live._side.height()
    for button in bar._buttons:
        assert button.geometry().right() <= bar.width()


def open_report(qtbot: QtBot, window: MainWindow, session: FakeSession) -> ReportSheet:
    desk = window.controller.desk
    begin(qtbot, window, session)
    trigger(window, Act.CAPTURE)
    wait_state(qtbot, desk, "femur", ItemState.KEPT)
    trigger(window, Act.REPORT)
    sheet = window.questions.sheet
    assert isinstance(sheet, ReportSheet)
    return sheet


def test_a_report_of_the_running_exam_is_written_with_enter(
    qtbot: QtBot, window: MainWindow, session: FakeSession, tmp_path: Path
) -> None:
    sheet = open_report(qtbot, window, session)
    sheet.folder.setText(str(tmp_path / "out"))
    sheet.parts["tables"].setChecked(True)
    qtbot.keyClick(sheet, Qt.Key.Key_Return)
    wait_tick(qtbot, window, lambda: "written to" in sheet.said.text())
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.pdf", "report.html", "checklist.csv", "report.json"} <= names
    assert not sheet.show_folder.isHidden()


def test_a_report_that_cannot_be_written_says_why(
    qtbot: QtBot, window: MainWindow, session: FakeSession, tmp_path: Path
) -> None:
    sheet = open_report(qtbot, window, session)
    (tmp_path / "file").write_text("")
    sheet.folder.setText(str(tmp_path / "file" / "out"))
    sheet.write.click()
    wait_tick(qtbot, window, lambda: "cannot" in sheet.said.text())
    assert sheet.write.isEnabled()
    for box in sheet.parts.values():
        box.setChecked(False)
    sheet.write.click()
    assert sheet.said.text() == "Choose what shall be written"


def test_a_node_that_refuses_is_said_at_once_and_nothing_waits_behind_the_users_back(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    sheet = open_report(qtbot, window, session)
    sheet.masked.setChecked(False)  # the fake picture has no ultrasound on it
    sheet.node.setText("nonsense")
    sheet.send.click()
    wait_tick(qtbot, window, lambda: "nonsense" in sheet.said.text())
    wait_tick(qtbot, window, lambda: sheet.send.isEnabled())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sheet.node.setText(f"PACS@127.0.0.1:{port}")
    sheet.send.click()
    wait_tick(qtbot, window, lambda: "the connection is refused" in sheet.said.text())
    assert window.controller.settings.pacs_node == f"PACS@127.0.0.1:{port}"
    assert not (paths.home() / "outbox").exists()


def test_a_frozen_picture_of_the_time_before_is_let_go_when_an_exam_begins(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    window.controller.change(exam_with_source="never")
    session.past = (fake_view(),)
    session.show(session.past[-1])
    trigger(window, Act.FREEZE)
    assert window.controller.freeze.active
    trigger(window, Act.EXAM)
    wait_tick(qtbot, window, lambda: window.controller.desk.view is not None)
    assert not window.controller.freeze.active


def test_what_the_screen_calls_unsure_is_not_captured_as_a_plane(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    window.controller.change(threshold=0.95)  # above the frame's 90 %
    session.show(make_view(frame=make_frame(3)))
    trigger(window, Act.CAPTURE)
    with store.open(desk.exam_id) as exam:
        qtbot.waitUntil(lambda: len(exam.captures()) == 1)
        (capture,) = exam.captures()
    assert (capture.shot.item, capture.shot.plane, capture.shot.box) == ("", "", None)


def lone(number: int, steady: str, key: str = "kidneys") -> View:
    """A picture that alone says something else than the steady label."""
    label = SteadyState(shares(steady, 0.9), BY_KEY[steady], State.PLANE, 0.0)
    frame = make_frame(number)
    return fake_view(key, 0.4, State.UNSURE, steady=label, frame=frame, box=None)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_capture_of_a_lone_frame_goes_to_the_name_that_stands_on_screen(
    qtbot: QtBot,
    window: MainWindow,
    session: FakeSession,
    desk: ExamDesk,
    store: ExamStore,
    frozen: bool,
) -> None:
    begin(qtbot, window, session)
    view = lone(3, "femur")
    session.show(view)
    window.display.refresh()
    if frozen:  # a picture that stands speaks for itself
        session.past = (view,)
        trigger(window, Act.FREEZE)
        window.display.refresh()
    assert window.live.headline.verdict.held is not frozen
    trigger(window, Act.CAPTURE)
    with store.open(desk.exam_id) as exam:
        qtbot.waitUntil(lambda: len(exam.captures()) == 1)
        (capture,) = exam.captures()
    item = "" if frozen else "femur"
    assert (capture.shot.item, capture.shot.plane, capture.shot.box) == (item, "", None)


def test_a_source_that_fails_ends_the_exam(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    session.now = replace(session.now, play_state=PlayState.FAILED, source=None)
    window.display.refresh()
    assert desk.view is None


def test_an_exam_ended_by_hand_stays_ended_when_the_device_comes_back(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk, store: ExamStore
) -> None:
    session.show(make_view(frame=make_frame(info=GRABBER)), GRABBER)
    wait_tick(qtbot, window, lambda: desk.view is not None)
    trigger(window, Act.EXAM)
    wait_tick(qtbot, window, lambda: not window.controller.jobs.busy)
    back = replace(GRABBER, source_id="again")
    session.show(make_view(frame=make_frame(info=back)), back)
    window.display.refresh()
    wait_tick(qtbot, window, lambda: not window.controller.jobs.busy)
    assert len(store.ids()) == 1


def test_an_exam_asked_for_while_the_last_one_is_written_begins_behind_it(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    window.actions_set[Act.EXAM].trigger()
    window.actions_set[Act.EXAM].trigger()
    wait_tick(qtbot, window, lambda: len(store.ids()) == 2 and desk.view is not None)


def test_a_sheet_closed_while_it_works_is_told_of_elsewhere(
    qtbot: QtBot, window: MainWindow, session: FakeSession, tmp_path: Path
) -> None:
    sheet = open_report(qtbot, window, session)
    session.notices.take()
    sheet.folder.setText(str(tmp_path / "out"))
    sheet.write.click()
    window.questions.close()
    qtbot.waitUntil(lambda: (tmp_path / "out" / "report.pdf").exists())
    qtbot.waitUntil(lambda: bool(window.controller.jobs.collect() or session.notices._waiting))
    (said,) = session.notices.take()
    assert "written to" in said.title
    trigger(window, Act.EXAMS)
    window.questions.close()
    wait_tick(qtbot, window, lambda: not window.controller.jobs.busy)


def test_a_note_is_not_lost_by_a_second_look_and_can_be_taken_away(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    desk.note("First")
    qtbot.waitUntil(lambda: desk.words()[0] == "First")
    trigger(window, Act.NOTE)
    sheet = window.questions.sheet
    assert isinstance(sheet, AskSheet)
    assert sheet.line.text() == "First"
    sheet.line.clear()
    qtbot.keyClick(sheet.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.words()[0] == "")


def test_the_report_of_the_exam_that_has_just_ended(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    window.actions_set[Act.REPORT].trigger()
    assert window.questions.sheet is None
    assert "No exam was kept yet" in [one.title for one in session.notices.take()]
    begin(qtbot, window, session)
    ended = desk.exam_id
    trigger(window, Act.EXAM)
    trigger(window, Act.REPORT)
    sheet = window.questions.sheet
    assert isinstance(sheet, ReportSheet)
    assert sheet._exam_id == ended


def test_that_nothing_can_be_kept_stays_on_the_screen(
    qtbot: QtBot, window: MainWindow, session: FakeSession, desk: ExamDesk
) -> None:
    begin(qtbot, window, session)
    assert desk._running is not None
    desk._running._tell_trouble("The exam cannot be kept: disk full")
    window.display.refresh()
    assert window.live.head._clock.text() == "The exam cannot be kept: disk full"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_bar_of_the_chosen_row_can_be_told_from_its_ground(
    qtbot: QtBot, window: MainWindow, session: FakeSession, theme: str
) -> None:
    window.controller.change(theme=theme)
    begin(qtbot, window, session)
    trigger(window, Act.ITEM_DOWN)
    chosen, planes = window.controller.desk.selected, window.live.planes
    row = [plane.key for plane in DISPLAY_ORDER].index(chosen)
    picture, track = planes.grab().toImage(), planes.bar_rect(row)
    x, y = round(track.right() - track.height()), round(track.center().y())
    ground = picture.pixelColor(x, round(track.bottom() + 3))
    assert picture.pixelColor(x, y) != ground
