from __future__ import annotations

import numpy as np
import pytest

from sonoassist.core.planes import INDEX
from sonoassist.evaluation.reliability import groups_of, reliability

HEART = ("4ch", "lvot", "rvot", "3vv")


def shares(**known: float) -> np.ndarray:
    row = np.full(14, (1 - sum(known.values())) / (14 - len(known)))
    for key, value in known.items():
        row[INDEX["4ch" if key == "fourch" else key]] = value
    return row


def test_planes_that_a_label_joins_are_one_group() -> None:
    number = groups_of([("femur",), HEART, ("brain_tv", "brain_cb"), ("brain_tv",)])
    assert len({number[INDEX[key]] for key in HEART}) == 1
    assert number[INDEX["brain_tv"]] == number[INDEX["brain_cb"]]
    assert len(set(number.tolist())) == 14 - 3 - 1
    assert number[INDEX["femur"]] not in {number[INDEX["4ch"]], number[INDEX["brain_tv"]]}


def test_labels_that_overlap_join_all_their_planes() -> None:
    number = groups_of([("4ch", "lvot"), ("lvot", "rvot"), ("rvot", "femur")])
    assert len({number[INDEX[key]] for key in ("4ch", "lvot", "rvot", "femur")}) == 1


def test_a_views_doubt_within_its_group_is_no_doubt_of_the_group() -> None:
    found = reliability(np.stack([shares(fourch=0.45, lvot=0.45)]), [HEART])
    assert found.accuracy == 1
    assert found.confidence == pytest.approx(0.9 + 2 * 0.1 / 12)
    assert found.nll == pytest.approx(-np.log(found.confidence))


def test_sure_and_right_in_nine_of_ten_is_calibrated() -> None:
    rows = np.stack([shares(femur=0.9)] * 10)
    truths = [("femur",)] * 9 + [("lips",)]
    found = reliability(rows, truths)
    assert found.error == pytest.approx(0, abs=1e-9)
    wrong = reliability(np.stack([shares(femur=0.99)] * 10), truths)
    assert wrong.error == pytest.approx(0.09)
    assert wrong.nll > found.nll


def test_nothing_held_for_possible_is_very_unlikely_not_impossible() -> None:
    row = np.zeros(14)
    row[INDEX["femur"]] = 1.0
    assert np.isfinite(reliability(row[None], [("lips",)]).nll)
