"""How many times real time an analysis runs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from recordings.made import judge_of, made_analyser, made_recording, results_of
from sonoassist.recordings.pace import Pace, frame_interval_s
from sonoassist.recordings.runner import Runner


def test_frames_are_counted_from_the_first_result_on() -> None:
    pace = Pace(0.04)
    assert pace.times_real is None
    pace.step(100.0)  # a minute went into loading the model
    assert pace.times_real is None
    for number in range(1, 51):
        pace.step(100.0 + 0.01 * number)
    assert pace.times_real == pytest.approx(4.0)


def test_a_clock_that_does_not_move_gives_no_figure() -> None:
    pace = Pace(0.04)
    pace.step(5.0)
    pace.step(5.0)
    assert pace.times_real is None


def test_the_interval_is_that_of_the_whole_recording() -> None:
    assert frame_interval_s(np.array([1.0, 1.1, 1.5, 2.0])) == pytest.approx(1 / 3)
    assert frame_interval_s(np.array([1.0])) == frame_interval_s(np.zeros(0)) == 0.0


def test_only_what_is_judged_counts(tmp_path: Path) -> None:
    recording, analyser = made_recording(tmp_path), made_analyser()
    with closing(results_of(recording, None, analyser)) as results:
        judge = judge_of(recording, analyser)
        runner = Runner(results, judge)
        assert runner.pace.times_real is None
        runner.run()
        assert runner.pace.times_real is not None
        assert runner.pace.times_real > 0
        again = Runner(results, judge, visit=lambda frame, result: None)
        again.run()
        assert again.done == runner.done
        assert again.pace.times_real is None
