"""Running the analyser over data sets: each frame once, for all measures together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import DamagedFrameError, SourceError, UsageError
from sonoassist.core.names import compared
from sonoassist.core.packets import Frame
from sonoassist.datasets import exams
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.evaluation.classes import group_of
from sonoassist.evaluation.observed import Label, Observation, Observed, observation
from sonoassist.sources import IMAGE_SUFFIXES, Source, open_source

SEEK_GAP = 100
"""Frames that are rather read past than jumped over: a jump decodes from the last key frame."""

Watch = Callable[[Observation, Frame], None]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which frames are analysed.

    Attributes:
        every: Of recordings, each so many-th frame; labels that stand alone are kept besides.
        whole: Also frames of recordings that have no label; retrieval searches them too.
        limit: Stop after so many frames; None for all.
    """

    every: int = 1
    whole: bool = False
    limit: int | None = None


@dataclass
class FilePlan:
    """What is wanted of one file.

    Attributes:
        dataset: Name of the data set.
        case: The case the file belongs to.
        path: The file.
        recording: Whether it is a recording (else a picture).
        frame_count: Of the recording, as far as it is known.
        sparse: Whether its labels were set one by one, so that each is kept, rather than for
            whole stretches, of which a part tells the same.
        labels: By frame.
        wanted: Number of frames that will be analysed.
    """

    dataset: str
    case: str
    path: Path
    recording: bool
    frame_count: int = 0
    sparse: bool = False
    labels: dict[int, Label] = field(default_factory=dict)
    wanted: int = 0

    @property
    def name(self) -> str:
        """For what is said of the file."""
        return f"{self.case}/{self.path.name}"

    def lost(self, labels: int) -> str:
        """For a recording, how many labels go with it."""
        return f" ({labels} labelled frames are lost)" if self.recording else ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All files, and the scope they are analysed in."""

    files: tuple[FilePlan, ...]
    scope: Scope

    @property
    def total(self) -> int:
        """Number of frames that will be analysed, as far as is known before."""
        wanted = sum(file.wanted for file in self.files)
        return wanted if self.scope.limit is None else min(wanted, self.scope.limit)


def make_plan(datasets: Iterable[Dataset], scope: Scope) -> Plan:
    """Sort the labels by file."""
    files: dict[tuple[str, Path], FilePlan] = {}
    for dataset in datasets:
        for frame in dataset.frames:
            truth = group_of(frame.accepted)
            file = _file_plan(files, dataset, frame)
            file.labels[frame.index] = Label(truth, truth, frame.box)
        for frame in dataset.shown:
            # A frame may lie in the blend of two planes; a label of its own comes first.
            file = _file_plan(files, dataset, frame)
            before = file.labels.get(frame.index, Label())
            if not before.truth:
                both = group_of((*before.shown, *frame.accepted))
                file.labels[frame.index] = Label((), both)
    for file in files.values():
        file.wanted = _count(file, scope)
    return Plan(tuple(files.values()), scope)


def _file_plan(
    files: dict[tuple[str, Path], FilePlan], dataset: Dataset, frame: LabelledFrame
) -> FilePlan:
    key = dataset.name, frame.path
    if key not in files:
        picture, count = frame.path.suffix.lower() in IMAGE_SUFFIXES, 1
        if not picture:
            count = _frame_count(frame.path)
            picture = count == 1  # a freeze-frame saved as DICOM
        sparse = dataset.layout == exams.LAYOUT
        files[key] = FilePlan(dataset.name, frame.case, frame.path, not picture, count, sparse)
    return files[key]


def _frame_count(path: Path) -> int:
    try:
        with open_source(str(path)) as source:
            return source.info.frame_count or 0
    except SourceError:
        return 0  # said when it is read


def _count(file: FilePlan, scope: Scope) -> int:
    labelled = _labelled(file, scope)
    if file.recording and scope.whole:
        between = sum(1 for index in labelled if index % scope.every)
        return -(-file.frame_count // scope.every) + between
    return len(labelled)


def _labelled(file: FilePlan, scope: Scope) -> list[int]:
    """The classified frames within the scope, in order."""
    step = scope.every if file.recording and not file.sparse else 1
    return sorted(i for i, label in file.labels.items() if label.truth and i % step == 0)


def observe(plan: Plan, analyser: Analyser, watch: Watch, step: Callable[[], None]) -> Observed:
    """Analyse what is planned; a file that the crop does not fit is listed as not readable.

    Args:
        plan: Of `make_plan`.
        analyser: Used for all of it.
        watch: Told of each frame as it is analysed, together with its picture.
        step: Called for each frame.

    Raises:
        EngineError: The engine failed.
    """
    seen = Observed()
    for file in plan.files:
        for one, frame in _observations(file, plan.scope, analyser, seen.unreadable):
            seen.frames.append(one)
            watch(one, frame)
            step()
            if plan.scope.limit is not None and len(seen.frames) >= plan.scope.limit:
                return seen
    return seen


def _observations(
    file: FilePlan, scope: Scope, analyser: Analyser, unreadable: list[str]
) -> Iterator[tuple[Observation, Frame]]:
    for frame in frames_of(file, scope, unreadable):
        try:
            analysis = analyser.analyse(frame)
        except UsageError as error:
            # All frames of a recording have one size, so the others would not fit either.
            unreadable.append(f"{file.name}: {error}{file.lost(len(_labelled(file, scope)))}")
            return
        label = file.labels.get(frame.index, Label())
        one = observation(
            file.dataset,
            file.case,
            file.path,
            recording=file.recording,
            label=label,
            analysis=analysis,
        )
        yield one, frame


def frames_of(file: FilePlan, scope: Scope, unreadable: list[str]) -> Iterator[Frame]:
    """The wanted frames of a file; what cannot be read is noted once."""
    name = file.name
    missing = set(_labelled(file, scope))
    try:
        with open_source(str(file.path)) as source:
            unreadable += (f"{name}: {sentence}" for sentence in source.info.warnings)
            every = scope.whole and file.recording
            frames = _all(source, name, unreadable) if every else _some(source, missing)
            for frame in frames:
                if every and frame.index % scope.every and frame.index not in missing:
                    continue
                missing.discard(frame.index)
                yield frame
    except SourceError as error:
        unreadable.append(f"{name}: {error}{file.lost(len(missing))}")
        return
    unreadable += (f"{name}, frame {index}: not to be had" for index in sorted(missing))


def _all(source: Source, name: str, unreadable: list[str]) -> Iterator[Frame]:
    while True:
        try:
            frame = source.read()
        except DamagedFrameError as error:
            unreadable.append(f"{name}: {error}")
            continue
        if frame is None:
            return
        yield frame


def _some(source: Source, wanted: Iterable[int]) -> Iterator[Frame]:
    """The frames with these numbers; the ones that are damaged are left out."""
    left = deque(sorted(wanted))
    place = 0
    while left:
        if left[0] - place > SEEK_GAP:
            source.seek(left[0])
            place = left[0]
        try:
            frame = source.read()
        except DamagedFrameError:
            continue
        if frame is None:
            return
        place = frame.index + 1
        while left and left[0] < frame.index:
            left.popleft()
        if left and left[0] == frame.index:
            left.popleft()
            yield frame


def selected(
    datasets: Sequence[Dataset], cases: Collection[str] | None, *, only_test: bool
) -> list[Dataset]:
    """The data sets with only some of their frames; those without any are left out.

    Args:
        datasets: To be thinned.
        cases: Keep frames of these, each name as `names.compared` gives it; None for all.
        only_test: Keep frames that the data set sets aside for testing.
    """

    def keep(frame: LabelledFrame) -> bool:
        return (cases is None or compared(frame.case) in cases) and (
            not only_test or frame.test is True
        )

    kept = []
    for data in datasets:
        frames = tuple(filter(keep, data.frames))
        paths = {frame.path for frame in frames}
        shown = tuple(frame for frame in data.shown if frame.path in paths)
        if frames:
            kept.append(replace(data, frames=frames, shown=shown))
    return kept
