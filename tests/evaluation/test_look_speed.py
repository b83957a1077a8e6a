"""What a look costs beside a pass, by a clock that both move on."""

from __future__ import annotations

import numpy as np
import pytest

from sonoassist.core.packets import Pixels
from sonoassist.evaluation.look_speed import ROUNDS, WARM_ROUNDS, measure_look


def test_looks_and_passes_are_timed_in_turn() -> None:
    now_s = 0.0
    done: list[str] = []

    def take(what: str, usual_s: float) -> None:
        nonlocal now_s
        done.append(what)
        # What is first run is slow and must not count.
        now_s += usual_s if len(done) > 2 * WARM_ROUNDS else 100 * usual_s

    def look(pixels: Pixels) -> None:
        take(f"look {pixels[0, 0]}", 0.002)

    screens = [np.full((4, 4), level, np.uint8) for level in (1, 2, 3)]
    found = measure_look(screens, look, lambda: take("pass", 0.05), lambda: now_s)
    assert found.look_ms == pytest.approx(2)
    assert found.pass_ms == pytest.approx(50)
    assert found.looks_in_a_pass == pytest.approx(25)
    assert done[:6] == ["pass", "look 1", "pass", "look 2", "pass", "look 3"]
    assert len(done) == 2 * (WARM_ROUNDS + ROUNDS)
