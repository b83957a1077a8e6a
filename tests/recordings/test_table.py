"""The table of results: any order, growing, with what is drawn of it."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.packets import Box, State, frozen
from sonoassist.recordings.records import STRIDE, FrameResult, damaged
from sonoassist.recordings.table import FrameTable
from sonoassist.temporal.quality import Quality


def result(index: int, winner: int = 0, state: State | None = State.PLANE) -> FrameResult:
    shares = np.full(14, 0.01, np.float32)
    shares[winner] = 0.87
    return FrameResult(
        index, state, frozen(shares), Box(0, 1, 2, 3), 0.5, math.nan, Box(0, 0, 9, 9), True, None
    )


@given(
    parts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    data=st.data(),
)
def test_one_that_grows_is_the_same_as_one_that_was_whole(
    parts: list[int], data: st.DataObject
) -> None:
    count = sum(parts)
    times_s = [index / 25 for index in range(count)]
    whole, grown = FrameTable(times_s), FrameTable()
    place = 0
    for part in parts:
        grown.extend(times_s[place : place + part])
        place += part
        indexes = data.draw(st.lists(st.integers(0, place - 1), unique=True, max_size=10))
        some = [result(index, index % 14) for index in indexes]
        whole.add(some)
        grown.add(some)
    assert len(grown) == len(whole) == count
    for name in ("known", "probabilities", "boxes", "crops", "times_s", "states"):
        np.testing.assert_array_equal(
            getattr(grown.snapshot(), name), getattr(whole.snapshot(), name)
        )


def test_what_is_known_of_a_frame() -> None:
    table = FrameTable([0.0, 0.04, 0.08, 0.12])
    table.add([result(1, 3), damaged(2)])
    one = table.result(1)
    assert one is not None
    assert (one.state, one.box, one.crop) == (State.PLANE, Box(0, 1, 2, 3), Box(0, 0, 9, 9))
    assert (one.plane.key, one.frozen) == ("background", None)
    assert [table.result(index) is None for index in (-1, 0, 2, 3, 4)] == [
        True,
        True,
        False,
        True,
        True,
    ]
    columns = table.snapshot()
    assert list(columns.known) == [False, True, True, False]
    assert list(columns.readable) == [False, True, False, False]
    assert list(columns.sure) == [False, True, False, False]
    assert list(table.finished) == [False, False, True, False]
    table.measure({1: Quality(0.5, 0.75)}, {1: True})
    assert list(table.finished) == [False, True, True, False]
    assert table.snapshot().frozen[1]


def test_a_survey_is_done_when_every_sixteenth_frame_is_known() -> None:
    table = FrameTable([index / 25 for index in range(40)])
    table.add([result(index) for index in range(0, 40, STRIDE)])
    assert table.snapshot().surveyed
    assert table.done == 3
