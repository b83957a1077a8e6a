from __future__ import annotations

from pathlib import Path

import pytest

from sonoassist.core.errors import UsageError
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.training.split import gather_cases, split_cases


def made(
    planes: dict[str, str], name: str = "made", test: bool | None = None, layout: str = "exams"
) -> Dataset:
    frames = [
        LabelledFrame(case, Path(f"{case}.png"), n, (key,), test=test)
        for case, keys in planes.items()
        for n, key in enumerate(keys.split())
    ]
    return Dataset(name, layout, tuple(frames))


def names(cases: object) -> set[str]:
    return {case.name for case in cases}  # type: ignore[attr-defined]


def test_cases_are_split_80_20_and_a_fifth_validates() -> None:
    cases = gather_cases([made({f"c{n:02d}": "femur lips background" for n in range(50)})])
    split = split_cases(cases, seed=0)
    assert (len(split.train), len(split.validation), len(split.test)) == (32, 8, 10)
    parts = [names(split.train), names(split.validation), names(split.test)]
    assert len(set.union(*parts)) == 50
    again = split_cases(list(reversed(cases)), seed=0)
    assert [names(again.train), names(again.validation), names(again.test)] == parts
    assert names(split_cases(cases, seed=1).test) != parts[2]


def test_the_only_examples_of_a_plane_are_trained_on() -> None:
    planes = {f"c{n}": "femur background" for n in range(9)} | {"only": "kidneys"}
    for seed in range(20):
        split = split_cases(gather_cases([made(planes)]), seed, test_share=0)
        assert "made/only" in names(split.train)
        assert len(split.validation) == 2


def test_the_data_sets_own_split_is_kept() -> None:
    train = made({"a": "femur", "b": "femur", "c": "femur"}, "x", test=False)
    test = made({"d": "femur", "e": "lips"}, "y", test=True)
    split = split_cases(gather_cases([train, test]), seed=3)
    assert names(split.test) == {"y/d", "y/e"}
    assert names(split.train) | names(split.validation) == {"x/a", "x/b", "x/c"}


def test_equal_names_stay_apart() -> None:
    cases = gather_cases([made({"a": "femur"}), made({"a": "lips"}, layout="phantom")])
    assert [case.name for case in cases] == ["made/a", "made-2/a"]
    assert [case.synthetic for case in cases] == [False, True]


def test_one_case_only() -> None:
    cases = gather_cases([made({"a": "femur lips"})])
    with pytest.raises(UsageError, match="one case only"):
        split_cases(cases, seed=0)
    split = split_cases(cases, seed=0, test_share=0)
    assert (len(split.train), len(split.validation), len(split.test)) == (1, 0, 0)


def test_nothing_to_train_on() -> None:
    with pytest.raises(UsageError, match="none for training"):
        split_cases(gather_cases([made({"a": "femur"}, test=True)]), seed=0)
    with pytest.raises(UsageError, match="no labelled picture in empty"):
        gather_cases([Dataset("empty", "exams", ())])


def test_a_plane_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="no plane called 'elbow'"):
        gather_cases([made({"a": "femur elbow"})])
