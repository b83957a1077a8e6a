"""What boxes are found by, and the number under which they are kept."""

from __future__ import annotations

import pytest

from sonoassist.core.planes import Polarity
from sonoassist.localise import LOCALISER, choice
from sonoassist.localise.choice import Localiser
from sonoassist.model.box_rule import BoxRule, Method

WALL = BoxRule(method=Method.WALL, polarity=Polarity.ABSOLUTE)
LINE = BoxRule(method=Method.LINE, polarity=Polarity.ABSOLUTE)


def test_the_paper_has_no_rules_of_a_model() -> None:
    own = {"femur": LINE}
    assert Localiser.PLANE.rules(own) == own
    assert Localiser.PAPER.rules(own) == {}


def test_boxes_that_may_differ_have_other_numbers() -> None:
    rules = [{"femur": LINE}, {"femur": WALL}, {"lips": LINE}, {"femur": LINE, "lips": WALL}]
    numbers = [Localiser.PLANE.number(own) for own in rules]
    paper = {Localiser.PAPER.number(own) for own in rules}
    assert len({LOCALISER, *numbers, *paper}) == len(rules) + 2
    assert len(paper) == 1
    assert all(0 < number < 2**63 for number in numbers)  # SQLite holds it


def test_the_order_of_the_rules_does_not_count() -> None:
    one = {"femur": LINE, "lips": WALL}
    assert Localiser.PLANE.number(one) == Localiser.PLANE.number(dict(reversed(one.items())))


def test_a_model_without_rules_keeps_the_boxes_of_earlier_programs() -> None:
    assert {each.number({}) for each in Localiser} == {LOCALISER}


def test_a_change_of_the_methods_is_a_change_of_the_models_rules_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = {"femur": LINE}

    def numbers() -> list[int]:
        return [each.number(own) for each in (Localiser.PLANE, Localiser.PAPER)]

    before = numbers()
    monkeypatch.setattr(choice, "METHODS", choice.METHODS + 1)
    plane, paper = numbers()
    assert plane != before[0]
    assert paper == before[1]
