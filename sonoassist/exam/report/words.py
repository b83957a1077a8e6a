"""What is said in a report, the same words in every format."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sonoassist.core.percent import threshold_percent
from sonoassist.core.wording import counted
from sonoassist.exam.capture_words import (
    box_is_sure,
    capture_words,
    hint_words,
    in_a_sentence,
    own_box,
    own_share,
    why_words,
)
from sonoassist.exam.checklist import ItemState, Line
from sonoassist.exam.ending import NOT_REVIEWED
from sonoassist.exam.exam_clock import clock
from sonoassist.exam.in_force import History, InForce
from sonoassist.exam.in_force_words import (
    calibrated_course,
    course,
    judged_words,
    later,
    model_words,
    threshold_course,
)
from sonoassist.exam.records import Event, How, RecordedVideo
from sonoassist.exam.report.stills import Still
from sonoassist.exam.report.timeline import SHADED_FROM, ReportTimeline
from sonoassist.exam.source_words import renamed_event, sources_of, sources_words
from sonoassist.sources.kinds import kind_of

if TYPE_CHECKING:
    from sonoassist.exam.report.data import ReportData

TITLE = "Fetal ultrasound exam"
FOOTER = "Research and training only. Not for diagnosis."
_NOT_REVIEWED = (
    "A picture that no person has kept is “not reviewed”: it is the program's proposal, no finding."
)
NO_FRAMES = "No frame was analysed."
NO_STILLS = "No picture to show."

_STATES = {
    ItemState.KEPT: "kept",
    ItemState.BEST: f"best so far, {NOT_REVIEWED}",
    ItemState.TICKED: "ticked by hand",
    ItemState.REJECTED: "rejected, none left",
    ItemState.MISSING: "missing",
}
_TRAINED_ON = {
    "synthetic": "synthetic exams only",
    "published": "real exams, by the authors of the method",
    "own": "own data",
}


def when(iso: str) -> str:
    """A moment in the local time of this computer."""
    try:
        moment = datetime.fromisoformat(iso).astimezone()
    except ValueError:
        return iso
    return f"{moment:%Y-%m-%d %H:%M}"


def state(line: Line) -> str:
    """How far an item has come."""
    if line.state is ItemState.MISSING and not line.item.required:
        return "not ticked (optional)" if line.item.manual else "not seen (optional)"
    return _STATES[line.state]


def cards(data: ReportData) -> tuple[tuple[str, str], ...]:
    """The figures that matter: values and what they count."""
    whole = data.completeness
    return (
        (f"{whole.done} of {whole.total}", "kept or ticked by hand"),
        (str(data.not_reviewed), f"found, {NOT_REVIEWED}"),
        (str(len(whole.missing)), "missing"),
    )


def missing(data: ReportData) -> str:
    """Names of the required items of which there is nothing."""
    return ", ".join(item.label for item in data.completeness.missing)


def source(data: ReportData) -> str:
    """What was watched."""
    return sources_words(data.info.history, lambda one: source_name(data, one))


def source_name(data: ReportData, one: InForce) -> str:
    """A source, but not by the name of a file where names are hidden: it may be a person's."""
    masked = kind_of(one.source).masked_name
    if data.options.mask and masked and not one.synthetic:
        return masked
    return one.source_label or "not known"


def event_text(data: ReportData, one: Event) -> str:
    """What happened; sources by the names that may be shown."""
    if one.kind != "source" or not data.options.mask:
        return one.text
    watched = sources_of(data.info.history)
    return renamed_event(one.text, {seen.source_label: source_name(data, seen) for seen in watched})


def head(data: ReportData) -> list[tuple[str, str]]:
    """What stands at the top: names and values."""
    info = data.info
    rows = [("Study", info.start.study_id)] if info.start.study_id else []
    return [
        *rows,
        ("Date", when(info.started_at)),
        ("Length", clock(info.length_s)),
        ("Source", source(data)),
        *_threshold(info.history),
        ("Exam", info.exam_id),
    ]


def _threshold(history: History) -> list[tuple[str, str]]:
    """Nothing where no threshold is known, or nothing was judged by one."""
    said = threshold_course(history)
    return [("Threshold", said)] if said else []


def details(line: Line) -> tuple[str, str, str]:
    """Confidence, quality and time of the capture that stands for an item."""
    if line.shown is None:
        return "", "", ""
    shot = line.shown.shot
    return (
        own_share(shot, line.item),
        f"{shot.quality:.2f}" if shot.quality else "",
        clock(shot.at_s),
    )


def review(still: Still) -> str:
    """Whether a person has kept a picture."""
    return "kept" if still.reviewed else NOT_REVIEWED


def caption(data: ReportData, still: Still) -> list[str]:
    """What stands below a picture, without its name.

    Where threshold or model changed in the exam, also what this picture was judged by.
    """
    shot = still.capture.shot
    why = why_words(shot)
    if shot.how is How.HAND:
        made_how = why[:1].upper() + why[1:] or "Captured by hand"
    else:
        made_how = f"Chosen by the program: {why}" if why else "Chosen by the program"
    said = capture_words(shot, still.item, full=True)
    hints = hint_words(shot, still.item)
    judged = judged_words(data.info.history.of(still.capture.capture_id, shot.at_s))
    return [
        in_a_sentence(said, f"at {clock(shot.at_s)}"),
        f"{made_how}.",
        *([f"Could be better: {hints}."] if hints else []),
        *([f"{judged[:1].upper()}{judged[1:]}."] if _changed(data) and shot.plane else []),
    ]


def legend(line: ReportTimeline) -> str:
    """How the timeline is read."""
    return (
        "Colour: how sure the network was, as strong as it was sure and pale below "
        f"{_of_timeline(line)}. Filled circle: a picture that was kept. Empty circle: one "
        f"{NOT_REVIEWED}."
    )


def _of_timeline(line: ReportTimeline) -> str:
    held = [threshold for _, threshold in line.thresholds]
    if len(held) > 1:
        return "the threshold of its time"
    known = held[0]
    if known is None:
        return threshold_percent(SHADED_FROM)
    return f"the threshold of {threshold_percent(known)}"


def _changed(data: ReportData) -> bool:
    """Whether not all pictures were judged by the same threshold and model."""
    return len({judged_words(one.in_force) for one in data.info.history.effective}) > 1


def recording(one: RecordedVideo) -> str:
    """A video."""
    ending = f"stopped by itself: {one.trouble}" if one.trouble else "finished"
    if not one.ended and not one.trouble:
        ending = "not finished"
    frames = counted(one.frames, "frame")
    return f"{one.file}: from {clock(one.began_s)}, {frames}, {ending}"


def about_confidence(data: ReportData) -> str:
    """What a confidence is, and what a picture is that nobody has looked at."""
    kind = calibrated_course(data.info.history)
    return f"Confidence is the network's own{f', {kind}' if kind else ''}. {_NOT_REVIEWED}"


def model(data: ReportData) -> list[tuple[str, str]]:
    """The models in use: names and values."""
    history = data.info.history
    others = [
        (f"From {clock(at_s)}", _other_model(one.in_force))
        for at_s, one in later(history, _identity)
    ]
    return [*_facts(history), *others]


def _identity(one: InForce) -> str:
    return f"{model_words(one)} {one.weights_sha256}"


def _other_model(one: InForce) -> str:
    digest = one.weights_sha256
    return f"{model_words(one)}{f'; weights SHA-256 {digest}' if digest else ''}"


def _facts(history: History) -> list[tuple[str, str]]:
    """Of the first model, and what it was run by: a quicker engine may come after a moment."""
    values = dict(history.first.model)
    values.pop("calibrated", None)
    for key in ("engine", "device"):
        values[key] = course(history, partial(_text_of, key))
    if values.get("domain") in _TRAINED_ON:
        values["domain"] = _TRAINED_ON[str(values["domain"])]
    digest = str(values.pop("weights_sha256", "") or values.pop("hash", ""))
    named = [
        (label, str(values.pop(key)))
        for key, label in (
            ("title", "Model"),
            ("name", "Name"),
            ("domain", "Trained on"),
            ("engine", "Engine"),
            ("device", "Device"),
            ("precision", "Precision"),
        )
        if values.get(key)
    ]
    rest = [(_name(key), str(value)) for key, value in sorted(values.items()) if value != ""]
    hashed = [("Weights SHA-256", digest)] if digest else []
    return [*named, *rest, *hashed] or [("Model", "not known")]


def _text_of(key: str, one: InForce) -> str:
    return str(one.model.get(key) or "")


def settings(data: ReportData) -> list[tuple[str, str]]:
    """The settings in use: names and values."""
    history = data.info.history
    changing: dict[str, Callable[[InForce], str]] = {
        "crop": lambda one: one.crop,
        "label": lambda one: one.label,
        "localiser": lambda one: one.localiser,
    }
    values = {key: _value(value) for key, value in data.info.start.settings.items()}
    for key, said in changing.items():
        if said(history.first) and history.followed:
            values[key] = course(history, said)
    values.pop("threshold", None)
    rows = [(_name(key), value) for key, value in values.items()]
    return sorted([*rows, *_threshold(history)])


def _name(key: str) -> str:
    words = key.replace("_", " ")
    if words.endswith(" s"):
        words = f"{words[:-2]}, seconds"
    return words[:1].upper() + words[1:]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def made(data: ReportData) -> str:
    """Who made the report, and of what."""
    frames = counted(data.frames, "analysed frame")
    return f"SonoAssist {data.version}, {when(data.made_at)}; {frames}"


def drawn(data: ReportData) -> str:
    """How the pictures were made ready."""
    box = "with the box of the anatomy" if data.options.boxes else "without boxes"
    if data.options.boxes and any(
        own_box(one.capture.shot, one.item) is not None and not box_is_sure(one.capture.shot)
        for one in data.stills
    ):
        box += " (broken lines: not sure)"
    mask = "all but the ultrasound picture blacked out" if data.options.mask else "not masked"
    kept = ", only pictures that a person kept" if data.options.only_kept else ""
    return f"{box}, {mask}{kept}"
