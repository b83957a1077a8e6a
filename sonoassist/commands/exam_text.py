"""What `sonoassist exam` says of exams in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.exam.capture_words import BY_HAND, NO_PLANE, chosen_by_hand, network_saw, own_share
from sonoassist.exam.checklist import Line, checklist, completeness, outside
from sonoassist.exam.ending import counts_words
from sonoassist.exam.exam import Exam
from sonoassist.exam.exam_clock import clock
from sonoassist.exam.in_force_words import course, model_words, threshold_course
from sonoassist.exam.overview import DAMAGED, Overview, state_of
from sonoassist.exam.records import Capture, ExamInfo, Item, RecordedVideo
from sonoassist.exam.report.words import FOOTER, state, when
from sonoassist.exam.source_words import sources_words


def list_text(found: Iterable[Overview]) -> str:
    """The exams as a table."""
    rows: list[Sequence[str]] = [
        ("EXAM", "BEGAN", "LENGTH", "KEPT", "NOT REVIEWED", "MISSING", "STATE", "STUDY", "SOURCE")
    ]
    return _table([*rows, *map(_list_row, found)])


def _list_row(one: Overview) -> Sequence[str]:
    if one.info is None or one.whole is None:
        return (one.exam_id, "", "", "", "", "", f"{DAMAGED}: {one.reason}")
    info, whole = one.info, one.whole
    return (
        one.exam_id,
        when(info.started_at),
        clock(info.length_s),
        f"{whole.done}/{whole.total}",
        str(whole.found - whole.done),
        str(len(whole.missing)),
        one.state,
        info.start.study_id,
        sources_words(info.history),
    )


def in_one_line(one: Overview) -> str:
    """One exam, for a question."""
    if one.info is None:
        return f"the damaged exam {one.exam_id}"
    pictures = counted(one.captures or 0, "picture")
    videos = counted(one.recordings or 0, "recording")
    return f"the exam {one.exam_id} ({clock(one.info.length_s)}, {pictures}, {videos})"


def show_text(exam: Exam, running: bool) -> str:
    """All of an exam but the results of its frames.

    Raises:
        RecordError: It is damaged.
    """
    info, captures = exam.info(), exam.captures()
    lines = checklist(info.start.items, captures, exam.ticks())
    parts = [
        _head(exam, info, running),
        _checklist(lines),
        _captures("CAPTURES OUTSIDE THE LIST", outside(info.start.items, captures)),
        _recordings(exam.recordings()),
        _table([("", clock(one.at_s), one.text) for one in exam.events()], "EVENTS"),
        f"{FOOTER}\n",
    ]
    return "\n".join(part for part in parts if part)


def _head(exam: Exam, info: ExamInfo, running: bool) -> str:
    start = info.start
    rows = [
        ("exam", info.exam_id),
        ("study", start.study_id),
        ("began", when(info.started_at)),
        ("length", clock(info.length_s)),
        ("state", state_of(info, running)),
        ("source", sources_words(info.history)),
        ("model", course(info.history, model_words)),
        ("threshold", threshold_course(info.history)),
        ("frames", f"{exam.frame_count():,} analysed"),
        ("note", info.note),
        ("folder", str(exam.folder)),
        ("unlisted", _unlisted(() if running else exam.unlisted())),
    ]
    return _table([row for row in rows if row[1].strip()])


def _unlisted(names: Sequence[str]) -> str:
    return f"the record says nothing of {', '.join(names)}" if names else ""


def _checklist(lines: Sequence[Line]) -> str:
    whole = completeness(lines)
    head = f"CHECKLIST: {counts_words(whole)}"
    missing = ", ".join(item.label for item in whole.missing)
    return _table([_line(line) for line in lines], head) + (
        f"missing: {missing}\n" if missing else ""
    )


def _line(line: Line) -> Sequence[str]:
    shown = line.shown
    where = (
        (f"#{shown.capture_id}", *_shot(shown, line.item))
        if shown is not None
        else ("", "", "", "")
    )
    return ("", line.item.label, state(line), *where, line.note)


def _shot(one: Capture, item: Item | None) -> tuple[str, str, str]:
    shot = one.shot
    sure = own_share(shot, item)
    if chosen_by_hand(shot, item):
        sure = f"{BY_HAND}; {network_saw(shot)}"
    return clock(shot.at_s), sure, "with clip" if one.clip else ""


def _captures(head: str, captures: Sequence[Capture]) -> str:
    rows = []
    for one in captures:
        plane = BY_KEY.get(one.shot.plane)
        named = plane.label if plane is not None else NO_PLANE.lower()
        rows.append(("", named, one.judgement.value, f"#{one.capture_id}", *_shot(one, None)))
    return _table(rows, head)


def _recordings(recordings: Iterable[RecordedVideo]) -> str:
    def ending(one: RecordedVideo) -> str:
        if one.trouble:
            return f"stopped: {one.trouble}"
        return "" if one.ended else "cut off, or going on"

    rows = [
        ("", one.file, f"from {clock(one.began_s)}", counted(one.frames, "frame"), ending(one))
        for one in recordings
    ]
    return _table(rows, "RECORDINGS")


def _table(rows: Sequence[Sequence[str]], head: str = "") -> str:
    """Rows with their columns one below the other; "" where there is no row."""
    if not rows:
        return ""
    clean = [[" ".join(cell.split()) for cell in row] for row in rows]
    # A cell that is its row's last one may be as long as it likes.
    columns = max(map(len, clean))
    widths = [
        max((len(row[number]) for row in clean if number < len(row) - 1), default=0)
        for number in range(columns)
    ]
    return "".join(f"{line}\n" for line in ([head] if head else []) + list(_aligned(clean, widths)))


def _aligned(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for row in rows:
        cells = [
            *(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)),
            row[-1],
        ]
        yield "  ".join(cells).rstrip()
