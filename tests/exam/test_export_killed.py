"""A program that is killed while it exports leaves nothing that stays, and holds no exam."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dicom_exam import made_exam
from sonoassist.core.errors import UsageError
from sonoassist.exam.export import Export, write_export
from sonoassist.exam.in_use import in_use, marks, used
from sonoassist.exam.store import ExamStore

HERE = Path(__file__).parent
PATHS = (HERE.parents[1], HERE.parent, HERE)
TABLES = Export(frozenset({"tables"}))
LONG_AGO_S = 1_000_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


@pytest.fixture
def exam_id(store: ExamStore) -> str:
    with made_exam(store) as exam:
        exam.end(61.0)
        return exam.exam_id


def hidden_in(folder: Path) -> list[Path]:
    return list(folder.glob(".writing-*"))


def make_old(folder: Path) -> None:
    os.utime(folder, (LONG_AGO_S, LONG_AGO_S))


def killed(store: ExamStore, exam_id: str, out: Path, other: Path) -> Path:
    """Kill a program in mid-export; meanwhile `other` is written. Returns what it left."""
    program = subprocess.Popen(
        [sys.executable, str(HERE / "exporting_program.py"), str(store.folder), exam_id, str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS))},
    )
    with program:
        assert program.stdout is not None
        try:
            assert program.stdout.readline().strip() == "begun"
            (left,) = hidden_in(out)
            make_old(left)
            with pytest.raises(UsageError, match="is being exported or sent"):
                store.delete(exam_id)
            write_export(store, exam_id, other, TABLES)
            write_export(store, exam_id, out, TABLES)  # another program's is left alone
            assert hidden_in(out) == [left]
        finally:
            program.kill()
    return left


def test_the_next_export_takes_away_what_a_killed_one_has_left(
    store: ExamStore, exam_id: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    left = killed(store, exam_id, out, tmp_path / "other")
    write_export(store, exam_id, tmp_path / "other", TABLES)
    assert hidden_in(out) == [left]  # elsewhere
    make_old(left)
    write_export(store, exam_id, out, TABLES)
    assert hidden_in(out) == []
    assert (out / "frames.csv").is_file()
    store.delete(exam_id)
    assert store.ids() == []


@pytest.mark.parametrize(
    ("label", "old", "stays"),
    [
        ("Exam 2031-01-01\n", True, False),  # of a version that left no mark
        ("Exam 2031-01-01\n", False, True),
        ("My own notes\n", True, True),
        ("", True, True),
    ],
)
def test_only_what_is_surely_ours_and_old_is_taken_away(
    store: ExamStore, exam_id: str, tmp_path: Path, label: str, old: bool, stays: bool
) -> None:
    left = tmp_path / "out" / ".writing-abc"
    left.mkdir(parents=True)
    if label:
        (left / "exam.txt").write_text(label)
    if old:
        make_old(left)
    write_export(store, exam_id, tmp_path / "out", TABLES)
    assert left.exists() is stays


def test_a_link_is_not_followed(store: ExamStore, exam_id: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "exam.txt").write_text("Exam 2031-01-01\n")
    make_old(kept)
    out = tmp_path / "out"
    out.mkdir()
    (out / ".writing-abc").symlink_to(kept, target_is_directory=True)
    write_export(store, exam_id, out, TABLES)
    assert (kept / "exam.txt").is_file()


def test_what_is_in_use_is_so_as_long_as_the_block_lasts(tmp_path: Path) -> None:
    assert not used(tmp_path)
    with in_use(tmp_path), in_use(tmp_path):
        assert used(tmp_path)
        assert len(marks(tmp_path)) == 2
    assert not used(tmp_path)
    assert list(tmp_path.iterdir()) == []
