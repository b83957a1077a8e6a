from __future__ import annotations

import numpy as np
import pytest

from bench_made import CPU, FakeClock, FakeEngine
from real_models import card_of, frame_of
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.benchmark.candidates import Runner
from sonoassist.benchmark.carrying import Carrying, measure_carrying
from sonoassist.benchmark.text import carrying
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Floats, Frame
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
    engine = Sure(FakeClock(), Runner("OpenVINO", "bf16", CPU), 6.0, 16.0)
    return Analyser(engine, card_of("smallnet"), AnalyserOptions())


def test_every_other_box_is_carried_and_compared(analyser: Analyser) -> None:
    frames = iter(film(6))
    found = measure_carrying(lambda: next(frames, None), analyser, 100)
    assert (found.frames, found.planes, found.carried) == (6, 6, 3)
    # The engine's box stays where it is, the carried one goes with the picture by one pixel.
    assert 0.9 < found.box_iou < 1.0
    assert analyser.options == AnalyserOptions()


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
