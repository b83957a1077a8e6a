from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.temporal.quality import GAIN, NEAR
from sonoassist.temporal.view_choice import MOST, ViewChoice, Worth

WORTHS = st.builds(Worth, st.floats(0.9, 1.0), st.floats(0, 1), st.integers(0, 2))


def by_the_rule(worths: list[Worth]) -> Worth:
    """With all frames in hand."""
    surest = max(one.confidence for one in worths)
    equals = [one for one in worths if one.confidence >= surest - NEAR]
    fewest = min(one.flaws for one in equals)
    equals = [one for one in equals if one.flaws == fewest]
    finest = max(one.quality for one in equals)
    good = [one for one in equals if one.quality >= finest - GAIN]
    return max(good, key=lambda one: (one.confidence, one.quality))


def chosen(worths: list[Worth]) -> Worth | None:
    choice: ViewChoice[Worth] = ViewChoice()
    for one in worths:
        choice.add(one, one)
        assert len(choice) <= MOST
    return choice.best()


@given(st.lists(WORTHS, min_size=1, max_size=MOST))
def test_few_frames_are_chosen_from_as_if_all_were_there(worths: list[Worth]) -> None:
    assert chosen(worths) == by_the_rule(worths)


@given(st.lists(WORTHS, min_size=1, max_size=MOST), st.randoms())
def test_the_order_does_not_matter(worths: list[Worth], random: object) -> None:
    shuffled = list(worths)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert chosen(shuffled) == chosen(worths)


@given(st.lists(WORTHS, min_size=1, max_size=300))
def test_of_many_the_choice_is_about_as_sure_and_as_good_as_any(worths: list[Worth]) -> None:
    best, right = chosen(worths), by_the_rule(worths)
    assert best is not None
    assert best.confidence >= max(one.confidence for one in worths) - NEAR
    assert best.flaws == right.flaws
    assert best.quality >= right.quality - 2 * GAIN


@st.composite
def rising(draw: st.DrawFn) -> list[Worth]:
    """A view that gets surer while its picture gets worse, with a little noise on both."""
    count = draw(st.integers(MOST, 250))
    rise, fall = draw(st.floats(0.01, 0.1)), draw(st.floats(0, 0.5))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    sure = 0.9 + rise * np.arange(count) / count + rng.normal(0, draw(st.floats(0, 0.003)), count)
    fine = 1 - fall * (sure - 0.9) / NEAR + rng.normal(0, draw(st.floats(0, 0.05)), count)
    flaws = rng.integers(0, draw(st.integers(1, 4)), count)
    columns = sure.clip(0, 1).tolist(), fine.clip(0, 1).tolist(), flaws.tolist()
    return [Worth(*row) for row in zip(*columns, strict=True)]


@given(rising())
def test_of_a_view_that_gets_surer_and_worse_the_choice_is_what_the_rule_says(
    worths: list[Worth],
) -> None:
    best, right = chosen(worths), by_the_rule(worths)
    assert best is not None
    assert best.confidence >= max(one.confidence for one in worths) - NEAR
    assert best.flaws == right.flaws
    assert best.quality >= right.quality - 2 * GAIN


@given(st.lists(WORTHS, min_size=1, max_size=60), st.integers(1, 4))
def test_with_few_frames_held_one_about_as_sure_as_the_surest_is_there(
    worths: list[Worth], most: int
) -> None:
    choice: ViewChoice[Worth] = ViewChoice(most)
    for one in worths:
        choice.add(one, one)
        assert 1 <= len(choice) <= most
    best = choice.best()
    assert best is not None
    assert best.confidence >= max(one.confidence for one in worths) - NEAR


def test_the_first_of_frames_alike_stays() -> None:
    choice: ViewChoice[str] = ViewChoice()
    for name in ("first", "second"):
        choice.add(Worth(0.9, 0.5), name)
    assert (choice.best(), len(choice)) == ("first", 1)


def test_what_is_let_go_is_not_chosen() -> None:
    choice: ViewChoice[str] = ViewChoice()
    choice.add(Worth(0.99, 0.9), "away")
    choice.add(Worth(0.98, 0.95), "kept")
    choice.keep(lambda one: one != "away")
    assert choice.best() == "kept"
    choice.keep(lambda one: False)
    assert choice.best() is None


def test_what_is_found_of_a_frame_later_counts() -> None:
    choice: ViewChoice[str] = ViewChoice()
    choice.add(Worth(0.99, 0.9), "a")
    choice.add(Worth(0.98, 0.91), "b")
    assert choice.best() == "a"
    choice.change(lambda name: (Worth(0.99, 0.9, 2) if name == "a" else Worth(0.98, 0.91), name))
    assert choice.best() == "b"
