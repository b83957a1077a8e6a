"""Which frames of which files of data sets are analysed, and what their labels are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.core.names import compared
from sonoassist.core.wording import counted
from sonoassist.datasets import exams
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.evaluation.classes import group_of
from sonoassist.evaluation.observed import DatasetLabel
from sonoassist.recordings.reader import may_be_whole
from sonoassist.sources import IMAGE_SUFFIXES, open_source


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
    labels: dict[int, DatasetLabel] = field(default_factory=dict)
    wanted: int = 0

    @property
    def name(self) -> str:
        """For what is said of the file."""
        return f"{self.case}/{self.path.name}"

    def lost(self, labels: int) -> str:
        """For a recording, how many labels go with it."""
        lost = counted(labels, "labelled frame is", "labelled frames are")
        return f" ({lost} lost)" if self.recording else ""

    def labelled(self, scope: Scope) -> list[int]:
        """The classified frames within the scope, in order."""
        step = scope.every if self.recording and not self.sparse else 1
        return sorted(i for i, label in self.labels.items() if label.truth and i % step == 0)

    def wanted_frames(self, scope: Scope) -> list[int]:
        """All frames to be analysed, in order."""
        labelled = self.labelled(scope)
        if not (self.recording and scope.whole):
            return labelled
        return sorted({*range(0, self.frame_count, scope.every), *labelled})


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """All files, and the scope they are analysed in."""

    files: tuple[FilePlan, ...]
    scope: Scope

    @property
    def total(self) -> int:
        """Number of frames that will be analysed, as far as is known before."""
        wanted = sum(file.wanted for file in self.files)
        return wanted if self.scope.limit is None else min(wanted, self.scope.limit)


def make_plan(datasets: Iterable[Dataset], scope: Scope) -> EvaluationPlan:
    """Sort the labels by file.

    Raises:
        SourceError: The system failed to read a file.
    """
    files: dict[tuple[str, Path], FilePlan] = {}
    for dataset in datasets:
        for frame in dataset.frames:
            truth = group_of(frame.accepted)
            file = _file_plan(files, dataset, frame)
            file.labels[frame.index] = DatasetLabel(truth, truth, frame.box, frame.flaws)
        for frame in dataset.shown:
            # A frame may lie in the blend of two planes; a label of its own comes first.
            file = _file_plan(files, dataset, frame)
            before = file.labels.get(frame.index, DatasetLabel())
            if not before.truth:
                both = group_of((*before.shown, *frame.accepted))
                file.labels[frame.index] = DatasetLabel((), both)
    for file in files.values():
        file.wanted = len(file.wanted_frames(scope))
    return EvaluationPlan(tuple(files.values()), scope)


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
    except SourceError as error:
        if may_be_whole(error):
            raise
        return 0  # said when it is read


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
