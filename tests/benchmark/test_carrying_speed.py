from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench_made import CPU, FakeClock, FakeEngine
from real_models import card_of, frame_of
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.benchmark.candidates import NetworkRunner
from sonoassist.benchmark.carried_ages import AGES_MS, AgesMeter
from sonoassist.benchmark.carrying import Carrying, measure_carrying
from sonoassist.benchmark.text import carried_ages, carrying
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Floats, Frame, State
from sonoassist.core.planes import INDEX
from sonoassist.engines.base import EngineOutput, Saliency


class Sure(FakeEngine):
    """Names one plane and finds it at one place."""

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        out = super().run(network_input, saliency)
        logits = np.zeros(14, np.float32)
        logits[INDEX["lips"]] = 20
        heat = None if saliency is Saliency.NONE else np.zeros((224, 288), np.float32)
        if heat is not None:
            heat[80:140, 100:200] = 1
        return EngineOutput(logits, out.score_maps, heat)


def film(count: int) -> list[Frame]:
    small = np.random.default_rng(1).integers(30, 200, (56, 72), np.uint8)
    large = cv2.resize(small, (576, 448), interpolation=cv2.INTER_CUBIC)
    return [
        frame_of(np.ascontiguousarray(np.roll(large, 2 * n, axis=1)), index=n) for n in range(count)
    ]


@pytest.fixture
def analyser() -> Analyser:
    engine = Sure(FakeClock(), NetworkRunner("OpenVINO", "bf16", CPU), 6.0, 16.0)
    return Analyser(engine, card_of("smallnet"), AnalyserOptions())


def test_every_other_box_is_carried_and_compared(analyser: Analyser) -> None:
    frames = iter(film(6))
    found = measure_carrying(lambda: next(frames, None), analyser, 100)
    assert (found.frames, found.planes, found.carried) == (6, 6, 3)
    # The engine's box stays where it is, the carried one goes with the picture by one pixel.
    assert 0.9 < found.box_iou < 1.0
    assert analyser.options == AnalyserOptions()


def test_boxes_are_carried_further_and_compared_by_age(analyser: Analyser) -> None:
    frames = iter(film(30))
    found = measure_carrying(lambda: next(frames, None), analyser, 100)
    assert [one.age_ms for one in found.by_age] == list(AGES_MS)
    # Of frames 0, 5, 10, 15, 20 and 25; each up to 12 frames on, where there are so many.
    assert [one.frames for one in found.by_age][:2] == [6, 6]
    assert sum(one.frames for one in found.by_age) == 4 * 12 + 9 + 4
    assert found.follow_ms > 0
    for one in found.by_age:
        assert one.followed == one.frames
        assert one.still_iou == 1.0  # the engine's box stays where it is
    # The carried one goes with the picture, by one pixel of the input a frame.
    ious = [one.box_iou for one in found.by_age]
    assert ious == sorted(ious, reverse=True)
    assert 0.75 < ious[-1] < 0.85
    table = carried_ages(found)
    assert "500 ms" in table
    assert "100.0" in table


def test_a_box_is_carried_no_further_than_its_plane(analyser: Analyser) -> None:
    meter = AgesMeter(analyser.card)
    for index, frame in enumerate(film(12)):
        analysis = analyser.analyse(frame)
        if index == 6:
            analysis = replace(analysis, state=State.UNSURE)
        meter.see(analysis)
    # From frame 0 up to frame 5; those of frames 5 and 11 have no frame to go to.
    assert sum(one.frames for one in meter.rows()) == 5
    assert max(one.age_ms for one in meter.rows()) == 200


def test_it_ends_where_it_was_told_to(analyser: Analyser) -> None:
    frames = iter(film(6))
    assert measure_carrying(lambda: next(frames, None), analyser, 4).frames == 4
    assert next(frames).index == 4


def test_it_is_told_in_words() -> None:
    text = carrying(Carrying(100, 40, 18, 30.0, 20.0, 0.912, 0.81))
    assert "18 of 40 frames with a plane, 1.50 times quicker" in text
    assert "mean 0.912" in text
    none = carrying(Carrying(100, 0, 0, float("nan"), float("nan"), float("nan"), float("nan")))
    assert "none of 100 frames had a box to carry (0 named a plane)" in none
