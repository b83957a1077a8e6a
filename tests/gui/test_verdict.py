from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from gui_fakes import BOX, make_frame, make_view, shares

from every_case import holds_for_each
from sonoassist.core.packets import Box, State, SteadiedBox, SteadyState
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER, INDEX, PLANES
from sonoassist.exam.shots import frame_row, said_of
from sonoassist.gui.verdict import (
    CODE_BACKGROUND,
    CODE_NONE,
    CODE_UNSURE,
    VerdictKind,
    decide,
    percent,
    strip_code,
)
from sonoassist.live.status import View

NAMES = [plane.label for plane in PLANES if not plane.is_background]
STEADY = [
    None,
    *(SteadyState(shares("femur", 0.9), None, state, 0.0) for state in State),
    SteadyState(shares("femur", 0.9), BY_KEY["femur"], State.PLANE, 0.0),
    SteadyState(shares("lips", 0.9), BY_KEY["lips"], State.PLANE, 0.0),
    SteadyState(shares("lips", 0.9), BY_KEY["background"], State.PLANE, 0.0),
]


@pytest.mark.parametrize("label", ["steady", "raw"])
@pytest.mark.parametrize("view", [None, View(make_frame())])
def test_without_a_result_nothing_is_said(view: View | None, label: str) -> None:
    verdict = decide(view, label, 0.7)  # type: ignore[arg-type]
    assert verdict.kind is VerdictKind.NOT_ANALYSED
    assert (verdict.plane, verdict.guess, verdict.confidence, verdict.box) == (None,) * 4


def test_a_plane_is_named_only_when_the_frame_says_so() -> None:
    cases = itertools.product(
        ["steady", "raw"], State, STEADY, ["femur", "background"], [0.3, 0.699, 0.7, 0.95]
    )
    holds_for_each(_is_named_only_when_the_frame_says_so, cases)


def _is_named_only_when_the_frame_says_so(
    label: str, state: State, steady: SteadyState | None, key: str, confidence: float
) -> None:
    view = make_view(key, confidence, state, steady=steady)
    verdict = decide(view, label, 0.7)  # type: ignore[arg-type]
    own = view.analysis is not None and view.analysis.prediction.confidence >= 0.7
    sure = state is State.PLANE and key == "femur" and own
    agrees = steady is not None and steady.state is State.PLANE and steady.plane is BY_KEY["femur"]
    named = sure and (label == "raw" or agrees)
    assert (verdict.kind is VerdictKind.PLANE) == named
    assert (verdict.title == "Femur") == named
    assert verdict.plane == (BY_KEY["femur"] if named else None)
    assert verdict.box == (BOX if named else None)
    if not named:
        assert verdict.title not in NAMES
        assert verdict.steady_s is None


def test_while_the_picture_moves_the_steady_label_stands() -> None:
    """A lone picture that says something else does not make the name flicker, and has no box."""
    cases = itertools.product(["femur", "background"], STEADY, State, [0.3, 0.95])
    holds_for_each(_stands_while_the_picture_moves, cases)


def _stands_while_the_picture_moves(
    key: str, steady: SteadyState | None, state: State, confidence: float
) -> None:
    view = make_view(key, confidence, state, steady=steady)
    alone = decide(view, "steady", 0.7)
    moving = decide(view, "steady", 0.7, moving=True)
    assert decide(view, "raw", 0.7, moving=True) == decide(view, "raw", 0.7)
    said = steady is not None and (
        steady.state is State.BACKGROUND
        or (steady.state is State.PLANE and steady.plane in (BY_KEY["femur"], BY_KEY["lips"]))
    )
    differs = alone.kind in (VerdictKind.UNSURE, VerdictKind.OUTSIDE)
    assert moving.held == (said and (state.judged or state is State.OUTSIDE) and differs)
    if not moving.held:
        assert moving == alone
        return
    assert steady is not None
    assert (moving.box, moving.kind.value) == (None, steady.state.value)
    assert moving.plane is steady.plane
    assert moving.confidence == pytest.approx(
        steady.probabilities[INDEX[(steady.plane or BY_KEY["background"]).key]]
    )
    assert alone.plane is None or alone.plane is not moving.plane


def test_a_steady_plane_below_the_threshold_in_force_does_not_stand() -> None:
    femur = SteadyState(shares("femur", 0.75), BY_KEY["femur"], State.PLANE, 0.0)
    view = make_view("lips", 0.5, State.UNSURE, steady=femur)
    assert decide(view, "steady", 0.7, moving=True).plane is BY_KEY["femur"]
    assert decide(view, "steady", 0.8, moving=True).kind is VerdictKind.UNSURE


@pytest.mark.parametrize(("share", "named"), [(0.69, False), (0.71, True)])
def test_a_lone_sure_picture_does_not_name_a_view_that_is_less_sure(
    share: float, named: bool
) -> None:
    femur = SteadyState(shares("femur", share), BY_KEY["femur"], State.PLANE, 0.0)
    view = make_view("femur", 0.95, State.PLANE, steady=femur)
    assert (decide(view, "steady", 0.7, moving=True).plane is BY_KEY["femur"]) == named
    assert decide(view, "steady", 0.7).plane is BY_KEY["femur"]  # it stands: by itself
    assert decide(view, "raw", 0.7, moving=True).plane is BY_KEY["femur"]


def test_of_a_view_that_is_steady_but_less_sure_its_own_confidence_is_said() -> None:
    femur = SteadyState(shares("femur", 0.69), BY_KEY["femur"], State.PLANE, -20.0)
    view = make_view("femur", 0.95, State.PLANE, steady=femur)
    verdict = decide(view, "steady", 0.7, moving=True)
    assert verdict.kind is VerdictKind.UNSURE
    assert verdict.detail == ("best guess Femur 95 %, over the view 69 %, below the 70 % threshold")
    # Of a view of something else that is less sure too it says nothing: there it is not steady.
    view = make_view("lips", 0.95, State.PLANE, steady=femur)
    assert decide(view, "steady", 0.7, moving=True).detail.endswith(", not steady yet")


def test_a_still_says_what_it_says_itself() -> None:
    femur = SteadyState(shares("femur", 0.9), BY_KEY["femur"], State.PLANE, 0.0)
    frame = make_frame(50, still=True)
    view = make_view("lips", 0.5, State.UNSURE, steady=femur, frame=frame)
    assert decide(view, "steady", 0.7, moving=True).kind is VerdictKind.UNSURE


def test_what_is_not_analysed_is_said_whatever_was_before() -> None:
    states = [state for state in State if not state.judged]
    holds_for_each(_says_its_state, itertools.product(["steady", "raw"], STEADY, states))


def _says_its_state(label: str, steady: SteadyState | None, state: State) -> None:
    verdict = decide(make_view(state=state, steady=steady), label, 0.7)  # type: ignore[arg-type]
    assert verdict.kind is VerdictKind(state.value)
    assert verdict.confidence is None


def test_outside_is_said_at_once_of_a_picture_that_stands_and_of_a_still() -> None:
    femur = SteadyState(shares("femur", 0.9), BY_KEY["femur"], State.PLANE, 0.0)
    view = make_view(state=State.OUTSIDE, steady=femur)
    assert decide(view, "steady", 0.7, moving=True).plane is BY_KEY["femur"]
    assert decide(view, "steady", 0.7).kind is VerdictKind.OUTSIDE
    still = make_view(state=State.OUTSIDE, steady=femur, frame=make_frame(50, still=True))
    assert decide(still, "steady", 0.7, moving=True).kind is VerdictKind.OUTSIDE


def test_doppler_reads_as_not_analysed() -> None:
    verdict = decide(make_view(state=State.DOPPLER), "steady", 0.7)
    assert f"{verdict.title}: {verdict.detail}" == "Colour Doppler: not analysed"


def test_unsure_names_its_guess_small_with_the_threshold() -> None:
    verdict = decide(make_view("femur", 0.43, State.UNSURE), "steady", 0.7)
    assert verdict.title == "Unsure"
    assert verdict.detail == "best guess Femur 43 %, below the 70 % threshold"


def test_just_below_the_threshold_does_not_round_up_to_it() -> None:
    verdict = decide(make_view("femur", 0.6996, State.UNSURE), "raw", 0.7)
    assert verdict.detail == "best guess Femur 69 %, below the 70 % threshold"
    verdict = decide(make_view("femur", 0.6249, State.UNSURE), "raw", 0.625)
    assert verdict.detail == "best guess Femur 62 %, below the 62.5 % threshold"


def test_a_frame_that_disagrees_with_the_steady_label_is_unsure() -> None:
    lips = SteadyState(shares("lips", 0.9), BY_KEY["lips"], State.PLANE, 0.0)
    verdict = decide(make_view("femur", 0.95, steady=lips), "steady", 0.7)
    assert verdict.kind is VerdictKind.UNSURE
    assert verdict.detail == "best guess Femur 95 %, not steady yet"


def test_background_in_the_frame_but_not_yet_in_the_label_is_unsure() -> None:
    femur = SteadyState(shares("femur", 0.9), BY_KEY["femur"], State.PLANE, 0.0)
    view = make_view("background", 0.9, State.BACKGROUND, steady=femur, box=None)
    assert decide(view, "steady", 0.7).kind is VerdictKind.UNSURE
    assert decide(view, "raw", 0.7).kind is VerdictKind.BACKGROUND


def test_confidence_is_the_frames_own_softmax() -> None:
    steady = SteadyState(shares("femur", 0.5), BY_KEY["femur"], State.PLANE, 0.0)
    verdict = decide(make_view("femur", 0.97, steady=steady), "steady", 0.7)
    assert percent(verdict.confidence or 0.0) == "97 %"


def test_steady_time_is_counted_in_source_time_and_left_out_where_it_means_nothing() -> None:
    view = make_view(frame=make_frame(50), since_s=0.2)
    assert decide(view, "steady", 0.7).steady_s == pytest.approx(1.8)
    assert decide(view, "raw", 0.7).steady_s is None
    still = make_view(frame=make_frame(50, still=True))
    assert decide(still, "steady", 0.7).steady_s is None
    later = make_view(frame=make_frame(0), since_s=3.0)
    assert decide(later, "steady", 0.7).steady_s == 0.0


def test_strip_codes() -> None:
    assert strip_code(decide(make_view("lips"), "raw", 0.7)) == INDEX["lips"]
    assert strip_code(decide(make_view("lips", 0.4, State.UNSURE), "raw", 0.7)) == CODE_UNSURE
    background = make_view("background", 0.9, State.BACKGROUND)
    assert strip_code(decide(background, "raw", 0.7)) == CODE_BACKGROUND
    assert strip_code(decide(None, "raw", 0.7)) == CODE_NONE


def test_display_order_has_each_plane_once() -> None:
    assert sorted(plane.key for plane in DISPLAY_ORDER) == sorted(INDEX)
    assert np.isclose(float(shares("femur", 0.9).sum()), 1.0)


class TestSteadiedBox:
    """Drawn where the steady label is shown; the frame's own stays what is kept."""

    PLACE = SteadiedBox(Box(1, 2, 30, 40), sure=False)

    def view(self, *, own: Box | None = BOX, still: bool = False) -> View:
        steady = SteadyState(
            shares("femur", 0.9), BY_KEY["femur"], State.PLANE, 0.0, box=self.PLACE
        )
        view = make_view("femur", 0.9, steady=steady)
        assert view.analysis is not None
        localisation = replace(view.analysis.localisation, box=own)
        frame = replace(view.frame, still=still)
        return replace(
            view,
            frame=frame,
            analysis=replace(view.analysis, frame=frame, localisation=localisation),
        )

    def test_it_is_drawn_with_its_doubt(self) -> None:
        verdict = decide(self.view(), "steady", 0.7)
        assert (verdict.box, verdict.box_sure) == (self.PLACE.box, False)

    def test_with_the_raw_label_each_frame_has_its_own(self) -> None:
        verdict = decide(self.view(), "raw", 0.7)
        assert (verdict.box, verdict.box_sure) == (BOX, True)

    @pytest.mark.parametrize("label", ["steady", "raw"])
    def test_one_that_its_own_frame_doubts_is_not_sure(self, label: str) -> None:
        view = self.view()
        assert view.analysis is not None
        assert view.steady is not None
        doubted = replace(view.analysis.localisation, sure=False)
        still = replace(view.steady, box=SteadiedBox(self.PLACE.box, sure=True))
        view = replace(view, analysis=replace(view.analysis, localisation=doubted), steady=still)
        verdict = decide(view, label, 0.7)
        assert verdict.box is not None
        assert not verdict.box_sure

    def test_a_picture_by_itself_has_its_own(self) -> None:
        assert decide(self.view(still=True), "steady", 0.7).box == BOX

    def test_none_is_drawn_where_the_frame_has_none(self) -> None:
        assert decide(self.view(own=None), "steady", 0.7).box is None

    def test_what_is_said_of_a_capture_is_the_frames_own(self) -> None:
        view = self.view()
        assert said_of(view).box == frame_row(view, 0.0).box == BOX
