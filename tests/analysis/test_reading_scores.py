"""Probabilities that mean what they say, and pictures outside of what a model knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.test_analyser import FRAME, PICTURE, FakeEngine, logits_for
from real_models import card_of, frame_of
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.analysis.outside import OutsideMeasures, measures_of
from sonoassist.core.packets import (
    Box,
    Content,
    Floats,
    Geometry,
    Prediction,
    Prepared,
    State,
)
from sonoassist.core.planes import INDEX
from sonoassist.engines.base import EngineOutput, Saliency
from sonoassist.engines.scores import lead, probabilities, scores_of, softmax
from sonoassist.model.score_rules import OutsideRule, ScoreCalibration
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.structure import layers_of

RULE = ScoreCalibration(temperature=2.0, lapse=0.02, threshold=0.6, error_rate=0.02)
NEVER = OutsideRule(least_energy=-1e6, energy=0, spread=0, layers=0, offset=-1)
ALWAYS = OutsideRule(least_energy=-1e6, energy=0, spread=0, layers=0, offset=1)
FULL = AnalyserOptions(crop=parse_crop("full"))
SCORES = hnp.arrays(np.float32, 14, elements=st.floats(-60, 60, width=32))


@given(SCORES, st.floats(0.2, 10), st.floats(0, 0.4))
def test_calibrated_probabilities_keep_the_winner(
    scores: Floats, temperature: float, lapse: float
) -> None:
    rule = ScoreCalibration(temperature=temperature, lapse=lapse, error_rate=0.1)
    found = probabilities(scores, rule)
    assert found.dtype == np.float32
    assert found.sum() == pytest.approx(1, abs=1e-5)
    assert found[scores.argmax()] == found.max()
    assert found.min() >= lapse / 14 - 1e-6


@given(SCORES)
def test_without_a_calibration_it_is_the_plain_softmax(scores: Floats) -> None:
    np.testing.assert_array_equal(probabilities(scores, None), softmax(scores))


def test_a_temperature_above_1_makes_the_network_less_sure() -> None:
    sure = logits_for("femur", 0.99)
    assert probabilities(sure, RULE).max() < softmax(sure).max()


def test_the_lead_of_a_cascade_is_that_of_the_plain_softmax() -> None:
    """How far int8 shifts it was measured so; a calibration must not change who is asked again."""
    scores = logits_for("femur", 0.95)
    shares = np.sort(softmax(scores))
    assert lead(scores) == pytest.approx(float(shares[-1] - shares[-2]))


class MapEngine(FakeEngine):
    """Gives score maps as well; their means are the scores."""

    def __init__(self, maps: Floats) -> None:
        super().__init__(scores_of(maps).astype(np.float32))
        self.maps = maps

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        return replace(super().run(network_input, saliency), score_maps=self.maps)


def maps_with(evidence: Floats, others: float = -3.0) -> Floats:
    """Score maps whose winner is the femur with this evidence, (14, 18)."""
    maps = np.full((14, 14, 18), others, np.float32)
    maps[INDEX["femur"]] = evidence
    return maps


def at_one_place(height: float = 600.0) -> Floats:
    evidence = np.zeros((14, 18), np.float32)
    evidence[6:8, 8:10] = height
    return evidence


def analyser(maps: Floats, outside: OutsideRule | None, **fields: object) -> Analyser:
    card = card_of("sononet16").model_copy(update={"outside": outside, **fields})
    return Analyser(MapEngine(maps), card, FULL)


@pytest.mark.usefixtures("plain_screens")
class TestTheAnalyser:
    def test_it_gives_calibrated_probabilities(self) -> None:
        maps = maps_with(at_one_place())
        plain = analyser(maps, None).analyse(FRAME).prediction
        read = analyser(maps, None, calibration=RULE).analyse(FRAME).prediction
        assert read.plane is plain.plane
        np.testing.assert_allclose(
            read.probabilities, probabilities(scores_of(maps).astype(np.float32), RULE), atol=1e-6
        )

    def test_the_models_threshold_is_taken_unless_there_is_ones_own(self) -> None:
        made = analyser(maps_with(at_one_place()), None, calibration=RULE)
        assert made.threshold == 0.6
        made.configure(replace(FULL, threshold=0.9))
        assert made.threshold == 0.9
        made.configure(FULL)
        assert made.threshold == 0.6
        assert analyser(maps_with(at_one_place()), None).threshold == 0.7

    @pytest.mark.parametrize(
        ("rule", "state"), [(None, State.PLANE), (NEVER, State.PLANE), (ALWAYS, State.OUTSIDE)]
    )
    def test_a_picture_outside_is_never_a_plane(
        self, rule: OutsideRule | None, state: State
    ) -> None:
        found = analyser(maps_with(at_one_place()), rule).analyse(FRAME)
        assert found.state is state
        assert (found.shown_box is None) == (state is State.OUTSIDE)
        assert found.state.judged == (state is State.PLANE)

    def test_an_unsure_one_is_told_apart_too(self) -> None:
        """Else it would become a plane when the user lowers the threshold."""
        made = analyser(maps_with(at_one_place()), ALWAYS)
        made.configure(replace(FULL, threshold=1.0))
        assert made.analyse(FRAME).state is State.OUTSIDE

    def test_the_background_stays_the_background(self) -> None:
        maps = np.full((14, 14, 18), -3.0, np.float32)
        maps[INDEX["background"]] = 5.0
        assert analyser(maps, ALWAYS).analyse(FRAME).state is State.BACKGROUND

    def test_results_of_another_reading_are_not_mixed(self) -> None:
        maps = maps_with(at_one_place())
        plain, read = analyser(maps, None), analyser(maps, NEVER, calibration=RULE)
        assert plain.provenance.plain
        assert plain.provenance.network_input == "288x224 255"
        assert not read.provenance.plain
        other = analyser(maps, NEVER, calibration=RULE.model_copy(update={"temperature": 3.0}))
        assert len({one.provenance for one in (plain, read, other)}) == 3

    def test_the_threshold_and_where_it_comes_from_are_no_part_of_that(self) -> None:
        maps = maps_with(at_one_place())
        read = analyser(maps, None, calibration=RULE)
        changed = RULE.model_copy(update={"threshold": 0.9, "error_rate": 0.1, "fitted_on": "x"})
        assert analyser(maps, None, calibration=changed).provenance == read.provenance


def prepared(picture: Floats) -> Prepared:
    values = (picture - picture.mean()) / picture.std() * 255
    geometry = Geometry(Box(0, 0, 288, 224), 288, 224)
    return Prepared(0, values[None, None].astype(np.float32), geometry, Content.B_MODE)


def layered(tilt: float = 0.0) -> Floats:
    y, x = np.mgrid[:224, :288].astype(np.float32)
    lines = np.sin((y + tilt * x) / 9.0)
    return np.asarray(lines + 0.3 * np.random.default_rng(0).normal(size=lines.shape), np.float32)


def test_muscle_is_layers_whatever_their_tilt() -> None:
    noise = np.random.default_rng(1).normal(size=(224, 288)).astype(np.float32)
    blobs = np.asarray(FRAME.pixels[:224, :288], np.float32)
    for tilt in (0.0, 0.2, -0.3):
        assert layers_of(prepared(layered(tilt))) > 0.7
    assert layers_of(prepared(noise)) < 0.2
    assert layers_of(prepared(blobs)) < 0.5
    upright = layered().T[:224].repeat(2, axis=1)[:, :288]
    assert layers_of(prepared(np.ascontiguousarray(upright))) < 0.2


def test_flat_pictures_have_no_layers() -> None:
    geometry = Geometry(Box(0, 0, 1, 1), 288, 224)
    flat = Prepared(0, np.zeros((1, 1, 224, 288), np.float32), geometry, Content.B_MODE)
    assert layers_of(flat) == 0.0


def measured(evidence: Floats) -> OutsideMeasures:
    maps = maps_with(evidence)
    shares = softmax(scores_of(maps).astype(np.float32))
    return measures_of(Prediction(0, shares, maps, None), prepared(layered()))


def test_evidence_at_one_place_has_little_spread() -> None:
    narrow = measured(at_one_place())
    wide = measured(np.full((14, 18), 8.0, np.float32))
    assert narrow.spread < 0.05
    assert wide.spread == pytest.approx(np.std((np.arange(18) + 0.5) / 18))
    none = maps_with(np.full((14, 18), -1.0, np.float32))
    found = measures_of(Prediction(0, softmax(scores_of(none)), none, None), prepared(layered()))
    assert found.spread == pytest.approx(wide.spread)  # no evidence is not evidence at one place


def test_the_energy_is_that_of_all_scores() -> None:
    found = measured(at_one_place())
    scores = scores_of(maps_with(at_one_place()))
    assert found.energy == pytest.approx(float(np.log(np.exp(scores).sum())))


@pytest.mark.parametrize(
    ("measures", "outside"),
    [
        (OutsideMeasures(9.0, 0.15, 0.1), False),
        (OutsideMeasures(4.0, 0.15, 0.1), True),  # too little energy
        (OutsideMeasures(9.0, 0.29, 0.6), True),  # layers from side to side
    ],
)
def test_two_ways_to_be_outside(measures: OutsideMeasures, outside: bool) -> None:
    rule = OutsideRule(least_energy=5, energy=-0.5, spread=20, layers=12, offset=-4)
    assert (measures.lack(rule) > 0) is outside


@pytest.mark.usefixtures("plain_screens")
def test_the_same_picture_again_has_the_same_state() -> None:
    made = analyser(maps_with(at_one_place()), ALWAYS)
    first = made.analyse(frame_of(PICTURE, index=1))
    again = made.analyse(frame_of(PICTURE, index=2))
    assert first.state is again.state is State.OUTSIDE
