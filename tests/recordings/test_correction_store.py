"""The reviews on this computer: which there are, reading without holding, and deleting."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from older_reviews import write_older
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.packets import Box, Provenance
from sonoassist.exam.deleting import delete_exam
from sonoassist.exam.store import ExamStore
from sonoassist.practice.question_set import QuestionSet
from sonoassist.practice.set_store import SetStore
from sonoassist.recordings import correction_store as store
from sonoassist.recordings.cache_schema import CacheError
from sonoassist.recordings.correction_schema import (
    CorrectionError,
    holds_results,
    read_only,
    version_of,
)
from sonoassist.recordings.correction_store import DATABASE, SPEC, CorrectionStore, Known
from sonoassist.recordings.edits import SetBest, SetBox, SetLabel, SetMark
from sonoassist.recordings.identity import Identity, fingerprint
from sonoassist.recordings.recording_cache import AnalysisKey, RecordingCache
from sonoassist.review.session import ReviewSession

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from kept_made import kept
from review_made import made_result, write_recording


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
        "UPDATE frames SET left_px = 'far'",
        "UPDATE frames SET crop_top_px = 1e999",
        "UPDATE frames SET state = 'asleep'",
    ],
)
def test_odd_values_are_told_of_in_words(reviews: CorrectionStore, change: str) -> None:
    with begun_results(reviews) as kept_before:
        (number,) = kept_before.serving(KEY)
    changed(reviews.cache.path_of("a"), change)
    with (
        reviews.cache.open(Identity("a")) as kept_now,
        pytest.raises(CacheError, match="cannot be read") as caught,
    ):
        list(kept_now.results(number))
    assert len(str(caught.value).splitlines()) == 1


KEY = AnalysisKey(0, Provenance("ab", "288x224 255", "full", "f32"))


def begun_results(reviews: CorrectionStore) -> RecordingCache:
    """Where the result of one frame is kept."""
    made = reviews.cache.open(Identity("a"))
    boxed = made_result(0, "femur", box=Box(1, 2, 3, 4))
    made.add(made.begin(KEY), [replace(boxed, crop=Box(0, 0, 9, 9))])
    return made


def test_probabilities_are_shares_whatever_the_file_says(reviews: CorrectionStore) -> None:
    begun_results(reviews).close()
    share = "UPDATE frames SET probabilities = x'" + "ffffffff" * 14 + "'"
    changed(reviews.cache.path_of("a"), share)
    with reviews.cache.open(Identity("a")) as kept_now:
        ((result,),) = kept_now.results(*kept_now.serving(KEY))
        assert result.probabilities.tolist() == [0.0] * 14


def test_an_undone_step_that_cannot_be_read_is_not_done_again(reviews: CorrectionStore) -> None:
    with reviews.open("a") as review:
        review.apply(SetBest("femur", 40))
        review.undo()
    changed(reviews.folder / "a" / DATABASE, "UPDATE edits SET what = '{}'")
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


def changed(path: Path, *changes: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        for change in changes:
            database.execute(change)
        database.commit()


def test_a_review_that_is_only_read_cannot_be_changed(
    tmp_path: Path, reviews: CorrectionStore
) -> None:
    path = write_recording(tmp_path / "exam.mp4")
    session = begun(str(path), reviews)
    fingerprint = session.recording.identity.content
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


def test_what_else_is_kept_of_its_recordings_goes_too(
    tmp_path: Path, reviews: CorrectionStore
) -> None:
    exam = kept(tmp_path / "exams", write_recording(tmp_path / "exam.mp4"))
    exams, sets = ExamStore(tmp_path / "exams"), SetStore(tmp_path / "sets")
    content = fingerprint(exams.folder / exam.exam_id / "media" / "recording.mp4")
    other = "1" * len(content)
    for one in (content, other):
        sets.write(QuestionSet(one, ("lips",)))

    def refuse(_content: str) -> None:
        raise OutputError("the set cannot be deleted")

    with exams.open(exam.exam_id, write=True), pytest.raises(UsageError):
        delete_exam(exam.exam_id, exams, reviews, sets.forget)
    assert sets.read(content) is not None
    delete_exam(exam.exam_id, exams, reviews, sets.forget)
    assert sets.read(content) is None
    assert sets.read(other) is not None
    again = kept(tmp_path / "exams", tmp_path / "exam.mp4")
    with pytest.raises(OutputError, match="the set cannot be deleted"):
        delete_exam(again.exam_id, exams, reviews, refuse)
    assert exams.ids() == []


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


@pytest.mark.parametrize("moves", [True, False], ids=["", "open files cannot be moved"])
def test_while_an_exam_is_deleted_nobody_can_review_its_recordings(
    tmp_path: Path, reviews: CorrectionStore, monkeypatch: pytest.MonkeyPatch, moves: bool
) -> None:
    exam = kept(tmp_path / "exams", write_recording(tmp_path / "exam.mp4"))
    exams = ExamStore(tmp_path / "exams")
    begun(f"exam:{exam.exam_id}", reviews, exams).close()
    delete, asked = CorrectionStore.delete, list[Path]()

    def look(self: CorrectionStore, folder: Path) -> None:
        asked.append(folder)
        if len(asked) == 1:
            with pytest.raises(UsageError, match="being reviewed"):
                self.open(folder.name)
            if not moves:
                raise OutputError("the folder is in use")
        delete(self, folder)

    monkeypatch.setattr(CorrectionStore, "delete", look)
    delete_exam(exam.exam_id, exams, reviews)
    assert len(asked) == (1 if moves else 2)
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


# --- reviews of earlier programs -------------------------------------------------------------

WHOLE = Box(0, 0, 224, 192)
EDITS = (SetBest("femur", 4), SetMark(3, True, "why"))


def older(reviews: CorrectionStore, content: str, version: int = 2, count: int = 40) -> Path:
    facts = {SPEC: f"/data/{content}.mp4", "label": f"{content}.mp4", "reader": "2"}
    results = [made_result(index, "femur", box=Box(1, 2, 30, 40)) for index in range(count)]
    return write_older(
        reviews,
        content,
        version,
        results,
        field=WHOLE,
        edits=EDITS,
        facts=facts,
        pictures={0: b"small"},
    )


def taken_over(reviews: CorrectionStore, content: str) -> int:
    """Number of results that the cache has by now."""
    made = Provenance("0" * 64, "288x224 255", "full", "f32")
    key = AnalysisKey(0, made, preprocessing=1, reader=2)
    with reviews.cache.open(Identity(content)) as found:
        return sum(len(part) for number in found.serving(key) for part in found.results(number))


@pytest.mark.parametrize("version", [1, 2])
def test_an_earlier_review_is_left_as_it_is_until_it_is_opened(
    tmp_path: Path, reviews: CorrectionStore, version: int
) -> None:
    path = older(reviews, "a", version)
    before = path.read_bytes()
    assert reviews.newest() == [Known("/data/a.mp4", "a.mp4", 1)]
    assert reviews.of_exam("exam:x", tmp_path, []) == []
    looked = reviews.look("a")
    assert looked is not None
    with looked:
        assert looked.corrections.best == {"femur": 4}
    assert path.read_bytes() == before
    assert not reviews.cache.folder.exists()
    with reviews.open("a") as review:
        assert review.corrections.best == {"femur": 4}
        assert [one.text for one in review.corrections.marks] == ["why"]
        assert review.undo() == EDITS[1]
    assert not holds_results(path)
    assert taken_over(reviews, "a") == 40


@pytest.mark.parametrize("before", [True, False], ids=["now", "by an earlier program"])
def test_the_space_of_results_that_were_taken_over_is_given_back(
    reviews: CorrectionStore, before: bool
) -> None:
    path = older(reviews, "a", count=3000)
    size = path.stat().st_size
    if not before:  # it has dropped the tables and left their space in the file
        drops = ("frames", "pictures", "analyses")
        changed(path, *(f"DROP TABLE {one}" for one in drops), "PRAGMA user_version = 3")
        assert path.stat().st_size == size
    with reviews.open("a") as review:
        assert review.corrections.best == {"femur": 4}
    assert path.stat().st_size < size / 10
    assert [one.name for one in path.parent.iterdir() if "wal" in one.name] == []


def test_where_its_results_cannot_be_taken_over_an_earlier_review_stays(
    reviews: CorrectionStore,
) -> None:
    path = older(reviews, "a")
    reviews.cache.folder.write_text("in the way")
    with pytest.raises(OutputError):
        reviews.open("a")
    assert holds_results(path)
    assert len(reviews.newest()) == 1
    reviews.cache.folder.unlink()
    reviews.open("a").close()
    assert taken_over(reviews, "a") == 40


@pytest.mark.parametrize("how", ["no database", "no table", "odd fact"])
def test_an_earlier_review_is_opened_whatever_has_become_of_the_cache(
    reviews: CorrectionStore, how: str
) -> None:
    older(reviews, "a")
    begun_results(reviews).close()
    cache = reviews.cache.path_of("a")
    if how == "no database":
        cache.write_bytes(b"no database" * 999)
    else:
        odd = "INSERT INTO meta VALUES ('review', CAST(x'ff' AS TEXT))"
        changed(cache, "DROP TABLE frames" if how == "no table" else odd)
    with reviews.open("a") as review:
        assert review.corrections.best == {"femur": 4}
    assert taken_over(reviews, "a") == 40
    assert list(reviews.cache.folder.glob("*.damaged"))


def test_beside_a_cache_of_a_newer_program_nothing_of_an_earlier_review_is_lost(
    reviews: CorrectionStore,
) -> None:
    path = older(reviews, "a")
    begun_results(reviews).close()
    changed(reviews.cache.path_of("a"), "PRAGMA user_version = 99")
    with pytest.raises(CacheError, match="newer"):
        reviews.open("a")
    assert holds_results(path)
    assert len(reviews.newest()) == 1
    assert not list(reviews.cache.folder.glob("*.damaged"))


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("UPDATE frames SET state = 'asleep' WHERE frame < 10", 30),
        ("UPDATE frames SET probabilities = 'none' WHERE frame = 1", 39),
        ("UPDATE analyses SET left_px = 'far'", 0),
        ("UPDATE pictures SET jpeg = 3", 40),
        ("DROP TABLE frames", 0),
    ],
)
def test_of_a_damaged_earlier_review_the_words_stay(
    reviews: CorrectionStore, change: str, left: int
) -> None:
    path = older(reviews, "a")
    changed(path, change)
    assert len(reviews.newest()) == 1
    if change.startswith("DROP"):
        changed(path, "CREATE TABLE frames (analysis INTEGER)")
    with reviews.open("a") as review:
        assert review.corrections.best == {"femur": 4}
    assert taken_over(reviews, "a") == left


def test_an_exam_goes_with_what_is_kept_of_its_recordings(
    tmp_path: Path, reviews: CorrectionStore
) -> None:
    """Reviewed or not, by this program or an earlier one, put aside or in use."""
    exam = kept(tmp_path / "exams", write_recording(tmp_path / "exam.mp4"))
    exams = ExamStore(tmp_path / "exams")
    content = fingerprint(tmp_path / "exam.mp4")
    older(reviews, content)
    other = reviews.cache.open(Identity("other"))
    other.close()
    reviews.cache.open(Identity(content)).close()
    reviews.cache.put_aside(content)
    used = reviews.cache.open(Identity(content))
    number = used.begin(KEY)
    used.add(number, [made_result(0, "femur")], {0: b"small picture"})
    delete_exam(exam.exam_id, exams, reviews)
    assert list(reviews.folder.iterdir()) == []
    assert list(used.results(number)) == []
    used.add(number, [made_result(1, "femur")], {1: b"small picture"})  # by whoever uses it
    assert used.pictured(number) == []
    used.close()
    left = {path.name: path.read_bytes() for path in reviews.cache.folder.iterdir()}
    assert not any(b"small picture" in data for data in left.values())
    assert not any("damaged" in name for name in left)
    assert "other.sqlite" in left


def test_a_review_of_version_3_is_read_as_it_is_and_brought_up_when_opened(
    reviews: CorrectionStore, tmp_path: Path
) -> None:
    with reviews.open("c") as review:
        for edit in EDITS:
            review.apply(edit)
        review.remember("spec", "/data/c.mp4")
        words = review.corrections
    path = reviews.folder / "c" / "review.sqlite"
    older = "UPDATE edits SET what = json_remove(what, '$.keeps_best')"
    changed(path, older)
    changed(path, "PRAGMA user_version = 3")
    assert [one.spec for one in reviews.newest()] == ["/data/c.mp4"]
    looked = reviews.look("c")
    assert looked is not None
    with looked:
        assert looked.corrections == words
    assert _version(path) == 3  # to read it changes nothing
    with reviews.open("c") as review:
        assert review.corrections == words
        review.apply(SetBox(3, "femur", (1.0, 2.0, 30.0, 40.5)))
    assert _version(path) == 4
    with reviews.open("c") as review:
        assert review.corrections.boxes == {(3, "femur"): Box(1, 2, 30, 40.5)}
        assert review.undo() == SetBox(3, "femur", (1.0, 2.0, 30.0, 40.5))
        assert review.corrections == words


def _version(path: Path) -> int:
    with closing(read_only(path)) as database:
        return version_of(database)
