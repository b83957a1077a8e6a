from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_analyses import analysis_of, at, shares_of
from sonoassist.core.packets import Box, State, SteadiedBox
from sonoassist.temporal.steady import SteadyLabel
from sonoassist.temporal.steady_box import GAP_S, MOVED_S, WARY_S, WITHIN_S, SteadyBox

HERE, THERE = Box(10, 10, 50, 40), Box(200, 100, 240, 130)


def moved(box: Box, by: float) -> Box:
    return Box(box.left + by, box.top + by, box.right + by, box.bottom + by)


def hold(boxes: SteadyBox, box: Box, start_s: float, seconds: float, fps: float) -> SteadiedBox:
    steps = range(1, round(seconds * fps) + 1)
    return [boxes.take(start_s + step / fps, "femur", box) for step in steps][-1]


def test_the_first_box_is_shown_as_it_is() -> None:
    assert SteadyBox().take(0.0, "femur", HERE) == SteadiedBox(HERE, sure=True)


@pytest.mark.parametrize("fps", [5, 10, 25, 60])
def test_edges_follow_by_time_and_not_by_frames(fps: float) -> None:
    boxes = SteadyBox()
    hold(boxes, HERE, 0.0, 1.0, fps)
    seen = hold(boxes, moved(HERE, 5), 1.0, 0.4, fps)
    assert seen.sure
    assert seen.box.left == pytest.approx(10 + 5 * (1 - 2.718281828 ** (-0.4 / WITHIN_S)), abs=0.01)


def test_one_box_elsewhere_moves_nothing_but_is_not_sure_for_a_while() -> None:
    boxes = SteadyBox()
    hold(boxes, HERE, 0.0, 1.0, 25)
    away = boxes.take(1.04, "femur", THERE)
    assert away.box.iou(HERE) > 0.99
    back = boxes.take(1.08, "femur", HERE)
    assert (away.sure, back.sure) == (False, False)
    late = hold(boxes, HERE, 1.08, WARY_S + 0.08, 25)
    assert late.sure
    assert late.box.iou(HERE) > 0.99


@pytest.mark.parametrize("fps", [5, 25])
def test_where_boxes_stay_elsewhere_the_shown_one_goes_there_once(fps: float) -> None:
    boxes, shown = SteadyBox(), []
    hold(boxes, HERE, 0.0, 1.0, fps)
    for step in range(1, round(fps) + 1):
        shown.append(boxes.take(1.0 + step / fps, "femur", THERE))
    places = [one.box.iou(THERE) > 0.9 for one in shown]
    assert sum(a != b for a, b in itertools.pairwise(places)) == 1
    first = 1.0 + (places.index(True) + 1) / fps
    assert first <= 1.0 + MOVED_S + 2 / fps
    assert shown[-1].sure


def test_boxes_that_jump_to_and_fro_are_never_sure() -> None:
    boxes = SteadyBox()
    boxes.take(0.0, "femur", HERE)
    for step in range(1, 50):
        seen = boxes.take(step / 25, "femur", THERE if step % 3 == 0 else HERE)
        if step >= 3:
            assert not seen.sure
        assert seen.box.iou(HERE) > 0.9


@pytest.mark.parametrize("how", ["plane", "gap", "back", "drop"])
def test_nothing_of_another_view_is_left(how: str) -> None:
    boxes = SteadyBox()
    hold(boxes, HERE, 0.0, 1.0, 25)
    if how == "drop":
        boxes.drop()
    time_s = {"gap": 1.0 + GAP_S + 0.05, "back": 0.5}.get(how, 1.04)
    plane = "lips" if how == "plane" else "femur"
    assert boxes.take(time_s, plane, THERE) == SteadiedBox(THERE, sure=True)


def test_a_box_found_behind_its_label_takes_the_place_of_the_carried_one() -> None:
    twice, once = SteadyBox(), SteadyBox()
    for boxes in (twice, once):
        hold(boxes, HERE, 0.0, 1.0, 25)
    twice.take(1.04, "femur", THERE)
    assert twice.take(1.04, "femur", moved(HERE, 2)) == once.take(1.04, "femur", moved(HERE, 2))


@given(
    st.lists(
        st.tuples(
            st.floats(0.001, 0.6),
            *(st.floats(0, 300) for _ in range(2)),
            *(st.floats(1, 200) for _ in range(2)),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_edges_lie_between_those_seen(
    steps: list[tuple[float, float, float, float, float]],
) -> None:
    boxes, time_s, seen = SteadyBox(), 0.0, []
    for gap_s, left, top, wide, high in steps:
        time_s += gap_s
        own = Box(left, top, left + wide, top + high)
        seen.append(own)
        box = boxes.take(time_s, "femur", own).box
        for edge in ("left", "top", "right", "bottom"):
            values = [getattr(one, edge) for one in seen]
            assert min(values) - 1e-6 <= getattr(box, edge) <= max(values) + 1e-6
        assert box.width > 0
        assert box.height > 0


class TestWithTheLabel:
    """The box comes and goes with the plane that is named."""

    def see(
        self, label: SteadyLabel, time_s: float, key: str, box: Box | None
    ) -> SteadiedBox | None:
        return label.update(analysis_of(at(time_s), shares_of(key), box=box)).box

    def test_it_is_dropped_at_once_with_its_plane(self) -> None:
        label = SteadyLabel(0.7)
        for step in range(25):
            assert self.see(label, step / 25, "femur", HERE) == SteadiedBox(HERE, sure=True)
        seen = [self.see(label, 1 + step / 25, "lips", THERE) for step in range(20)]
        named = [one for one in seen if one is not None]
        assert named
        assert all(one.box == THERE for one in named)

    def test_a_frame_of_another_plane_has_none_and_the_box_stays_in_mind(self) -> None:
        label = SteadyLabel(0.7)
        for step in range(25):
            self.see(label, step / 25, "femur", HERE)
        assert self.see(label, 1.0, "lips", THERE) is None
        back = self.see(label, 1.04, "femur", moved(HERE, 4))
        assert back is not None
        assert back.box.left < 12

    def test_a_frame_without_a_box_shows_none(self) -> None:
        label = SteadyLabel(0.7)
        self.see(label, 0.0, "femur", HERE)
        assert self.see(label, 0.04, "femur", None) is None

    def test_a_late_box_completes_the_last_state(self) -> None:
        label = SteadyLabel(0.7)
        self.see(label, 0.0, "femur", None)
        done = label.complete(analysis_of(at(0.0), shares_of("femur"), box=HERE))
        assert done is not None
        assert done.box == SteadiedBox(HERE, sure=True)
        assert done.plane is not None
        assert done.plane.key == "femur"

    def test_a_frame_of_noise_has_none_and_the_box_stays_in_mind(self) -> None:
        label = SteadyLabel(0.7)
        for step in range(25):
            self.see(label, step / 25, "femur", HERE)
        noise = analysis_of(at(1.0), shares_of("femur"), State.NOISE, THERE)
        assert label.update(noise).box is None
        done = label.complete(noise)
        assert done is not None
        assert done.box is None
        back = self.see(label, 1.04, "femur", moved(HERE, 4))
        assert back is not None
        assert back.box.left < moved(HERE, 4).left
