"""The recording of a kept exam: its own results count where they were made the same way."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kept_made import COUNT, MADE, kept
from PIL import Image
from review_made import BrightEngine, made_analyser, write_recording

from sonoassist.core.errors import UsageError
from sonoassist.exam.deleting import delete_exam
from sonoassist.exam.resolving import ExamResolver
from sonoassist.exam.store import ExamStore
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.recording import look_into
from sonoassist.recordings.records import RunState
from sonoassist.recordings.spec import resolved
from sonoassist.review.session import ReviewSession
from waiting import wait_until

sys.path.insert(0, str(Path(__file__).parents[1] / "exam"))

from exam_made import start


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("kept") / "exam.mp4")


@pytest.mark.parametrize(
    ("known", "taken"),
    [
        (MADE, True),
        ({**MADE, "model": {"weights_sha256": "1" * 64}}, False),
        ({**MADE, "settings": {"crop": "auto", "threshold": 0.7}}, False),
        ({**MADE, "settings": {"crop": "full", "threshold": 0.5}}, True),  # states are made anew
        ({**MADE, "settings": {}}, False),
    ],
)
def test_results_of_the_exam(
    tmp_path: Path, recording: Path, known: dict[str, Any], taken: bool
) -> None:
    exams = ExamStore(tmp_path / "exams")
    exam = kept(exams.folder, recording, **known)
    session = ReviewSession.open(
        f"exam:{exam.exam_id}", CorrectionStore(tmp_path / "reviews"), lambda: None, exams
    )
    assert session.recording.label == "S-17"
    analyser = made_analyser()
    session.begin(analyser)
    wait_until(lambda: session.progress().state is not RunState.RUNNING)
    assert session.progress().state is RunState.DONE
    found = [session.table.result(index) for index in range(COUNT)]
    names = [one.plane.key for one in found if one is not None]
    assert (names[::2] == ["kidneys"] * (COUNT // 2)) == taken
    assert "kidneys" not in names[1::2]
    assert isinstance(analyser.engine, BrightEngine)
    # Also the pictures of frames that the exam had analysed are measured.
    arrays = session.table.snapshot()
    assert not np.isnan(arrays.quality).any()
    assert not np.isnan(arrays.stillness).any()
    session.close()


@pytest.mark.parametrize("changed_s", [None, 2.0, 5.0, 100.0])
def test_of_an_earlier_program_only_results_before_the_model_was_changed_count(
    tmp_path: Path, recording: Path, changed_s: float | None
) -> None:
    """It did not keep with each result which model had found it."""
    exams = ExamStore(tmp_path / "exams")
    exam = kept(exams.folder, recording, **MADE)
    if changed_s is not None:
        with exams.open(exam.exam_id, write=True) as record:
            record.add_event(changed_s, "model", "Model: another")
            record.add_event(changed_s + 1, "model", "Model: the first again")
    found = resolved(f"exam:{exam.exam_id}", ExamResolver(exams))
    assert found.live_results is not None
    results = list(found.live_results())
    # Every other frame has a result; frame n was captured 3 + n / 25 seconds after the beginning.
    first = COUNT if changed_s is None else round(25 * (changed_s - 3.0))
    assert [one.index for _, one in results] == [n for n in range(0, COUNT, 2) if n < first]
    assert {made.weights_sha256 for made, _ in results} <= {"0" * 64}


def test_one_of_several_recordings(tmp_path: Path, recording: Path) -> None:
    exams, reviews = ExamStore(tmp_path / "exams"), CorrectionStore(tmp_path / "reviews")
    with exams.create(start()) as exam:
        for number, count in enumerate((40, 200, 60)):
            write_recording(exam.media / f"{number}.mp4", (("femur", count),))
            begun = exam.begin_recording(f"{number}.mp4", 100.0 * number)
            exam.note_recording(begun, count, ended=True)
        exam.end(300.0)
    spec = f"exam:{exam.exam_id}"
    for named, count, words in (
        (spec, 200, "S-17  ·  recording 2 of 3, the longest"),
        (f"{spec}/2", 200, "S-17  ·  recording 2 of 3, the longest"),
        (f"{spec}/3", 60, "S-17  ·  recording 3 of 3"),
    ):
        session = ReviewSession.open(named, reviews, lambda: None, exams)
        assert len(session.table) == count
        assert session.recording.label == words
        found = resolved(named, ExamResolver(exams))
        assert (found.path, found.label) == (session.recording.path, words)
        again = look_into(session.recording.spec, ExamResolver(exams))
        assert again.path == session.recording.path
        session.close()
    for number, said in (("4", "no recording 4"), ("0", "no number"), ("x", "no number")):
        with pytest.raises(UsageError, match=said):
            look_into(f"{spec}/{number}", ExamResolver(exams))
    delete_exam(exam.exam_id, exams, reviews)
    assert list(reviews.folder.iterdir()) == []  # the pictures of each recording are gone
    assert reviews.cache.contents() == []


def test_a_running_exam_is_refused(tmp_path: Path, recording: Path) -> None:
    exams, reviews = ExamStore(tmp_path / "exams"), CorrectionStore(tmp_path / "reviews")
    with exams.create(start()) as exam:
        shutil.copyfile(recording, exam.media / "recording.mp4")
        exam.note_recording(exam.begin_recording("recording.mp4", 0.0), COUNT, ended=False)
        with pytest.raises(UsageError, match="is running"):
            ReviewSession.open(f"exam:{exam.exam_id}", reviews, lambda: None, exams)
    assert not reviews.folder.exists()
    ReviewSession.open(f"exam:{exam.exam_id}", reviews, lambda: None, exams).close()


def test_an_exam_without_a_recording(tmp_path: Path) -> None:
    exams = ExamStore(tmp_path / "exams")
    exam = kept(exams.folder, None)
    with pytest.raises(UsageError, match="has no recording"):
        ReviewSession.open(
            f"exam:{exam.exam_id}", CorrectionStore(tmp_path / "reviews"), lambda: None, exams
        )
    with pytest.raises(UsageError, match="is not an exam"):
        ReviewSession.open("exam:nothing", CorrectionStore(tmp_path / "r"), lambda: None, exams)


def test_the_folder_of_an_exam_is_its_recording(tmp_path: Path) -> None:
    folder = tmp_path / "exam-7"
    folder.mkdir()
    video = write_recording(folder / "exam.mp4")
    (folder / "truth.csv").write_text("frame,plane\n0,\n")
    found = look_into(str(folder), ExamResolver(ExamStore(tmp_path / "exams")))
    assert (found.path, found.label) == (video, "exam-7/exam.mp4")
    assert found.spec == str(video)


def test_a_folder_of_pictures_is_refused_by_its_own_name(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(2):
        Image.new("RGB", (64, 48)).save(folder / f"{number}.png")
    with pytest.raises(UsageError, match=r"^pictures is not a recording\b"):
        look_into(str(folder), ExamResolver(ExamStore(tmp_path / "exams")))


def test_results_of_an_exam_that_knew_the_weights_by_the_hash_of_their_file(
    tmp_path: Path, recording: Path
) -> None:
    exams = ExamStore(tmp_path / "exams")
    exam = kept(exams.folder, recording, **MADE)
    session = ReviewSession.open(
        f"exam:{exam.exam_id}", CorrectionStore(tmp_path / "reviews"), lambda: None, exams
    )
    analyser = made_analyser("9" * 64)
    analyser.card = analyser.card.model_copy(update={"older_sha256": ("0" * 64,)})
    session.begin(analyser)
    wait_until(lambda: session.progress().state is RunState.DONE)
    found = [session.table.result(index) for index in range(COUNT)]
    assert {one.plane.key for one in found[::2] if one is not None} == {"kidneys"}
    session.close()
