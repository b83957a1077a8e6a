from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.tables_made import FPS, shares, table_of
from sonoassist.core.packets import Content
from sonoassist.core.planes import INDEX
from sonoassist.retrieval.choosing import choose
from sonoassist.temporal.best_frames import NEAR
from sonoassist.temporal.equals import equals_words
from sonoassist.temporal.hints import place_flaws
from sonoassist.temporal.rules import (
    LEAST,
    MOST,
    WANTED,
    Course,
    Pick,
    Preference,
    Rule,
    Scales,
    choose_from,
)


def course(*views: tuple[float, float], rest: float = 0.0) -> list[float]:
    """Seconds and confidence, one after another, half a minute of nothing round it."""
    values = [rest] * 50
    for seconds, confidence in views:
        values += [confidence] * round(seconds * FPS)
    return [*values, *[rest] * 50]


def femur(values: list[float], rule: Rule = Rule.BEST, **fields: object) -> tuple[Pick, ...]:
    return choose(table_of(shares("femur", values), **fields), rule)["femur"]  # type: ignore[arg-type]


def test_the_papers_rule_is_the_plain_maximum() -> None:
    rng = np.random.default_rng(3)
    raw = rng.dirichlet(np.ones(14), 400).astype(np.float32)
    found = choose(table_of(raw), Rule.PAPER)
    for key in WANTED:
        assert found[key][0].row == int(raw[:, INDEX[key]].argmax())
        assert found[key][0].confidence == pytest.approx(float(raw[:, INDEX[key]].max()))


def test_a_spike_of_one_frame_does_not_win_over_a_steady_view() -> None:
    values = course((0.04, 0.99), (2, 0.0), (2, 0.8))
    assert femur(values, Rule.PAPER)[0].row == 50
    best = femur(values)[0]
    assert 101 <= best.row < 151
    assert best.confidence == pytest.approx(0.8)
    assert best.view_s == pytest.approx(2, abs=0.1)


@given(st.floats(0.5, 1.0), st.floats(0.45, 0.9))
def test_no_spike_wins_over_a_view_of_half_its_confidence(spike: float, share: float) -> None:
    values = course((0.04, spike), (2, 0.0), (1.5, spike * share))
    assert femur(values)[0].row > 100


def test_the_higher_of_two_steady_views_wins() -> None:
    values = course((2, 0.8), (2, 0.0), (1.2, 0.95), (2, 0.0), (2, 0.85))
    found = femur(values)
    assert [round(one.confidence, 2) for one in found] == [0.95, 0.85, 0.8]


def placed(count: int, rows: slice) -> np.ndarray:
    """Boxes at the side of the picture, but for some rows in its middle."""
    boxes = np.tile(np.array([0, 10, 12, 30], np.float32), (count, 1))
    boxes[rows] = [16, 12, 48, 36]
    return boxes


def test_among_equals_a_frame_with_fewer_hints_wins_also_over_a_sharper_one() -> None:
    values = course((2, 0.9))
    sharpness = np.full(len(values), 0.9, np.float32)
    sharpness[70:75] = 0.4
    box = placed(len(values), slice(70, 75))
    best = femur(values, box=box, sharpness=sharpness)[0]
    assert 70 <= best.row < 75
    assert best.spared
    paper = femur(values, Rule.PAPER, box=box, sharpness=sharpness)[0]
    assert not paper.spared


def test_hints_never_count_against_a_clearly_surer_frame() -> None:
    values = course((1, 0.75), (1, 0.9), (1, 0.75))
    surest = range(75, 100)
    best = femur(values, box=placed(len(values), slice(50, 70)))[0]
    assert best.row in surest
    assert not best.spared


def test_the_better_placed_of_two_views_about_as_sure_comes_first() -> None:
    values = course((2, 0.9), (2, 0.0), (2, 0.895))
    later = slice(150, 200)
    first, second = femur(values, box=placed(len(values), later))
    assert later.start <= first.row < later.stop
    assert second.row < 100


def test_frames_without_a_box_speak_neither_for_nor_against() -> None:
    values = course((2, 0.9))
    box = placed(len(values), slice(0, 0))
    box[60:70] = np.nan
    sharpness = np.full(len(values), 0.5, np.float32)
    sharpness[80] = 0.9
    assert femur(values, box=box, sharpness=sharpness)[0].row == 80


def test_among_equals_the_sharp_frame_wins() -> None:
    values = course((2, 0.95))
    sharpness = np.full(len(values), 0.2)
    sharpness[70] = 0.9
    assert femur(values, sharpness=sharpness)[0].row == 70
    values[70] = 0.95 - NEAR - 0.01
    assert femur(values, sharpness=sharpness)[0].row != 70


def test_among_equals_the_still_frame_wins_and_still_means_on_both_sides() -> None:
    values = course((2, 0.95))
    stillness = np.full(len(values), 0.1)
    stillness[[70, 80, 81]] = 0.9  # 70 has moved on in the next frame, 80 has not
    assert femur(values, stillness=stillness)[0].row == 80


def test_among_equal_views_the_finer_one_wins() -> None:
    values = course((2, 0.96), (2, 0.0), (2, 0.95))
    sharpness = np.full(len(values), 0.2)
    sharpness[150:200] = 0.8
    best, other = femur(values, sharpness=sharpness)
    assert best.row >= 150
    assert other.confidence == pytest.approx(0.96)


def test_views_that_a_moment_parts_are_one() -> None:
    assert len(femur(course((1, 0.9), (0.5, 0.0), (1, 0.9)))) == 1
    assert len(femur(course((1, 0.9), (3, 0.0), (1, 0.9)))) == 2


def test_no_more_views_than_wanted() -> None:
    assert len(femur(course(*[(1, 0.9), (3, 0.0)] * 8))) == MOST


def scales_of(values: list[float]) -> Scales:
    table = table_of(shares("femur", values))
    flaws = place_flaws(table.box, table.crop, table.probabilities.argmax(axis=1))
    apart = np.zeros(len(values) - 1, bool)
    judged = np.ones(len(values), bool)
    known = (table.sharpness, table.stillness)
    return Scales(Course(table.time_s, judged, table.probabilities, *known, apart, flaws))


@given(st.lists(st.tuples(st.floats(0.2, 2), st.floats(0, 1)), min_size=1, max_size=20))
@settings(max_examples=30)
def test_further_views_follow_and_change_nothing_of_the_first(
    views: list[tuple[float, float]],
) -> None:
    scales = scales_of(course(*views))
    first = choose_from(scales, Rule.BEST, 3)["femur"]
    found = choose_from(scales, Rule.BEST, 3, more=100)["femur"]
    assert [one.row for one in found[:3]] == [one.row for one in first]
    assert [one.over for one in found[:3]] == [one.over for one in first]
    ends = sorted((one.first_row, one.last_row) for one in found)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(ends))
    assert all(one.score > LEAST for one in found)


def test_further_views_are_all_of_them() -> None:
    scales = scales_of(course(*[(1, 0.9), (3, 0.0)] * 8))
    assert len(choose_from(scales, Rule.BEST, 3)["femur"]) == 3
    assert len(choose_from(scales, Rule.BEST, 3, more=100)["femur"]) == 8


@pytest.mark.parametrize("seconds", [9, 12, 60])
def test_a_long_view_is_whole(seconds: int) -> None:
    rows = round(seconds * FPS)
    for top in (50, 50 + rows // 2, 49 + rows):
        values = course((seconds, 0.8))
        values[max(top - 12, 50) : min(top + 13, 50 + rows)] = [0.95] * (
            min(top + 13, 50 + rows) - max(top - 12, 50)
        )
        found = femur(values)
        assert [(one.first_row, one.last_row) for one in found] == [(50, 49 + rows)]


def test_what_is_not_b_mode_shows_no_plane() -> None:
    values = course((2, 0.7), (2, 0.0), (2, 0.99))
    content = [Content.B_MODE] * 140 + [Content.DOPPLER] * (len(values) - 140)
    for rule in Rule:
        found = femur(values, rule, content=content)
        assert [round(one.confidence, 2) for one in found] == [0.7]


def test_an_exam_without_a_picture_has_nothing() -> None:
    values = course((2, 0.9))
    for rule in Rule:
        found = choose(
            table_of(shares("femur", values), content=[Content.NO_SIGNAL] * len(values)), rule
        )
        assert found == dict.fromkeys(WANTED, ())
        empty = table_of(np.zeros((0, 14), np.float32))
        assert choose(empty, rule) == dict.fromkeys(WANTED, ())


def test_a_plane_that_is_never_likely_is_missing_by_the_best_rule_only() -> None:
    values = course((2, LEAST / 2))
    assert femur(values) == ()
    assert femur(values, Rule.PAPER)[0].row == 50
    content = [Content.NO_SIGNAL, *[Content.B_MODE] * 3]
    assert femur([0.0] * 4, Rule.PAPER, content=content)[0].row == 1


def test_pictures_of_a_folder_are_views_of_their_own() -> None:
    values = [0.1, 0.97, 0.2, 0.9]
    found = femur(values, time_s=range(4), still=True)
    assert found[0].row == 1
    assert found[0].steady_confidence == pytest.approx(0.97)


def test_recordings_of_one_exam_do_not_run_into_each_other() -> None:
    """The end of one and the beginning of the next are no steady view."""
    values = [0.0] * 50 + [0.9] * 4 + [0.9] * 4 + [0.0] * 50
    apart = femur(values, part=[0] * 54 + [1] * 54)
    assert max(one.score for one in apart) < max(one.score for one in femur(values))


def test_a_single_frame() -> None:
    assert femur([0.9])[0].row == 0


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(WANTED), st.floats(0, 1)), min_size=1, max_size=60),
    st.sampled_from(list(Rule)),
    st.floats(0.02, 1.5),
)
def test_whatever_is_seen(frames: list[tuple[str, float]], rule: Rule, step_s: float) -> None:
    raw = np.concatenate([shares(key, [value]) for key, value in frames])
    quality = np.random.default_rng(len(frames)).random((2, len(frames)))
    table = table_of(
        raw, time_s=np.arange(len(raw)) * step_s, sharpness=quality[0], stillness=quality[1]
    )
    for key, picks in choose(table, rule).items():
        values = raw[:, INDEX[key]]
        assert len(picks) <= MOST
        assert len({one.row for one in picks}) == len(picks)
        for one in picks:
            assert one.confidence == pytest.approx(float(values[one.row]))
            assert one.score <= one.confidence + 1e-9
            assert one.begin_s <= table.time_s[one.row] <= one.end_s
            assert one.equals >= 1
        if picks:
            assert picks[0].score >= max(one.score for one in picks) - 2 * NEAR - 1e-9
        views = sorted((one.begin_s, one.end_s) for one in picks)
        assert all(a[1] <= b[0] + 1e-9 for a, b in itertools.pairwise(views))


@given(st.integers(2, 40), st.sampled_from(list(Rule)))
def test_the_order_of_the_planes_does_not_matter(seed: int, rule: Rule) -> None:
    raw = np.random.default_rng(seed).dirichlet(np.full(14, 0.2), 80).astype(np.float32)
    swapped = raw.copy()
    one, other = INDEX["femur"], INDEX["lips"]
    swapped[:, [one, other]] = raw[:, [other, one]]
    found, again = choose(table_of(raw), rule), choose(table_of(swapped), rule)
    assert found["femur"] == again["lips"]
    assert found["kidneys"] == again["kidneys"]


def test_only_frames_with_as_few_hints_are_counted_as_equals() -> None:
    values = course((2, 0.9))
    sharpness = np.full(len(values), 0.9, np.float32)
    sharpness[70:75] = 0.4
    best = femur(values, box=placed(len(values), slice(70, 75)), sharpness=sharpness)[0]
    assert (best.equals, best.spared) == (5, True)
    words = equals_words(best.equals, spared=best.spared)
    assert words.endswith("the sharpest and stillest of 5 such frames")
    lone = femur(values, box=placed(len(values), slice(70, 71)), sharpness=sharpness)[0]
    assert equals_words(lone.equals, spared=lone.spared) == (
        "; fewer hints than other frames about as sure"
    )


def test_what_speaks_for_a_view_over_a_surer_one_is_what_it_was_chosen_by() -> None:
    values = course((2, 0.9), (2, 0.0), (2, 0.895))
    later = slice(150, 200)
    sharpness = np.full(len(values), 0.9, np.float32)
    sharpness[later] = 0.4
    placed_later = placed(len(values), later)
    assert femur(values, box=placed_later, sharpness=sharpness)[0].over is Preference.HINTS
    assert femur(values, sharpness=1.3 - sharpness)[0].over is Preference.QUALITY
    assert femur(values)[0].over is Preference.NONE
    three = course((2, 0.9), (2, 0.0), (2, 0.895), (2, 0.0), (2, 0.892))
    box = placed(len(three), slice(150, 300))
    sharpness = np.full(len(three), 0.4, np.float32)
    sharpness[250:300] = 0.9
    assert femur(three, box=box, sharpness=sharpness)[0].over is Preference.BOTH
