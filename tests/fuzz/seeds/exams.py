"""Seeds of kept exams: the database, its log, and the pictures and videos beside it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from datasets.dataset_files import video
from exam.exam_made import picture, row, shot, start
from fuzz.format import Seed, each
from fuzz.steady import whole
from sonoassist.commands.exam_text import list_text, show_text
from sonoassist.core.packets import Box
from sonoassist.exam.exam import DATABASE, MEDIA
from sonoassist.exam.export import Export, write_export
from sonoassist.exam.overview import overviews
from sonoassist.exam.plain import listed, whole_exam
from sonoassist.exam.records import How, Judgement, Tick
from sonoassist.exam.replay import replay
from sonoassist.exam.report.data import ReportOptions
from sonoassist.exam.report.write import write_report
from sonoassist.exam.store import ExamStore

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@contextmanager
def _same_each_time() -> Iterator[None]:
    """Names and times that are drawn or read from the clock are the same each time."""
    numbers = itertools.count(0xA0000000)

    def drawn() -> SimpleNamespace:
        return SimpleNamespace(hex=f"{next(numbers):08x}")

    clock = mock.Mock(wraps=datetime)
    clock.now.return_value = THEN
    with (
        mock.patch("sonoassist.exam.exam.uuid4", drawn),
        mock.patch("sonoassist.exam.store.uuid4", drawn),
        mock.patch("sonoassist.exam.store.datetime", clock),
        mock.patch("sonoassist.exam.exam.datetime", clock),
    ):
        yield


def exams(folder: Path) -> list[Seed]:
    """A record that was ended, and one whose last changes are still in its log."""
    with _same_each_time():
        return [_exam(folder, "ended", ended=True), _exam(folder, "killed", ended=False)]


def _exam(folder: Path, name: str, *, ended: bool) -> Seed:
    store = ExamStore(folder / name)
    exam = store.create(start(model={"title": "SonoNet-32", "domain": "own"}))
    try:
        exam.add_event(0.0, "started", "Exam began")
        exam.add_frames([row(number) for number in range(40)])
        first = exam.add_capture(shot(field=Box(0, 0, 64, 48)), picture(1))
        exam.add_capture(
            shot("4ch", 1.0, how=How.HAND, box=None), picture(2), judgement=Judgement.KEPT
        )
        clip = video(exam.media / "femur-clip.mp4", 8)
        exam.add_clip(first.capture_id, clip.name)
        recording = video(exam.media / "recording.mp4", 12)
        exam.note_recording(exam.begin_recording(recording.name, 0.0), 12, ended=ended)
        exam.tick(Tick("bladder", True, "seen"))
        exam.set_note("A note.")
        if ended:
            exam.end(20.0)
            exam.close()
        files = whole(folder / name)  # of one that is open: with its log
    finally:
        exam.close()
    inside = {f"{name}/{path}": data for path, data in files.items()}
    records = [path for path in inside if DATABASE in path]
    media = [path for path in inside if f"/{MEDIA}/" in path]
    return Seed(name, inside, (*records * 4, *media))


def use(folder: Path, seed: Seed) -> str:
    """`exam list`, `show`, `export`, reading a recording again, and going on with the exam."""
    store = ExamStore(folder / seed.name)
    found = overviews(store)
    list_text(found)
    json.dumps([listed(one) for one in found])
    store.infos()
    store.sweep()
    (exam_id,) = store.ids()

    def show() -> None:
        with store.open(exam_id) as exam:
            show_text(exam, running=False)
            json.dumps(whole_exam(exam, running=False))

    def read() -> None:
        with store.open(exam_id) as exam:
            each(
                exam.info,
                exam.events,
                lambda: list(exam.frames()),
                exam.frame_count,
                exam.captures,
                exam.recordings,
                exam.ticks,
                lambda: exam.capture(1),
                lambda: [replay(exam, one) for one in exam.recordings()],
            )

    def export() -> None:
        parts = frozenset({"json", "csv", "html", "stills", "clips", "pdf", "dicom"})
        wanted = Export(parts, boxes=False, masked=False, unreviewed=True)
        write_export(store, exam_id, folder / "out", wanted, lambda _: None, lambda _: None)

    def report() -> None:
        options = ReportOptions(boxes=True, mask=True, formats=("html",))
        with store.open(exam_id) as exam:
            write_report(exam, folder / "report", options)

    def go_on() -> None:
        with store.open(exam_id, write=True) as exam:
            each(
                lambda: exam.resume(30.0),
                lambda: exam.set_study_id("S-18"),
                lambda: exam.add_frames([row(50)]),
                lambda: exam.judge(1, Judgement.KEPT),
                lambda: exam.add_capture(shot("4ch", 31.0), picture(3), instead_of=2),
                lambda: exam.remove_capture(1),
                lambda: exam.tick(Tick("bladder", False)),
                lambda: exam.end(40.0),
            )

    each(show, read, export, report, go_on)
    return "refused" if any(one.reason for one in found) else "result"
