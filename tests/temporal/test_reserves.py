from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.temporal import reserves as subject
from sonoassist.temporal.reserve import RESERVE, Reserve
from sonoassist.temporal.reserves import Reserves
from sonoassist.temporal.view_choice import Worth

MOST_BYTES = 100
PLANES = ("femur", "lips", "kidneys")


@dataclass(frozen=True)
class Picture:
    at_s: float
    confidence: float
    size_bytes: int = 10


def _worth(one: Picture) -> Worth:
    return Worth(one.confidence, 0.5)


def _near(one: Picture, other: Picture) -> bool:
    return abs(one.at_s - other.at_s) < 1


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_BYTES", MOST_BYTES)


def made() -> Reserves[Picture]:
    return Reserves(_worth, _near, lambda one: one.size_bytes)


def three(size_bytes: int) -> list[Picture]:
    return [Picture(10 * turn, 0.9 - 0.1 * turn, size_bytes) for turn in range(RESERVE)]


@given(st.lists(st.tuples(st.sampled_from(PLANES), st.integers(1, 130)), max_size=12))
def test_all_pictures_together_have_a_bound(views: list[tuple[str, int]]) -> None:
    reserves = made()
    for plane, size_bytes in views:
        reserves.add(plane, three(size_bytes), lambda one: False)
        assert reserves.held_bytes <= MOST_BYTES


def test_each_plane_keeps_a_choice_before_one_has_three() -> None:
    reserves = made()
    for plane in PLANES:
        reserves.add(plane, three(20), lambda one: False)
    assert [len(reserves[plane]) for plane in PLANES] == [1, 2, 2]
    assert all(reserves.first(plane) == three(20)[0] for plane in PLANES)


def test_what_stands_for_its_plane_goes_first() -> None:
    reserves = made()
    standing = three(40)[0]
    reserves.add("femur", three(40), lambda one: one is standing or one == standing)
    assert list(reserves["femur"]) == three(40)[1:]


def test_where_one_picture_is_too_large_none_is_held() -> None:
    reserves = made()
    reserves.add("femur", [Picture(0, 0.9, 200)], lambda one: False)
    assert reserves.first("femur") is None
    assert reserves.held_bytes == 0


def test_an_entry_that_is_worth_less_than_before_loses_its_turn() -> None:
    reserve: Reserve[Picture] = Reserve(_worth, _near)
    reserve.add(three(10))
    first, second, third = reserve
    worse = Picture(first.at_s, 0.1)
    reserve.change(lambda one: worse if one is first else one)
    assert list(reserve) == [second, third, worse]
