"""The record as tables: frames, captures and events, a CSV file each."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sonoassist.core.files import replacing
from sonoassist.core.frame_columns import FRAME_COLUMNS
from sonoassist.core.packets import Box
from sonoassist.exam.capture_words import (
    capture_words,
    chosen_by_hand,
    hint_words,
    item_of,
    why_words,
)
from sonoassist.exam.exam import Exam
from sonoassist.exam.in_force_values import JUDGED_COLUMNS, judged_cells
from sonoassist.exam.records import Capture, FrameRow, Item

FRAMES = ("at_s", *FRAME_COLUMNS)
CAPTURES = (
    "capture",
    "item",
    "how",
    "judgement",
    "at_s",
    "frame",
    "time_s",
    "plane",
    "confidence",
    "quality",
    "why",
    "left_px",
    "top_px",
    "right_px",
    "bottom_px",
    "field_left_px",
    "field_top_px",
    "field_right_px",
    "field_bottom_px",
    "clip",
    "chosen_by_hand",
    "saw",
    "said",
    "hints",
    *JUDGED_COLUMNS,
)
EVENTS = ("at_s", "kind", "text")


def write_tables(exam: Exam, folder: Path) -> list[Path]:
    """Write frames.csv, captures.csv and events.csv; returns the files.

    Args:
        exam: Open.
        folder: Is there.

    Raises:
        RecordError: The record is damaged.
        OutputError: The operating system refuses.
    """
    events = ((f"{one.at_s:.3f}", one.kind, one.text) for one in exam.events())
    return [
        _write(folder / "frames.csv", FRAMES, (_frame(row) for row in exam.frames())),
        _write(folder / "captures.csv", CAPTURES, _captures(exam)),
        _write(folder / "events.csv", EVENTS, events),
    ]


def _write(path: Path, columns: Iterable[str], rows: Iterator[Iterable[str]]) -> Path:
    with (
        replacing(path, private=True) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def _frame(row: FrameRow) -> list[str]:
    return [
        f"{row.at_s:.6f}",
        str(row.index),
        f"{row.time_s:.6f}",
        row.state.value,
        row.plane,
        f"{row.confidence:.6f}",
        row.steady_plane,
        *_edges(row.box),
        *(f"{value:.4f}" for value in row.probabilities),
    ]


def _captures(exam: Exam) -> Iterator[list[str]]:
    info = exam.info()
    items, history = info.start.items, info.history
    return (
        _capture(one, item_of(one.shot, items), judged_cells(history, one))
        for one in exam.captures()
    )


def _capture(one: Capture, item: Item | None, judged: Mapping[str, str]) -> list[str]:
    shot = one.shot
    return [
        str(one.capture_id),
        shot.item,
        shot.how.value,
        one.judgement.value,
        f"{shot.at_s:.6f}",
        str(shot.index),
        f"{shot.time_s:.6f}",
        shot.plane,
        f"{shot.confidence:.6f}",
        f"{shot.quality:.6f}",
        why_words(shot),
        *_edges(shot.box),
        *_edges(shot.field),
        one.clip,
        str(int(chosen_by_hand(shot, item))),
        shot.saw.value,
        capture_words(shot, item),
        hint_words(shot, item),
        *judged.values(),
    ]


def _edges(box: Box | None) -> list[str]:
    if box is None:
        return [""] * 4
    return [f"{edge:.2f}" for edge in (box.left, box.top, box.right, box.bottom)]
