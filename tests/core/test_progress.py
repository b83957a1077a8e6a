"""How far a work is, in numbers and words."""

from __future__ import annotations

import pytest

from sonoassist.core.progress import CancelledError, HowFar, Meter, time_left


@pytest.mark.parametrize(
    ("how_far", "text"),
    [
        (HowFar(), ""),
        (HowFar(0, 10), "0 %"),
        (HowFar(5, 10, 0.2, "MB"), "50 %"),  # too early for a rate
        (HowFar(50, 100, 20, "pictures"), "50 %, 2.5 pictures a second, 20 s left"),
        (HowFar(50, 100, 600), "50 %, 10 min left"),
        (HowFar(50, 0, 10, "MB"), "5.0 MB a second"),  # nobody knows how many there are
        (HowFar(100, 90, 10, ""), "100 %, a few seconds left"),
    ],
)
def test_words(how_far: HowFar, text: str) -> None:
    assert how_far.text == text


def test_a_time_left_is_no_finer_than_known() -> None:
    assert [time_left(one) for one in (3, 44, 89, 91, 240)] == [
        "a few seconds left",
        "40 s left",
        "90 s left",
        "2 min left",
        "4 min left",
    ]


def test_a_meter_counts_and_ends_a_work() -> None:
    told: list[tuple[float, float]] = []

    def listen(how_far: HowFar) -> None:
        told.append((how_far.done, how_far.total))
        if how_far.done == 3:
            raise CancelledError

    meter = Meter(listen)
    meter.expect(4)
    meter.step()
    with pytest.raises(CancelledError):
        meter.step(2)
    assert told == [(0, 4), (1, 4), (3, 4)]


def test_a_meter_that_counts_more_than_was_expected_is_at_its_end() -> None:
    meter = Meter()
    meter.expect(2)
    for _ in range(3):
        meter.step()
    assert meter.how_far.share == 1.0
