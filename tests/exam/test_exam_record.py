"""What is written into an exam comes back as it was, and nothing is replaced by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from exam_made import frame_rows, picture, row, seconds, shot, shots, start, texts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.packets import Box, Pixels, State, frozen
from sonoassist.exam import rows
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import (
    Event,
    ExamStart,
    FrameRow,
    How,
    Item,
    Judgement,
    RecordedVideo,
    Shot,
    Tick,
)
from sonoassist.exam.store import ExamStore

few = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def exam(tmp_path: Path) -> Iterator[Exam]:
    with ExamStore(tmp_path / "exams").create(start()) as exam:
        yield exam


def decoded(exam: Exam, still: str) -> Pixels:
    read = cv2.imread(str(exam.media / still), cv2.IMREAD_UNCHANGED)
    assert read is not None
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB) if read.ndim == 3 else read, np.uint8)


def same(one: FrameRow, other: FrameRow) -> bool:
    fields = [name for name in FrameRow.__slots__ if name != "probabilities"]
    return all(getattr(one, name) == getattr(other, name) for name in fields) and np.array_equal(
        one.probabilities, other.probabilities
    )


@few
@given(added=st.lists(frame_rows, max_size=8))
def test_frames_come_back(exam: Exam, added: list[FrameRow]) -> None:
    before = exam.frame_count()
    exam.add_frames(added)
    assert exam.frame_count() == before + len(added)
    back = list(exam.frames())[before:]
    assert all(same(one, other) for one, other in zip(added, back, strict=True))
    assert all(one.probabilities.dtype == np.float32 for one in back)
    assert not any(one.probabilities.flags.writeable for one in back)


@few
@given(added=shots, judgement=st.sampled_from(Judgement))
def test_captures_come_back(exam: Exam, added: Shot, judgement: Judgement) -> None:
    made = exam.add_capture(added, picture(), judgement=judgement)
    assert made.shot == added
    assert made.judgement is judgement
    assert exam.capture(made.capture_id) == made
    assert exam.captures()[-1] == made


@few
@given(at_s=seconds, kind=texts, text=texts)
def test_events_come_back(exam: Exam, at_s: float, kind: str, text: str) -> None:
    exam.add_event(at_s, kind, text)
    assert exam.events()[-1] == Event(at_s, kind, text)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
starts = st.builds(
    ExamStart,
    study_id=texts,
    source=texts,
    source_label=texts,
    synthetic=st.booleans(),
    preset=texts,
    items=st.lists(
        st.builds(Item, texts, texts, st.sampled_from(["", "femur"]), st.booleans()), max_size=4
    ).map(tuple),
    model=st.dictionaries(texts, plain, max_size=3),
    settings=st.dictionaries(texts, plain, max_size=3),
)


@given(starts)
def test_what_is_known_at_the_start_comes_back(known: ExamStart) -> None:
    assert rows.start_of(rows.start_text(known)) == known


def test_records_without_the_newer_fields_of_items_can_be_read() -> None:
    text = rows.start_text(start(items=(Item("femur", "Femur", "femur"),)))
    older = text.replace(', "required": true', "")
    assert older != text
    assert rows.start_of(older).items == (Item("femur", "Femur", "femur", required=True),)


def test_names_of_files_that_are_no_text(tmp_path: Path) -> None:
    name = b"scan-\xff.mp4".decode("utf-8", "surrogateescape")
    with ExamStore(tmp_path).create(start(source=name)) as exam:
        exam.add_event(1.0, "source", f"Opened {name}")
        exam.set_note(name)
        exam.tick(Tick("femur", True, name))
        assert exam.info().start.source == name
        assert exam.events()[0].text == "Opened scan-?.mp4"
        assert exam.info().note == exam.ticks()[0].note == "scan-?.mp4"


def test_probabilities_are_kept_in_half_precision(exam: Exam) -> None:
    kept = np.random.default_rng(0).dirichlet(np.ones(14)).astype(np.float32)
    values = {name: getattr(row(1), name) for name in FrameRow.__slots__}
    exam.add_frames([FrameRow(**{**values, "probabilities": frozen(kept)})])
    (back,) = exam.frames()
    assert np.abs(back.probabilities - kept).max() < 5e-4


def test_numbers_of_numpy_are_numbers(exam: Exam) -> None:
    values: dict[str, Any] = {name: getattr(row(1), name) for name in FrameRow.__slots__}
    box = Box(*np.array([1.5, 2.5, 3.5, 4.5], np.float32))  # type: ignore[arg-type]
    values |= {"at_s": np.float32(0.5), "index": np.int64(7), "confidence": np.float32(0.25)}
    exam.add_frames([FrameRow(**{**values, "box": box})])
    exam.add_capture(shot(index=np.int64(7), quality=np.float32(0.5), box=box), picture())
    (frame,) = exam.frames()
    (capture,) = exam.captures()
    assert (frame.at_s, frame.index, frame.confidence) == (0.5, 7, 0.25)
    assert (capture.shot.index, capture.shot.quality) == (7, 0.5)
    assert frame.box == capture.shot.box == Box(1.5, 2.5, 3.5, 4.5)


def test_more_frames_than_one_page(exam: Exam) -> None:
    exam.add_frames([row(number) for number in range(2500)])
    assert [one.index for one in exam.frames()] == list(range(2500))
    exam.add_frames([])
    assert exam.frame_count() == 2500


def test_frames_are_kept_all_or_none(exam: Exam) -> None:
    good = row(1)
    bad = FrameRow(
        float("nan"), 2, 0.0, State.PLANE, "femur", 1.0, "", None, good.probabilities
    )  # what is no number is no time
    with pytest.raises(OutputError, match="the exam cannot be kept"):
        exam.add_frames([good, bad])
    assert exam.frame_count() == 0
    exam.add_frames([good])
    assert exam.frame_count() == 1


@pytest.mark.parametrize("colour", [True, False])
def test_stills_are_the_whole_frame_to_the_last_bit(exam: Exam, colour: bool) -> None:
    pixels = picture(3, 101, 67, colour)
    capture = exam.add_capture(shot("4ch"), pixels)
    assert capture.still.startswith("4ch-")
    assert np.array_equal(decoded(exam, capture.still), pixels)


def test_a_better_capture_takes_the_place_of_another(exam: Exam) -> None:
    first = exam.add_capture(shot(at_s=1), picture(1))
    (exam.media / "clip.mp4").write_bytes(b"x")
    exam.add_clip(first.capture_id, "clip.mp4")
    second = exam.add_capture(shot(at_s=2), picture(2), instead_of=first.capture_id)
    assert exam.captures() == (second,)
    assert [path.name for path in exam.media.iterdir()] == [second.still]
    assert second.capture_id > first.capture_id
    third = exam.add_capture(shot(at_s=3), picture(3), instead_of=first.capture_id)  # long gone
    assert exam.captures() == (second, third)


@pytest.mark.parametrize(
    ("how", "judgement"),
    [
        (How.AUTO, Judgement.KEPT),
        (How.AUTO, Judgement.REJECTED),
        (How.HAND, Judgement.OPEN),
        (How.HAND, Judgement.KEPT),
    ],
)
def test_what_the_user_made_or_judged_stays(exam: Exam, how: How, judgement: Judgement) -> None:
    first = exam.add_capture(shot(at_s=1, how=how), picture(1))
    exam.judge(first.capture_id, judgement)
    second = exam.add_capture(shot(at_s=2), picture(2), instead_of=first.capture_id)
    assert [one.capture_id for one in exam.captures()] == [first.capture_id, second.capture_id]
    assert exam.capture(first.capture_id).judgement is judgement
    assert (exam.media / first.still).exists()
    by_hand = shot(at_s=3, how=How.HAND)
    third = exam.add_capture(by_hand, picture(3), instead_of=first.capture_id)
    assert exam.captures() == (second, third)
    assert not (exam.media / first.still).exists()


def test_judging_moving_and_removing(exam: Exam) -> None:
    capture = exam.add_capture(shot("femur", how=How.HAND), picture())
    exam.judge(capture.capture_id, Judgement.REJECTED)
    exam.judge(capture.capture_id, Judgement.KEPT)
    exam.move_capture(capture.capture_id, "bladder")
    found = exam.capture(capture.capture_id)
    assert (found.judgement, found.shot.item) == (Judgement.KEPT, "bladder")
    assert found.still == capture.still
    exam.remove_capture(capture.capture_id)
    assert exam.captures() == ()
    assert list(exam.media.iterdir()) == []
    with pytest.raises(UsageError, match=f"has no capture {capture.capture_id}"):
        exam.capture(capture.capture_id)
    with pytest.raises(UsageError):
        exam.remove_capture(capture.capture_id)


def test_numbers_of_captures_never_come_twice(exam: Exam) -> None:
    first = exam.add_capture(shot(), picture())
    exam.remove_capture(first.capture_id)
    assert exam.add_capture(shot(), picture()).capture_id > first.capture_id


def test_the_clip_of_a_capture_that_is_gone_goes_too(exam: Exam) -> None:
    capture = exam.add_capture(shot(), picture())
    exam.remove_capture(capture.capture_id)
    (exam.media / "clip.mp4").write_bytes(b"x")
    exam.add_clip(capture.capture_id, "clip.mp4")
    assert list(exam.media.iterdir()) == []


def test_the_number_of_the_study(exam: Exam) -> None:
    exam.set_study_id("S-18")
    assert exam.info().start == start(study_id="S-18")


def test_ticks_and_notes(exam: Exam) -> None:
    exam.tick(Tick("bladder", True))
    exam.tick(Tick("femur", False, "asked to come again"))
    exam.tick(Tick("bladder", False, "empty"))
    assert exam.ticks() == (
        Tick("bladder", False, "empty"),
        Tick("femur", False, "asked to come again"),
    )
    exam.set_note("first")
    exam.set_note("second")
    assert exam.info().note == "second"


def test_recordings(exam: Exam) -> None:
    first = exam.begin_recording("a.mkv", 1.5)
    second = exam.begin_recording("b.mkv", 60.0)
    exam.note_recording(first, 250, ended=True)
    exam.note_recording(second, 10, trouble="No space left on device")
    assert exam.recordings() == (
        RecordedVideo(first, "a.mkv", 1.5, 250, True, ""),
        RecordedVideo(second, "b.mkv", 60.0, 10, False, "No space left on device"),
    )


def test_ending_and_going_on(exam: Exam) -> None:
    exam.add_frames([row(250)])
    assert exam.info().length_s == 10.0
    exam.end(12.0)
    assert exam.info().ended
    exam.resume(12.0)
    assert not exam.info().ended
    assert [one.kind for one in exam.events()] == ["ended", "resumed"]
    assert exam.info().length_s == 12.0


def test_a_picture_that_cannot_be_encoded(exam: Exam) -> None:
    with pytest.raises(OutputError, match="cannot be encoded"):
        exam.add_capture(shot(), np.zeros((0, 0), np.uint8))
    assert exam.captures() == ()
    assert list(exam.media.iterdir()) == []


def test_files_that_the_record_does_not_speak_of(exam: Exam) -> None:
    """What is whole stays, whatever it is; what was being written when the program ended goes."""
    known = exam.add_capture(shot(), picture()).still
    for content in (b"first", b"second"):
        (exam.media / "recording-1.mp4").write_bytes(content)
        (exam.media / ".femur-12-ab.png").write_bytes(b"half")
        assert "media/recording-1.mp4" in exam.unlisted()
        exam.sweep()
        assert [path.name for path in exam.media.iterdir()] == [known]
    assert exam.unlisted() == ("set-aside/recording-1-2.mp4", "set-aside/recording-1.mp4")
    aside = exam.folder / "set-aside"
    assert (aside / "recording-1.mp4").read_bytes() == b"first"
    assert (aside / "recording-1-2.mp4").read_bytes() == b"second"
