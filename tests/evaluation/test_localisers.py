"""The two localisers side by side, and how sure boxes are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluation.seen import BOX, ByNumber, one, picture
from sonoassist.analysis.analyser import AnalyserOptions
from sonoassist.core.packets import Box
from sonoassist.evaluation.localisers import OtherLocaliser, compare_localisers
from sonoassist.evaluation.observed import Observation
from sonoassist.evaluation.text_tables import localisers, localisers_rows
from sonoassist.localise.choice import Localiser
from sonoassist.preprocess.crop import parse_crop

HALF = Box(10, 10, 30, 18)
"""Of `BOX` no more than two fifths."""


def seen(
    plane: str, box: Box | None, other: Box | None, *, sure: bool = True, named: str = ""
) -> Observation:
    frame = one(plane, named or plane, true_box=BOX, box=box)
    return replace(frame, other_box=other, compared=True, sure=sure)


def test_each_plane_by_both() -> None:
    frames = [seen("femur", BOX, HALF), seen("femur", BOX, None), seen("lips", HALF, BOX)]
    found = compare_localisers(frames, "plane")
    assert found is not None
    fits = {row.group: (row.count, row.plane, row.paper) for row in found.planes}
    count, plane, paper = fits[("femur",)]
    assert (count, plane.mean, plane.correct) == (2, 1.0, 1.0)
    assert (paper.mean, paper.correct) == (pytest.approx(0.2), 0.0)
    assert fits[("lips",)][2].correct == 1.0
    assert found.all.count == 3
    assert found.all.plane.correct == pytest.approx(2 / 3)


def test_the_sides_do_not_depend_on_which_one_was_used() -> None:
    frames = [seen("femur", BOX, HALF), seen("lips", HALF, BOX)]
    swapped = [replace(each, box=each.other_box, other_box=each.box) for each in frames]
    one_way, other = compare_localisers(frames, "plane"), compare_localisers(swapped, "paper")
    assert one_way is not None
    assert other is not None
    assert localisers_rows(one_way) == localisers_rows(other)


def test_only_rightly_named_frames_that_both_have_seen_count() -> None:
    alone = replace(seen("femur", BOX, BOX), compared=False)
    wrong = seen("femur", BOX, BOX, named="lips")
    assert compare_localisers([alone, wrong], "plane") is None
    found = compare_localisers([alone, wrong, seen("femur", BOX, BOX)], "plane")
    assert found is not None
    assert found.all.count == 1


def test_how_often_sure_boxes_are_right_and_unsure_ones_wrong() -> None:
    frames = [
        seen("femur", BOX, None),
        seen("femur", HALF, None),
        seen("femur", HALF, None, sure=False),
        seen("femur", BOX, None, sure=False),
        seen("femur", None, None),
    ]
    found = compare_localisers(frames, "plane")
    assert found is not None
    of = found.sureness
    assert (of.count, of.missing, of.unsure, of.unsure_wrong) == (5, 1, 2, 1)
    assert (of.sure, of.sure_right) == (2, 1)
    assert found.all.plane.correct == pytest.approx(2 / 5)  # without a box it is wrong
    words = localisers(found)
    assert "2 of 5 boxes are not sure, 1 of these wrong; 1 of 2 sure ones are correct" in words
    assert "1 without a box" in words


@pytest.mark.parametrize(
    ("used", "other"), [(Localiser.PLANE, Localiser.PAPER), (Localiser.PAPER, Localiser.PLANE)]
)
def test_the_other_one_looks_at_the_same_crop(used: Localiser, other: Localiser) -> None:
    analyser = ByNumber()
    analyser.configure(AnalyserOptions(parse_crop("full"), threshold=0.4, localiser=used))
    looking = OtherLocaliser(analyser)
    assert looking.localiser is other
    own = looking._own
    looking.box(picture(3), Box(0, 0, 40, 30))
    assert own.options.localiser is other
    assert own.options.crop.own == Box(0, 0, 40, 30)
    assert own.options.threshold == 0.4
    assert analyser.options.localiser is used
    assert analyser.seen == []  # its memory of frames is not touched
