"""What part of a recording the timeline shows, and in which colours. No widgets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.planes import DISPLAY_ORDER, INDEX
from sonoassist.gui.review.span import LEAST_FRAMES, Span, tick_step_s
from sonoassist.gui.review.strips import StripColours

GROUND, EMPTY = "#101418", "#404a54"


@st.composite
def spans(draw: st.DrawFn) -> Span:
    span = Span.whole(draw(st.integers(1, 70_000)))
    for _ in range(draw(st.integers(0, 4))):
        about = draw(st.floats(0, span.total))
        span = span.zoomed(draw(st.floats(0.1, 3.0)), about).moved(draw(st.floats(-1e4, 1e4)))
    return span


def inside(span: Span) -> bool:
    least = min(LEAST_FRAMES, span.total) - 1e-6
    return span.first >= -1e-6 and span.last <= span.total + 1e-6 and span.length >= least


@given(spans(), st.floats(0.05, 20.0), st.floats(0, 1), st.floats(-1e6, 1e6))
def test_never_outside_of_the_recording(span: Span, factor: float, share: float, by: float) -> None:
    about = span.first + share * span.length
    assert inside(span)
    assert inside(span.zoomed(factor, about))
    assert inside(span.moved(by))


@given(spans(), st.floats(0.2, 5.0), st.floats(0, 1))
def test_what_is_zoomed_about_stays_where_it_is(span: Span, factor: float, share: float) -> None:
    about = span.first + share * span.length
    zoomed = span.zoomed(factor, about)
    at_an_end = zoomed.first <= 1e-6 or zoomed.last >= zoomed.total - 1e-6
    stays = abs(zoomed.x_of(about, 1000) - span.x_of(about, 1000)) < 1e-3
    assert stays or at_an_end


@given(spans(), st.data())
def test_the_playhead_is_kept_in_sight(span: Span, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, span.total - 1))
    shown = span.with_frame(index)
    assert inside(shown)
    assert shown.first - 1e-6 <= index
    assert index + 1 <= shown.last + 1e-6
    assert shown.length == pytest.approx(span.length)
    assert shown.with_frame(index).first == pytest.approx(shown.first, abs=1e-6)  # it rests


@given(spans(), st.data())
def test_places_and_frames(span: Span, data: st.DataObject) -> None:
    index = data.draw(st.integers(int(span.first), min(int(span.last), span.total - 1)))
    middle = span.x_of(index + 0.5, 1600)
    assert span.frame_at(middle, 1600) == index
    assert span.frame_at(-1e9, 1600) == 0
    assert span.frame_at(1e9, 1600) == span.total - 1


@pytest.mark.parametrize(("length_s", "step_s"), [(0.9, 0.1), (60, 10), (2700, 300), (1e6, 3600)])
def test_round_times(length_s: float, step_s: float) -> None:
    assert tick_step_s(length_s, 10) == step_s


def test_colours() -> None:
    columns = np.zeros((6, 14), np.uint8)
    columns[0, INDEX["femur"]] = 255
    columns[3, INDEX["femur"]] = 100
    known = np.array([True, False, False, True, False, False])
    colours = StripColours(GROUND, EMPTY)
    made = colours.picture(columns, known, reach=2.0)
    assert made.shape == (14, 6, 4)
    assert made.flags.c_contiguous

    def at(key: str, column: int) -> str:
        row = next(n for n, plane in enumerate(DISPLAY_ORDER) if plane.key == key)
        blue, green, red, alpha = made[row, column]
        assert alpha == 255
        return f"#{red:02x}{green:02x}{blue:02x}"

    femur = next(plane.colour for plane in DISPLAY_ORDER if plane.key == "femur")
    assert at("femur", 0) == femur
    assert at("lips", 0) == GROUND
    assert at("lips", 2) == at("lips", 5) == EMPTY
    # Near by it is half as strong; a weak frame is darker than a sure one.
    assert EMPTY < at("femur", 1) < femur
    brightness = [int(made[:, column, :3].max()) for column in (0, 3)]
    assert brightness[0] > brightness[1]
