from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from live_fakes import BandEngine, MadeSource, Start, band_analyser, band_in, banded

from sonoassist.core.errors import DamagedFrameError, SourceError, UsageError
from sonoassist.core.packets import Box, Frame
from sonoassist.core.planes import PLANES
from sonoassist.live import capture
from sonoassist.live.player import Pacer
from sonoassist.live.session import LiveSession
from sonoassist.live.status import Level, ModelState, PlayState, View
from sonoassist.localise.choice import Localiser
from sonoassist.temporal.hint_meter import HintMeter
from waiting import wait_until


def wait_for(session: LiveSession, state: PlayState) -> None:
    wait_until(lambda: session.status().play_state is state, state.value)


def wait_for_result(session: LiveSession, index: int) -> View:
    """Wait for the newest view to be the result of frame `index`."""

    def there() -> bool:
        view = session.newest()
        return view is not None and view.analysis is not None and view.frame.index == index

    wait_until(there, f"the result of frame {index}")
    view = session.newest()
    assert view is not None
    return view


def assert_own_result(view: View) -> None:
    assert view.analysis is not None
    assert view.analysis.frame is view.frame
    assert view.analysis.prediction.frame_id == view.frame.frame_id
    assert view.analysis.localisation.frame_id == view.frame.frame_id
    assert view.analysis.prediction.plane_index == band_in(view.frame.pixels)
    assert view.steady is not None


def test_an_empty_session(start: Start) -> None:
    session = start()
    status = session.status()
    assert (status.play_state, status.model_state) == (PlayState.EMPTY, ModelState.MISSING)
    assert session.newest() is None
    assert len(session.history()) == 0
    for act in (session.play, session.pause, session.toggle, session.close_source):
        act()
    session.step(1)
    session.seek(5)
    session.seek_time(5.0)
    session.stop()
    assert session.status().play_state is PlayState.EMPTY
    assert session.notices.take() == []


def test_every_frame_loses_nothing(start: Start) -> None:
    session = start(film=[MadeSource(300, fps=5000)])
    session.set_every_frame(True)
    session.load_model(band_analyser)
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("film")
    wait_until(lambda: session.status().stats.analysed == 300)
    wait_for(session, PlayState.ENDED)
    views = session.history()
    assert [view.frame.index for view in views] == list(range(300))
    for view in views:
        assert_own_result(view)
    assert session.status().stats.dropped == 0
    assert session.status().stats.captured == 300


def test_a_flood_never_mixes_up_frames_and_results(start: Start) -> None:
    engine = BandEngine()

    def before() -> None:
        if engine.runs == 0:  # so that some are dropped, however quick this computer is
            wait_until(lambda: session.status().stats.captured >= 10)

    engine.before = before
    session = start(flood=[MadeSource(4000, kind="stream")])
    wait_until(lambda: session.status().model_state is ModelState.MISSING)
    session.load_model(lambda: band_analyser(engine))
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("flood")
    newest = []

    def all_there() -> bool:
        newest.append(session.newest())
        stats = session.status().stats
        return stats.captured == 4000 and stats.analysed + stats.dropped == 4000

    wait_until(all_there)
    assert session.status().stats.dropped > 0
    everything = session.history()
    assert [view.frame.index for view in everything] == list(range(4000))  # also what was dropped
    views = [view for view in everything if view.analysis is not None]
    assert len(views) == session.status().stats.analysed
    ids = [view.frame.frame_id for view in views]
    assert ids == sorted(set(ids))
    assert ids[-1] == 3999
    for view in (*views, *(one for one in newest if one is not None and one.analysis)):
        assert_own_result(view)


def test_a_frame_that_was_read_ahead_is_captured_when_it_is_due(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [100.0]
    read_at_s: list[float] = []
    source = MadeSource(6, fps=20, script=lambda index: read_at_s.append(now_s[0]))
    session = start(film=[source])
    monkeypatch.setattr(capture, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    session._capture._pacer = Pacer(lambda: now_s[0])
    captured: list[Frame] = []
    session.watch(lambda view: captured.append(view.frame))
    session.open("film")
    for index in range(6):
        wait_until(lambda index=index: len(captured) == index + 1)  # type: ignore[misc]
        wait_until(lambda index=index: len(read_at_s) == min(index + 2, 6))  # type: ignore[misc]
        now_s[0] += 0.0501  # a frame's interval
    wait_for(session, PlayState.ENDED)
    assert [frame.index for frame in captured] == list(range(6))
    captured_at_s = [frame.captured_at_s for frame in captured]
    assert captured_at_s == pytest.approx([100.0 + 0.0501 * index for index in range(6)])
    assert read_at_s == [captured_at_s[0], *captured_at_s[:-1]]  # one ahead of what is shown


def test_pause_step_and_seek(start: Start) -> None:
    session = start(film=[MadeSource(100_000, fps=25)])
    session.load_model(band_analyser)
    session.open("film")
    wait_until(lambda: session.newest() is not None)
    session.pause()
    wait_for(session, PlayState.PAUSED)
    for act, expected in (
        (lambda: session.seek(50), 50),
        (lambda: session.step(1), 51),
        (lambda: session.step(1), 52),
        (lambda: session.step(-3), 49),
        (lambda: session.step(-1000), 0),
        (lambda: session.step(1_000_000), 99_999),
        (lambda: session.seek(-5), 0),
        (lambda: session.seek(7), 7),
    ):
        act()
        view = wait_for_result(session, expected)
        assert_own_result(view)
        assert session.status().play_state is PlayState.PAUSED
        assert (session.status().index, session.status().time_s) == (expected, expected / 25)
    session.toggle()
    wait_for(session, PlayState.PLAYING)
    wait_until(lambda: session.status().index > 8)
    session.seek(60)
    wait_until(lambda: session.status().index >= 60)
    assert session.status().play_state is PlayState.PLAYING
    session.toggle()
    wait_for(session, PlayState.PAUSED)


def test_a_time_is_that_of_the_frame_whatever_the_rate(start: Start) -> None:
    # 20 frames in the first second, then one a second: 21.5 s at nominally 25 frames a second.
    times_s = [*(n / 20 for n in range(20)), *(1.0 + n for n in range(20))]
    session = start(
        film=[MadeSource(40, fps=25, times_s=times_s), MadeSource(500, fps=25)],
        scan=[MadeSource(kind="stream", count=1)],
    )
    session.load_model(band_analyser)
    session.open("film")
    wait_until(lambda: session.newest() is not None)
    session.pause()
    wait_for(session, PlayState.PAUSED)
    wanted = ((0.5, 10), (0.99, 19), (1.0, 20), (7.9, 26), (8.0, 27), (99.0, 39), (-1.0, 0))
    for time_s, expected in wanted:
        session.seek_time(time_s)
        view = wait_for_result(session, expected)
        assert_own_result(view)
        assert view.frame.time_s == times_s[expected]
        assert session.status().play_state is PlayState.PAUSED
    session.open("film")
    session.seek_time(5.0)
    wait_until(lambda: session.status().index >= 125)
    assert session.status().play_state is PlayState.PLAYING
    session.open("scan")
    session.seek_time(5.0)  # what is live has no time to go to
    wait_until(lambda: plays_live(session))


def plays_live(session: LiveSession) -> bool:
    status = session.status()
    live = status.source is not None and status.source.live
    return live and status.play_state is PlayState.PLAYING


def test_a_jump_starts_the_steady_label_anew(start: Start) -> None:
    session = start(film=[MadeSource(100, fps=25)])
    session.load_model(band_analyser)
    session.open("film")
    session.pause()
    session.seek(3)
    wait_for_result(session, 3)
    for index in (10, 20, 12):  # well below the gap in time that starts anew by itself
        session.seek(index)
        view = wait_for_result(session, index)
        assert view.steady is not None
        assert view.analysis is not None
        np.testing.assert_array_equal(
            view.steady.probabilities, view.analysis.prediction.probabilities
        )
    session.step(1)
    view = wait_for_result(session, 13)
    assert view.steady is not None
    assert int(np.argmax(view.steady.probabilities)) == band_in(banded(12))  # 40 ms of smoothing


def test_stepping_from_play_holds(start: Start) -> None:
    session = start(film=[MadeSource(1000, fps=25)])
    session.open("film")
    wait_until(lambda: session.status().index > 0)
    session.step(-1)
    wait_for(session, PlayState.PAUSED)


def test_the_end_and_playing_again(start: Start) -> None:
    reads: list[int] = []
    source = MadeSource(20, script=reads.append)
    session = start(film=[source])
    session.open("film")
    wait_for(session, PlayState.ENDED)
    assert session.status().index == 19
    session.play()
    wait_until(lambda: len(reads) == 40)
    assert source.seeks == [0]
    wait_for(session, PlayState.ENDED)
    session.seek(5)
    wait_until(lambda: session.status().index == 5)
    wait_for(session, PlayState.PAUSED)


def test_a_loop_loses_no_frame(start: Start) -> None:
    engine, source = BandEngine(), MadeSource(5)
    session = start(film=[source])
    session.set_loop(True)
    session.set_every_frame(True)
    session.load_model(lambda: band_analyser(engine))
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("film")
    wait_until(lambda: len(source.seeks) >= 4)
    session.set_loop(False)
    wait_for(session, PlayState.ENDED)
    wait_until(lambda: engine.runs == 5 * (len(source.seeks) + 1))


def test_speed_reaches_the_pacer(start: Start) -> None:
    session = start(film=[MadeSource(10)])
    session.set_speed(4.0)
    wait_until(lambda: session._capture._pacer.speed == 4.0)


def test_pictures_wait_to_be_looked_at(start: Start) -> None:
    session = start(album=[MadeSource(3, fps=1, kind="folder")])
    session.load_model(band_analyser)
    session.open("album")
    wait_for_result(session, 0)
    assert session.status().play_state is PlayState.PAUSED
    session.step(1)
    assert_own_result(wait_for_result(session, 1))


def test_a_damaged_frame_is_said_once_and_left_out(start: Start) -> None:
    def script(index: int) -> None:
        if index == 10:
            raise DamagedFrameError("frame 10 is damaged", "It is left out")

    session = start(film=[MadeSource(30, script=script)])
    session.set_every_frame(True)
    session.load_model(band_analyser)
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("film")
    wait_for(session, PlayState.ENDED)
    wait_until(lambda: session.status().stats.analysed == 29)
    assert [view.frame.index for view in session.history()] == [*range(10), *range(11, 30)]
    (notice,) = session.notices.take()
    assert (notice.level, notice.title) == (Level.WARNING, "frame 10 is damaged")


@pytest.mark.parametrize("damaged", [{0}, {1}, {1, 2}])
def test_stepping_over_damaged_pictures(start: Start, damaged: set[int]) -> None:
    def script(index: int) -> None:
        if index in damaged:
            raise DamagedFrameError(f"picture {index} is damaged")

    session = start(album=[MadeSource(5, fps=1, kind="folder", script=script)])
    session.load_model(band_analyser)
    session.open("album")
    good = [index for index in range(5) if index not in damaged]
    for index in good:
        wait_for_result(session, index)
        session.step(1)


def test_a_source_that_cannot_go_on(start: Start) -> None:
    def script(index: int) -> None:
        if index == 10:
            raise SourceError("the disk is gone", "Copy it again")

    session = start(film=[MadeSource(30, script=script)])
    session.load_model(band_analyser)
    session.open("film")
    wait_for(session, PlayState.ENDED)
    assert "the disk is gone" in session.status().play_message
    assert [notice.title for notice in session.notices.take()] == ["the disk is gone"]


def test_a_source_that_cannot_be_opened(start: Start) -> None:
    session = start(film=[MadeSource(5)])
    session.open("nothing")
    wait_for(session, PlayState.FAILED)
    assert "there is no nothing" in session.status().play_message
    (notice,) = session.notices.take()
    assert (notice.title, notice.hint) == ("there is no nothing", "Check the name")
    assert session.newest() is None
    session.open("film")
    wait_for(session, PlayState.ENDED)


def test_a_source_with_a_bug_is_reported(start: Start) -> None:
    session = start(film=[ZeroDivisionError("oops"), MadeSource(5)])
    session.open("film")
    wait_for(session, PlayState.FAILED)
    (notice,) = session.notices.take()
    assert "oops" in notice.title
    assert "Traceback" in notice.details
    session.open("film")
    wait_for(session, PlayState.ENDED)


def test_closing_the_source(start: Start) -> None:
    source = MadeSource(1000, fps=25)
    session = start(film=[source])
    session.open("film")
    wait_until(lambda: session.newest() is not None)
    session.close_source()
    wait_for(session, PlayState.EMPTY)
    assert source.closed
    assert session.newest() is None
    wait_until(lambda: len(session.history()) == 0)  # forgotten just behind the change of state


def test_other_options_look_at_the_held_frame_again(start: Start) -> None:
    engine = BandEngine()
    session = start(film=[MadeSource(100, fps=25)])
    session.load_model(lambda: band_analyser(engine))
    session.open("film")
    session.pause()
    session.seek(3)
    first = wait_for_result(session, 3)
    wait_for(session, PlayState.PAUSED)
    session.configure(crop="0,0,42,64")  # the left half: the band is at another place in it
    wait_until(lambda: session.newest() is not first)
    second = session.newest()
    assert second is not None
    assert second.frame is first.frame
    assert second.analysis is not None
    assert second.analysis.geometry.crop == Box(0, 0, 42, 64)
    assert second.analysis.prediction.plane_index == 6
    # The steady label belongs to what is seen now, not to the crop before.
    assert second.steady is not None
    np.testing.assert_array_equal(
        second.steady.probabilities, second.analysis.prediction.probabilities
    )
    assert second.steady.plane is PLANES[6]
    session.configure(threshold=0.9999)
    wait_until(lambda: session.newest() is not second)
    third = session.newest()
    assert third is not None
    assert third.steady is not None
    assert third.steady.plane is None
    assert [view.frame.index for view in session.history()].count(3) == 1


def test_another_localiser_looks_at_the_held_frame_again(start: Start) -> None:
    session = start(film=[MadeSource(100, fps=25)])
    analyser = band_analyser(BandEngine())
    session.load_model(lambda: analyser)
    session.open("film")
    session.pause()
    session.seek(3)
    first = wait_for_result(session, 3)
    wait_for(session, PlayState.PAUSED)
    session.configure(localiser="paper")
    wait_until(lambda: session.newest() is not first)
    assert analyser.options.localiser is Localiser.PAPER


def test_nonsense_is_refused_and_changes_nothing(start: Start) -> None:
    session = start(film=[MadeSource(100, fps=25)])
    session.load_model(band_analyser)
    session.configure(crop="full")
    with pytest.raises(UsageError):
        session.configure(crop="the middle")
    session.open("film")
    session.pause()
    session.seek(3)
    assert_own_result(wait_for_result(session, 3))


def test_each_result_has_the_hints_of_its_own_picture(start: Start) -> None:
    session = start(film=[MadeSource(100, fps=25)])
    session.load_model(band_analyser)
    session.open("film")
    session.pause()
    for index in (0, 7, 13):
        session.seek(index)
        view = wait_for_result(session, index)
        assert view.analysis is not None
        assert view.hints == HintMeter().measure(view.analysis)
        assert view.steady_hints == ()  # nothing has stood for a while


def test_hints_come_when_they_have_stood(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live_fakes.banded", lambda number: banded(0))
    session = start(film=[MadeSource(100, fps=25)])
    session.load_model(band_analyser)
    session.open("film")
    session.pause()
    session.seek(0)
    wait_for_result(session, 0)
    shown = []
    for index in range(1, 40):
        session.step(1)
        shown.append(wait_for_result(session, index).steady_hints)
    assert shown[10] == ()
    assert shown[-1] == wait_for_result(session, 39).hints
    assert shown[-1]
