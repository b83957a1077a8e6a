from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.percent import at_most_percent, percent, threshold_percent


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.03, "3 %"), (0.025, "2.5 %"), (0.005, "0.5 %"), (0.0001, "0.1 %"), (0.0, "0 %")],
)
def test_a_promise_is_never_better_than_what_was_found(share: float, text: str) -> None:
    assert at_most_percent(share) == text


@pytest.mark.parametrize(
    ("threshold", "text"),
    [(0.625, "62.5 %"), (0.7, "70 %"), (np.float32(0.7), "70 %"), (0.29, "29 %"), (1.0, "100 %")],
)
def test_a_threshold_is_written_as_it_is(threshold: float, text: str) -> None:
    assert threshold_percent(threshold) == text


@given(st.floats(0, 1))
def test_one_is_rounded_down_and_the_other_up(share: float) -> None:
    assert float(percent(share).removesuffix(" %")) <= 100 * share + 1e-4
    assert float(at_most_percent(share).removesuffix(" %")) >= 100 * share - 1e-4
