"""What is said of boxes of networks that were never measured with their rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from real_models import card_of
from sonoassist.core.paths import shipped_models
from sonoassist.core.planes import Polarity
from sonoassist.model.box_rule import BoxRule
from sonoassist.model.card import BOXES_UNMEASURED, read_card, write_card
from sonoassist.model.registry import load_registry

MEASURED = ("sononet16",)


@pytest.mark.parametrize("name", ["sononet64", "sononet32", "sononet16", "smallnet"])
def test_only_what_was_measured_is_called_so(name: str) -> None:
    found = load_registry().completed(card_of(name))
    assert found.boxes  # all share the rules
    assert bool(found.boxes_measured_on) is (name in MEASURED)
    assert (found.calibration is None) is (name in ("sononet64", "sononet32"))


def test_a_model_of_ones_own_is_not_taken_for_measured() -> None:
    own = card_of("sononet16").model_copy(update={"domain": "own"})
    assert load_registry().completed(own).boxes_measured_on == ""


def test_what_the_card_says_itself_goes_before() -> None:
    mine = card_of("sononet16").model_copy(update={"boxes_measured_on": "12 frames"})
    assert load_registry().completed(mine).boxes_measured_on == "12 frames"


def test_rules_of_ones_own_are_not_those_that_were_measured() -> None:
    """So fitted by an earlier program, which did not write down on what."""
    rule = BoxRule(polarity=Polarity.NEGATIVE, grow_x=2.0)
    fitted = card_of("sononet16").model_copy(update={"boxes": {"femur": rule}})
    found = load_registry().completed(fitted)
    assert found.boxes["femur"] == rule
    assert found.boxes_measured_on == ""
    assert found.calibration is not None


def test_the_bundled_model_was_measured() -> None:
    assert "synthetic" in read_card(shipped_models() / "sononet32-synthetic").boxes_measured_on


def test_the_card_of_an_earlier_program_says_nothing_of_it(tmp_path: Path) -> None:
    write_card(tmp_path, card_of("sononet32"))
    text = (tmp_path / "card.toml").read_text(encoding="utf-8")
    (tmp_path / "card.toml").write_text(
        "\n".join(line for line in text.splitlines() if "boxes_measured_on" not in line)
    )
    assert read_card(tmp_path).boxes_measured_on == ""
    assert "not measured" in BOXES_UNMEASURED
