"""From data sets to the pictures for training, validation and testing (paper, Section II-B)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from sonoassist.core.errors import UsageError
from sonoassist.datasets.labels import Dataset
from sonoassist.training.cache import CachedCase, cached_case, digest_of
from sonoassist.training.pool import PicturePool, make_pool, split_pictures
from sonoassist.training.preparation import TEST_BACKGROUND, PrepareOptions
from sonoassist.training.split import (
    TEST_SHARE,
    VALIDATION_SHARE,
    Case,
    Split,
    gather_cases,
    split_cases,
)


@dataclass(frozen=True, slots=True)
class DataOptions:
    """How data becomes pictures.

    Attributes:
        prepare: How each case is prepared.
        cache: Folder of prepared cases.
        crop_name: What the user calls the crop, for the card.
        test_share: Share of the cases kept for testing, where the data set does not say.
        validation_share: Share of the training cases that validate.
        workers: Cases prepared at the same time.
        strict: Refuse data with anything wrong in it.
    """

    cache: Path
    prepare: PrepareOptions = field(default_factory=PrepareOptions)
    crop_name: str = "default"
    test_share: float = TEST_SHARE
    validation_share: float = VALIDATION_SHARE
    workers: int = 2
    strict: bool = False


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a run learns from and is judged by.

    Attributes:
        train: Pictures to learn from.
        validation: Pictures that steer the learning rate and choose the best weights.
        test: Pictures of the test cases; empty without any.
        split: Which cases are for what.
        names: Of the data sets.
        synthetic: All cases are phantom exams.
        crop_name: As in `DataOptions`.
        digest: Hash of all pictures and labels and of what they are for.
        notes: What was left out or could not be read, a line each.
    """

    train: PicturePool
    validation: PicturePool
    test: PicturePool
    split: Split
    names: tuple[str, ...]
    synthetic: bool
    crop_name: str
    digest: str
    notes: tuple[str, ...]


def prepare_data(
    datasets: Sequence[Dataset],
    options: DataOptions,
    done: Callable[[str], None] = lambda name: None,
) -> TrainingData:
    """Split the cases and prepare them; `done` hears of each that is ready.

    Raises:
        UsageError: Too few cases or pictures, or anything wrong when `strict`.
        OutputError: The cache cannot be written.
    """
    cases = gather_cases(datasets)
    split = split_cases(cases, options.prepare.seed, options.test_share, options.validation_share)
    test_options = replace(options, prepare=replace(options.prepare, background=TEST_BACKGROUND))
    train_cases = _prepare(split.train, options, done)
    validation_cases = _prepare(split.validation, options, done)
    test_cases = _prepare(split.test, test_options, done)
    train, validation = make_pool(train_cases), make_pool(validation_cases)
    if not split.validation:
        train, validation = split_pictures(train, options.validation_share, options.prepare.seed)
    notes = _notes(datasets, train_cases + validation_cases + test_cases, train)
    _check(train, validation, notes, options.strict)
    return TrainingData(
        train=train,
        validation=validation,
        test=make_pool(test_cases),
        split=split,
        names=tuple(dataset.name for dataset in datasets),
        synthetic=all(case.synthetic for case in cases),
        crop_name=options.crop_name,
        digest=digest_of([*train_cases, *validation_cases], (train.places, validation.places)),
        notes=tuple(notes),
    )


def _prepare(
    cases: Sequence[Case], options: DataOptions, done: Callable[[str], None]
) -> list[CachedCase]:
    found = []
    with ThreadPoolExecutor(max(options.workers, 1), "prepare") as threads:
        try:
            ready = threads.map(lambda one: cached_case(one, options.prepare, options.cache), cases)
            for case in ready:
                found.append(case)
                done(case.name)
        except BaseException:
            # Cases that have not begun need not be waited for; what is ready stays in the cache.
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _notes(
    datasets: Sequence[Dataset], cases: Sequence[CachedCase], train: PicturePool
) -> list[str]:
    notes = [f"{dataset.name}: {line}" for dataset in datasets for line in dataset.problems]
    for dataset in datasets:
        notes += [
            f"left out, {dataset.name}, class {name!r} without a plane: {count}"
            for name, count in sorted(dataset.left_out.items())
        ]
    notes += [line for case in cases for line in case.about["problems"]]
    dropped: Counter[str] = Counter()
    for case in cases:
        dropped.update(case.about["dropped"])
    notes += [f"left out, {reason}: {count}" for reason, count in sorted(dropped.items())]
    matched = sum(int(case.about["matched"]) for case in cases)
    if matched:
        notes.append(f"freeze-frames found again in a video: {matched}")
    empty = train.empty_planes()
    if empty:
        notes.append(f"no training picture of: {', '.join(empty)}; they cannot be learnt")
    return notes


def _check(train: PicturePool, validation: PicturePool, notes: Sequence[str], strict: bool) -> None:
    present = [key for key, count in train.counts().items() if count]
    if not present:
        first = notes[0] if notes else ""
        raise UsageError("no picture of the training cases can be used", first)
    if len(present) == 1:
        raise UsageError(
            f"all training pictures show the same: {present[0]}", "Give pictures of other planes"
        )
    if not len(validation):
        raise UsageError("no picture is left for validation", "Give more cases or more pictures")
    if strict:
        wrong = [line for line in notes if not line.startswith(("left out", "freeze-frames"))]
        if wrong:
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise UsageError(f"{wrong[0]}{more}", "Correct it, or leave out --strict")
