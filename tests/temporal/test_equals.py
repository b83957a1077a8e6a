from __future__ import annotations

from sonoassist.temporal.equals import Equals


def test_frames_whose_own_box_came_later_count_with_the_hints_that_it_gives() -> None:
    equals = Equals()
    for _ in range(30):
        equals.add(0.95, 1)  # by a box that was held from before
        equals.change(0.95, 1, 0)
    assert equals.of(0) == 30
    assert not equals.with_more(0)


def test_what_was_forgotten_meanwhile_is_not_counted_again() -> None:
    equals = Equals()
    equals.add(0.95, 2)
    equals.clear()
    equals.change(0.95, 2, 0)
    assert equals.of(0) == 0
    assert not equals.with_more(0)
