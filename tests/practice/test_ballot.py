"""Votes of a class."""

from __future__ import annotations

from collections import Counter

import pytest

from sonoassist.core.planes import DISPLAY_ORDER, KEYS
from sonoassist.practice.ballot import Ballot, choices_for

_REGIONS = (
    {"brain_tv", "brain_cb"},
    {"lips", "profile"},
    {"4ch", "lvot", "rvot", "3vv"},
    {"abdominal", "kidneys", "femur", "spine_sag", "spine_cor"},
)
LIKE_IT = {plane: region - {plane} for region in _REGIONS for plane in region}


@pytest.mark.parametrize("plane", [key for key in KEYS if key != "background"])
def test_the_choices_hold_the_right_plane_those_like_it_and_none(plane: str) -> None:
    order = [one.key for one in DISPLAY_ORDER]
    with_like = 0
    for seed in range(40):
        choices = choices_for(plane, seed)
        assert len(choices) == len(set(choices)) == 9
        assert plane in choices
        assert choices[-1] == "background"
        assert list(choices) == sorted(choices, key=order.index)
        with_like += bool(LIKE_IT[plane] & set(choices))
    assert with_like >= 30


def test_no_plane_on_a_ballot_is_likelier_than_another() -> None:
    """Who always takes the same place among those offered is right once in eight times."""
    planes = [key for key in KEYS if key != "background"]
    right: Counter[tuple[tuple[str, ...], str]] = Counter()
    offered: Counter[tuple[str, ...]] = Counter()
    for seed in range(6000):
        for plane in planes:
            choices = choices_for(plane, seed * 13 + planes.index(plane))
            right[choices, plane] += 1
            offered[choices] += 1
    guessed = sum(max(right[choices, plane] for plane in choices) for choices in offered)
    assert guessed / sum(offered.values()) < 0.16


def test_votes_are_counted_taken_back_and_entered() -> None:
    ballot = Ballot(("lvot", "rvot", "background"))
    for plane in ("lvot", "rvot", "lvot"):
        assert ballot.vote(plane)
    assert not ballot.vote("lips")  # not offered
    assert ballot.take_back() == "lvot"
    assert (ballot.count("lvot"), ballot.count("rvot"), ballot.total) == (1, 1, 2)
    tie = ballot.verdict("lvot")
    assert (tie.winner, tie.agreement, tie.right) == (None, 0.5, 0.5)
    assert ballot.enter("lvot", 7)
    assert not ballot.enter("lvot", -1)
    assert not ballot.enter("lips", 3)
    clear = ballot.verdict("rvot")
    assert (clear.winner, clear.total, clear.agreement, clear.right) == ("lvot", 8, 7 / 8, 1 / 8)


def test_no_votes_are_no_verdict() -> None:
    ballot = Ballot(("lvot", "background"))
    assert ballot.take_back() is None
    empty = ballot.verdict("lvot")
    assert (empty.winner, empty.total, empty.agreement, empty.right) == (None, 0, 0.0, 0.0)
