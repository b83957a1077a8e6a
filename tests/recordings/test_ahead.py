"""The frames behind are made ready while the network works."""

from __future__ import annotations

import threading
from contextlib import closing

import numpy as np
import pytest

from plain_screens import PlainScreens
from recordings.made import (
    analysed,
    assert_equal,
    judge_of,
    made_analyser,
    made_recording,
    results_of,
)
from sonoassist.analysis.preparing import Preparer, Ready
from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Analysis, Frame, Pixels
from sonoassist.preprocess.screen_network import Reading
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.recordings.ahead import READY
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.records import RunState
from sonoassist.recordings.runner import STRETCH, AnalysisOrder, Runner
from sonoassist.recordings.table import FrameColumns
from waiting import wait_until


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return made_recording(tmp_path_factory.mktemp("recording"))


@pytest.fixture(scope="module")
def whole(recording: Recording) -> FrameColumns:
    """What is known when all is done at one go."""
    return analysed(recording, None)[0]


class Watched:
    """Which frames were made ready, and the network held at some of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.prepared: list[int] = []
        self.go_on = threading.Event()
        self.threads: set[str] = set()
        prepare, judge = Preparer.prepare, Judge.in_background

        def noted(preparer: Preparer, frame: Frame) -> Ready:
            ready = prepare(preparer, frame)
            self.prepared.append(frame.index)
            self.threads.add(threading.current_thread().name)
            return ready

        def held(one: Judge, ready: Ready) -> Analysis:
            assert self.go_on.wait(30)
            return judge(one, ready)

        monkeypatch.setattr(Preparer, "prepare", noted)
        monkeypatch.setattr(Judge, "in_background", held)


@pytest.mark.parametrize("order", AnalysisOrder)
def test_some_frames_are_ready_while_the_network_works_and_no_more(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, order: AnalysisOrder
) -> None:
    watched, analyser = Watched(monkeypatch), made_analyser()
    step = 16 if order is AnalysisOrder.COARSE_FIRST else 1
    with closing(results_of(recording, None, analyser)) as results:
        runner = Runner(results, judge_of(recording, analyser), order=order)
        runner.start()
        # One is at the network, and one waits for room.
        expected = [step * number for number in range(READY + 2)]
        wait_until(lambda: watched.prepared == expected, "the frames ahead")
        assert runner.judged == 0
        runner.halt()
        watched.go_on.set()
        runner.stop()
        assert watched.prepared == expected  # nothing is begun behind the word to stop
        assert runner.judged == 1
        assert runner.progress().state is RunState.PAUSED
        assert watched.threads == {"recording reader"}
    assert not [one for one in threading.enumerate() if one.name == "recording reader"]


def test_a_frame_that_cannot_be_prepared_ends_it_behind_those_before(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, bad = Preparer.prepare, STRETCH + 5

    def failing(preparer: Preparer, frame: Frame) -> Ready:
        if frame.index == bad:
            raise UsageError("the crop does not fit")
        return prepare(preparer, frame)

    monkeypatch.setattr(Preparer, "prepare", failing)
    analyser = made_analyser()
    with closing(results_of(recording, None, analyser)) as results:
        runner = Runner(results, judge_of(recording, analyser))
        with pytest.raises(UsageError, match="does not fit"):
            runner.run()
        assert runner.judged == bad
        assert results.table.known[:bad].all()
        assert not results.table.known[bad:].any()


@pytest.mark.parametrize("most", [3, STRETCH - 1, STRETCH])
def test_one_that_was_stopped_goes_on_with_what_it_had_made_ready_left_out(
    recording: Recording, whole: FrameColumns, most: int
) -> None:
    """The same runner: what it knows of the frames before is that of another place by then."""
    analyser = made_analyser()
    with closing(results_of(recording, None, analyser)) as results:
        runner = Runner(
            results,
            judge_of(recording, analyser),
            order=AnalysisOrder.COARSE_FIRST,
            on_frame=lambda: runner.halt() if runner.done == most else None,
        )
        assert not runner.run()
        runner._stopping = False
        runner.look_at(STRETCH)
        assert runner.run()
        assert_equal(results.table.snapshot(), whole)


def test_looks_at_screens_are_taken_in_turn() -> None:
    """The reader serves the frames ahead and the picture on screen at once."""
    held: list[bool] = []

    class Noting:
        def read(self, pixels: Pixels) -> Reading:
            held.append(reader._turn.locked())
            return PlainScreens().read(pixels)

    reader = ScreenReader(Noting)
    reader.look(np.random.default_rng(0).integers(0, 255, (60, 80), dtype=np.uint8))
    assert held == [True]
