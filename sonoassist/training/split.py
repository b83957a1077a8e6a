"""Cases, never pictures, are split: no frame of a test video is used for training (Table II)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonoassist.core.errors import UsageError
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, KEYS
from sonoassist.datasets.labels import Dataset, LabelledFrame

TEST_SHARE = 0.2
VALIDATION_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Case:
    """One patient or exam.

    Attributes:
        name: "data set/case".
        frames: Its labelled frames, in the order of the data set.
        synthetic: It is a phantom exam.
        named: Frames that are spoken of but are no examples; see `Dataset.named`.
        recordings: Recordings without a label.
    """

    name: str
    frames: tuple[LabelledFrame, ...]
    synthetic: bool
    named: frozenset[tuple[Path, int]] = frozenset()
    recordings: tuple[Path, ...] = ()

    @property
    def test(self) -> bool | None:
        """The data set's own word: for testing, for training, or None where it has none."""
        told = {frame.test for frame in self.frames} - {None}
        return None if not told else True in told

    @property
    def planes(self) -> frozenset[str]:
        """Standard planes it has full labels of."""
        found = {frame.plane for frame in self.frames if frame.plane is not None}
        return frozenset(found - {KEYS[BACKGROUND_INDEX]})


@dataclass(frozen=True, slots=True)
class Split:
    """Which cases are for what.

    Attributes:
        train: For training.
        validation: A part of the training cases; empty where there is one case only, and then
            single pictures of it validate.
        test: For testing.
    """

    train: tuple[Case, ...]
    validation: tuple[Case, ...]
    test: tuple[Case, ...]


def gather_cases(datasets: Sequence[Dataset]) -> list[Case]:
    """All cases, in the order of the data; equal names of two data sets stay apart.

    Raises:
        UsageError: There is no usable label, or one of a plane that does not exist.
    """
    cases: list[Case] = []
    for number, dataset in enumerate(datasets):
        twins = sum(other.name == dataset.name for other in datasets[:number])
        prefix = dataset.name if not twins else f"{dataset.name}-{twins + 1}"
        groups: dict[str, list[LabelledFrame]] = {}
        for frame in dataset.frames:
            _check_label(frame)
            groups.setdefault(frame.case, []).append(frame)
        synthetic = dataset.layout == "phantom"
        cases += [
            Case(
                f"{prefix}/{name}",
                tuple(frames),
                synthetic,
                dataset.named,
                tuple(path for case, path in dataset.recordings if case == name),
            )
            for name, frames in groups.items()
        ]
    if not cases:
        names = ", ".join(dataset.name for dataset in datasets) or "the data"
        raise UsageError(f"there is no labelled picture in {names}", "Check the labels file")
    return cases


def _check_label(frame: LabelledFrame) -> None:
    for key in frame.accepted:
        if key not in INDEX:
            raise UsageError(
                f"{frame.path.name}, frame {frame.index}: there is no plane called {key!r}",
                f"Known: {', '.join(KEYS)}",
            )


def split_cases(
    cases: Sequence[Case],
    seed: int,
    test_share: float = TEST_SHARE,
    validation_share: float = VALIDATION_SHARE,
) -> Split:
    """Split by case, the same way for the same seed.

    A case whose data set says what it is for goes there. A case that holds the only examples of
    a plane is not taken away for validation.

    Raises:
        UsageError: There are too few cases.
    """
    order = sorted(cases, key=lambda case: case.name)
    np.random.default_rng([seed, 1]).shuffle(order)
    test = [case for case in order if case.test]
    free = [case for case in order if case.test is None]
    if not test and test_share > 0:
        if len(order) < 2:
            raise UsageError(
                "the data holds one case only, so none is left for testing",
                "Give more cases, or --test-share 0 to train without a test",
            )
        test = free[: max(round(test_share * len(order)), 1)] if free else []
    kept = {case.name for case in test}
    training = [case for case in order if case.name not in kept]
    if not training:
        raise UsageError("every case is for testing, none for training", "Give more cases")
    validation = _validation_cases(training, validation_share)
    taken = kept | {case.name for case in validation}
    train = tuple(case for case in order if case.name not in taken)
    return Split(train, tuple(validation), tuple(test))


def _validation_cases(training: Sequence[Case], share: float) -> list[Case]:
    wanted = max(round(share * len(training)), 1)
    chosen: list[Case] = []
    left = list(training)
    for case in training:
        if len(chosen) == wanted or len(left) == 1:
            break
        others = [other for other in left if other is not case]
        if case.planes <= frozenset().union(*(other.planes for other in others)):
            chosen.append(case)
            left = others
    return chosen
