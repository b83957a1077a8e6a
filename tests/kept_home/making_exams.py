"""Exam records of the kept home: a finished one, one with two recordings, one cut off.

Each function writes through the program's own code and returns what it put in, in the form in
which `reading.exam` reads it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kept_home.phantom_frames import FPS, HEIGHT_PX, WIDTH_PX, Part, frames_at, pictures
from kept_home.reading import exam_values
from sonoassist.analysis.analyser import Analyser
from sonoassist.core.packets import Box, Frame, Pixels
from sonoassist.core.settings import Settings
from sonoassist.exam.clips import Clipper
from sonoassist.exam.exam import Exam
from sonoassist.exam.presets import load_preset
from sonoassist.exam.recorder import Recorder
from sonoassist.exam.records import (
    Capture,
    Event,
    ExamInfo,
    ExamStart,
    FrameRow,
    Judgement,
    RecordedVideo,
    Tick,
)
from sonoassist.exam.shots import best_shot, frame_row, hand_shot, said_of
from sonoassist.exam.store import ExamStore
from sonoassist.live.status import View
from sonoassist.temporal.best_frames import BestFrames, Candidate
from sonoassist.temporal.steady import SteadyLabel

BEGAN_S = 1.5
"""Of the first frame in each exam."""
CLIP_S = 0.4
FINISHED = (
    Part("4ch", "plane", 2.2),
    Part("lips", "near_miss", 1.0),
    Part("kidneys", "plane", 2.0),
)
CUT_OFF = (Part("femur", "plane", 2.0), Part("4ch", "plane", 2.0))
FIRST = (Part("brain_cb", "plane", 2.2), Part("lvot", "near_miss", 1.8))
SECOND = (Part("4ch", "plane", 2.0), Part("femur", "plane", 2.0))
FIELD = Box(4, 7, 82, 68)


@dataclass
class Seen:
    """Frames of an exam and what was found on them.

    Attributes:
        frames: All that were captured; `captured_at_s` is the time in the exam.
        views: Of those that were analysed.
        candidates: For the best frames.
    """

    frames: list[Frame]
    views: list[View]
    candidates: list[Candidate]

    @property
    def rows(self) -> list[FrameRow]:
        """As the record keeps them."""
        return [frame_row(view, view.frame.captured_at_s) for view in self.views]


def look(
    made: Sequence[Pixels], analyser: Analyser, began_s: float, source_id: str, every: int
) -> Seen:
    """Have some pictures analysed as a live session does: every so manyth of them."""
    analyser.forget()
    steady, best = SteadyLabel(analyser.threshold), BestFrames()
    seen = Seen(frames_at(list(made), began_s, source_id), [], [])
    for frame in seen.frames[::every]:
        analysis = analyser.analyse(frame)
        state = steady.update(analysis)
        seen.views.append(View(frame, analysis, state))
        seen.candidates += best.update(analysis, state)
    seen.candidates += best.flush()
    return seen


def start_of(settings: Settings, analyser: Analyser, **fields: Any) -> ExamStart:
    """How an exam begins, as the window has it."""
    card = analyser.card
    model: dict[str, object] = {
        "engine": "OpenVINO f32",
        "device": "CPU",
        "name": card.name,
        "title": card.title,
        "architecture": card.architecture,
        "domain": card.domain,
        "weights_sha256": card.weights_sha256,
    }
    names = ("threshold", "crop", "label", "engine", "precision", "device", "carry_boxes", "clip_s")
    preset = load_preset(settings.checklist)
    known: dict[str, Any] = {
        "study_id": "",
        "source": "/media/usb/phantom.mp4",
        "source_label": "phantom.mp4",
        "synthetic": True,
        "preset": preset.title,
        "items": preset.items,
        "model": model,
        "settings": {name: getattr(settings, name) for name in names},
    }
    return ExamStart(**{**known, **fields})


def record(exam: Exam, frames: Sequence[Frame]) -> RecordedVideo:
    """Record frames into an exam, in one file; returns what the record says of it."""
    number = len(exam.recordings()) + 1
    troubles: list[str] = []
    recorder = Recorder(exam, troubles.append, fps=FPS)
    for frame in frames:
        assert recorder.add(frame, frame.captured_at_s, synthetic=exam.info().start.synthetic)
    recorder.stop()
    assert not troubles, troubles
    began_s = frames[0].captured_at_s
    return RecordedVideo(number, f"recording-{number}.mp4", began_s, len(frames), True, "")


def finished(settings: Settings, analyser: Analyser) -> dict[str, Any]:
    """An exam with a recording, captures of each kind, clips, notes, ticks, and events."""
    seen = look(pictures(11, FINISHED), analyser, BEGAN_S, "phantom", every=2)
    exam = ExamStore.default().create(start_of(settings, analyser))
    began = exam.info()
    events = [
        Event(0.0, "started", "Exam began"),
        Event(BEGAN_S, "record", "Recording begun"),
        Event(6.6, "record", f"Recording ended, {len(seen.frames)} frames"),
        Event(6.7, "note", "Ruler checked"),
    ]
    for one in events:
        exam.add_event(one.at_s, one.kind, one.text)
    exam.add_frames(seen.rows)
    recording = record(exam, seen.frames)
    captures = _captures(exam, seen)
    ticks = [Tick("cord", True, "three vessels"), Tick("placenta", False, "low? look again")]
    for tick in ticks:
        exam.tick(tick)
    exam.set_note("Größe passt; look again at the spine.")
    exam.set_study_id("S-0042")
    exam.end(9.0)
    events.append(Event(9.0, "ended", "Exam ended"))
    info = replace(
        began,
        ended_at=exam.info().ended_at,
        length_s=9.0,
        note="Größe passt; look again at the spine.",
        start=replace(began.start, study_id="S-0042"),
    )
    exam.close()
    return exam_values(info, events, seen.rows, captures, [recording], ticks)


def _captures(exam: Exam, seen: Seen) -> list[Capture]:
    """Best frames and captures by hand: open, kept, rejected, beside the list, moved."""
    keys = [one.plane.key for one in seen.candidates]
    assert "4ch" in keys, keys
    assert "kidneys" in keys, keys
    items = {item.plane: item for item in exam.info().start.items}
    made = []
    for key, judgement in (("4ch", Judgement.OPEN), ("kidneys", Judgement.REJECTED)):
        candidate = [one for one in seen.candidates if one.plane.key == key][-1]
        frame = candidate.analysis.frame
        shot = replace(best_shot(candidate, items[key], frame.captured_at_s), field=FIELD)
        capture = exam.add_capture(shot, frame.pixels)
        exam.judge(capture.capture_id, judgement)
        made.append(replace(capture, judgement=judgement))
    named = [view for view in seen.views if said_of(view).plane == "kidneys"]
    for view, item, judgement in (
        (named[len(named) // 2], "kidneys", Judgement.KEPT),
        (seen.views[13], "", Judgement.KEPT),
        (seen.views[2], "", Judgement.OPEN),
    ):
        shot = hand_shot(view, item, view.frame.captured_at_s, said_of(view))
        shot = replace(shot, field=FIELD)
        made.append(exam.add_capture(shot, view.frame.pixels, judgement=judgement))
    exam.move_capture(made[-1].capture_id, "placenta")
    made[-1] = replace(made[-1], shot=replace(made[-1].shot, item="placenta"))
    return _with_clips(exam, made, seen.frames, (0, 2))


def _with_clips(
    exam: Exam, captures: list[Capture], frames: Sequence[Frame], which: tuple[int, ...]
) -> list[Capture]:
    troubles: list[str] = []
    clipper = Clipper(exam, troubles.append, seconds=CLIP_S, fps=FPS)
    timed = [(frame.captured_at_s, frame) for frame in frames]
    for place in which:
        capture = captures[place]
        assert clipper.of_past(
            capture.capture_id, capture.shot.at_s, timed, synthetic=exam.info().start.synthetic
        )
        captures[place] = replace(capture, clip=capture.still.replace(".png", ".mp4"))
    clipper.stop()
    assert not troubles, troubles
    return captures


def twice_recorded(settings: Settings, analyser: Analyser) -> dict[str, Any]:
    """A live exam that was recorded twice; nothing was captured."""
    whole = settings.model_copy(update={"crop": "full"})
    start = start_of(
        whole,
        analyser,
        source="device:USB Capture HDMI",
        source_label="USB Capture HDMI",
        study_id="twice",
    )
    parts = [
        look(pictures(12, FIRST), analyser, BEGAN_S, "grabber", every=1),
        look(pictures(13, SECOND), analyser, BEGAN_S + 10.0, "grabber", every=1),
    ]
    exam = ExamStore.default().create(start)
    began = exam.info()
    exam.add_event(0.0, "started", "Exam began")
    recordings = [record(exam, part.frames) for part in parts]
    rows = [row for part in parts for row in part.rows]
    exam.add_frames(rows)
    exam.end(20.0)
    events = [Event(0.0, "started", "Exam began"), Event(20.0, "ended", "Exam ended")]
    info = replace(began, ended_at=exam.info().ended_at, length_s=20.0)
    exam.close()
    return exam_values(info, events, rows, [], recordings, [])


def being_recorded(settings: Settings, analyser: Analyser) -> tuple[Exam, dict[str, Any]]:
    """An exam that is still recorded when this returns; nothing of it is closed.

    Returns:
        It, and what of it is certainly on the disk.
    """
    whole = settings.model_copy(update={"crop": "full"})
    seen = look(pictures(14, CUT_OFF), analyser, BEGAN_S, "grabber", every=1)
    start = start_of(whole, analyser, source="rtsp://10.0.0.7/scanner", source_label="scanner")
    exam = ExamStore.default().create(start)
    began = exam.info()
    events = [Event(0.0, "started", "Exam began"), Event(BEGAN_S, "record", "Recording begun")]
    for event in events:
        exam.add_event(event.at_s, event.kind, event.text)
    troubles: list[str] = []
    recorder = Recorder(exam, troubles.append, fps=FPS)
    pause = threading.Event()
    for frame in seen.frames:  # as they come: the record is told each second how far it is
        assert recorder.add(frame, frame.captured_at_s, synthetic=began.start.synthetic)
        pause.wait(1 / FPS)
    while recorder.figures().written < len(seen.frames):
        pause.wait(0.01)
    rows = seen.rows
    exam.add_frames(rows[:30])  # those of the last second are lost with the program
    view = seen.views[5]
    shot = replace(hand_shot(view, "4ch", view.frame.captured_at_s, said_of(view)), field=FIELD)
    captures = [exam.add_capture(shot, view.frame.pixels, judgement=Judgement.KEPT)]
    ticks = [Tick("cord", True)]
    exam.tick(ticks[0])
    assert not troubles, troubles
    (recording,) = exam.recordings()  # how far it is only the recorder knows
    assert 20 <= recording.frames < len(seen.frames), recording
    info = ExamInfo(began.exam_id, began.started_at, "", rows[29].at_s, "", replace(began.start))
    return exam, exam_values(info, events, rows[:30], captures, [recording], ticks)


assert FIELD.right <= WIDTH_PX
assert FIELD.bottom <= HEIGHT_PX
