"""The kept home in parts, each of which is there, or says in one line why it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from kept_home import reading
from kept_home.plain import array_of, differences
from kept_home.reading import Kept
from sonoassist.core.errors import SonoAssistError

GIVEN_UP = {"carry_boxes"}
"""Settings of the earlier program that this one has no use for: the window sees to it by itself."""
NEW = {"cover_text": True, "localiser": "plane"}
"""Settings that this one has begun to keep, with what they are where nobody has chosen."""


@dataclass
class Found:
    """A part of a home as it was read.

    Attributes:
        lost: What is not as it was.
        words: What the program says of it.
    """

    lost: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


Read = Callable[[], Found]


def found_in(read: Read) -> Found:
    """Read a part; an error of the program is what it says of it."""
    try:
        return read()
    except SonoAssistError as error:
        return Found(["it cannot be read"], [str(error)])


def parts_of(kept: Kept) -> dict[str, Read]:
    """Name of each part -> reads it."""
    told = kept.expected
    parts: dict[str, Read] = {
        "settings": partial(_settings, kept),
        "screens": partial(_screens, kept),
        "history": lambda: Found(differences(reading.history(), told["history"])),
        "checklist early": partial(_checklist, kept, "early"),
        "outbox": partial(_outbox, kept),
        "model": partial(_model, kept),
    }
    for exam_id in told["exams"]:
        parts[f"record {exam_id}"] = partial(_record, kept, exam_id)
        parts[f"media {exam_id}"] = partial(_media, kept, exam_id)
    for spec in told["reviewed"]:
        parts[f"review {spec}"] = partial(_review, kept, spec)
    for place, one in enumerate(told["analysed"]):
        parts[f"analysis {one['spec']} {one['by']}"] = partial(_analysis, kept, place)
    for spec in told["practised"]:
        parts[f"practice {spec}"] = partial(_practice, kept, spec)
    return parts


def _settings(kept: Kept) -> Found:
    found, notices = reading.settings()
    return Found(differences(found, expected_settings(kept)), notices)


def expected_settings(kept: Kept) -> dict[str, Any]:
    """What the earlier program kept, as this one has it."""
    expected = {
        key: value for key, value in kept.expected["settings"].items() if key not in GIVEN_UP
    }
    recent = [str(kept.recording(kept.expected["plain"])), *expected["recent"][1:]]
    return {**expected, **NEW, "recent": recent}


def _screens(kept: Kept) -> Found:
    trouble = reading.layouts_trouble()
    lost = differences(reading.layouts(), kept.expected["layouts"])
    return Found(lost, [trouble] if trouble else [])


def _checklist(kept: Kept, name: str) -> Found:
    return Found(differences(reading.checklist(name), kept.expected["checklists"][name]))


def _outbox(kept: Kept) -> Found:
    entries, damaged = reading.outbox()
    return Found(differences(entries, kept.expected["outbox"]), damaged)


def _model(kept: Kept) -> Found:
    told = kept.expected["model"]
    return Found(differences(reading.model(told["card"]["name"]), told))


def _record(kept: Kept, exam_id: str) -> Found:
    reading.go_on_with_exam(exam_id)
    return Found(differences(reading.exam(exam_id), kept.expected["exams"][exam_id]))


def _media(kept: Kept, exam_id: str) -> Found:
    """The stills and clips, as the files that the record has named."""
    found, media = Found(), kept.home / "exams" / exam_id / "media"
    for capture in kept.expected["exams"][exam_id]["captures"]:
        for name in filter(None, (capture["still"], capture["clip"])):
            with _noted(found, name):
                reading.frames_in(media / name)
    return found


@contextmanager
def _noted(found: Found, name: str) -> Iterator[None]:
    try:
        yield
    except SonoAssistError as error:
        found.lost.append(name)
        found.words.append(str(error))


def _review(kept: Kept, spec: str) -> Found:
    # By the path of its file: so also where the exam that it belongs to cannot be read.
    found = reading.reviewed(str(kept.recording(spec)))
    return Found(differences(_no_label(found), _no_label(kept.expected["reviewed"][spec])))


def _no_label(review: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in review.items() if name != "label"}


def _analysis(kept: Kept, place: int) -> Found:
    told = kept.expected["analysed"][place]
    by, path = kept.expected["by"][told["by"]], kept.recording(told["spec"])
    found = reading.analysed(str(path), by, on=False).kept
    names = [name for name in told["results"] if name != "stillness"]
    known = {name: found.get(name) for name in names}
    expected = reading.with_boxes_left_out(told["results"], by)
    return Found(differences(known, {name: expected[name] for name in names}))


def _practice(kept: Kept, spec: str) -> Found:
    told = kept.expected["practised"][spec]
    found = reading.practised(str(kept.recording(spec)), kept.expected["by"]["own"])
    expected, done = array_of(told["probabilities"]), told["done"]
    same = found.probabilities.shape == expected.shape
    if same:  # but for frames of which it was not kept what may be said of them
        kept_as_it_was = np.isclose(found.probabilities, expected, rtol=0, atol=1e-3).all(axis=1)
        same = bool(kept_as_it_was[:done].mean() > 0.75)
    return Found([] if same else ["another analysis"], list(found.notes))
