"""The whole window on a fake session."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from gui_fakes import (
    BOX,
    GRABBER,
    RECORDING,
    FakeDevice,
    FakeModels,
    FakeSession,
    make_card,
    make_frame,
    make_services,
    make_view,
)
from PyQt6 import sip
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PyQt6.QtGui import QColor, QDropEvent
from PyQt6.QtWidgets import QApplication, QCheckBox, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from sonoassist.core.errors import UsageError
from sonoassist.core.planes import BY_KEY
from sonoassist.core.settings import Settings, load_settings
from sonoassist.gui.acts import Act
from sonoassist.gui.compose import SettingsKeeper, build, override
from sonoassist.gui.controller import Controller
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.settings_sheet import SettingsSheet
from sonoassist.gui.sheets import AskSheet
from sonoassist.gui.transport import FreezeBar, LiveBar, RecordingBar
from sonoassist.gui.verdict import VerdictKind
from sonoassist.live.status import Level, ModelState, Notice, PlayState, View
from waiting import wait_until


def trigger(window: MainWindow, act: Act) -> None:
    window.actions_set[act].trigger()


def live_history(session: FakeSession, count: int = 50) -> list[View]:
    views = [make_view(frame=make_frame(at, info=GRABBER)) for at in range(count)]
    session.past = tuple(views)
    session.show(views[-1], GRABBER)
    return views


def test_the_settings_reach_the_session(window: MainWindow, session: FakeSession) -> None:
    wishes = next(call[1] for call in session.calls if call[0] == "configure")
    assert wishes == {
        "crop": "default",
        "threshold": None,
        "model_threshold": True,
        "guided": False,
        "heat": False,
        "presets": {},
        "localiser": None,  # the model that is loaded has it
    }
    loader = next(call[1] for call in session.calls if call[0] == "load_model")
    assert loader() == ("analyser", "auto", False)


def test_with_the_heat_map_each_frame_has_its_own(window: MainWindow, session: FakeSession) -> None:
    window.controller.flip("show_heat")
    wishes = [call[1] for call in session.calls if call[0] == "configure"][-1]
    assert (wishes["heat"], wishes["crop"]) == (True, None)


def test_what_boxes_are_found_by_changes_at_once(window: MainWindow, session: FakeSession) -> None:
    window.controller.change(localiser="paper")
    wishes = [call[1] for call in session.calls if call[0] == "configure"][-1]
    assert (wishes["localiser"], wishes["crop"]) == ("paper", None)


def test_a_source_asked_for_is_on_its_way_at_once(window: MainWindow, session: FakeSession) -> None:
    session.now = replace(session.now, model_state=ModelState.LOADING, model_message="Engine: …")
    window.begin("exams/exam.mp4")
    window.display.stop()
    assert session.now.play_state is PlayState.EMPTY
    assert window.pages.currentWidget() is window.live
    card = window.live.viewport.screen_shown.card
    assert card is not None
    assert (card.title, card.text) == ("Opening exam.mp4 …", "Engine: …")
    session.show(make_view())
    window.display.refresh()
    trigger(window, Act.CLOSE)
    window.display.refresh()
    assert window.pages.currentWidget() is window.start_page


def test_a_view_is_drawn_with_its_own_box(window: MainWindow, session: FakeSession) -> None:
    session.show(make_view("lips"))
    window.display.refresh()
    live = window.live
    assert window.pages.currentWidget() is live
    assert live.headline.verdict.title == "Lips"
    placement = live.viewport.placement()
    assert placement is not None
    rect = placement.to_widget(BOX)
    image = live.viewport.grab().toImage()
    at = (round(rect.left()), round(rect.center().y() + 20))
    assert image.pixelColor(*at) == QColor(BY_KEY["lips"].colour)
    assert window.windowTitle() == "exam.mp4 – SonoAssist"


def test_the_picture_of_a_source_that_was_left_is_not_drawn(
    window: MainWindow, session: FakeSession
) -> None:
    session.show(make_view(), GRABBER)  # the view is still of the recording
    window.display.refresh()
    assert window.live.viewport.view is None
    assert window.live.headline.verdict.kind is VerdictKind.NOT_ANALYSED


def test_freeze_steps_through_the_history(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    views = live_history(session)
    window.display.refresh()
    qtbot.keyClick(window, Qt.Key.Key_Space)
    live = window.live
    assert live.viewport.view is views[-1]
    assert live.viewport.screen_shown.chips[0].text == "FROZEN now"
    for _ in range(10):
        qtbot.keyClick(window, Qt.Key.Key_Left)
    assert live.viewport.view is views[-11]
    assert live.viewport.screen_shown.chips[0].text == "FROZEN −0.4 s"
    assert isinstance(live.transport.bar, FreezeBar)
    newer = make_view(frame=make_frame(80, info=GRABBER))
    session.show(newer, GRABBER)
    window.display.tick()
    assert live.viewport.view is views[-11]
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert live.viewport.view is views[-10]
    trigger(window, Act.START)
    assert live.viewport.view is views[0]
    window.controller.look_at(7)
    assert live.viewport.view is views[7]
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert live.viewport.view is newer
    assert isinstance(live.transport.bar, LiveBar)


def test_stepping_a_live_source_freezes_it(window: MainWindow, session: FakeSession) -> None:
    views = live_history(session)
    window.display.refresh()
    trigger(window, Act.BACK)
    assert window.live.viewport.view is views[-2]
    trigger(window, Act.LEAVE)
    assert not window.controller.freeze.active


def test_freezing_keeps_the_picture_on_screen_though_it_is_newer(
    window: MainWindow, session: FakeSession
) -> None:
    live_history(session)
    newest = make_view(frame=make_frame(60, info=GRABBER))
    session.show(newest, GRABBER)
    window.display.refresh()
    trigger(window, Act.FREEZE)
    assert window.controller.freeze.count == 51
    assert window.live.viewport.view is newest


def test_the_transport_drives_a_recording(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    session.show(make_view(frame=make_frame(100)))
    window.display.refresh()
    bar = window.live.transport.bar
    assert isinstance(bar, RecordingBar)
    assert bar.seek.value == 100
    session.calls.clear()
    for act in (Act.PLAY, Act.BACK, Act.FORWARD, Act.FORWARD_MORE, Act.END, Act.LOOP, Act.FASTER):
        trigger(window, act)
    trigger(window, Act.EVERY_FRAME)
    assert session.calls == [
        ("toggle",),
        ("step", -1),
        ("step", 1),
        ("step", 10),
        ("seek", 499),
        ("set_loop", True),
        ("set_speed", 2.0),
        ("set_every_frame", True),
    ]
    session.calls.clear()
    x = round(bar.seek.x_of(250))
    qtbot.mouseClick(bar.seek, Qt.MouseButton.LeftButton, pos=QPoint(x, 10))
    ((name, index),) = session.calls
    assert name == "seek"
    assert abs(index - 250) <= 2


def test_a_click_on_the_strip_goes_to_its_time(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    session.show(make_view(frame=make_frame(100)))
    window.display.refresh()
    session.calls.clear()
    strip = window.live.strip
    pos = QPoint(round(strip.track().width() / 4), 10)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=pos)
    # The times of the frames are known to the source only.
    assert session.calls == [("seek_time", pytest.approx(5.0, abs=0.1))]
    session.show(make_view(frame=make_frame(info=GRABBER)), GRABBER)
    window.display.refresh()
    session.calls.clear()
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=pos)
    assert session.calls == []


def test_play_at_the_end_starts_again(window: MainWindow, session: FakeSession) -> None:
    session.show(make_view(), play_state=PlayState.ENDED)
    window.display.refresh()
    assert window.live.viewport.screen_shown.chips[0].text == "End of recording"
    session.calls.clear()
    trigger(window, Act.PLAY)
    assert session.calls == [("seek", 0), ("play",)]


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"play_state": PlayState.OPENING, "source": None}, "Opening …"),
        ({"play_state": PlayState.LOST}, "Signal lost"),
        ({"play_state": PlayState.FAILED}, "The source failed"),
        ({"signal_age_s": 3.4}, "No signal since 3 s"),
    ],
)
def test_states_of_the_source_are_written_over_the_picture(
    window: MainWindow, session: FakeSession, change: dict[str, object], title: str
) -> None:
    session.show(make_view(frame=make_frame(info=GRABBER)), GRABBER)
    session.now = replace(session.now, **change)  # type: ignore[arg-type]
    window.display.refresh()
    card = window.live.viewport.screen_shown.card
    assert card is not None
    assert card.title == title
    window.live.viewport.grab()


@pytest.mark.parametrize(
    ("state", "message", "words"),
    [
        (ModelState.MISSING, "out of memory", "Model missing: install"),
        (ModelState.LOADING, "", "Loading the model …"),
        (ModelState.LOADING, "Model: reading SonoNet-32 …", "Model: reading SonoNet-32 …"),
        (ModelState.FAILED, "out of memory", "No analysis: out of memory"),
    ],
)
def test_without_a_model_the_picture_stays_and_says_why(
    window: MainWindow, session: FakeSession, state: ModelState, message: str, words: str
) -> None:
    session.show(View(make_frame()), model_state=state, model_message=message, card=None)
    window.display.refresh()
    assert window.live.viewport.screen_shown.chips[0].text == words
    assert window.live.viewport.view is not None
    window.live.viewport.grab()


def test_paused_is_said(window: MainWindow, session: FakeSession) -> None:
    session.show(make_view(), play_state=PlayState.PAUSED)
    window.display.refresh()
    assert window.live.viewport.screen_shown.chips[0].text == "Paused"


def test_a_synthetic_model_on_a_real_source_is_warned_of(
    window: MainWindow, session: FakeSession
) -> None:
    session.show(make_view(), card=make_card("sononet16", "synthetic"))
    window.display.refresh()
    assert not window.banner.isHidden()
    session.show(make_view(), replace(RECORDING, synthetic=True))
    window.display.refresh()
    assert window.banner.isHidden()
    made_up = replace(RECORDING, synthetic=True)
    session.show(make_view(), made_up, card=make_card("sononet16", "published"))
    window.display.refresh()
    assert "synthetic exam" in window.banner.text()


def test_the_model_follows_the_kind_of_source_unless_it_was_chosen(
    window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    def loaded() -> list[object]:
        return [call[1]() for call in session.calls if call[0] == "load_model"]

    before = len(loaded())
    for number, synthetic in enumerate((True, True, False)):
        spec = f"exam-{number}.mp4"
        source = replace(RECORDING, source_id=spec, spec=spec, synthetic=synthetic)
        session.show(make_view(), source)
        window.display.refresh()
    assert loaded()[before:] == [("analyser", "auto", True), ("analyser", "auto", False)]
    settings.model = "sononet16"
    session.show(make_view(), replace(RECORDING, source_id="b", spec="b.mp4", synthetic=True))
    window.display.refresh()
    assert len(loaded()) == before + 2


def test_an_own_rectangle_is_drawn_named_and_used(
    qtbot: QtBot, window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    session.show(make_view())
    window.display.refresh()
    viewport = window.live.viewport
    trigger(window, Act.OWN_CROP)
    placement = viewport.placement()
    assert placement is not None
    corner = placement.to_widget(BOX).topLeft().toPoint()
    end = placement.to_widget(BOX).bottomRight().toPoint()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=corner)
    qtbot.mouseMove(viewport, end)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=end)
    sheet = window.questions.sheet
    assert isinstance(sheet, AskSheet)
    qtbot.keyClicks(sheet.line, "Room 3")
    qtbot.keyClick(sheet.line, Qt.Key.Key_Return)
    assert window.questions.sheet is None
    left, top, width, height = (int(part) for part in settings.crop.split(","))
    assert abs(left - BOX.left) <= 1
    assert abs(top - BOX.top) <= 1
    assert abs(width - BOX.width) <= 2
    assert abs(height - BOX.height) <= 2
    assert settings.own_crops == {"Room 3": settings.crop}
    assert session.calls[-1][1]["crop"] == settings.crop
    window.menus.fill_crops()
    texts = [action.text() for action in window.menus.crops.actions()]
    assert f"Room 3 ({settings.crop})" in texts
    window.controller.forget_crop("Room 3")
    assert settings.crop == "default"


def test_escape_gives_up_a_rectangle(window: MainWindow, session: FakeSession) -> None:
    session.show(make_view())
    window.display.refresh()
    trigger(window, Act.OWN_CROP)
    assert window.live.viewport.drawing_crop
    trigger(window, Act.LEAVE)
    assert not window.live.viewport.drawing_crop


def test_the_theme_switches_at_once(window: MainWindow, settings: Settings) -> None:
    assert window.look.palette.name == "dark"
    trigger(window, Act.THEME)
    assert settings.theme == "light"
    assert window.look.palette.name == "light"
    assert window.grab().toImage().pixelColor(3, 400).lightness() > 200


def test_threshold_and_label_have_keys(
    qtbot: QtBot, window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    session.show(make_view(confidence=0.73))
    window.display.refresh()
    qtbot.keyClick(window, Qt.Key.Key_BracketRight)
    assert settings.threshold == 0.75
    assert window.live.headline.verdict.title == "Unsure"
    assert session.calls[-1][1]["threshold"] == 0.75
    trigger(window, Act.THRESHOLD_DOWN)
    trigger(window, Act.LABEL)
    assert settings.label == "raw"
    assert window.live.headline.verdict.title == "Femur"


def test_settings_are_saved_a_moment_after_a_change_and_at_the_end(
    qtbot: QtBot, window: MainWindow, saved: list[Settings]
) -> None:
    trigger(window, Act.HEAT)
    qtbot.waitUntil(lambda: bool(saved))
    assert saved[-1].show_heat
    window.resize(1100, 700)
    window.close()
    assert saved[-1].window_geometry


def test_the_settings_sheet_changes_what_it_shows(
    window: MainWindow, settings: Settings, session: FakeSession
) -> None:
    trigger(window, Act.SETTINGS)
    sheet = window.questions.sheet
    assert isinstance(sheet, SettingsSheet)
    sheet.threshold.setValue(80)
    sheet.history.setValue(20)
    box = sheet.findChild(QCheckBox, "show_heat")
    assert box is not None
    box.setChecked(True)
    label = sheet.findChild(QComboBox, "label")
    assert label is not None
    label.setCurrentIndex(1)
    label.activated.emit(1)
    assert (settings.threshold, settings.history_s) == (0.8, 20.0)
    assert (settings.show_heat, settings.label) == (True, "raw")
    assert ("set_history", 20.0, settings.history_mb) in session.calls
    window.grab()


def test_settings_go_round_trip_without_the_overrides(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    kept = Settings(threshold=0.6)
    running = override(kept, {"crop": "full", "engine": "torch"})
    running.show_heat = True
    running.engine = "openvino"
    SettingsKeeper(path, kept, {"crop": "full", "engine": "torch"}).save(running)
    loaded, sentences = load_settings(path)
    assert not sentences
    assert (loaded.threshold, loaded.show_heat, loaded.crop) == (0.6, True, "default")
    assert loaded.engine == "openvino"


def test_a_dropped_file_is_opened_and_dropped_weights_are_added(
    qtbot: QtBot, window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    for path in ("/exams/a.mp4", "/weights/own.npz"):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(path)])
        event = QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        window.dropEvent(event)
    assert ("open", "/exams/a.mp4") in session.calls
    qtbot.waitUntil(lambda: _collected(window.controller, settings.model == "own"))


def _collected(controller: Controller, done: bool) -> bool:
    controller.jobs.collect()
    return done or controller.settings.model == "own"


def test_an_opened_source_becomes_recent(
    window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    session.show(make_view())
    window.display.refresh()
    assert settings.recent[0] == RECORDING.spec


def test_notices_become_toasts_and_escape_takes_them_away(
    window: MainWindow, session: FakeSession
) -> None:
    session.notices.put(Notice(Level.ERROR, "cannot open a.mp4", "Check the name"))
    window.display.tick()
    assert [toast.notice.title for toast in window.toasts.shown] == ["cannot open a.mp4"]
    trigger(window, Act.LEAVE)
    assert window.toasts.shown == ()


def test_full_screen_leaves_headline_picture_and_planes(
    window: MainWindow, session: FakeSession
) -> None:
    session.show(make_view())
    window.display.refresh()
    trigger(window, Act.FULL_SCREEN)
    live = window.live
    hidden = (window.top, window.status_line, live.strip, live.transport)
    assert [part.isVisible() for part in hidden] == [False] * 4
    assert [p.isVisible() for p in (live.headline, live.viewport, live.planes)] == [True] * 3
    trigger(window, Act.LEAVE)
    assert not window.isFullScreen()
    assert [part.isVisible() for part in hidden] == [True] * 4


@pytest.mark.parametrize("size", [(1024, 768), (1280, 800), (1920, 1080), (3840, 2160)])
def test_nothing_overlaps_or_is_cut(
    qtbot: QtBot, window: MainWindow, session: FakeSession, size: tuple[int, int]
) -> None:
    session.show(make_view(frame=make_frame(100)))
    window.resize(*size)
    window.display.refresh()
    window.grab()
    assert (window.width(), window.height()) == size
    live = window.live
    inside = [window.top, window.status_line, live.headline, live.viewport, live.strip]
    inside += [live.transport, live.planes]

    def fits() -> bool:
        corners = [(part, part.mapTo(window, QPoint(0, 0))) for part in inside]
        return all(
            at.x() >= 0 and at.x() + part.width() <= size[0] and at.y() + part.height() <= size[1]
            for part, at in corners
        )

    qtbot.waitUntil(fits)  # the layout settles when the event loop runs
    for bar in (window.top, live.transport.bar):
        assert isinstance(bar, QWidget)
        assert bar.minimumSizeHint().width() <= bar.width()
    assert live.viewport.width() > 0.6 * size[0]


def test_menus_offer_the_choices(
    qtbot: QtBot, window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    menus = window.menus
    menus.fill_models()
    texts = {action.text(): action for action in menus.models.actions()}
    assert "SonoNet-16 (published)" in texts
    assert "Install SonoNet-32" in texts
    texts["SonoNet-16 (published)"].trigger()
    assert settings.model == "sononet16"
    window.controller.engines.look()  # as the menu does when it opens for the first time

    def known() -> bool:
        window.controller.jobs.collect()
        return window.controller.engines.known

    qtbot.waitUntil(known)
    menus.fill_engines()
    next(one for one in menus.engines.actions() if one.text() == "PyTorch").trigger()
    assert settings.engine == "torch"
    assert [call[0] for call in session.calls[-2:]] == ["load_model", "load_model"]
    menus.fill_display()
    assert "Heat map of the evidence" in {one.text() for one in menus.display.actions()}
    menus.fill_devices()
    next(one for one in menus.devices.actions() if one.text() == "USB Capture HDMI").trigger()
    assert session.calls[-1] == ("open", "device:USB Capture HDMI")


def test_a_stream_is_asked_for(qtbot: QtBot, window: MainWindow, session: FakeSession) -> None:
    trigger(window, Act.STREAM)
    sheet = window.questions.sheet
    assert isinstance(sheet, AskSheet)
    qtbot.keyClicks(sheet.line, "rtsp://box/live")
    qtbot.keyClick(sheet.line, Qt.Key.Key_Return)
    assert session.calls[-1] == ("open", "rtsp://box/live")


def test_a_model_is_installed_with_progress(
    qtbot: QtBot, window: MainWindow, models: FakeModels, settings: Settings
) -> None:
    trigger(window, Act.INSTALL)
    installer = window.controller.installer
    qtbot.waitUntil(lambda: "10" not in (installer.progress.text if installer.progress else ""))
    qtbot.waitUntil(lambda: installer.progress is not None and installer.progress.done_bytes == 10)
    window.display.refresh()
    models.go.set()
    qtbot.waitUntil(lambda: _installed(window, settings))
    window.display.refresh()
    assert [toast.notice.title for toast in window.toasts.shown] == ["SonoNet-32 is installed"]
    assert window.start_page.model_lines[1] == ""


def _installed(window: MainWindow, settings: Settings) -> bool:
    window.controller.jobs.collect()
    return settings.model == "sononet32"


def test_an_installation_can_be_stopped(qtbot: QtBot, window: MainWindow) -> None:
    trigger(window, Act.INSTALL)
    window.controller.installer.cancel()

    def ended() -> bool:
        window.controller.jobs.collect()
        return window.controller.installer.progress is None

    qtbot.waitUntil(ended)
    window.display.tick()
    assert window.toasts.shown[0].notice.title == "The installation was stopped"


def test_the_window_closes_quickly_and_leaves_nothing(qtbot: QtBot, qapp: QApplication) -> None:
    threads = set(threading.enumerate())
    session, saved = FakeSession(), list[Settings]()
    hangs = threading.Event()  # as a driver does that is asked for its devices

    def never() -> list[FakeDevice]:
        hangs.wait()
        return []

    services = replace(make_services(FakeModels(), saved), list_devices=never)
    main = build(session, services, Settings(), ["a sentence"])
    display, viewport = main.display, main.live.viewport
    main.show()
    main.begin("exam.mp4")
    session.show(make_view())
    qtbot.waitUntil(lambda: viewport.view is not None)
    assert ("open", "exam.mp4") in session.calls
    assert main.toasts.shown[0].notice.title == "a sentence"
    assert main.close()  # what is still at work is not waited for
    assert session.stopped
    assert saved
    hangs.set()
    wait_until(lambda: set(threading.enumerate()) <= threads, "the end of the threads")
    assert not display._timer.isActive()
    timers = main.findChildren(QTimer)
    main.deleteLater()
    with qtbot.waitSignal(main.destroyed):
        pass
    assert all(sip.isdeleted(one) for one in [display, viewport, *timers])
    assert main not in qapp.topLevelWidgets()


def test_a_stale_picture_says_nothing(window: MainWindow, session: FakeSession) -> None:
    session.show(make_view("lips", frame=make_frame(info=GRABBER)), GRABBER)
    window.display.refresh()
    assert window.live.headline.verdict.title == "Lips"
    session.now = replace(session.now, signal_age_s=2.0)
    for _ in range(6):
        window.display.tick()
    assert window.live.headline.spoken == ""
    assert {share for _, share in window.live.planes.texts()} == {"–"}
    session.now = replace(session.now, signal_age_s=0.0)
    for _ in range(6):
        window.display.tick()
    assert window.live.headline.verdict.title == "Lips"


def test_under_a_sheet_space_does_not_freeze(window: MainWindow, session: FakeSession) -> None:
    session.show(make_view())
    window.display.refresh()
    assert window.actions_set[Act.FREEZE].isEnabled()
    trigger(window, Act.SETTINGS)
    window.display.refresh()
    assert not window.actions_set[Act.FREEZE].isEnabled()
    trigger(window, Act.LEAVE)
    window.display.refresh()
    assert window.actions_set[Act.FREEZE].isEnabled()


def test_typing_a_name_does_not_press_the_keys_of_actions(
    qtbot: QtBot, window: MainWindow, settings: Settings
) -> None:
    trigger(window, Act.STREAM)
    sheet = window.questions.sheet
    assert isinstance(sheet, AskSheet)
    qtbot.keyClicks(sheet.line, "bhgcrt [f?")
    assert sheet.line.text() == "bhgcrt [f?"
    assert settings == Settings()


def test_reconnect_opens_the_same_source(window: MainWindow, session: FakeSession) -> None:
    session.show(make_view(frame=make_frame(info=GRABBER)), GRABBER, PlayState.LOST)
    window.display.refresh()
    trigger(window, Act.RECONNECT)
    assert session.calls[-1] == ("open", GRABBER.spec)


def test_a_crop_that_is_not_understood_is_a_notice(
    window: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**wishes: object) -> None:
        raise UsageError("the crop 'x' is not understood")

    monkeypatch.setattr(session, "configure", refuse)
    window.controller.change(crop="x")
    window.display.tick()
    assert window.toasts.shown[-1].notice.title == "the crop 'x' is not understood"


def test_freezing_keeps_the_newer_of_two_results_of_one_frame(
    window: MainWindow, session: FakeSession
) -> None:
    views = live_history(session)
    again = make_view("lips", frame=views[-1].frame)
    session.show(again, GRABBER)
    window.display.refresh()
    trigger(window, Act.FREEZE)
    assert window.controller.freeze.count == len(views)
    assert window.live.viewport.view is again
