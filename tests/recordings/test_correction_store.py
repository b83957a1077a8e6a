"""The reviews on this computer: which there are, reading without holding, and deleting."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from kept_made import kept
from review_made import made_result, write_recording

from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.packets import Box
from sonoassist.exam.deleting import delete_exam
from sonoassist.exam.store import ExamStore
from sonoassist.recordings.correction_schema import CorrectionError
from sonoassist.recordings.correction_store import DATABASE, SPEC, CorrectionStore, Known
from sonoassist.recordings.edits import SetBest, SetLabel, SetMark
from sonoassist.recordings.records import AnalysisKey
from sonoassist.review import store
from sonoassist.review.session import ReviewSession


@pytest.fixture
def reviews(tmp_path: Path) -> CorrectionStore:
    return CorrectionStore(tmp_path / "reviews")


def begun(spec: str, reviews: CorrectionStore, exams: ExamStore | None = None) -> ReviewSession:
    return ReviewSession.open(spec, reviews, lambda: None, exams)


def test_what_was_reviewed_is_listed_newest_first(tmp_path: Path, reviews: CorrectionStore) -> None:
    assert reviews.newest() == []
    first = write_recording(tmp_path / "first.mp4")
    second = write_recording(tmp_path / "second.mp4", [("femur", 60)])
    for path in (first, second):
        with begun(str(path), reviews).review as review:
            review.apply(SetBest("femur", 40))
    session = begun(str(first), reviews)
    session.review.apply(SetLabel(0, 9, "lips"))
    session.review.apply(SetMark(3, True))
    session.close()
    for at, folder in enumerate(sorted(reviews.folder.iterdir())):
        os.utime(folder / DATABASE, (at, at))
    found = {one.spec: one for one in reviews.newest()}
    assert found == {
        str(first): Known(str(first), "first.mp4", 2),
        str(second): Known(str(second), "second.mp4", 1),
    }
    assert len(reviews.newest(most=1)) == 1


def test_a_moved_recording_is_known_by_its_new_place(
    tmp_path: Path, reviews: CorrectionStore
) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    begun(str(path), reviews).close()
    moved = path.rename(tmp_path / "moved.mp4")
    begun(str(moved), reviews).close()
    assert [(one.spec, one.label) for one in reviews.newest()] == [(str(moved), "moved.mp4")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE analyses SET left_px = 'far'",
        "UPDATE analyses SET top_px = 1e999",
        "UPDATE frames SET state = 'asleep'",
    ],
)
def test_odd_values_are_told_of_in_words(reviews: CorrectionStore, change: str) -> None:
    key, field = AnalysisKey(0, "ab", "mine", "full", 0.7), Box(0, 0, 9, 9)
    with reviews.open("a") as review:
        number = review.begin_analysis(key, field)
        review.add_results(number, [made_result(0, "femur")])
    changed(reviews, change)

    def read() -> None:
        found = review.find_analysis(key)
        assert found is not None
        list(review.results(found[0]))

    with (
        reviews.open("a") as review,
        pytest.raises(CorrectionError, match="cannot be read") as caught,
    ):
        read()
    assert len(str(caught.value).splitlines()) == 1


def test_probabilities_are_shares_whatever_the_file_says(reviews: CorrectionStore) -> None:
    key = AnalysisKey(0, "ab", "mine", "full", 0.7)
    with reviews.open("a") as review:
        number = review.begin_analysis(key, Box(0, 0, 9, 9))
        review.add_results(number, [made_result(0, "femur")])
    changed(reviews, "UPDATE frames SET probabilities = x'" + "ffffffff" * 14 + "'")
    with reviews.open("a") as review:
        ((result,),) = review.results(number)
        assert result.probabilities.tolist() == [0.0] * 14


def test_an_undone_step_that_cannot_be_read_is_not_done_again(reviews: CorrectionStore) -> None:
    with reviews.open("a") as review:
        review.apply(SetBest("femur", 40))
        review.undo()
    changed(reviews, "UPDATE edits SET what = '{}'")
    with reviews.open("a") as review, pytest.raises(CorrectionError, match="cannot be read"):
        review.redo()
    with reviews.open("a") as review:
        assert review.corrections.empty


def test_a_review_of_no_possible_place_belongs_to_no_exam(
    tmp_path: Path, reviews: CorrectionStore
) -> None:
    with reviews.open("a") as review:
        review.set_fact(SPEC, "a\0b")
    assert reviews.of_exam("exam:x", tmp_path, []) == []


def changed(reviews: CorrectionStore, change: str) -> None:
    with closing(sqlite3.connect(reviews.folder / "a" / DATABASE)) as database:
        database.execute(change)
        database.commit()


def test_a_review_that_is_only_read_cannot_be_changed(
    tmp_path: Path, reviews: CorrectionStore
) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    session = begun(str(path), reviews)
    fingerprint = session.recording.fingerprint
    read = reviews.look(fingerprint)
    assert read is not None
    with read, pytest.raises(OutputError):
        read.apply(SetBest("femur", 4))
    assert session.review.corrections.best == {}
    session.close()
    assert reviews.look("0" * 32) is None


def test_an_exam_goes_with_its_review(tmp_path: Path, reviews: CorrectionStore) -> None:
    exam = kept(tmp_path / "exams", write_recording(tmp_path / "exam.mp4"))
    other = write_recording(tmp_path / "other.mp4", [("lips", 60)])
    exams = ExamStore(tmp_path / "exams")
    begun(f"exam:{exam.exam_id}", reviews, exams).close()
    begun(str(other), reviews).close()
    delete_exam(exam.exam_id, exams, reviews)
    assert exams.ids() == []
    assert [one.label for one in reviews.newest()] == ["other.mp4"]
    assert len(list(reviews.folder.iterdir())) == 1


def test_a_review_opened_by_the_path_of_the_recording_goes_too(
    tmp_path: Path, reviews: CorrectionStore
) -> None:
    exam = kept(tmp_path / "exams", write_recording(tmp_path / "exam.mp4"))
    exams = ExamStore(tmp_path / "exams")
    begun(str(exams.folder / exam.exam_id / "media" / "recording.mp4"), reviews).close()
    delete_exam(exam.exam_id, exams, reviews)
    assert reviews.newest() == []


def test_an_exam_under_review_stays(
    tmp_path: Path, reviews: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = kept(tmp_path / "exams", write_recording(tmp_path / "exam.mp4"))
    exams = ExamStore(tmp_path / "exams")
    monkeypatch.setattr(store, "_CLOSING_S", 0.1)
    session = begun(f"exam:{exam.exam_id}", reviews, exams)
    with pytest.raises(UsageError, match="being reviewed"):
        delete_exam(exam.exam_id, exams, reviews)
    session.close()
    assert exams.ids() == [exam.exam_id]
    assert len(reviews.newest()) == 1


def test_a_refused_deletion_deletes_nothing_at_all(
    tmp_path: Path, reviews: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two recordings is under review: the other one's corrections stay."""
    exam = kept(tmp_path / "exams", write_recording(tmp_path / "exam.mp4"))
    exams = ExamStore(tmp_path / "exams")
    monkeypatch.setattr(store, "_CLOSING_S", 0.1)
    copies = []
    for name, parts in (("a.mp4", [("femur", 60)]), ("b.mp4", [("lips", 60)])):
        path = exams.folder / exam.exam_id / "media" / name
        copies.append(write_recording(path, parts))
    done = begun(str(copies[0]), reviews)
    done.review.apply(SetBest("femur", 4))
    done.close()
    session = begun(str(copies[1]), reviews)
    with pytest.raises(UsageError):
        delete_exam(exam.exam_id, exams, reviews)
    assert exams.ids() == [exam.exam_id]
    assert {one.label: one.corrected for one in reviews.newest()} == {"a.mp4": 1, "b.mp4": 0}
    session.close()


def test_other_exams_keep_their_reviews_wherever_one_works(
    tmp_path: Path, reviews: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    exams = ExamStore(tmp_path / "exams")
    kept_ids = [
        kept(tmp_path / "exams", write_recording(tmp_path / f"{number}.mp4", parts)).exam_id
        for number, parts in enumerate(([("femur", 60)], [("lips", 60)]))
    ]
    for exam_id in kept_ids:
        begun(f"exam:{exam_id}", reviews, exams).close()
    monkeypatch.chdir(exams.folder / kept_ids[0])
    delete_exam(kept_ids[0], exams, reviews)
    assert [one.spec for one in reviews.newest()] == [f"exam:{kept_ids[1]}"]


@pytest.mark.parametrize("how", ["damaged", "copy", "nameless"])
def test_pictures_of_a_deleted_exam_do_not_stay(
    tmp_path: Path, reviews: CorrectionStore, how: str
) -> None:
    exam = kept(tmp_path / "exams", write_recording(tmp_path / "exam.mp4"))
    exams = ExamStore(tmp_path / "exams")
    session = begun(f"exam:{exam.exam_id}", reviews, exams)
    if how == "nameless":  # as reviews were before
        session.review.set_fact(SPEC, "")
    session.close()
    if how == "copy":
        begun(str(tmp_path / "exam.mp4"), reviews).close()
    if how == "damaged":
        (database,) = reviews.folder.glob(f"*/{DATABASE}")
        database.write_bytes(b"no database" * 99)
    delete_exam(exam.exam_id, exams, reviews)
    assert list(reviews.folder.iterdir()) == []


def test_a_deletion_that_was_cut_off_is_finished_by_the_next(
    tmp_path: Path, reviews: CorrectionStore
) -> None:
    exam = kept(tmp_path / "exams", write_recording(tmp_path / "exam.mp4"))
    exams = ExamStore(tmp_path / "exams")
    left = reviews.folder / ".deleted-0000"
    left.mkdir(parents=True)
    (left / DATABASE).write_bytes(b"pictures")
    assert reviews.newest() == []
    delete_exam(exam.exam_id, exams, reviews)
    assert list(reviews.folder.iterdir()) == []
