"""The folder of exams: beginning, opening, finding, deleting, and who may do it when."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from exam_made import picture, row, shot, start
from filelock import FileLock, Timeout

from sonoassist.core.errors import OutputError, UsageError
from sonoassist.exam.exam import DATABASE
from sonoassist.exam.records import Event, ExamInfo
from sonoassist.exam.schema import VERSION, RecordError, connect
from sonoassist.exam.store import Damaged, ExamStore, opened
from sonoassist.sources import READER
from waiting import LIMIT_S


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


def begun(store: ExamStore, **fields: object) -> str:
    """The name of an exam that was begun and ended."""
    with store.create(start(**fields)) as exam:
        exam.add_event(0.0, "started", "Exam begun")
        exam.end(12.5)
        return exam.exam_id


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_there(store: ExamStore) -> None:
    assert store.ids() == []
    assert store.infos() == []
    store.sweep()
    with pytest.raises(UsageError, match="'last' is not an exam"):
        store.find("last")
    assert not store.folder.exists()


def test_an_exam_as_a_whole(store: ExamStore) -> None:
    exam_id = begun(store, study_id="Ä/42", synthetic=False)
    with store.open(exam_id) as exam:
        info = exam.info()
        assert exam.events() == (
            Event(0.0, "started", "Exam begun"),
            Event(12.5, "ended", "Exam ended"),
        )
    assert info.exam_id == exam_id
    assert info.start == start(study_id="Ä/42", synthetic=False)
    assert info.ended
    assert info.length_s == 12.5
    assert info.started_at <= info.ended_at
    assert info.note == ""
    assert store.infos() == [info]


def test_an_exam_names_the_reader_that_numbers_its_frames(store: ExamStore) -> None:
    exam_id = begun(store)
    with closing(sqlite3.connect(store.folder / exam_id / DATABASE)) as database:
        found = database.execute("SELECT value FROM meta WHERE key = 'reader'").fetchall()
    assert found == [(str(READER),)]


def test_the_default_store_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    exam_id = begun(ExamStore.default())
    assert (tmp_path / "home" / "exams" / exam_id).is_dir()
    with opened("last") as exam:
        assert exam.exam_id == exam_id


@pytest.mark.skipif(os.name != "posix", reason="there are no such permissions here")
def test_only_the_user_may_read(store: ExamStore) -> None:
    before = os.umask(0)
    try:
        with store.create(start()) as exam:
            exam.add_capture(shot(), picture())
            exam.add_frames([row(1)])
            found = list(store.folder.rglob("*"))
            assert {path.name for path in found} >= {"exam.sqlite", "exam.sqlite-wal", "media"}
            for path in (store.folder, *found):
                assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    finally:
        os.umask(before)


def test_a_folder_that_others_could_read_is_closed(store: ExamStore) -> None:
    store.folder.mkdir(mode=0o755)
    begun(store)
    assert mode(store.folder) == 0o700


def test_one_writer_at_a_time(store: ExamStore) -> None:
    with store.create(start()) as exam:
        assert store.running(exam.exam_id)
        with pytest.raises(UsageError, match="in use by another window"):
            store.open(exam.exam_id, write=True)
    assert not store.running(exam.exam_id)
    with store.open(exam.exam_id, write=True) as again:
        again.set_note("second")
    with store.open(exam.exam_id) as reader:
        assert reader.info().note == "second"


def test_closing_on_another_thread_lets_the_next_writer_in(store: ExamStore) -> None:
    exam = store.create(start())
    closer = threading.Thread(target=exam.close)
    closer.start()
    closer.join()
    exam.close()
    with store.open(exam.exam_id, write=True) as again:
        again.add_event(1.0, "note", "written by the next one")


def test_whoever_only_asks_whether_it_runs_keeps_no_writer_out(
    store: ExamStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_id = begun(store)
    acquire, held, let_go = FileLock.acquire, threading.Event(), threading.Event()

    def watched(lock: FileLock, timeout: float, **more: Any) -> Any:
        if not timeout:  # whoever only asks; holds the lock until somebody else wants it
            taken = acquire(lock, 0, **more)
            held.set()
            assert let_go.wait(LIMIT_S)
            return taken
        with pytest.raises(Timeout):
            acquire(lock, 0)
        let_go.set()
        return acquire(lock, LIMIT_S, **more)

    monkeypatch.setattr(FileLock, "acquire", watched)
    asking = threading.Thread(target=store.running, args=(exam_id,))
    asking.start()
    assert held.wait(LIMIT_S)
    try:
        store.open(exam_id, write=True).close()
    finally:
        let_go.set()
        asking.join()


def test_a_reader_while_a_writer_writes(store: ExamStore) -> None:
    with store.create(start()) as writer, store.open(writer.exam_id) as reader:
        for number in range(20):
            writer.add_frames([row(number)])
            writer.add_event(number, "note", str(number))
            assert reader.frame_count() == number + 1
            assert reader.events()[-1].text == str(number)
        listed = reader.frames()
        first = next(listed)
        writer.add_frames([row(20)])  # what comes while one reads is read too
        assert [first.index, *(one.index for one in listed)] == list(range(21))
        assert reader.info().length_s == 19.0
        assert not reader.info().ended
        for change in (
            lambda: reader.add_event(0.0, "note", ""),
            lambda: reader.add_capture(shot(), picture()),
            lambda: reader.set_note("x"),
        ):
            with pytest.raises(UsageError, match="open for reading only"):
                change()
        assert list(reader.media.iterdir()) == []


def test_several_threads_write_one_exam(store: ExamStore) -> None:
    with store.create(start()) as exam:

        def write(number: int) -> None:
            for step in range(10):
                exam.add_event(step, "note", f"{number}")
                exam.add_capture(shot(at_s=step), picture(number))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(exam.events()) == 40
        assert len({one.still for one in exam.captures()}) == 40


def test_finding(store: ExamStore) -> None:
    for name in ("2026-08-01-101500-aaaa", "2026-08-01-111500-abcd", "2026-08-02-090000-bbbb"):
        shutil.copytree(store.folder / begun(store), store.folder / name)
    for name in store.ids()[:]:
        if name[-4:] not in ("aaaa", "abcd", "bbbb"):
            store.delete(name)
    assert store.find("last") == "2026-08-02-090000-bbbb"
    assert store.find("abcd") == "2026-08-01-111500-abcd"
    assert store.find("2026-08-01-101500-aaaa") == "2026-08-01-101500-aaaa"
    with pytest.raises(UsageError, match="'2026-08-01' matches several exams"):
        store.find("2026-08-01")
    for text in ("", "zzzz", ".", "../exams"):
        with pytest.raises(UsageError, match="is not an exam"):
            store.find(text)


@pytest.mark.parametrize("name", ["", ".", "..", "../exams", "nothing", "/"])
def test_names_that_are_no_exam(store: ExamStore, name: str) -> None:
    begun(store)
    for do in (store.open, store.delete, store.running):
        with pytest.raises(UsageError, match="there is no exam"):
            do(name)
    assert len(store.ids()) == 1


def test_delete(store: ExamStore) -> None:
    exam_id, other = begun(store), begun(store)
    store.delete(exam_id)
    assert store.ids() == [other]
    assert [path.name for path in store.folder.iterdir()] == [other]


def test_a_running_exam_is_not_deleted(store: ExamStore) -> None:
    with store.create(start()) as exam:
        with pytest.raises(UsageError, match="is running"):
            store.delete(exam.exam_id)
        exam.add_event(1.0, "note", "still there")
        assert exam.events()[-1].text == "still there"
    store.delete(exam.exam_id)
    assert store.ids() == []


def test_a_deletion_that_is_cut_off(store: ExamStore, monkeypatch: pytest.MonkeyPatch) -> None:
    exam_id, other = begun(store), begun(store)

    def cut_off(path: Path) -> None:
        (path / "exam.sqlite").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", cut_off)
        with pytest.raises(KeyboardInterrupt):
            store.delete(exam_id)
    assert store.ids() == [other]
    assert [info.exam_id for info in store.infos()] == [other]
    assert len(list(store.folder.iterdir())) == 2
    store.sweep()
    assert [path.name for path in store.folder.iterdir()] == [other]


def test_a_deletion_that_is_refused(store: ExamStore, monkeypatch: pytest.MonkeyPatch) -> None:
    exam_id = begun(store)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refuse)
        with pytest.raises(OutputError, match="Permission denied"):
            store.delete(exam_id)


def test_a_beginning_that_was_cut_off(store: ExamStore) -> None:
    exam_id = begun(store)
    old, new = (store.folder / f".making-{name}" for name in ("old", "new"))
    for left in (old, new):
        (left / "media").mkdir(parents=True)
    os.utime(old, (0, 0))
    assert store.ids() == [exam_id]
    store.sweep()
    assert not old.exists()
    assert new.exists()  # another window may be making it now


@pytest.mark.parametrize("failing", [{"create": True}, {}])
def test_a_beginning_that_fails_leaves_nothing(
    store: ExamStore, monkeypatch: pytest.MonkeyPatch, failing: dict[str, bool]
) -> None:
    def full(path: str, **options: bool) -> sqlite3.Connection:
        if options == failing:
            raise sqlite3.OperationalError("database or disk is full")
        return connect(path, **options)

    monkeypatch.setattr("sonoassist.exam.store.connect", full)
    with pytest.raises(OutputError, match=r"the exam cannot be begun: .*disk is full"):
        store.create(start())
    assert list(store.folder.iterdir()) == []


def test_no_place_for_exams(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        ExamStore(tmp_path / "file" / "exams").create(start())


def test_files_that_nothing_speaks_of_are_swept(store: ExamStore) -> None:
    with store.create(start()) as exam:
        kept = exam.add_capture(shot(), picture())
        with_clip = exam.add_capture(shot(at_s=20), picture(1))
        for name in ("video.mkv", "seconds.mp4", "orphan.png", ".half-abc.png"):
            (exam.media / name).write_bytes(b"x")
        exam.begin_recording("video.mkv", 0.0)
        exam.add_clip(with_clip.capture_id, "seconds.mp4")
    with store.open(exam.exam_id):
        assert (exam.media / "orphan.png").exists()  # a reader changes nothing
    with store.open(exam.exam_id, write=True) as again:
        assert {path.name for path in again.media.iterdir()} == {
            kept.still,
            with_clip.still,
            "seconds.mp4",
            "video.mkv",
        }


def test_without_its_media_folder(store: ExamStore) -> None:
    exam_id = begun(store)
    shutil.rmtree(store.folder / exam_id / "media")
    with store.open(exam_id, write=True) as exam:
        with pytest.raises(OutputError, match="cannot write"):
            exam.add_capture(shot(), picture())
        assert exam.captures() == ()


def test_an_exam_of_a_newer_program(store: ExamStore) -> None:
    exam_id, good = begun(store), begun(store)
    database = sqlite3.connect(store.folder / exam_id / "exam.sqlite")
    database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    for write in (False, True):
        with pytest.raises(RecordError, match="newer SonoAssist") as caught:
            store.open(exam_id, write=write)
        assert caught.value.hint == "Update SonoAssist"
    assert not store.running(exam_id)
    damaged, info = sorted(store.infos(), key=lambda one: isinstance(one, ExamInfo))
    assert isinstance(damaged, Damaged)
    assert damaged.exam_id == exam_id
    assert info.exam_id == good
