"""The trend of a recording: from its table, with gaps where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest

from made_analyses import shares_of
from sonoassist.core.packets import State
from sonoassist.core.planes import INDEX
from sonoassist.recordings.records import STRIDE, FrameResult
from sonoassist.recordings.table import FrameTable
from sonoassist.review.trend import RecordingTrend

FEMUR, LIPS = INDEX["femur"], INDEX["lips"]


def result(
    index: int, key: str, confidence: float = 0.9, state: State | None = None
) -> FrameResult:
    sure = State.BACKGROUND if key == "background" else State.PLANE
    return FrameResult(index, state or sure, shares_of(key, confidence), None, 0.5, 0.5, None)


def table_of(count: int, *results: FrameResult) -> FrameTable:
    table = FrameTable(np.arange(count) / 25)
    table.add(results)
    return table


def read(table: FrameTable) -> RecordingTrend:
    trend = RecordingTrend(table)
    trend.read()
    return trend


def test_lines_lie_at_the_middle_of_their_frames_and_join_the_first_survey() -> None:
    trend = read(table_of(100, *(result(at, "femur") for at in range(0, 100, STRIDE))))
    thin = trend.between(0, 100, 1000)
    assert list(thin.places) == [at + 0.5 for at in range(0, 100, STRIDE)]
    assert thin.begins.sum() == 1
    assert trend.led(0, 100) == (FEMUR,)


def test_what_was_not_analysed_and_no_b_mode_picture_leave_gaps() -> None:
    frames = [result(at, "femur") for at in (*range(10), *range(20), *range(60, 80))]
    doppler = result(10, "femur", state=State.DOPPLER)
    thin = read(table_of(100, *frames, doppler)).between(0, 100, 1000)
    assert list(thin.places[thin.begins]) == [0.5, 11.5, 60.5]
    assert 10.5 not in thin.places


def test_only_sure_frames_lead_and_only_those_that_are_shown() -> None:
    unsure = result(50, "lips", 0.6, State.UNSURE)
    trend = read(table_of(100, *(result(at, "femur") for at in range(40)), unsure))
    assert trend.led(0, 100) == (FEMUR,)
    assert trend.led(45, 100) == ()
    assert trend.between(20, 30, 100).places[0] < 20  # the line goes on over the edge
    assert trend.share(50, LIPS) == pytest.approx(0.6)
    assert trend.share(45, LIPS) is None


def test_a_long_recording_costs_no_more_points_than_there_is_room_for() -> None:
    count = 50_000
    table = FrameTable(np.arange(count) / 25)
    table.add([result(at, "femur" if at == 31_234 else "background") for at in range(count)])
    trend = read(table)
    thin = trend.between(0, count, 500)
    assert len(thin) <= 505
    peak = thin.peak(FEMUR)
    assert peak is not None
    assert peak[1] == pytest.approx(0.9)  # a single frame is not lost
    assert trend.led(0, count) == (FEMUR,)


def test_it_knows_when_there_is_more() -> None:
    table = table_of(100, result(0, "femur"))
    trend = RecordingTrend(table)
    assert trend.outdated
    trend.read()
    assert not trend.outdated
    table.add([result(1, "lips")])
    assert trend.outdated
    assert trend.led(0, 100) == (FEMUR,)


def test_nothing_is_known_of_nothing() -> None:
    trend = read(FrameTable())
    assert len(trend.between(0, 1, 100)) == 0
    assert trend.led(0, 1) == ()
