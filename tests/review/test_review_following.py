"""The view that a frame belongs to, for labelling it at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from review_made import made_result

from sonoassist.core.packets import State
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import FrameColumns, FrameTable
from sonoassist.review.following import view_around


def arrays_of(
    parts: Sequence[tuple[str, int, float]], *, skipped: Sequence[int] = ()
) -> FrameColumns:
    """At 25 fps: key, number of frames and confidence of each stretch."""
    each = [(key, share) for key, count, share in parts for _ in range(count)]
    table = FrameTable([index / 25 for index in range(len(each))])
    table.add(
        [
            _result(index, key, share)
            for index, (key, share) in enumerate(each)
            if index not in skipped
        ]
    )
    return table.snapshot()


def _result(index: int, key: str, share: float) -> FrameResult:
    state = State.PLANE if share >= 0.7 else State.UNSURE
    return made_result(index, key, share, State.BACKGROUND if key == "background" else state)


def test_a_view_is_followed_to_half_of_its_peak() -> None:
    made = arrays_of((("background", 100, 0.99), ("femur", 60, 0.95), ("background", 100, 0.99)))
    for here in (105, 130, 155):
        found = view_around(made, here, "lips")
        assert found is not None
        assert abs(found[0] - 100) <= 1
        assert abs(found[1] - 159) <= 1


def test_background_and_frames_without_a_result_are_no_view() -> None:
    parts = (("3vv", 100, 0.9), ("background", 300, 0.99))
    made = arrays_of(parts, skipped=range(350, 400))
    assert view_around(made, 250, "3vv") is None
    assert view_around(made, 250, "background") is None
    assert view_around(made, 375, "3vv") is None


def test_an_unsure_view_that_flickers_is_one() -> None:
    flicker = [("abdominal", 3, 0.65), ("background", 3, 0.6), ("kidneys", 1, 0.6)] * 12
    made = arrays_of([("background", 80, 0.99), *flicker, ("background", 80, 0.99)])
    for here in (100, 104, 106):
        found = view_around(made, here, "abdominal")
        assert found is not None
        assert found[0] <= 90
        assert found[1] >= 80 + 84 - 11
        assert found[0] > 60
        assert found[1] < 184


def test_a_short_gap_is_bridged_and_a_long_one_ends_it() -> None:
    parts = (("femur", 50, 0.9), ("background", 9, 0.9), ("femur", 50, 0.9))
    assert view_around(arrays_of(parts), 20, "femur") == (0, 108)
    parts = (("femur", 50, 0.9), ("background", 60, 0.9), ("femur", 50, 0.9))
    found = view_around(arrays_of(parts), 20, "femur")
    assert found is not None
    assert found[1] < 60


def test_not_further_than_a_minute() -> None:
    found = view_around(arrays_of((("femur", 4000, 0.9),)), 2000, "femur")
    assert found is not None
    assert np.abs(np.array(found) - 2000).max() == 1500
