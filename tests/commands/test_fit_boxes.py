"""`models fit-boxes` changes a model only for the better, says on what, and can be undone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.test_box_fitting import example
from fake_weights import published_file
from sonoassist import cli
from sonoassist.core.planes import Polarity
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.evaluation.box_fitting import Example
from sonoassist.model.box_history import FILE, kept_rules
from sonoassist.model.store import ModelStore

Given = Callable[..., None]


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """A model, and data of a layout with these frames of each plane."""
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    ModelStore.default().add(published_file(tmp_path), "mine")

    class Analysing:
        def close(self) -> None:
            pass

    def make(layout: str = "exams", **planes: Sequence[Example]) -> None:
        frames = (LabelledFrame("a", Path("x.png"), 0, ("femur",)),)
        monkeypatch.setattr(
            "sonoassist.datasets.reading.read_dataset",
            lambda path, mapping: Dataset("truth", layout, frames),
        )
        monkeypatch.setattr(
            "sonoassist.analysis.analyser.build_analyser", lambda *_, **__: Analysing()
        )
        monkeypatch.setattr(
            "sonoassist.evaluation.box_fitting.gather", lambda *_, **__: dict(planes)
        )
        monkeypatch.setattr("sonoassist.evaluation.planning.make_plan", lambda *_: NoPlan())

    return make


class NoPlan:
    files = ()


def lit(sign: float, count: int = 16) -> list[Example]:
    return [replace(example(n, sign), case=f"c{n % 8}") for n in range(count)]


def rules() -> dict[str, object]:
    return dict(ModelStore.default().get("mine").card.boxes)


def measured_on() -> str:
    return ModelStore.default().get("mine").card.boxes_measured_on


def fit(*words: str) -> int:
    return cli.run(["models", "fit-boxes", "mine", *words])


def test_planes_that_become_better_get_a_rule_and_it_can_be_undone(
    given: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    given(femur=lit(-1.0), lips=lit(-1.0, 8), spine_cor=lit(1.0))
    before = rules()
    assert fit("data") == 0
    said = capsys.readouterr().err
    assert "on frames that were not fitted on" in said
    assert "held out by case" in said
    assert "old rule kept: too few frames" in said
    assert "old rule kept: no other rule is better" in said
    assert "--undo" in said
    found = rules()
    assert measured_on() == "16 frames of data, held out (Femur alone)"
    assert set(found) - set(before) == {"femur"}
    assert found["femur"].polarity is not Polarity.POSITIVE  # type: ignore[attr-defined]
    assert fit("--undo") == 0
    assert rules() == before
    assert measured_on() == ""
    assert fit("--undo") == 2
    assert "nothing to undo" in capsys.readouterr().err


def test_undo_goes_back_step_by_step(given: Given) -> None:
    folder = ModelStore.default().get("mine").folder
    given(femur=lit(-1.0))
    assert fit("data") == 0
    first = rules()
    given(femur=lit(1.0), lips=lit(-1.0))
    assert fit("data") == 0
    assert rules() != first
    assert len(kept_rules(folder)) == 2
    assert fit("--undo") == 0
    assert rules() == first
    assert fit("--undo") == 0
    assert not (folder / FILE).exists()


def test_undo_says_again_what_the_rules_of_before_were_measured_on(given: Given) -> None:
    given(femur=lit(-1.0))
    assert fit("one") == 0
    first = measured_on()
    given(lips=lit(-1.0, 24))
    assert fit("two") == 0
    assert measured_on() == f"24 frames of two, held out (Lips alone); {first}"
    assert fit("--undo") == 0
    assert measured_on() == first == "16 frames of one, held out (Femur alone)"
    given(femur=lit(1.0, 24))
    assert fit("three") == 0
    assert measured_on() == "24 frames of three, held out (Femur alone)"
    for said in (first, ""):
        assert fit("--undo") == 0
        assert measured_on() == said


def test_the_history_of_an_earlier_program_says_nothing_of_it(given: Given) -> None:
    folder = ModelStore.default().get("mine").folder
    given(femur=lit(-1.0))
    assert fit("data") == 0
    first = rules()
    given(femur=lit(1.0))
    assert fit("data") == 0
    alone = [one.model_dump(mode="json")["boxes"] for one in kept_rules(folder)]
    (folder / FILE).write_text(json.dumps(alone))
    assert fit("--undo") == 0
    assert rules() == first
    assert measured_on() == ""


def test_json_is_what_the_table_says(given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    given(femur=lit(-1.0), lips=lit(-1.0, 8))
    assert fit("data", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["femur"]["taken"], told["femur"]["frames"], told["femur"]["cases"]) == (
        True,
        16,
        8,
    )
    assert (told["lips"]["taken"], told["lips"]["after"]) == (False, None)


@pytest.mark.parametrize(
    ("layout", "words", "status"),
    [
        ("phantom", (), 2),
        ("phantom", ("--other-domain",), 0),
        ("phantom", ("--domain", "real"), 0),
        ("exams", (), 0),
        ("exams", ("--domain", "synthetic"), 2),
    ],
)
def test_another_domain_is_refused_unless_told(
    layout: str,
    words: tuple[str, ...],
    status: int,
    given: Given,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given(layout, femur=lit(-1.0))
    before = rules()
    assert fit("data", *words) == status
    said = capsys.readouterr().err
    assert (rules() == before) is bool(status)
    if status:
        assert "is synthetic, and mine is a model of real exams" in said
        assert len(said.splitlines()) == 1


def test_nothing_better_changes_nothing(given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    given(femur=lit(1.0))
    before = rules()
    assert fit("data") == 0
    assert "mine is not changed" in capsys.readouterr().err
    assert rules() == before
    assert not (ModelStore.default().get("mine").folder / FILE).exists()


def test_damaged_history_is_told_in_one_line(
    given: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    given(femur=lit(-1.0))
    (ModelStore.default().get("mine").folder / FILE).write_text("{broken")
    before = rules()
    for words in (("data",), ("--undo",)):
        assert fit(*words) == 2
        assert "is damaged" in capsys.readouterr().err.splitlines()[-1]
    assert rules() == before


@pytest.mark.parametrize("words", [(), ("data", "--undo"), ("data", "--per-plane", "0")])
def test_bad_use(words: tuple[str, ...], given: Given) -> None:
    given(femur=lit(-1.0))
    assert fit(*words) == 2
