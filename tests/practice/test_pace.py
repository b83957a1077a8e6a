"""How long an analysis will still take."""

from __future__ import annotations

import pytest

from sonoassist.practice.pace import PracticePace


def test_the_time_left_follows_the_last_looks() -> None:
    clock = iter([0.0, 1.0, 2.0, 3.0, 4.0])
    pace = PracticePace(1000, lambda: next(clock))
    assert (pace.share, pace.left_s) == (0.0, None)
    for done in (100, 150, 200):
        pace.at(done)
    assert pace.left_s is None
    pace.at(250)
    assert pace.left_s == pytest.approx(15.0)  # 50 a second
    assert pace.share == 0.25
    pace.forget()
    assert pace.left_s is None


def test_it_is_not_there_before_it_is() -> None:
    pace = PracticePace(10)
    pace.at(10)
    assert pace.share < 1.0
