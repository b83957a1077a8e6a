"""What can be reviewed: a recording in one file, or the recording of a kept exam."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.packets import Box
from sonoassist.datasets.named import recording_of
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import ExamInfo, FrameRow
from sonoassist.exam.records import Recording as ExamRecording
from sonoassist.exam.replay import replay
from sonoassist.exam.store import ExamStore
from sonoassist.preprocess.crop import CropChoice, CropKind, centred_crop
from sonoassist.preprocess.tracker import CropTracker
from sonoassist.review.identity import Identity, check_same, identity_of
from sonoassist.review.records import EXAM, AnalysisKey, FrameResult
from sonoassist.review.run import frame_at
from sonoassist.sources import open_source
from sonoassist.sources.base import Source, SourceInfo
from sonoassist.sources.fingerprint import PIECE_BYTES, PIECES, fingerprint

_LOOKS = 9
"""So many frames are looked at to find the crop of a recording."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording to be reviewed.

    Attributes:
        path: Of the file.
        label: For people.
        info: Of the opened source.
        times_s: Of its frames, rising.
        fingerprint: Of its content.
        identity: Of the file, when it was looked into.
        exam: The kept exam that it belongs to, or None.
        rows: The exam's results, one or None for each frame; empty without an exam.
        spec: What opens it again, from anywhere: its whole path, or "exam:" and an exam's name
            with the number of one of its recordings.
    """

    path: Path
    label: str
    info: SourceInfo
    times_s: tuple[float, ...]
    fingerprint: str
    identity: Identity
    exam: ExamInfo | None = None
    rows: tuple[FrameRow | None, ...] = ()
    spec: str = ""

    def open(self) -> Source:
        """Open it once more.

        Raises:
            SourceError: It cannot be read, or is not the file that was looked into.
        """
        self.check_same()
        source = open_source(str(self.path))
        try:
            self.check_same()
        except BaseException:
            source.close()
            raise
        return source

    @property
    def version_ns(self) -> int:
        """Tells contents of one fingerprint apart; 0 where the fingerprint is of all of it."""
        whole = self.identity.size_bytes <= PIECE_BYTES * PIECES
        return 0 if whole else self.identity.modified_ns

    def check_same(self) -> None:
        """Refuse to go on where the file was replaced or written to.

        Raises:
            SourceError: It was, or it cannot be reached.
        """
        check_same(self.path, self.identity)


def look_into(spec: str, exams: ExamStore | None = None) -> Recording:
    """Find out what is in a recording; takes a while.

    Args:
        spec: Path of a video or a DICOM file, the folder of a synthetic exam, or "exam:" and the
            name of a kept exam, and "/2"
            for its second recording; without a number the longest.
        exams: Where exams are kept; None for the user's own.

    Raises:
        UsageError: It is not one recording, or there is no such exam.
        SourceError: It cannot be read.
    """
    if spec.startswith(EXAM):
        return _of_exam(spec.removeprefix(EXAM), exams or ExamStore.default())
    path = Path(recording_of(spec)).expanduser()
    folder = Path(spec).expanduser()
    name = f"{folder.resolve().name}/{path.name}" if folder.is_dir() else path.name
    return _of_file(path, name)


def _of_file(path: Path, label: str) -> Recording:
    identity = identity_of(path) if path.is_file() else None
    with open_source(str(path)) as source:
        info = source.info
        if info.live or info.stills or identity is None or (info.frame_count or 0) < 2:
            raise UsageError(f"{label} is not a recording", "Choose a video or a DICOM clip")
        times_s = tuple(source.times_s)
    content = fingerprint(path)
    check_same(path, identity)
    spec = str(path.resolve())
    return Recording(path, label, info, times_s, content, identity, spec=spec)


def _of_exam(named: str, store: ExamStore) -> Recording:
    exam_id, number = _parts(named, store)
    if store.running(exam_id):  # its recordings still grow
        raise UsageError(f"the exam {exam_id} is running", "End it first")
    with store.open(exam_id) as exam:
        info = exam.info()
        chosen, words = _chosen(exam, number)
        found = replay(exam, chosen)
        made = _of_file(exam.media / chosen.file, name_of(info) + words)
    spec = f"{EXAM}{info.exam_id}" + (f"/{number}" if number else "")
    return replace(made, exam=info, rows=found.rows, spec=spec)


def exam_video(spec: str, exams: ExamStore | None = None) -> tuple[Path, str]:
    """A recording of a kept exam, and its name for people.

    Args:
        spec: "exam:" and the name of a kept exam, and "/2" for its second recording; without a
            number the longest.
        exams: Where exams are kept; None for the user's own.

    Raises:
        UsageError: There is no such exam, or no such recording in it.
        SourceError: It cannot be read.
    """
    store = exams or ExamStore.default()
    exam_id, number = _parts(spec.removeprefix(EXAM), store)
    with store.open(exam_id) as exam:
        chosen, words = _chosen(exam, number)
        return exam.media / chosen.file, name_of(exam.info()) + words


def _parts(named: str, store: ExamStore) -> tuple[str, int]:
    """The whole name of an exam, and the number of a recording; 0 where none is given."""
    name, slash, number = named.partition("/")
    if slash and not (number.isdecimal() and int(number)):
        raise UsageError(f"{number!r} is no number of a recording", "Count them from 1")
    return store.find(name), int(number or 0)


def name_of(info: ExamInfo) -> str:
    """Of a kept exam, for people."""
    return info.start.study_id or info.exam_id


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


def exam_results(recording: Recording, key: AnalysisKey) -> list[FrameResult]:
    """The results that the exam itself had, where they were made as `key` asks for."""
    exam = recording.exam
    if exam is None:
        return []
    start = exam.start
    as_asked = (
        start.model.get("weights_sha256") == key.model_sha256
        and start.settings.get("crop") == key.crop
        and start.settings.get("threshold") == key.threshold
    )
    if not as_asked:
        return []
    return [
        FrameResult(index, row.state, row.probabilities, row.box, float("nan"))
        for index, row in enumerate(recording.rows)
        if row is not None
    ]


def settled_crop(recording: Recording, choice: CropChoice, aspect: float) -> Box:
    """One crop for a whole recording, in frame pixels: that most of some looks agree on.

    A crop found anew in each stretch would tremble, and the labels with it.

    Args:
        recording: To be looked at.
        choice: What the user asked for.
        aspect: Width over height of the network input.

    Raises:
        UsageError: An own rectangle does not fit.
        SourceError: Not one of the frames looked at can be read.
    """
    count = len(recording.times_s)
    looks = {count * (2 * number + 1) // (2 * _LOOKS) for number in range(_LOOKS)}
    own_px = (recording.info.width_px, recording.info.height_px)
    crops, readable = [], False
    with recording.open() as source:
        for index in sorted(looks | {0}):
            frame = frame_at(source, index)
            readable |= frame is not None
            if frame is not None and (frame.width_px, frame.height_px) == own_px:
                crops.append(CropTracker(choice, aspect).crop_for(frame))
            if crops and choice.kind not in (CropKind.DEFAULT, CropKind.AUTO):
                break
    if not readable:
        raise SourceError(f"{recording.label} cannot be read", "The file is damaged")
    if not crops:  # pictures of other sizes only, which have crops of their own
        return centred_crop(Box(0, 0, *own_px), aspect)
    return max(crops, key=lambda one: sum(one.iou(other) for other in crops))
