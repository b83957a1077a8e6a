"""What is taken out of an exam: clips without texts, tables as they are, and nothing mixed up."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from exam_made import row

from dicom_exam import FIELD, add_clip, demo_pictures, made_exam, shot_of, start_of
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.packets import Box, Pixels
from sonoassist.exam.clip_export import write_clips
from sonoassist.exam.exam import Exam
from sonoassist.exam.export import Export, write_export
from sonoassist.exam.records import Judgement
from sonoassist.exam.store import ExamStore
from sonoassist.sources import open_source


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


@pytest.fixture
def exam(store: ExamStore) -> Iterator[Exam]:
    with made_exam(store) as exam:
        yield exam


def frames(path: Path) -> tuple[list[float], list[Pixels]]:
    with open_source(str(path)) as source:
        both = [(frame.time_s, frame.pixels) for frame in source]
    return [time_s for time_s, _ in both], [pixels for _, pixels in both]


def outside(picture: Pixels, field: Box, margin_px: int = 8) -> Pixels:
    """What lies outside a rectangle; the codec blurs its edge a little."""
    left, top = int(field.left) - margin_px, int(field.top) - margin_px
    right, bottom = int(field.right) + margin_px, int(field.bottom) + margin_px
    copy = picture.copy()
    copy[top:bottom, left:right] = 0
    return copy


def test_masked_clips_show_the_picture_and_nothing_else(exam: Exam, tmp_path: Path) -> None:
    written = list(write_clips(exam, tmp_path / "out", mask=True))
    assert [path.name for path in written] == ["4ch-001.mp4", "rvot-002.mp4"]
    for path, capture in zip(written, exam.captures(), strict=False):
        times_s, shown = frames(path)
        wanted_s, before = frames(exam.media / capture.clip)
        assert times_s == wanted_s
        middle = (slice(150, 400), slice(200, 500))
        for one, old in zip(shown, before, strict=True):
            assert outside(old, FIELD).max() > 100  # there was a screen round it
            assert outside(one, FIELD).max() <= 16
            difference = np.abs(one[middle].astype(int) - old[middle].astype(int))
            assert difference.mean() < 4.0


def test_clips_without_a_mask_are_as_they_were(exam: Exam, tmp_path: Path) -> None:
    written = list(write_clips(exam, tmp_path / "out", mask=False))
    for path, capture in zip(written, exam.captures(), strict=False):
        assert path.read_bytes() == (exam.media / capture.clip).read_bytes()


def test_rejected_captures_have_no_clip(exam: Exam, tmp_path: Path) -> None:
    for one in exam.captures():
        exam.judge(one.capture_id, Judgement.REJECTED)
    assert list(write_clips(exam, tmp_path / "out", mask=True)) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mask", [True, False])
def test_a_clip_that_is_gone_costs_only_itself(exam: Exam, tmp_path: Path, mask: bool) -> None:
    (exam.media / exam.captures()[0].clip).unlink()
    found: list[Path] = []
    with pytest.raises(OutputError, match="capture 1 is left out: its file is gone") as caught:
        found.extend(write_clips(exam, tmp_path / "out", mask=mask))
    assert caught.value.hint == "All the others are written"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["rvot-002.mp4"]


def test_a_damaged_clip_costs_only_itself(exam: Exam, tmp_path: Path) -> None:
    (exam.media / exam.captures()[0].clip).write_bytes(b"no video at all" * 100)
    with pytest.raises(OutputError, match="capture 1 is left out"):
        list(write_clips(exam, tmp_path / "out", mask=True))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["rvot-002.mp4"]


def test_where_no_ultrasound_is_found_nothing_is_shown(store: ExamStore, tmp_path: Path) -> None:
    screen = np.full((200, 320, 3), 12, np.uint8)
    cv2.putText(screen, "DOE JANE 01.02.1990", (10, 100), 0, 0.7, (230, 230, 230), 2)
    with store.create(start_of()) as exam:
        capture = exam.add_capture(shot_of("4ch", field=Box(0, 0, 320, 200)), screen)
        add_clip(exam, capture, [screen] * 3, [0.0, 0.04, 0.08])
        told: list[str] = []
        assert list(write_clips(exam, tmp_path / "out", mask=True, warned=told.append)) == []
        assert ["no ultrasound picture was surely found" in line for line in told] == [True]
    assert list((tmp_path / "out").iterdir()) == []


def test_tables(store: ExamStore, exam: Exam, tmp_path: Path) -> None:
    exam.add_frames([row(number) for number in range(1500)])
    exam.add_event(1.5, "note", 'a "quoted" text, with a comma\nand a second line')
    told: list[Path] = []
    out = tmp_path / "out"
    wanted = Export(frozenset({"tables"}))
    written = write_export(store, exam.exam_id, out, wanted, told.append)
    assert [path.name for path in told] == [
        "checklist.csv",
        "report.json",
        "frames.csv",
        "captures.csv",
        "events.csv",
    ]
    assert written == [out / "exam.txt", *told]
    table = read(out / "frames.csv")
    assert len(table) == 1500
    assert table[3]["plane"] == "background"
    assert table[3]["p_background"] == "1.0000"
    assert [table[2][f"{edge}_px"] for edge in ("left", "right")] == ["", ""]
    assert [table[3][f"{edge}_px"] for edge in ("left", "right")] == ["1.00", "3.00"]
    assert float(table[-1]["at_s"]) == 1499 / 25
    captures = read(out / "captures.csv")
    assert [one["judgement"] for one in captures] == ["kept", "kept", "open"]
    assert captures[1]["clip"] == exam.captures()[1].clip
    (event,) = read(out / "events.csv")
    assert event == {"at_s": "1.500", "kind": "note", "text": exam.events()[0].text}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("parts", [frozenset(), frozenset({"csv", "sound"})])
def test_parts_that_do_not_exist(
    store: ExamStore, exam: Exam, tmp_path: Path, parts: frozenset[str]
) -> None:
    with pytest.raises(UsageError, match=r"to be exported|'sound' cannot be exported"):
        write_export(store, exam.exam_id, tmp_path / "out", Export(parts))
    assert not (tmp_path / "out").exists()


def test_boxes_are_drawn_only_when_wanted(store: ExamStore, exam: Exam, tmp_path: Path) -> None:
    for boxes in (False, True):
        wanted = Export(frozenset({"stills"}), boxes=boxes, masked=False)
        write_export(store, exam.exam_id, tmp_path / str(boxes), wanted)
    plain, drawn = (
        cv2.imread(str(tmp_path / name / "stills" / "4ch-001.png")) for name in ("False", "True")
    )
    assert np.array_equal(plain[..., ::-1], demo_pictures(1)[0])
    assert not np.array_equal(plain, drawn)
