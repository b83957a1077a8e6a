"""How scores are read: in the card, in the registry for published weights, and kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from fake_weights import published_file
from model.test_store import put
from sonoassist.core import paths
from sonoassist.core.errors import ModelError
from sonoassist.core.settings import Settings
from sonoassist.model.card import CARD_NAME, Card, read_card, threshold_of, write_card
from sonoassist.model.registry import Registry, load_registry
from sonoassist.model.score_history import SCORE_HISTORY, ScoreRules
from sonoassist.model.score_rules import (
    UNCALIBRATED_THRESHOLD,
    OutsideRule,
    ScoreCalibration,
)
from sonoassist.model.store import ModelStore

RULE = ScoreCalibration(temperature=1.5, lapse=0.01, threshold=0.55, error_rate=0.02)
OUTSIDE = OutsideRule(least_energy=5, energy=-1, spread=20, layers=10, offset=-5)


def card(**fields: object) -> Card:
    known = {"name": "a", "title": "A", "architecture": "smallnet", "domain": "own"}
    return Card.model_validate({**known, "weights_sha256": "0" * 64, **fields})


def test_a_card_says_how_scores_are_read(tmp_path: Path) -> None:
    whole = card(calibration=RULE, outside=OUTSIDE)
    write_card(tmp_path, whole)
    assert read_card(tmp_path) == whole
    assert whole.threshold == 0.55
    assert whole.reading == "T 1.5 lapse 0.01, outside 5 -1 20 10 -5"


def test_the_card_of_an_earlier_program_is_uncalibrated(tmp_path: Path) -> None:
    put(tmp_path, "old")
    old = read_card(tmp_path / "old")
    assert "calibration" not in (tmp_path / "old" / CARD_NAME).read_text()
    assert old.calibration is None
    assert old.outside is None
    assert (old.threshold, old.reading) == (UNCALIBRATED_THRESHOLD, "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0},
        {"temperature": float("nan")},
        {"lapse": 0.6},
        {"threshold": 1.0},
        {"error_rate": 0},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        ScoreCalibration.model_validate({**RULE.model_dump(), **wrong})


def test_the_users_own_threshold_goes_before_the_models() -> None:
    calibrated = card(calibration=RULE)
    assert threshold_of(Settings(), calibrated) == 0.55
    assert threshold_of(Settings(threshold=0.8), calibrated) == 0.8
    assert threshold_of(Settings(), None) == UNCALIBRATED_THRESHOLD


def published(name: str = "smallnet") -> Card:
    """The card of published weights as an earlier program wrote it."""
    return card(domain="published", architecture=name)


def test_published_weights_have_what_the_registry_knows_of_them() -> None:
    """Also those that an earlier program has installed, whose card says nothing."""
    for name in ("sononet16", "smallnet"):
        known, found = load_registry().get(name), load_registry().completed(published(name))
        assert known.calibration is not None
        assert known.outside is not None
        assert (found.calibration, found.outside) == (known.calibration, known.outside)


def test_weights_of_ones_own_have_nothing_from_the_registry() -> None:
    taught = card(architecture="sononet16")
    found = load_registry().completed(taught)
    assert found.calibration is None
    assert found.outside is None


def test_numbers_of_ones_own_go_before_those_of_the_registry() -> None:
    own = published().model_copy(update={"calibration": RULE})
    found = load_registry().completed(own)
    assert found.calibration == RULE
    assert found.outside == load_registry().get("smallnet").outside


def test_what_the_registry_adds_is_not_kept_in_the_card(tmp_path: Path) -> None:
    """Else a better registry of a later program would change nothing."""
    model = put(tmp_path, "mynet", domain="published")
    write_card(model, published().model_copy(update={"name": "mynet"}))
    store = ModelStore(tmp_path, paths.shipped_models())
    found = store.get("mynet")
    assert found.card.calibration is not None
    store.describe(found, store.own_card(found).model_copy(update={"notes": "seen"}))
    assert "calibration" not in (model / CARD_NAME).read_text()
    assert store.get("mynet").card.notes == "seen"
    assert store.get("mynet").card.calibration is not None


def test_numbers_that_change_nothing_make_no_other_results() -> None:
    """What was found before, by the plain softmax, serves on."""
    same = ScoreCalibration(temperature=1.0, lapse=0.0, threshold=0.6, error_rate=0.02)
    assert card(calibration=same).reading == ""
    assert card(calibration=same, outside=OUTSIDE).reading.startswith("outside")


def test_the_bundled_model_is_calibrated_for_synthetic_exams() -> None:
    bundled = read_card(paths.shipped_models() / "sononet32-synthetic")
    assert bundled.calibration is not None
    assert "synthetic exams" in bundled.calibration.fitted_on
    assert (bundled.threshold, bundled.reading) == (0.7, "")


def test_the_shipped_registry_calibrates_only_what_was_measured() -> None:
    known = {one.name: (one.calibration, one.outside) for one in load_registry().weights}
    assert known["sononet32"] == known["sononet64"] == (None, None)
    assert None not in known["sononet16"] + known["smallnet"]


def test_registry_entries_are_checked(tmp_path: Path) -> None:
    data = load_registry().model_dump(mode="json")
    data["weights"][0]["calibration"] = {"temperature": -1, "error_rate": 0.1}
    with pytest.raises(ValidationError):
        Registry.model_validate(data)


def test_numbers_that_were_replaced_are_kept_in_order(tmp_path: Path) -> None:
    first, second = ScoreRules(), ScoreRules(calibration=RULE, outside=OUTSIDE)
    SCORE_HISTORY.keep(tmp_path, first)
    SCORE_HISTORY.keep(tmp_path, second)
    assert SCORE_HISTORY.kept(tmp_path) == [first, second]
    SCORE_HISTORY.forget_newest(tmp_path)
    assert SCORE_HISTORY.kept(tmp_path) == [first]
    SCORE_HISTORY.forget_newest(tmp_path)
    assert SCORE_HISTORY.kept(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_damaged_numbers_are_told(tmp_path: Path) -> None:
    (tmp_path / SCORE_HISTORY.file).write_text('[{"calibration": 3}]')
    with pytest.raises(ModelError, match="is damaged"):
        SCORE_HISTORY.kept(tmp_path)


def test_an_installed_file_is_read_again_with_its_numbers(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models", tmp_path / "none")
    model = store.add(published_file(tmp_path))
    store.describe(model, model.card.model_copy(update={"calibration": RULE, "outside": OUTSIDE}))
    again = store.get(model.name).card
    assert (again.calibration, again.outside) == (RULE, OUTSIDE)
