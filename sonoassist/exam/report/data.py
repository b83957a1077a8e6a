"""What a report says, gathered once from the record; every format is made from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from sonoassist import __version__
from sonoassist.core.planes import BY_KEY
from sonoassist.core.progress import Meter
from sonoassist.exam.capture_words import NO_PLANE
from sonoassist.exam.checklist import Completeness, Line, checklist, completeness, outside
from sonoassist.exam.exam import Exam
from sonoassist.exam.exam_clock import clock
from sonoassist.exam.in_force_words import later, model_words
from sonoassist.exam.records import Capture, Event, ExamInfo, How, Item, Judgement, RecordedVideo
from sonoassist.exam.report.stills import Still, open_still
from sonoassist.exam.report.timeline import ReportTimeline, timeline
from sonoassist.model.card import warning_of_domain
from sonoassist.preprocess.screen_reader import ScreenReader

FORMATS = ("html", "pdf", "csv", "json", "stills")


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the user wants in a report.

    Attributes:
        boxes: Draw the box of the anatomy on the stills.
        mask: Black out what is not ultrasound; a scanner's screen names the patient.
        only_kept: Leave out the pictures that nobody has reviewed.
        formats: Some of `FORMATS`.
    """

    boxes: bool = True
    mask: bool = True
    only_kept: bool = False
    formats: tuple[str, ...] = FORMATS


@dataclass(frozen=True, slots=True)
class ReportData:
    """All that a report says.

    Attributes:
        info: The exam.
        options: What the user wanted.
        lines: Its checklist.
        completeness: Of the required items.
        captures: All, oldest first; rejected ones too.
        stills: The pictures to show, in the order of the list.
        timeline: Confidence of each plane over the exam.
        frames: Number of analysed frames.
        recordings: Its videos.
        events: What happened.
        warnings: What has to be known before anything else is believed, one line each.
        made_at: When this was gathered, UTC, ISO 8601.
        version: Of the program.
    """

    info: ExamInfo
    options: ReportOptions
    lines: tuple[Line, ...]
    completeness: Completeness
    captures: tuple[Capture, ...]
    stills: tuple[Still, ...]
    timeline: ReportTimeline
    frames: int
    recordings: tuple[RecordedVideo, ...]
    events: tuple[Event, ...]
    warnings: tuple[str, ...]
    made_at: str
    version: str

    @property
    def not_reviewed(self) -> int:
        """Required items with a picture that nobody has reviewed."""
        return self.completeness.found - self.completeness.done

    def still_of(self, line: Line) -> Still | None:
        """The picture that is shown for an item, or None."""
        number = line.shown.capture_id if line.shown is not None else None
        return next((one for one in self.stills if one.capture.capture_id == number), None)


def still_count(exam: Exam, options: ReportOptions) -> int:
    """Number of pictures that `gather` opens.

    Raises:
        RecordError: The record is damaged.
    """
    info, captures = exam.info(), exam.captures()
    lines = checklist(info.start.items, captures, exam.ticks())
    return len(_chosen(info, lines, captures, options.only_kept))


def gather(exam: Exam, options: ReportOptions, meter: Meter | None = None) -> ReportData:
    """Read what a report says.

    Args:
        exam: Open; a running one is reported as it is now.
        options: What the user wants.
        meter: Counts the pictures, see `still_count`.

    Raises:
        RecordError: The record is damaged.
    """
    info, captures = exam.info(), exam.captures()
    lines = checklist(info.start.items, captures, exam.ticks())
    meter = meter or Meter()
    opened, reader = [], ScreenReader()  # loads its network once for all stills
    for label, item, capture in _chosen(info, lines, captures, options.only_kept):
        still = open_still(exam.media, capture, label, item, options.mask, options.boxes, reader)
        opened.append(still)
        meter.step()
    stills = tuple(opened)
    return ReportData(
        info=info,
        options=options,
        lines=lines,
        completeness=completeness(lines),
        captures=captures,
        stills=stills,
        timeline=timeline(info, lines, exam.frames(), captures),
        frames=exam.frame_count(),
        recordings=exam.recordings(),
        events=exam.events(),
        warnings=(*_warnings(info, options, stills), *_model_changes(info, exam.events())),
        made_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        version=__version__,
    )


def _chosen(
    info: ExamInfo, lines: tuple[Line, ...], captures: tuple[Capture, ...], only_kept: bool
) -> list[tuple[str, Item | None, Capture]]:
    """The captures to show: of each item what was kept, or else the best so far."""
    chosen: list[tuple[str, Item | None, Capture]] = []
    for line in lines:
        own = [one for one in captures if one.shot.item == line.item.key]
        kept = [one for one in own if one.judgement is Judgement.KEPT]
        best = [line.shown] if line.shown is not None and not kept and not only_kept else []
        chosen += [(line.item.label, line.item, one) for one in kept or best]
    for one in outside(info.start.items, captures):
        kept_one = one.judgement is Judgement.KEPT
        by_hand = one.judgement is Judgement.OPEN and one.shot.how is How.HAND
        if kept_one or (by_hand and not only_kept):
            plane = BY_KEY.get(one.shot.plane)
            chosen.append((plane.label if plane is not None else NO_PLANE, None, one))
    return chosen


def _model_changes(info: ExamInfo, events: Iterable[Event]) -> list[str]:
    """What the model named in the report did not see."""
    history = info.history
    if history.followed:
        return [
            f"From {clock(at_s)} on another model named the planes ({model_words(one.in_force)})"
            for at_s, one in later(history, lambda held: held.weights_sha256)
        ]
    return [
        f"From {clock(one.at_s)} on another model named the planes ({one.text})"
        for one in events
        if one.kind == "model"
    ]


def _warnings(info: ExamInfo, options: ReportOptions, stills: tuple[Still, ...]) -> list[str]:
    held = [one.in_force for one in info.history.effective]
    said = {
        warning_of_domain(domain, synthetic=one.synthetic): None
        for one in held
        if (domain := str(one.model.get("domain", "")))
    }
    found = [words for words in said if words]
    if info.synthetic:
        found.append("Synthetic exam: no patient")
    elif any(one.in_force.synthetic for one in info.history.moments):
        found.append("Part of this exam is synthetic: no patient")
    if not info.ended:
        found.append("The exam was not ended when this report was made: it goes on or was cut off")
    if not options.mask and stills:
        found.append("The pictures are not masked: texts on the scanner's screen may name a person")
    return found
