"""How pictures come to the screen, and that a slow model never holds them up."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from gui_fakes import (
    BOX,
    GRABBER,
    FakeModels,
    FakeSession,
    make_frame,
    make_pixels,
    make_services,
    make_view,
)
from PyQt6.QtCore import QRectF, QSize
from PyQt6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from sonoassist.core.packets import Pixels, State
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER, INDEX
from sonoassist.core.settings import Settings
from sonoassist.gui import verdict as verdicts
from sonoassist.gui import viewport as viewports
from sonoassist.gui.compose import build
from sonoassist.gui.fitter import Fitted, fit
from sonoassist.gui.inset import inset_rect
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.verdict import FORGET_AFTER_S, SLOW, VerdictKind, ago, decide
from sonoassist.live.status import ModelState, PlayState, View
from waiting import wait_until

FEMUR = QColor(BY_KEY["femur"].colour)


def box_pixels(image: QImage, within: QRectF | None = None, without: QRectF | None = None) -> int:
    """Number of pixels in the colour of the femur's box, inside or outside of a rectangle."""
    grey = image.convertToFormat(QImage.Format.Format_RGB32)
    bits = grey.constBits()
    assert bits is not None
    bits.setsize(grey.sizeInBytes())
    pixels = np.array(bits).reshape(grey.height(), grey.width(), 4)[:, :, 2::-1]
    found = np.all(pixels == FEMUR.getRgb()[:3], axis=2)
    for rect, keep in ((within, True), (without, False)):
        if rect is not None:
            mask = np.zeros_like(found)
            box = rect.toAlignedRect().adjusted(-4, -40, 4, 4)
            mask[max(box.top(), 0) : box.bottom() + 1, max(box.left(), 0) : box.right() + 1] = True
            found &= mask if keep else ~mask
    return int(found.sum())


def late(session: FakeSession, age_frames: int = 8, **more: object) -> tuple[View, View]:
    """The picture is so many frames ahead of the last result."""
    result = make_view("femur", 0.93, frame=make_frame(100, info=GRABBER), **more)  # type: ignore[arg-type]
    raw = View(make_frame(100 + age_frames, info=GRABBER))
    session.result = result
    session.show(raw, GRABBER)
    return raw, result


# -- a model that is too slow -------------------------------------------------------------------


def test_the_live_picture_has_no_box_and_the_last_result_is_named_with_its_age(
    window: MainWindow, session: FakeSession
) -> None:
    raw, result = late(session)
    window.display.refresh()
    live = window.live
    assert live.viewport.view is raw
    verdict = live.headline.verdict
    assert (verdict.kind, verdict.title, verdict.plane, verdict.box) == (
        VerdictKind.PAST,
        "Femur",
        None,
        None,
    )
    assert live.headline.lines() == ["93 %, 0.4 s ago", SLOW]
    assert live.headline.percent_text == ""
    assert live.planes.winner() is None
    shares = dict(live.planes.texts())
    assert shares["Femur"] == "93 %"
    area = QRectF(live.viewport.rect())
    small = inset_rect(result, area, live.viewport.field_of(raw), window.look)
    assert small is not None
    image = live.viewport.grab().toImage()
    assert box_pixels(image, without=small) == 0
    assert box_pixels(image, within=small) > 0


def test_the_small_picture_is_the_one_its_box_belongs_to(
    window: MainWindow, session: FakeSession
) -> None:
    pixels = make_pixels(value=180)
    result = make_view("femur", 0.93, frame=make_frame(100, pixels, GRABBER))
    session.result = result
    session.show(View(make_frame(108, make_pixels(value=20), GRABBER)), GRABBER)
    window.display.refresh()
    viewport = window.live.viewport
    field = viewport.field_of(viewport.view)
    rect = inset_rect(result, QRectF(viewport.rect()), field, window.look)
    assert rect is not None
    assert not rect.intersects(field)
    image = viewport.grab().toImage()
    scale = rect.width() / 400
    edge = (round(rect.left() + BOX.left * scale), round(rect.top() + 0.75 * rect.height() * 0.8))
    near = {image.pixelColor(edge[0] + dx, edge[1]).name() for dx in range(-3, 4)}
    assert FEMUR.name() in near
    assert image.pixelColor(round(rect.left()) + 6, round(rect.bottom()) - 6).red() == 180
    assert image.pixelColor(round(viewport.width() / 2), round(viewport.height() / 4)).red() == 20


@pytest.mark.parametrize("state", [State.UNSURE, State.BACKGROUND])
def test_without_a_box_there_is_no_small_picture(
    window: MainWindow, session: FakeSession, state: State
) -> None:
    late(session, state=state)
    window.display.refresh()
    assert window.live.headline.verdict.kind is VerdictKind.PAST
    image = window.live.viewport.grab().toImage()
    corner = image.pixelColor(image.width() - 60, image.height() - 60)
    assert corner in (QColor(60, 60, 60), window.look.colour("well"))


def test_the_box_key_turns_the_small_picture_off(
    window: MainWindow, session: FakeSession, settings: Settings
) -> None:
    late(session)
    window.controller.flip("show_box")
    window.display.refresh()
    assert box_pixels(window.live.viewport.grab().toImage()) == 0


def test_an_old_result_is_not_named_any_more(window: MainWindow, session: FakeSession) -> None:
    late(session, age_frames=int(FORGET_AFTER_S * 25) + 1)
    window.display.refresh()
    assert window.live.headline.spoken == f"Not analysed, {SLOW}"
    assert {share for _, share in window.live.planes.texts()} == {"–"}
    assert box_pixels(window.live.viewport.grab().toImage()) == 0


def test_while_a_model_is_loaded_nothing_of_the_past_is_said(
    window: MainWindow, session: FakeSession
) -> None:
    late(session)
    session.now = replace(session.now, model_state=ModelState.LOADING, card=None)
    window.display.refresh()
    assert window.live.headline.verdict.title == "Not analysed"
    assert {share for _, share in window.live.planes.texts()} == {"–"}


def test_a_frozen_picture_shows_its_own_result_only(
    window: MainWindow, session: FakeSession
) -> None:
    _, result = late(session)
    session.past = (result,)
    window.display.refresh()
    window.controller.toggle_freeze()
    live = window.live
    assert live.viewport.view is not result
    assert live.headline.spoken == "Not analysed yet, it is being analysed"
    assert session.looked_back[1] == 1
    assert box_pixels(live.viewport.grab().toImage()) == 0
    window.controller.step(-1)
    assert live.viewport.view is result
    assert live.headline.verdict.kind is VerdictKind.PLANE
    assert box_pixels(live.viewport.grab().toImage()) > 0


def test_under_a_card_nothing_is_said(window: MainWindow, session: FakeSession) -> None:
    late(session)
    session.now = replace(session.now, play_state=PlayState.LOST)
    window.display.refresh()
    assert window.live.headline.spoken == ""
    assert box_pixels(window.live.viewport.grab().toImage()) == 0


def test_the_strip_gets_the_results_and_goes_on_with_the_picture(
    window: MainWindow, session: FakeSession
) -> None:
    for at in range(0, 50, 10):
        session.result = make_view("femur", frame=make_frame(at, info=GRABBER))
        for index in range(at, at + 10):
            session.show(View(make_frame(index, info=GRABBER)), GRABBER)
            window.display.tick()
    timeline = window.display._timeline
    assert timeline.now_s == pytest.approx(49 / 25)
    segments = timeline.segments()
    assert [(one.code, round(one.start_s, 2), round(one.end_s, 2)) for one in segments] == [
        (INDEX["femur"], 0.0, 1.64)
    ]


@pytest.mark.parametrize(
    ("age_s", "words"), [(0.01, "0.1 s ago"), (0.4, "0.4 s ago"), (1.2, "1.5 s ago")]
)
def test_ages_are_never_flattered(age_s: float, words: str) -> None:
    assert ago(age_s) == words


# -- the way of a picture -----------------------------------------------------------------------


@pytest.fixture
def running(qtbot: QtBot, session: FakeSession) -> Iterator[MainWindow]:
    """A window whose display runs by itself, as in the program."""
    main = build(session, make_services(FakeModels(), []), Settings(), [], 800)
    qtbot.addWidget(main)
    main.resize(1280, 800)
    main.show()
    main.begin()
    qtbot.waitUntil(lambda: not main.controller.jobs.busy)
    yield main
    main.close()


def test_pictures_are_scaled_on_the_fitters_thread_only(
    qtbot: QtBot, running: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[View] = []
    running.live.viewport.painted.connect(painted.append)
    session.show(make_view(frame=make_frame(0)))
    qtbot.waitUntil(lambda: len(painted) == 1)
    threads: list[str] = []

    def watched(*args: object) -> object:
        threads.append(threading.current_thread().name)
        return fit(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(viewports, "fit", watched)
    monkeypatch.setattr("sonoassist.gui.fitter.fit", watched)
    for index in range(1, 8):
        view = make_view(frame=make_frame(index, make_pixels(value=index)))
        session.show(view)
        for watcher in session.watchers:
            watcher(view)
        qtbot.waitUntil(lambda count=index + 1: len(painted) == count)  # type: ignore[misc]
        assert painted[-1] is view
    assert set(threads) == {"fitter"}
    assert len(threads) == 7


def test_everything_said_changes_together_with_the_picture(
    qtbot: QtBot, running: MainWindow, session: FakeSession
) -> None:
    first = make_view("lips", frame=make_frame(0))
    session.show(first)
    qtbot.waitUntil(lambda: running.live.viewport.view is first)
    mismatches: list[str] = []

    def compare(view: View) -> None:
        said = running.live.headline.verdict
        if said.plane is None or view.analysis is None:
            mismatches.append("nothing said")
        elif said.plane is not view.analysis.prediction.plane:
            mismatches.append(f"{said.plane.key} over {view.analysis.prediction.plane.key}")

    running.live.viewport.painted.connect(compare)
    keys = [plane.key for plane in DISPLAY_ORDER if not plane.is_background]
    for index in range(1, 30):
        view = make_view(keys[index % 13], frame=make_frame(index, make_pixels(value=index)))
        session.show(view)
        with qtbot.waitSignal(running.live.viewport.painted):
            for watcher in session.watchers:
                watcher(view)
    assert mismatches == []


@pytest.mark.parametrize("refreshed_at", [None, 3, 4])
def test_pictures_that_come_faster_than_they_are_scaled_are_drawn_all_the_same(
    qtbot: QtBot,
    running: MainWindow,
    session: FakeSession,
    monkeypatch: pytest.MonkeyPatch,
    refreshed_at: int | None,
) -> None:
    """Also when all is drawn again, as after a setting was changed, while one is scaled."""
    painted: list[View] = []
    running.live.viewport.painted.connect(painted.append)
    first = make_view("lips", frame=make_frame(0))
    session.show(first)
    qtbot.waitUntil(lambda: painted == [first])
    views = [make_view("lips", frame=make_frame(index, make_pixels())) for index in range(1, 30)]
    coming = iter(views)

    def bring(view: View | None) -> None:
        if view is not None:
            session.show(view)
            for watcher in session.watchers:
                watcher(view)

    scaled = itertools.count()
    refreshed: list[bool] = []
    running.display.status_read.connect(lambda _status: refreshed.append(True))

    def slow(*args: object) -> object:
        bring(next(coming, None))
        wait_until(lambda: not running.display._wake_waits)  # the window knows of it
        if next(scaled) == refreshed_at:
            refreshed.clear()
            running.controller.freeze_changed.emit()
            wait_until(lambda: bool(refreshed))
        return fit(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("sonoassist.gui.fitter.fit", slow)
    bring(next(coming))
    qtbot.waitUntil(lambda: painted[-1] is views[-1])
    numbers = [view.frame.index for view in painted]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 10


def test_a_picture_wanted_in_another_size_while_the_small_one_is_scaled_is_drawn(
    qtbot: QtBot, running: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewport = running.live.viewport
    first, second, third = (make_view("lips", frame=make_frame(index)) for index in range(3))
    session.show(first)
    qtbot.waitUntil(lambda: viewport.view is first)
    wanted = {"large": QSize(60, 40), "small": QSize(20, 15)}
    there: dict[str, Fitted] = {}

    def missing(view: View, _past: object) -> dict[str, tuple[View, QSize]]:
        return {
            role: (view, size)
            for role, size in wanted.items()
            if role not in there or not there[role].is_of(view.frame.pixels, size)
        }

    def scaled(pixels: Pixels, size: QSize) -> Fitted:
        if size == wanted["small"] and wanted["large"].width() == 60:
            wait_until(lambda: "large" in there)
            wanted["large"] = QSize(70, 50)
        return fit(pixels, size)

    monkeypatch.setattr(viewport, "fit_sizes", missing)
    monkeypatch.setattr(viewport, "offer", there.__setitem__)
    monkeypatch.setattr("sonoassist.gui.fitter.fit", scaled)
    for view in (second, third):
        session.show(view)
        for watcher in session.watchers:
            watcher(view)
        qtbot.waitUntil(lambda view=view: viewport.view is view)  # type: ignore[misc]


class Wakes:
    """Counts how often a worker wakes the GUI thread."""

    def __init__(self, window: MainWindow, session: FakeSession) -> None:
        self.count = 0
        self._session = session
        window.display._woken.connect(self._woken)

    def _woken(self) -> None:
        self.count += 1

    def by(self, view: View) -> int:
        """How often it is woken by one picture or result."""
        before = self.count
        for watcher in self._session.watchers:
            watcher(view)
        return self.count - before


def test_captured_pictures_wake_the_window_only_where_they_are_drawn_without_a_result(
    qtbot: QtBot, running: MainWindow, session: FakeSession
) -> None:
    first = make_view("lips", frame=make_frame(0))
    session.show(first)
    qtbot.waitUntil(lambda: running.live.viewport.view is first)
    wakes = Wakes(running, session)
    second = make_view("lips", frame=make_frame(1))
    raw = View(second.frame)
    assert wakes.by(raw) == 0  # the analysis keeps up: its result will come
    session.show(second)
    assert wakes.by(second) == 1
    qtbot.waitUntil(lambda: running.live.viewport.view is second)
    behind = View(make_frame(2))
    session.result = second
    session.show(behind)
    assert wakes.by(behind) == 1  # it goes on without results
    qtbot.waitUntil(lambda: running.live.viewport.view is behind)
    assert wakes.by(View(make_frame(3))) == 1  # no model: what is shown has no result either
    session.view = None
    qtbot.waitUntil(lambda: not running.display._wake_waits)
    assert wakes.by(View(make_frame(4))) == 1


def test_a_picture_is_scaled_while_it_is_analysed(
    qtbot: QtBot, running: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[View] = []
    running.live.viewport.painted.connect(painted.append)
    first = make_view("lips", frame=make_frame(0))
    session.show(first)
    qtbot.waitUntil(lambda: painted == [first])
    fitter, size = running.display._fitter, running.live.viewport.picture_size(first)
    frames = [make_frame(index, make_pixels(value=40 * index)) for index in (1, 2, 3)]
    for frame in frames[:2]:
        for watcher in session.analysis_watchers:
            watcher(frame)
        wait_until(lambda frame=frame: fitter.prepared(frame.pixels, size))  # type: ignore[misc]
    scaled: list[object] = []

    def watched(*args: object) -> object:
        scaled.append(args[0])
        return fit(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(viewports, "fit", watched)
    monkeypatch.setattr("sonoassist.gui.fitter.fit", watched)
    for number, frame in enumerate(frames, 1):
        view = make_view("lips", frame=frame)
        session.show(view)
        for watcher in session.watchers:
            watcher(view)
        qtbot.waitUntil(lambda count=number + 1: len(painted) == count)  # type: ignore[misc]
        assert painted[-1] is view
        image = running.live.viewport.grab().toImage()
        corner = image.pixelColor(image.width() // 2, image.height() // 4)
        assert corner.red() == 40 * number  # its own picture, never one that was prepared
    assert scaled == [frames[2].pixels]


def test_only_what_is_drawn_with_its_result_is_scaled_ahead(
    window: MainWindow, session: FakeSession
) -> None:
    def target() -> object:
        return window.display._target

    session.show(make_view("lips"))
    window.display.refresh()
    assert target() is not None
    session.past = (make_view("lips"),)
    window.controller.toggle_freeze()
    assert target() is None
    window.controller.thaw()
    assert target() is not None
    late(session)
    window.display.refresh()
    assert target() is None


def test_each_picture_is_decided_once(
    window: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: list[View] = []

    def watched(view: View, *rules: object, moving: bool) -> verdicts.Verdict:
        decided.append(view)
        return decide(view, *rules, moving=moving)  # type: ignore[arg-type]

    monkeypatch.setattr(verdicts, "decide", watched)
    shown = [make_view("lips", frame=make_frame(index)) for index in range(6)]
    for view in shown:
        session.show(view)
        for _ in range(4):
            window.display.tick()
    assert decided == shown
    raw, result = late(session)
    window.display.tick()
    window.display.tick()
    assert decided == [*shown, result, raw]
    window.controller.change(threshold=0.95)  # other rules
    assert decided == [*shown, result, raw, result, raw]
    assert window.live.headline.verdict.plane is None


def test_a_picture_of_a_source_left_while_it_was_scaled_is_not_drawn(
    qtbot: QtBot, running: MainWindow, session: FakeSession
) -> None:
    old = make_view("lips", frame=make_frame(0))
    session.show(old)
    running.display.tick()
    session.view = None
    session.close_source()
    running.display.refresh()
    running.display._fitter.stop()
    running.display._on_fitted()
    assert running.live.viewport.view is None


def test_stopping_the_display_ends_its_thread_and_its_watching(
    running: MainWindow, session: FakeSession
) -> None:
    assert session.watchers
    running.display.stop()
    assert session.watchers == []
    assert "fitter" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("state", [one for one in State if not one.judged])
def test_of_what_is_not_analysed_no_plane_has_a_bar(
    window: MainWindow, session: FakeSession, state: State
) -> None:
    session.show(make_view("lips", 0.99, state))
    window.display.refresh()
    live = window.live
    assert live.headline.verdict.kind is VerdictKind(state.value)
    assert live.planes.winner() is None
    assert not any("99" in text for _, text in live.planes.texts())


def test_rows_that_look_the_same_are_not_painted_again(
    qtbot: QtBot, window: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.show(make_view("lips", 0.9))
    window.display.refresh()
    planes = window.live.planes
    planes.advance(1e6)
    planes.advance(1e6)
    window.grab()
    painted: list[object] = []
    monkeypatch.setattr(planes, "update", lambda *args: painted.append(args))
    planes.show_shares(session.view.analysis.prediction.probabilities, window.live.headline.verdict)
    assert painted == []
    session.show(make_view("lips", 0.89))
    window.display.tick()
    planes.advance(1e6)
    at = DISPLAY_ORDER.index(BY_KEY["lips"])
    assert (planes.row_rect(at).toAlignedRect(),) in painted
    assert len(set(map(str, painted))) < 4


def test_the_headline_is_painted_again_only_when_it_reads_otherwise(
    window: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.show(make_view("lips", 0.901))
    window.display.refresh()
    painted: list[object] = []
    monkeypatch.setattr(window.live.headline, "update", lambda *args: painted.append(args))
    session.show(make_view("lips", 0.904))
    window.display.tick()
    assert painted == []
    session.show(make_view("lips", 0.95))
    window.display.tick()
    assert len(painted) == 1
