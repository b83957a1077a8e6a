"""The recordings of kept exams, with what the exam found in their frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from math import inf
from pathlib import Path

from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.packets import Provenance, State
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import ExamInfo, FrameRow
from sonoassist.exam.records import RecordedVideo as ExamRecording
from sonoassist.exam.replay import replay
from sonoassist.exam.schema import RecordError
from sonoassist.exam.store import ExamStore
from sonoassist.recordings.older_results import crop_text_of
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.spec import EXAM, ExamSpec, LiveResults, Resolved


class ExamResolver:
    """Finds recordings of kept exams, as `recordings.spec.Resolver`.

    Args:
        exams: Where exams are kept; None for the user's own.
    """

    def __init__(self, exams: ExamStore | None = None) -> None:
        self._exams = exams

    def __call__(self, spec: ExamSpec) -> Resolved:
        """Where a recording of a kept exam is.

        Raises:
            UsageError: There is no such exam, it goes on, or there is no such recording in it.
            SourceError: It cannot be read.
        """
        store = self._exams or ExamStore.default()
        exam_id = store.find(spec.exam)
        if store.running(exam_id):  # its recordings still grow
            raise UsageError(f"the exam {exam_id} is running", "End it first")
        with store.open(exam_id) as exam:
            info = exam.info()
            chosen, words = _chosen(exam, spec.number)
            path = exam.media / chosen.file
        again = f"{EXAM}{info.exam_id}" + (f"/{spec.number}" if spec.number else "")
        live = live_results_of(store.folder / exam_id, chosen.file)
        return Resolved(path, name_of(info) + words, again, live)


def name_of(info: ExamInfo) -> str:
    """Of a kept exam, for people."""
    return info.start.study_id or info.exam_id


def live_results_of(record: Path, file: str) -> LiveResults:
    """What an exam found in the frames of one of its recordings; nothing if it cannot be read.

    Args:
        record: Folder of the exam.
        file: Name of the recording in it.
    """

    def live() -> Iterator[tuple[Provenance, FrameResult]]:
        with suppress(RecordError, UsageError), ExamStore(record.parent).open(record.name) as exam:
            for one in exam.recordings():
                if one.file == file:
                    yield from live_results(exam, one)

    return live


def live_results(exam: Exam, recording: ExamRecording) -> Iterator[tuple[Provenance, FrameResult]]:
    """What an exam found in the frames of one of its recordings, and what made it.

    Nothing where the record or the recording cannot be read: it is analysed then.
    """
    try:
        found = replay(exam, recording)
        start = exam.info().start
        # Earlier programs did not say which model found a result: it is the first one's only as
        # long as no other was taken.
        changed_s = min((one.at_s for one in exam.events() if one.kind == "model"), default=inf)
    except (RecordError, SourceError):
        return
    first = Provenance(
        str(start.model.get("weights_sha256", "")),
        "",
        crop_text_of(str(start.settings.get("crop", ""))),
    )
    for index, row in enumerate(found.rows):
        if row is not None and (row.provenance is not None or row.at_s < changed_s):
            yield row.provenance or first, _result(index, row)


def _result(index: int, row: FrameRow) -> FrameResult:
    return FrameResult(
        index=index,
        state=row.state,
        probabilities=row.probabilities,
        box=row.box,
        quality=float("nan"),
        crop=row.crop,
        # Of a frame that is unsure no box is kept; earlier programs did not say how one was found.
        boxed=(row.boxed or row.provenance is None) and row.state is not State.UNSURE,
        frozen=row.frozen,
    )


def _chosen(exam: Exam, number: int) -> tuple[ExamRecording, str]:
    """A recording, the longest where no number is given, and which of several it is, in words."""
    videos = [one for one in exam.recordings() if one.frames]
    name = exam.info().exam_id
    if not videos:
        raise UsageError(f"the exam {name} has no recording", "Record it with V during the exam")
    if number > len(videos):
        raise UsageError(
            f"the exam {name} has no recording {number}", f"Give a number from 1 to {len(videos)}"
        )
    longest = max(videos, key=lambda one: one.frames)
    chosen = videos[number - 1] if number else longest
    if len(videos) == 1:
        return chosen, ""
    words = f"  ·  recording {videos.index(chosen) + 1} of {len(videos)}"
    return chosen, words + (", the longest" if chosen is longest else "")
