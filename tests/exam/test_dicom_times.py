from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from sonoassist.core.errors import OutputError
from sonoassist.exam.dicom_out.clips import add_cine
from sonoassist.sources.dicom_times import frame_times

GAPS = st.lists(st.integers(1, 200_000), min_size=1, max_size=200)


@given(GAPS)
def test_times_come_back_to_the_microsecond(ticks: list[int]) -> None:
    times_ms = tuple(np.concatenate([[0], np.cumsum(ticks)]) / 90.0)
    dataset = Dataset()
    add_cine(dataset, times_ms, 25.0)
    found, stated = frame_times(dataset)
    assert stated
    # One step for all frames is off by half its last digit a frame, and by the clock's grain.
    most = 0.001 if "FrameTimeVector" in dataset else 0.02 + 0.001 * len(times_ms)
    assert np.allclose(np.asarray(found) * 1000.0, times_ms, atol=most)


@given(st.integers(2, 300), st.sampled_from([24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0]))
def test_an_even_rate_has_one_frame_time(count: int, rate: float) -> None:
    # As a video stores them: in ticks of 1/90,000 s.
    times_ms = tuple(np.round(np.arange(count) / rate * 90_000.0) / 90.0)
    dataset = Dataset()
    add_cine(dataset, times_ms, rate)
    assert float(dataset.FrameTime) == pytest.approx(1000.0 / rate, abs=0.02)
    assert dataset.CineRate == round(rate)
    assert "FrameTimeVector" not in dataset


def test_a_clip_that_no_object_can_hold() -> None:
    times_ms = tuple(float(index * 33 + index % 2) for index in range(30_000))
    with pytest.raises(OutputError, match="30,000 frames is too long"):
        add_cine(Dataset(), times_ms, 30.0)
