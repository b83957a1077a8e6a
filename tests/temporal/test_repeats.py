"""Pictures that a grabber delivers more than once: they do not count as no motion."""

from __future__ import annotations

import numpy as np
import pytest

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.packets import Box
from sonoassist.temporal.best_frames import BestFrames
from sonoassist.temporal.hint_meter import SIZE_PX
from sonoassist.temporal.motion_meter import MotionMeter
from sonoassist.temporal.quality_meter import QualityMeter
from sonoassist.temporal.repeats import STANDS_S
from sonoassist.temporal.steady import SteadyLabel

FIELD = Box(0, 0, 144, 112)
RNG = np.random.default_rng(3)
TISSUE = np.kron(RNG.integers(0, 255, (28, 120), np.uint8), np.ones((4, 4), np.uint8))
TIMES = [1, 2, 3]


def picture(number: int) -> np.ndarray:
    """Tissue that has moved by three pixels for each picture."""
    return np.ascontiguousarray(TISSUE[:, 3 * number : 3 * number + 144])


def stillness(pictures: list[np.ndarray], hz: float, meter: QualityMeter) -> list[float]:
    return [
        meter.measure_frame(frame_of(pixels, time_s=at / hz), FIELD).stillness
        for at, pixels in enumerate(pictures)
    ]


@pytest.mark.parametrize("times", TIMES)
def test_a_picture_that_is_delivered_again_is_as_still_as_the_first_time(times: int) -> None:
    drawn_hz, pictures = 20, [picture(number) for number in range(30)]
    delivered = [pixels for pixels in pictures for _ in range(times)]
    found = stillness(delivered, drawn_hz * times, QualityMeter())
    once = stillness(pictures, drawn_hz, QualityMeter())
    assert found == [one for one in once for _ in range(times)]
    assert max(found[times:]) < 0.5


def test_a_picture_that_stands_is_still() -> None:
    meter = QualityMeter()
    stillness([picture(number) for number in range(10)], 25, meter)
    found = [
        meter.measure_frame(frame_of(picture(10), time_s=0.4 + at / 25), FIELD).stillness
        for at in range(20)
    ]
    assert max(found[: int(STANDS_S * 25)]) < 0.5
    assert min(found[int(STANDS_S * 25) + 1 :]) == pytest.approx(1.0)


@pytest.mark.parametrize("times", TIMES)
def test_pictures_delivered_again_are_no_less_quick(times: int) -> None:
    meter, found = MotionMeter(SIZE_PX), []
    for at in range(30 * times):
        frame = frame_of(picture(at // times), time_s=at / (20 * times))
        small = np.asarray(picture(at // times), np.float32)
        found.append(meter.measure(frame, FIELD, small))
    assert min(found[6 * times :]) == pytest.approx(3 * 20 / 144, rel=0.1)


def test_of_a_view_no_frame_is_preferred_because_it_was_delivered_again() -> None:
    """A picture with the same sharpness that was delivered once is as good as all the others."""
    best, label = BestFrames(), SteadyLabel(0.7)
    found = []
    for at in range(40):
        number = at - 1 if at and not at % 10 else at  # every tenth is the one before again
        frame = frame_of(picture(number), time_s=at / 25, captured_at_s=at / 25, index=at)
        analysis = analysis_of(frame, shares_of("femur", 0.95))
        found += best.update(analysis, label.update(analysis))
    found += best.flush()
    assert found
    assert max(one.quality.stillness for one in found) < 0.5
