"""Counts of a folder end at N of N, its pictures have names; what is missing is tried again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gui_fakes import EMPTY, RECORDING, FakeSession, make_frame, make_view
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from sonoassist.gui.acts import Act
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.screens import screen_for
from sonoassist.gui.status_line import StatusLine, items_for
from sonoassist.gui.strip import Strip, still_ticks
from sonoassist.gui.theme import Look
from sonoassist.gui.timeline import STILL_S
from sonoassist.live.status import PlayState

FOLDER = replace(
    RECORDING,
    source_id="folder",
    spec="exams/stills",
    label="stills",
    kind="folder",
    fps=None,
    frame_count=13,
    duration_s=None,
)


@given(st.integers(1, 2000))
def test_an_axis_of_pictures_begins_at_the_first_and_ends_at_the_last(count: int) -> None:
    numbers = [int(at_s / STILL_S) + 1 for at_s in still_ticks(0.0, count * STILL_S)]
    assert (numbers[0], numbers[-1]) == (1, count)
    assert numbers == sorted(set(numbers))
    assert len(numbers) <= 5


@pytest.mark.parametrize("index", [0, 6, 12])
def test_a_folder_counts_to_its_last_picture_and_names_it(
    qtbot: QtBot, window: MainWindow, session: FakeSession, index: int
) -> None:
    assert FOLDER.stills
    name = f"a very long name of a patient's picture {'x' * 200} {index}.png"
    frame = replace(make_frame(info=FOLDER), index=index, name=name, still=True)
    session.show(make_view(frame=frame), FOLDER)
    session.now = replace(session.now, index=index)
    window.display.refresh()
    bar = window.live.transport.recording
    assert bar.name.text() == name
    assert bar.name.width() <= max(bar.width() // 4, bar.name.minimumSizeHint().width())
    assert bar.name.shown_text().endswith(".png")
    strip = window.live.strip
    texts = [strip._time_text(at, 13.0) for at in strip._ticks(0.0, 13.0)]
    assert (texts[0], texts[-1]) == ("picture 1", "picture 13")


def test_a_long_name_leaves_room_in_the_status_line(qtbot: QtBot, look: Look) -> None:
    line = StatusLine(look)
    qtbot.addWidget(line)
    line.resize(1024, 30)
    source = replace(RECORDING, label=f"{'long name ' * 60}.mp4")
    line.show_status(replace(EMPTY, play_state=PlayState.PLAYING, source=source))
    assert len(line.fitting()) > 1
    assert line.fitting()[0].endswith(".mp4")
    whole = " ".join(line.fitting())
    assert line.fontMetrics().horizontalAdvance(whole) < 1024
    assert [one.text for one in items_for(replace(EMPTY, source=source), "a\nb.png")][
        1
    ] == "a b.png"


def test_a_short_status_line_says_less_and_cuts_nothing_to_bits(qtbot: QtBot, look: Look) -> None:
    line = StatusLine(look)
    qtbot.addWidget(line)
    source = replace(RECORDING, label="exam of the morning.mp4", detail="25 fps · 640 × 480")
    line.show_status(replace(EMPTY, play_state=PlayState.PLAYING, source=source))
    for wide in range(line.minimumWidth(), 1200, 7):
        line.resize(wide, 30)
        cut = [text for text in line.fitting() if "…" in text]
        assert all(len(text) > 8 and text.endswith(".mp4") for text in cut), wide
    assert len(line.fitting()) > 2


@pytest.mark.parametrize("state", [PlayState.FAILED, PlayState.LOST])
def test_what_is_missing_can_be_tried_again_or_left_for_another(state: PlayState) -> None:
    card = screen_for(replace(EMPTY, play_state=state), False, None).card
    assert card is not None
    assert card.acts[:2] == (Act.RECONNECT, Act.DEVICES)
    assert card.names[0] == "Try again"
    assert "nother" in card.names[1]
    assert len(card.names) == len(card.acts)


def test_a_source_that_could_not_be_opened_is_opened_again(
    window: MainWindow, session: FakeSession
) -> None:
    window.controller.open("device:Gone")
    session.now = replace(session.now, play_state=PlayState.FAILED, source=None)
    window.display.refresh()
    assert window.actions_set[Act.RECONNECT].isEnabled()
    window.actions_set[Act.RECONNECT].trigger()
    assert session.calls[-2:] == [("open", "device:Gone")] * 2


def test_a_strip_of_one_picture(look: Look) -> None:
    strip = Strip(look)
    strip.set_source(seekable=True, stills=True)
    assert [strip._time_text(at, 1.0) for at in strip._ticks(0.0, 1.0)] == ["picture 1"]
