"""Results by another reading of the scores are not mixed; pictures outside stay outside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recordings.test_cache import MADE, ONE, found, keep, result
from sonoassist.core.packets import State
from sonoassist.exam.records import Seen
from sonoassist.gui.verdict import UNANALYSED, VerdictKind
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.records import restated
from sonoassist.recordings.table import FrameTable
from sonoassist.temporal.steady import OUTSIDE_FROM_S, SteadyLabel

PLAIN = MADE
CALIBRATED = replace(MADE, network_input="288x224 255; T 1.2 lapse 0.01")
OLDER = replace(MADE, network_input="", precision="")


@pytest.fixture
def cache(tmp_path: Path) -> AnalysisCache:
    return AnalysisCache(tmp_path / "analyses")


@pytest.mark.parametrize(
    ("kept", "wanted", "serves"),
    [
        (PLAIN, PLAIN, True),
        (CALIBRATED, CALIBRATED, True),
        (PLAIN, CALIBRATED, False),
        (CALIBRATED, PLAIN, False),
        (OLDER, PLAIN, True),
        (OLDER, CALIBRATED, False),
    ],
)
def test_only_results_of_the_same_reading_serve(
    cache: AnalysisCache, kept: object, wanted: object, serves: bool
) -> None:
    """Those of earlier programs are the plain softmax."""
    keep(cache, ONE, result(0), provenance=kept)
    assert bool(found(cache, ONE, provenance=wanted)) is serves


def test_a_picture_outside_is_kept_as_one(cache: AnalysisCache) -> None:
    keep(cache, ONE, replace(result(0), state=State.OUTSIDE))
    assert found(cache, ONE)[0].state is State.OUTSIDE


def test_no_threshold_makes_a_plane_of_it() -> None:
    assert restated(replace(result(0), state=State.OUTSIDE), 0.0).state is State.OUTSIDE


def test_it_is_not_judged_and_never_retrieved() -> None:
    table = FrameTable([0.0, 0.04])
    table.add([replace(result(0), state=State.OUTSIDE), result(1)])
    columns = table.snapshot()
    assert columns.judged.tolist() == [False, True]
    assert columns.sure.tolist() == [False, True]


def test_it_breaks_the_steady_label() -> None:
    label = SteadyLabel(0.5)
    shares = result(0).probabilities
    assert label.follow(0.0, State.PLANE, shares).state is State.PLANE
    times_s = [0.04 * step for step in range(1, 9)]
    assert times_s[-1] >= OUTSIDE_FROM_S
    outside = [label.follow(time_s, State.OUTSIDE, shares) for time_s in times_s][-1]
    assert (outside.plane, outside.state) == (None, State.OUTSIDE)


def test_it_has_its_own_words_everywhere() -> None:
    assert VerdictKind.OUTSIDE in UNANALYSED
    assert Seen(State.OUTSIDE.value) is Seen.OUTSIDE
