from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exam.recording_help import make_exam
from sonoassist.core.errors import SourceError
from sonoassist.exam.exam import DATABASE
from sonoassist.exam.store import ExamStore
from sonoassist.retrieval.exams import FoundExams, find_exams


def touch(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or path.name)
    return path


def find(folder: Path, *words: object) -> FoundExams:
    return find_exams(map(str, words), ExamStore(folder / "records"))


def paths(found: FoundExams) -> list[Path]:
    return [exam.path for exam in found.exams]


def test_a_folder_gives_its_videos_by_sorted_paths_without_what_is_hidden(tmp_path: Path) -> None:
    videos = [touch(tmp_path / "in" / name) for name in ("a.mp4", "b/c/x.avi", "b/Ä ö.MKV")]
    for other in ("b/report.pdf", "b/still.png", ".hidden.mp4", ".trash/x.mp4", "__MACOSX/a.mp4"):
        touch(tmp_path / "in" / other)
    found = find(tmp_path, tmp_path / "in")
    assert paths(found) == videos
    assert found.failures == ()


def test_what_is_named_twice_is_searched_once(tmp_path: Path) -> None:
    video = touch(tmp_path / "in" / "a.mp4")
    found = find(tmp_path, video, tmp_path / "in", video.parent / ".." / "in" / "a.mp4")
    assert paths(found) == [video]


def test_a_file_of_any_name_is_taken_at_its_word(tmp_path: Path) -> None:
    cine = touch(tmp_path / "IM0001")
    assert paths(find(tmp_path, cine)) == [cine]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("gone.mp4", "there is no file gone.mp4"),
        (f"no{os.sep}folder", "there is no file"),
        ("2026-01", "neither a file nor an exam record"),
        ("device:0", "live"),
        ("rtsp://host/live", "live"),
        ("empty", "no recording in the folder"),
    ],
)
def test_words_that_stand_for_nothing_do_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    video = touch(tmp_path / "a.mp4")
    found = find(tmp_path, word, "a.mp4")
    assert [exam.parts[0].path for exam in found.exams] == [video]
    assert [one.exam for one in found.failures] == [word]
    assert said in found.failures[0].reason


def test_an_exam_record_by_name_and_in_a_folder(tmp_path: Path) -> None:
    with make_exam(tmp_path / "records") as exam:
        for number, began_s in ((1, 2.5), (2, 60.0)):
            touch(exam.media / f"recording-{number}.mp4", "x" * number)
            recording = exam.begin_recording(f"recording-{number}.mp4", began_s)
            exam.note_recording(recording, 10, ended=True)
        touch(exam.media / "clip.mp4")
        name, folder = exam.exam_id, exam.folder
        running = find(tmp_path, name)
    assert "running" in running.failures[0].reason
    for word in (name, "last", folder, tmp_path / "records"):
        (one,) = find(tmp_path, word).exams
        assert [(p.path.name, p.began_s) for p in one.parts] == [
            ("recording-1.mp4", 2.5),
            ("recording-2.mp4", 60.0),
        ]
        assert one.recorded
        assert one.path == folder


def test_an_exam_record_without_a_recording(tmp_path: Path) -> None:
    with make_exam(tmp_path / "records") as exam:
        name = exam.exam_id
    assert "no recording" in find(tmp_path, name).failures[0].reason


def test_a_bad_exam_record_in_a_folder_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    videos = [touch(folder / name) for name in ("a.mp4", "z.mp4")]
    touch(folder / "damaged" / DATABASE, "this is no database")
    with make_exam(folder / "records") as empty:
        pass
    with make_exam(folder / "records") as running:
        found = find(tmp_path, folder)
    assert paths(found) == videos
    bad = {Path(one.exam).name: one.reason for one in found.failures}
    assert set(bad) == {"damaged", empty.exam_id, running.exam_id}
    assert "no recording" in bad[empty.exam_id]
    assert "running" in bad[running.exam_id]
    assert "damaged" in bad["damaged"]


def test_a_subfolder_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root reads all folders, so the refusal is made up."""
    videos = [touch(tmp_path / "in" / name) for name in ("a.mp4", "locked/b.mp4", "z.mp4")]
    real = Path.iterdir

    def refused(folder: Path) -> Iterator[Path]:
        if folder.name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return real(folder)

    monkeypatch.setattr(Path, "iterdir", refused)
    found = find(tmp_path, tmp_path / "in")
    assert paths(found) == [videos[0], videos[2]]
    assert [Path(one.exam).name for one in found.failures] == ["locked"]
    assert "cannot be read: Permission denied" in found.failures[0].reason


def test_a_copy_has_the_same_fingerprint_and_another_exam_another(tmp_path: Path) -> None:
    data = os.urandom(300_000)
    first = tmp_path / "a" / "exam.mp4"
    first.parent.mkdir()
    first.write_bytes(data)
    copy = shutil.copy(first, tmp_path / "copy.mp4")
    others = [data[:-1], data + b"x", b"x" + data[1:], data[:-1] + b"x"]
    for number, other in enumerate(others):
        (tmp_path / f"{number}.mp4").write_bytes(other)
    found = find(tmp_path, first, copy, *(tmp_path / f"{n}.mp4" for n in range(len(others))))
    told = [exam.fingerprint() for exam in found.exams]
    assert told[0] == told[1]
    assert len(set(told)) == 1 + len(others)


def test_recordings_that_differ_in_their_middle_only_are_two_exams(tmp_path: Path) -> None:
    """Uncompressed video of two patients: the same size, black rims and index."""
    for name, inside in (("ward1", b"1"), ("ward2", b"2")):
        data = bytes(200_000) + inside * 100_000 + bytes(200_000)
        (tmp_path / f"{name}.avi").write_bytes(data)
    one, other = find(tmp_path, tmp_path / "ward1.avi", tmp_path / "ward2.avi").exams
    assert one.size_bytes == other.size_bytes
    assert one.fingerprint() != other.fingerprint()


def test_a_file_that_is_gone_has_none(tmp_path: Path) -> None:
    video = touch(tmp_path / "a.mp4")
    (exam,) = find(tmp_path, video).exams
    video.unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        exam.fingerprint()
    assert exam.size_bytes == 0


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="nothing is forbidden to root"
)
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    touch(folder / "a.mp4")
    folder.chmod(0)
    try:
        assert "cannot be read" in find(tmp_path, folder).failures[0].reason
    finally:
        folder.chmod(0o700)
