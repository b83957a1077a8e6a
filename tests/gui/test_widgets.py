"""The painted widgets of the live page, each by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gui_fakes import EMPTY, GRABBER, RECORDING, STATS, make_card, make_frame, make_view, shares
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QSignalSpy
from pytestqt.qtbot import QtBot

from sonoassist.core.packets import State
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER, INDEX, PLANES
from sonoassist.gui.acts import Act
from sonoassist.gui.controls import KeyButton, Scrubber
from sonoassist.gui.fonts import family
from sonoassist.gui.headline import Headline
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.plane_list import PlaneList
from sonoassist.gui.status_line import DISCLAIMER, StatusLine, items_for
from sonoassist.gui.strip import Strip
from sonoassist.gui.theme import DARK, LIGHT, Look, contrast, scale_for
from sonoassist.gui.timeline import Timeline, clock
from sonoassist.gui.verdict import NOTHING, decide, strip_code
from sonoassist.live.status import PlayState


@pytest.fixture
def planes(qtbot: QtBot, look: Look) -> PlaneList:
    widget = PlaneList(look)
    qtbot.addWidget(widget)
    widget.resize(340, 14 * 60)
    return widget


def show(widget: PlaneList, key: str, confidence: float, state: State = State.PLANE) -> None:
    view = make_view(key, confidence, state)
    widget.show_shares(shares(key, confidence), decide(view, "raw", 0.7))


def test_the_order_never_follows_the_scores(planes: PlaneList) -> None:
    order = [plane.label for plane in DISPLAY_ORDER]
    for key in ("3vv", "brain_tv", "background"):
        show(planes, key, 0.9)
        assert [name for name, _ in planes.texts()] == order
        assert planes.texts()[order.index(BY_KEY[key].label)][1] == "90 %"


def test_the_numbers_are_the_frames_own_while_the_bars_follow(planes: PlaneList) -> None:
    show(planes, "femur", 0.9)
    at = DISPLAY_ORDER.index(BY_KEY["femur"])
    assert planes.texts()[at][1] == "90 %"
    assert planes.bars[at] == 0.0
    planes.advance(120.0)
    assert planes.bars[at] == pytest.approx(0.9 * (1 - 0.3679), abs=0.01)
    planes.advance(5000.0)
    planes.advance(16.0)
    assert planes.bars[at] == pytest.approx(0.9)


def test_the_winner_is_outlined_and_has_a_sign(planes: PlaneList) -> None:
    show(planes, "lips", 0.9)
    assert planes.winner() is BY_KEY["lips"]
    image = planes.grab().toImage()
    row = planes.row_rect(DISPLAY_ORDER.index(BY_KEY["lips"]))
    sign = image.pixelColor(15, int(row.center().y()))
    edge = image.pixelColor(int(row.center().x()), int(row.top()) + 1)
    assert sign == QColor(BY_KEY["lips"].colour)
    assert edge == QColor(BY_KEY["lips"].colour)


def test_nobody_wins_while_unsure(planes: PlaneList) -> None:
    show(planes, "lips", 0.4, State.UNSURE)
    assert planes.winner() is None
    show(planes, "background", 0.9, State.BACKGROUND)
    assert planes.winner() is BY_KEY["background"]


def test_without_a_result_there_are_no_numbers(planes: PlaneList) -> None:
    show(planes, "lips", 0.9)
    planes.show_shares(None, NOTHING)
    assert {share for _, share in planes.texts()} == {"–"}
    assert set(planes.bars) == {0.0}


def test_the_bar_has_the_planes_colour_and_a_threshold_tick(planes: PlaneList, look: Look) -> None:
    planes.set_threshold(0.7)
    show(planes, "3vv", 0.5, State.UNSURE)
    planes.advance(1e6)
    image = planes.grab().toImage()
    bar = planes.bar_rect(DISPLAY_ORDER.index(BY_KEY["3vv"]))
    middle = int(bar.center().y())
    assert image.pixelColor(int(bar.left() + bar.width() * 0.3), middle).name() == "#c678f2"
    assert image.pixelColor(int(bar.left() + bar.width() * 0.6), middle) == look.colour("raised")
    tick = round(bar.left() + bar.width() * 0.7)
    assert image.pixelColor(tick, middle) == look.colour("muted")


def test_the_headline_says_name_percentage_and_steadiness(qtbot: QtBot, look: Look) -> None:
    headline = Headline(look)
    qtbot.addWidget(headline)
    headline.resize(1100, 84)
    view = make_view("brain_tv", 0.97, frame=make_frame(50), since_s=0.2)
    headline.show_verdict(decide(view, "steady", 0.7))
    assert headline.spoken == "Brain (tv.), 97 %, steady for 1.8 s, Transventricular plane"
    assert headline.name_font_px() == 60
    headline.grab()


@pytest.mark.parametrize("state", [one for one in State if one is not State.PLANE])
def test_the_headline_is_grey_and_without_percentage_unless_sure(
    qtbot: QtBot, look: Look, state: State
) -> None:
    headline = Headline(look)
    qtbot.addWidget(headline)
    headline.resize(1100, 84)
    headline.show_verdict(decide(make_view("lips", 0.5, state), "steady", 0.7))
    assert headline.percent_text == ""
    image = headline.grab().toImage()
    seen = {image.pixelColor(x, y).name() for x in range(400) for y in range(84)}
    assert look.palette.text not in seen
    assert BY_KEY["lips"].colour not in seen


def test_the_headline_says_why_nothing_is_analysed(qtbot: QtBot, look: Look) -> None:
    headline = Headline(look)
    qtbot.addWidget(headline)
    headline.resize(400, 84)
    view = replace(make_view(), analysis=None, steady=None)
    headline.show_verdict(decide(view, "steady", 0.7), "no model is installed")
    assert headline.spoken == "Not analysed, no model is installed"
    assert headline.name_font_px() < 60
    headline.grab()


def fill(timeline: Timeline, keys: list[tuple[str, int]], info: object = RECORDING) -> None:
    index = 0
    for key, frames in keys:
        for _ in range(frames):
            state = State.BACKGROUND if key == "background" else State.PLANE
            view = make_view(key, 0.9, state, frame=make_frame(index, info=info))  # type: ignore[arg-type]
            timeline.add(view, strip_code(decide(view, "raw", 0.7)), info)  # type: ignore[arg-type]
            index += 1


def test_the_timeline_joins_equal_results() -> None:
    timeline = Timeline()
    fill(timeline, [("lips", 50), ("background", 25), ("femur", 25)])
    named = [one for one in timeline.segments() if one.code < len(PLANES)]
    assert [(one.code, one.start_s, round(one.end_s, 2)) for one in named] == [
        (INDEX["lips"], 0.0, 2.0),
        (INDEX["femur"], 3.0, 4.0),
    ]
    assert timeline.window() == (0.0, 20.0)


def test_a_live_timeline_is_the_last_minute_and_forgets() -> None:
    timeline = Timeline()
    fill(timeline, [("lips", 25 * 200)], GRABBER)
    start, end = timeline.window()
    assert end - start == 60.0
    assert end == pytest.approx(199.96)
    (only,) = timeline.segments()
    assert only.start_s >= start - 1.1


def test_another_source_starts_an_empty_timeline() -> None:
    timeline = Timeline()
    fill(timeline, [("lips", 10)])
    fill(timeline, [("femur", 1)], GRABBER)
    assert [one.code for one in timeline.segments()] == [INDEX["femur"]]


def test_a_click_on_the_strip_seeks_recordings_only(qtbot: QtBot, look: Look) -> None:
    strip, timeline = Strip(look), Timeline()
    qtbot.addWidget(strip)
    strip.resize(400, 48)
    fill(timeline, [("lips", 125), ("background", 25)])
    strip.set_timeline(timeline)
    picked = QSignalSpy(strip.picked)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(100, 10))
    assert not list(picked)
    strip.set_source(seekable=True, stills=False)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(100, 10))
    assert picked[0][0] == pytest.approx(5.0)
    strip.mark(2.0)
    image = strip.grab().toImage()
    assert image.pixelColor(10, 3).name() == BY_KEY["lips"].colour
    assert image.pixelColor(200, 10) == look.colour("raised")


def test_times_are_written_with_fixed_digits() -> None:
    assert [clock(0), clock(61.25), clock(3725.5)] == ["0:00.0", "1:01.2", "1:02:05.5"]


def test_the_scrubber_goes_where_it_is_pressed(qtbot: QtBot, look: Look) -> None:
    scrubber = Scrubber(look)
    qtbot.addWidget(scrubber)
    scrubber.resize(416, 32)
    scrubber.set_place(0, 101)
    moved = QSignalSpy(scrubber.moved)
    qtbot.mousePress(scrubber, Qt.MouseButton.LeftButton, pos=QPoint(208, 10))
    scrubber.set_place(3, 101)
    assert scrubber.value == 50
    qtbot.mouseMove(scrubber, QPoint(500, 10))
    qtbot.mouseRelease(scrubber, Qt.MouseButton.LeftButton, pos=QPoint(500, 10))
    assert [one[0] for one in moved] == [50, 100]
    scrubber.set_place(3, 101)
    assert scrubber.value == 3
    scrubber.grab()


def test_the_status_line_says_nothing_twice_of_a_single_picture() -> None:
    still = replace(RECORDING, kind="image", label="femur.png", frame_count=1)
    status = replace(EMPTY, source=still, play_state=PlayState.PLAYING)
    said = [item.text for item in items_for(status, "femur.png")]
    assert said.count("femur.png") == 1
    assert not any("dropped" in text for text in said)  # pictures of a folder wait
    folder = replace(status, source=replace(still, kind="folder", label="planes", frame_count=13))
    assert [item.text for item in items_for(folder, "femur.png")][:2] == ["planes", "femur.png"]


def test_a_single_picture_has_no_player(qtbot: QtBot, window: MainWindow) -> None:
    bar = window.live.transport.recording
    shown = {}
    for count in (1, 13, 1):
        source = replace(RECORDING, kind="folder" if count > 1 else "image", frame_count=count)
        status = replace(EMPTY, source=source, play_state=PlayState.PLAYING)
        bar.show_status(status, window.controller.settings)
        buttons = {one.act for one in bar.findChildren(KeyButton) if one.isVisibleTo(bar)}
        shown[count] = buttons, bar.seek.isVisibleTo(bar)
    assert shown[1] == ({Act.FREEZE}, False)
    assert shown[13][0] >= {Act.PLAY, Act.BACK, Act.FORWARD, Act.LOOP, Act.FASTER}
    assert shown[13][1]


def test_the_status_line_names_model_and_domain() -> None:
    stats = replace(STATS, boxes_hz=6.2)
    status = replace(EMPTY, play_state=PlayState.PLAYING, source=GRABBER, stats=stats)
    texts = [item.text for item in items_for(status)]
    assert texts == [
        "USB Capture HDMI",
        "1920×1080 @ 25",
        "25.0 fps",
        "labels 25 a second, boxes 6",
        "latency 38 / 71 ms",
        "dropped 3",
        "OpenVINO bf16 · CPU",
        "SonoNet-16 (published), not SonoNet-32",
        "uncalibrated",
        "boxes not measured",
    ]
    default = replace(status, card=make_card("sononet32"))
    assert items_for(default)[-3].text == "SonoNet-32 (published)"


@pytest.mark.parametrize("wide", [500, 700, 1024, 1920])
def test_the_disclaimer_never_goes(qtbot: QtBot, look: Look, wide: int) -> None:
    line = StatusLine(look)
    qtbot.addWidget(line)
    line.resize(wide, 30)
    source = replace(GRABBER, label="rtsp://a-very-long-host-name.example/with/a/long/path")
    line.show_status(replace(EMPTY, play_state=PlayState.PLAYING, source=source))
    metrics = line.fontMetrics()
    used = sum(metrics.horizontalAdvance(text) for text in line.fitting())
    assert used < wide - 200
    image = line.grab().toImage()
    panel = look.colour("panel")
    written = [x for x in range(wide) if image.pixelColor(x, 16) != panel]
    assert wide - 30 < max(written) < wide - 10
    assert any(
        image.pixelColor(x, y) == look.colour("warning")
        for x in range(wide - 260, wide)
        for y in range(30)
    )
    assert DISCLAIMER == "Research and training only. Not for diagnosis."


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_plane_names_can_be_read_on_both_themes(qtbot: QtBot, palette: object) -> None:
    look = Look(palette, 1.0, family())  # type: ignore[arg-type]
    back = look.colour("back")
    for plane in PLANES:
        assert contrast(look.ink(plane.colour), back) >= 4.5
    for name in ("text", "muted", "warning", "error", "info"):
        assert contrast(look.colour(name), back) >= 4.5


def test_sizes_follow_the_window() -> None:
    heights = (600, 768, 1080, 1440, 2160)
    assert [scale_for(height) for height in heights] == [0.9, 0.9, 1.0, 1.25, 2.0]
