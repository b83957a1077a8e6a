"""Fitting with pictures of other kinds among the labelled ones, of which the model is sure."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from evaluation.test_calibration_fit import drawn
from evaluation.test_outside_fit import HEARTS, MUSCLE, pictures
from sonoassist.core.errors import SourceError
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX
from sonoassist.evaluation.calibration_fit import fit_calibration
from sonoassist.evaluation.outside_fit import Measured
from sonoassist.evaluation.score_fit import ScoreFit, _scored, fit_scores
from sonoassist.evaluation.score_gathering import Gathered


def labelled(temperature: float = 1.5) -> list[Gathered]:
    """Pictures of the model's own kind."""
    known = pictures(900, 10, 0.18, 0.15)
    return [
        Gathered(
            one.case,
            one.dataset,
            one.scores,
            one.truth,
            measured.measures if int(one.scores.argmax()) != BACKGROUND_INDEX else None,
        )
        for one, measured in zip(drawn(900, temperature), known, strict=True)
    ]


def sure_and_wrong(others: list[Measured]) -> list[Gathered]:
    """Pictures of other kinds labelled as none of the planes, which the model calls lips."""
    scores = np.zeros(14, np.float32)
    scores[INDEX["lips"]] = 20.0
    return [
        Gathered(f"d/other {number}", "d", scores, ("background",), one.measures)
        for number, one in enumerate(others)
    ]


AMONG = [*pictures(300, 9, 0.29, 0.5, 5), *pictures(300, 2.5, 0.18, 0.15, 6)]


def fitted(frames: list[Gathered], error_rate: float = 0.1) -> ScoreFit:
    return fit_scores(frames, [*MUSCLE, *HEARTS], error_rate, "labelled", "others")


@functools.cache
def fitted_alone() -> ScoreFit:
    return fitted(labelled(), 0.1)


@pytest.mark.parametrize("count", [60, 300, 600])
def test_sure_pictures_of_other_kinds_are_left_out_and_counted(count: int) -> None:
    own, wrong = labelled(), sure_and_wrong(AMONG[:: len(AMONG) // count])
    with pytest.raises(SourceError, match="at no threshold"):
        fit_calibration(_scored([*own, *wrong], None), 0.04)
    found, alone = fitted([*own, *wrong], 0.1), fitted_alone()
    rule, rule_alone = found.calibration.calibration, alone.calibration.calibration
    assert found.calibration.left_out - alone.calibration.left_out == pytest.approx(
        len(wrong), rel=0.1
    )
    # A few are let through: the error rate is kept all the same, or a little later.
    assert rule.temperature == pytest.approx(rule_alone.temperature, rel=0.3)
    assert found.calibration.after.error_rate <= 0.1
    assert found.outside is not None
    assert found.outside.let_through < 0.1


def test_without_such_pictures_hardly_any_are_left_out() -> None:
    found = fitted_alone()
    assert found.calibration.left_out < 0.06 * 900


def test_what_is_let_through_counts_as_an_error() -> None:
    """Nothing is left out but what the rule calls outside."""
    own = labelled()
    alike = sure_and_wrong(pictures(400, 10, 0.18, 0.15, 7))
    with pytest.raises(SourceError, match="at no threshold"):
        fitted([*own, *alike], 0.1)
