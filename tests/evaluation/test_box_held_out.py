"""A plane gets a new rule only where boxes of cases that were held out are better."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_box_fitting import FEMUR, example

from sonoassist.core.packets import Box
from sonoassist.core.planes import Polarity
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.evaluation import box_held_out
from sonoassist.evaluation.box_fitting import Example, Trials
from sonoassist.evaluation.box_held_out import (
    HeldOut,
    domain_of,
    held_out_fit,
    held_out_fits,
    split_by,
)


def examples(sign: float, count: int = 16, cases: int = 8) -> list[Example]:
    return [replace(example(n, sign), case=f"set/{n % cases}") for n in range(count)]


@functools.cache
def turned_fit() -> HeldOut:
    """Of examples whose saliency has the other sign than the rule expects."""
    return held_out_fit(FEMUR, examples(-1.0))


def test_what_is_better_on_held_out_cases_is_taken() -> None:
    fit = turned_fit()
    assert fit.taken
    assert fit.rule.polarity is not Polarity.POSITIVE
    assert (fit.frames, fit.cases) == (16, 8)
    assert fit.before < 0.2
    assert fit.after > 0.75
    assert fit.correct_after > fit.correct_before


def test_a_good_rule_stays() -> None:
    fit = held_out_fit(FEMUR, examples(1.0))
    assert (fit.rule, fit.taken, fit.left) == (FEMUR, False, "no other rule is better")
    assert fit.after == fit.before


def test_the_rule_that_the_model_has_is_what_must_be_beaten() -> None:
    now = turned_fit().rule
    again = held_out_fits({"femur": examples(-1.0)}, {"femur": now})["femur"]
    assert (again.rule, again.taken) == (now, False)
    assert again.before > 0.75


@pytest.mark.parametrize(
    ("count", "cases", "reason"), [(8, 8, "too few frames"), (16, 3, "too few cases")]
)
def test_too_few_change_nothing(count: int, cases: int, reason: str) -> None:
    fit = held_out_fit(FEMUR, examples(-1.0, count, cases))
    assert (fit.rule, fit.taken) == (FEMUR, False)
    assert fit.left.startswith(reason)
    assert math.isnan(fit.after)


def test_chance_changes_nothing() -> None:
    """True boxes that have nothing to do with the saliency: some rule always fits them better."""
    rng = np.random.default_rng(4)
    taken = 0
    for _ in range(6):
        them = []
        for n in range(12):
            left, top = (int(value) for value in rng.integers(5, 70, 2))
            one = example(int(rng.integers(1 << 30)), 1.0)
            them.append(replace(one, box=Box(left, top, left + 55, top + 30), case=f"{n}"))
        taken += held_out_fit(FEMUR, them).taken
    assert taken <= 1


def test_no_case_is_fitted_on_and_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    them = examples(-1.0, 20, 7)
    seen: list[tuple[str, set[str]]] = []

    class Watched(Trials):
        def best(self, numbers):  # type: ignore[no-untyped-def]
            seen.append(("fit", {them[n].case for n in numbers}))
            return super().best(numbers)

        def overlaps(self, rule, numbers):  # type: ignore[no-untyped-def]
            seen.append(("try", {them[n].case for n in numbers}))
            return super().overlaps(rule, numbers)

    monkeypatch.setattr(box_held_out, "Trials", Watched)
    held_out_fit(FEMUR, them)
    every = {one.case for one in them}
    fitted, tried = None, set()
    for what, cases in seen:
        if what == "fit":
            fitted = cases
        elif fitted is not None and cases and not cases <= fitted:
            assert not cases & fitted
            tried |= cases
    assert tried == every


def data(layout: str, *cases: str) -> Dataset:
    frames = tuple(
        LabelledFrame(case, Path(f"p{n}.png"), 0, ("femur",)) for n, case in enumerate(cases)
    )
    return Dataset("made", layout, frames)


def test_the_division_and_the_domain_are_told() -> None:
    assert split_by({"femur": examples(1.0)}, [data("exams", "a", "b")]) == "by case (8 cases)"
    assert "pictures of one patient may be on both sides" in split_by(
        {"femur": examples(1.0)}, [data("plane_table", "p0", "p1")]
    )
    assert (domain_of(data("phantom")), domain_of(data("heads"))) == ("synthetic", "real")
