from __future__ import annotations

import pytest

from every_case import holds_for_each


def is_small(number: int) -> None:
    assert number < 3


def test_all_cases_are_tried_and_those_that_fail_are_named() -> None:
    tried: list[int] = []

    def check(number: int) -> None:
        tried.append(number)
        is_small(number)

    with pytest.raises(AssertionError, match=r"2 of 4 cases:\n\(3,\)\n\(5,\)") as told:
        holds_for_each(check, [(1,), (3,), (5,), (2,)])
    assert tried == [1, 3, 5, 2]
    assert "3 < 3" in str(told.value.__cause__)


def test_cases_that_hold_are_no_failure() -> None:
    holds_for_each(is_small, [(1,), (2,)])


def test_no_case_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="no case"):
        holds_for_each(is_small, [])


def test_another_error_is_none_of_the_check() -> None:
    with pytest.raises(TypeError):
        holds_for_each(is_small, [("1",)])
