"""What was said of a recording stays with its pictures when frames are counted otherwise."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.exam.resolving import ExamResolver
from sonoassist.exam.store import ExamStore
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.edits import Edit, SetBest, SetBox, SetLabel, SetMark, SetNote
from sonoassist.recordings.recording import Recording, look_into
from sonoassist.recordings.renumbering import corrections_now, renumbered
from sonoassist.review.session import ReviewSession
from sonoassist.sources import READER
from sonoassist.sources.older_reading import moved_since
from sonoassist.sources.video import VideoFile

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from review_made import make_video, picture


def made(path: Path, begin_ms: int, key: str, count: int) -> Path:
    pictures = [picture(key, number) for number in range(count)]
    stamps = [begin_ms + 40 * number for number in range(count)]
    return make_video(
        path, stamps, codec="mpeg2video", time_base=Fraction(1, 25), pictures=pictures
    )


@pytest.fixture
def joined(tmp_path: Path) -> Path:
    """30 frames with a femur, then 20 with lips whose times begin anew."""
    parts = [made(tmp_path / "a.ts", 4000, "femur", 30), made(tmp_path / "b.ts", 0, "lips", 20)]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def kept_before(recording: Path, store: CorrectionStore, edits: list[Edit]) -> None:
    """A review as a program left it that named no reader."""
    found = look_into(str(recording), ExamResolver())
    with store.open(found.identity.content) as review:
        for edit in edits:
            review.apply(edit)
        assert review.fact("reader") == ""


def opened(recording: Path, store: CorrectionStore, folder: Path) -> ReviewSession:
    return ReviewSession.open(str(recording), store, lambda: None, ExamStore(folder / "exams"))


def test_labels_follow_their_pictures(joined: Path, tmp_path: Path) -> None:
    store = CorrectionStore(tmp_path / "reviews")
    # Sorted by time the lips came first.
    before = [
        SetLabel(0, 19, "lips"),
        SetBest("femur", 25),
        SetMark(20, True, "here"),
        SetNote("a note"),
    ]
    kept_before(joined, store, before)
    session = opened(joined, store, tmp_path)
    try:
        words = session.review.corrections
        assert [(one.first, one.last, one.plane) for one in words.labels] == [(30, 49, "lips")]
        assert dict(words.best) == {"femur": 5}
        assert [(one.frame, one.text) for one in words.marks] == [(0, "here")]
        assert words.note == "a note"
        assert any("brought to the new numbers" in one for one in session.warnings)
    finally:
        session.close()
    again = opened(joined, store, tmp_path)
    try:
        assert again.review.corrections == words
        assert not any("new numbers" in one for one in again.warnings)
    finally:
        again.close()


def test_who_only_reads_a_review_has_the_same_words_and_leaves_it_as_it_is(
    joined: Path, tmp_path: Path
) -> None:
    store = CorrectionStore(tmp_path / "reviews")
    undone = SetMark(7, True, "not meant")
    edits = [SetLabel(0, 19, "lips"), SetBest("femur", 25), SetMark(20, True, "here")]
    kept_before(joined, store, [*edits, undone])
    found = look_into(str(joined), ExamResolver())
    with store.open(found.identity.content) as review:
        assert review.undo() == undone
    read, steps = looked_at(found, store)
    assert [(one.first, one.last, one.plane) for one in read.labels] == [(30, 49, "lips")]
    assert dict(read.best) == {"femur": 5}
    assert [(one.frame, one.text) for one in read.marks] == [(0, "here")]
    assert steps == edits
    session = opened(joined, store, tmp_path)
    try:
        assert session.review.corrections == read
    finally:
        session.close()
    assert looked_at(found, store)[0] == read  # not brought up twice


def looked_at(found: Recording, store: CorrectionStore) -> tuple[Corrections, list[Edit]]:
    looked = store.look(found.identity.content)
    assert looked is not None
    with looked:
        return corrections_now(found, looked), looked.steps()


def test_labels_behind_half_pictures_that_counted_once(tmp_path: Path) -> None:
    first = made(tmp_path / "a.ts", 4000, "femur", 30)
    second = made(tmp_path / "b.ts", 0, "lips", 40)
    with av.open(str(second)) as container:
        places = [one.pos for one in container.demux(video=0) if one.size]
    # What is shown hardly changes there: there are no key frames.
    data = second.read_bytes()[places[17] // 188 * 188 :]
    path = tmp_path / "joined.ts"
    path.write_bytes(first.read_bytes() + data)
    with VideoFile(path) as video:
        left_out = video.index.torn
        assert len(video.index) == 30 + 23 - left_out
    assert left_out > 2
    store = CorrectionStore(tmp_path / "reviews")
    found = look_into(str(path), ExamResolver())
    with store.open(found.identity.content) as review:
        for edit in (
            SetLabel(20, 52, "lips"),
            SetBest("femur", 31),
            SetBest("lips", 50),
            SetMark(51, True),
        ):
            review.apply(edit)
        review.set_fact("reader", "2")
    session = opened(path, store, tmp_path)
    try:
        words = session.review.corrections
        labels = [(one.first, one.last, one.plane) for one in words.labels]
        assert labels == [(20, 52 - left_out, "lips")]
        assert dict(words.best) == {"lips": 50 - left_out}  # the other one was a half picture
        assert [one.frame for one in words.marks] == [51 - left_out]
        assert any("brought to the new numbers" in one for one in session.warnings)
        assert session.review.fact("reader") == str(READER)
    finally:
        session.close()


def test_a_usual_recording_is_left_as_it_is(tmp_path: Path) -> None:
    path = made(tmp_path / "a.ts", 0, "femur", 40)
    with VideoFile(path) as video:
        assert moved_since(path, video.index) is None
    store = CorrectionStore(tmp_path / "reviews")
    kept_before(path, store, [SetLabel(3, 9, "femur")])
    session = opened(path, store, tmp_path)
    try:
        assert session.warnings == []
        assert [one.first for one in session.review.corrections.labels] == [3]
    finally:
        session.close()


@given(st.lists(st.integers(-1, 40), min_size=1, max_size=30, unique=True), st.data())
def test_a_label_is_on_the_same_pictures(moved: list[int], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(moved) - 1))
    last = data.draw(st.integers(first, len(moved) - 1))
    found = list(renumbered(SetLabel(first, last, "lips"), moved))
    frames = [
        n for one in found if isinstance(one, SetLabel) for n in range(one.first, one.last + 1)
    ]
    assert sorted(frames) == sorted(set(moved[first : last + 1]) - {-1})


def test_a_box_goes_with_its_frame() -> None:
    box = SetBox(2, "femur", (1.0, 2.0, 3.0, 4.0))
    assert list(renumbered(box, [0, -1, 1])) == [SetBox(1, "femur", (1.0, 2.0, 3.0, 4.0))]
    assert list(renumbered(SetBox(1, "femur", None), [0, -1, 1])) == []
    label = SetLabel(0, 2, "lips", keeps_best=True)
    assert list(renumbered(label, [0, -1, 1])) == [SetLabel(0, 1, "lips", keeps_best=True)]
