"""What is written over the picture of the review page."""

from __future__ import annotations

from pathlib import Path

from sonoassist.core.planes import BY_KEY
from sonoassist.gui.acts import Act
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.screens import Chip, MessageCard, Screen
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.spec import EXAM
from sonoassist.review.contradictions import Contradiction, said_of


def screen_of(desk: ReviewDesk, doing: tuple[Chip, ...] = ()) -> Screen:
    """A card where there is no picture, else what the person said of the one on screen.

    Args:
        desk: Of the review.
        doing: What the mouse does on the picture now.
    """
    opener = desk.opener
    if opener.opening:
        exam = opener.opening.startswith(EXAM)  # of one of its recordings, "ID/2"
        name = opener.opening.removeprefix(EXAM) if exam else Path(opener.opening).name
        return Screen(MessageCard("wait", f"Opening {name} …", "Its frames are being counted"))
    if opener.trouble:
        acts = (Act.OPEN_FILE,)
        return Screen(MessageCard("error", "This cannot be reviewed", opener.trouble, acts))
    if desk.session is None:
        text = "A video or a DICOM clip, or a kept exam"
        return Screen(MessageCard("file", "Open a recording", text, (Act.OPEN_FILE, Act.EXAMS)))
    if desk.frame_trouble:
        return Screen(MessageCard("error", "No picture here", desk.frame_trouble))
    if desk.view is None:
        return Screen(MessageCard("wait", "Reading the picture …"))
    frame, words = desk.view.frame.index, desk.corrections
    chosen = [
        _chosen(key, desk.contradiction(key, frame))
        for key, best in words.best.items()
        if best == frame
    ]
    return Screen(None, (*doing, *chosen, *chips_of(words, frame)))


def _chosen(plane: str, found: Contradiction | None) -> Chip:
    name = BY_KEY[plane].label
    if found is None:
        return Chip("check", f"Best of {name}", "good")
    who = "Network" if found.confidence is not None else "Label"
    short = f"{who}: {said_of(found.other)}"
    return Chip("warning", f"Best of {name}, but {found.words}", "warning", short=short)


def chips_of(words: Corrections, frame: int) -> tuple[Chip, ...]:
    """The marks that a person set on a frame."""
    marks = (mark for mark in words.marks if mark.frame == frame)
    return tuple(Chip("info", mark.text or "Marked", "warning") for mark in marks)
