"""What is written over the picture of the review page."""

from __future__ import annotations

from pathlib import Path

from sonoassist.core.planes import BY_KEY
from sonoassist.gui.actions import Act
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.screens import Card, Chip, Screen
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.spec import EXAM


def screen_of(desk: ReviewDesk) -> Screen:
    """A card where there is no picture, else what the person said of the one on screen."""
    opener = desk.opener
    if opener.opening:
        exam = opener.opening.startswith(EXAM)  # of one of its recordings, "ID/2"
        name = opener.opening.removeprefix(EXAM) if exam else Path(opener.opening).name
        return Screen(Card("wait", f"Opening {name} …", "Its frames are being counted"))
    if opener.trouble:
        acts = (Act.OPEN_FILE,)
        return Screen(Card("error", "This cannot be reviewed", opener.trouble, acts))
    if desk.session is None:
        text = "A video or a DICOM clip, or a kept exam"
        return Screen(Card("file", "Open a recording", text, (Act.OPEN_FILE, Act.EXAMS)))
    if desk.frame_trouble:
        return Screen(Card("error", "No picture here", desk.frame_trouble))
    if desk.view is None:
        return Screen(Card("wait", "Reading the picture …"))
    return Screen(None, chips_of(desk.corrections, desk.view.frame.index))


def chips_of(words: Corrections, frame: int) -> tuple[Chip, ...]:
    """What the person said of a frame, besides its label."""
    chips = [
        Chip("check", f"Best of {BY_KEY[key].label}", "good")
        for key, chosen in words.best.items()
        if chosen == frame
    ]
    marks = (mark for mark in words.marks if mark.frame == frame)
    chips += [Chip("info", mark.text or "Marked", "warning") for mark in marks]
    return tuple(chips)
