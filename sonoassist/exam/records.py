"""What an exam consists of, as frozen values; times are seconds since the exam began."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sonoassist.core.flaws import Hints
from sonoassist.core.packets import Box, Floats, Provenance, State
from sonoassist.exam.in_force import History, InForce, Moment, threshold_in


@dataclass(frozen=True, slots=True)
class ExamStart:
    """What is known when an exam begins; nothing in it names a person.

    Attributes:
        study_id: The user's own number for the study; may be empty.
        source: What is watched, as the user named it.
        source_label: The same for people.
        synthetic: The source is a synthetic exam.
        preset: Name of the checklist.
        items: The checklist itself, as it was when the exam began.
        model: The card of the model in use as plain values (name, title, domain, hash ...).
        settings: The settings in use, as plain values.

    Model and settings may change later, and the model may not be loaded yet: what held when is in
    `ExamInfo.history`.
    """

    study_id: str
    source: str
    source_label: str
    synthetic: bool
    preset: str
    items: tuple[Item, ...]
    model: dict[str, object]
    settings: dict[str, object]

    @property
    def in_force(self) -> InForce:
        """What pictures were judged by when the exam began, as far as this tells it."""
        names = ("crop", "label", "localiser")
        crop, label, localiser = (str(self.settings.get(name, "")) for name in names)
        return InForce(
            threshold_in(self.settings),
            model=self.model,
            crop=crop,
            label=label,
            localiser=localiser,
            source=self.source,
            source_label=self.source_label,
            synthetic=self.synthetic,
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist.

    Attributes:
        key: Identifier in the record; unique in its list.
        label: On screen.
        plane: Key of the plane that fills it, or "" for an item that only a person ticks.
        required: The exam is not complete without it.
    """

    key: str
    label: str
    plane: str = ""
    required: bool = True

    @property
    def manual(self) -> bool:
        """Whether only a person can tick it."""
        return not self.plane


@dataclass(frozen=True, slots=True)
class ExamInfo:
    """An exam as a whole.

    Attributes:
        exam_id: Name of its folder; sorts by time.
        started_at: UTC, ISO 8601.
        ended_at: UTC, ISO 8601; "" while it runs, or when the program was killed.
        length_s: Of the exam so far.
        note: The user's own words.
        start: What was known at the beginning.
        kept_history: What held when; None in records of earlier programs, see `history`.
    """

    exam_id: str
    started_at: str
    ended_at: str
    length_s: float
    note: str
    start: ExamStart
    kept_history: History | None = None

    @property
    def history(self) -> History:
        """What the pictures were judged by, from each moment on."""
        return self.kept_history or History((Moment(0.0, self.start.in_force),))

    @property
    def synthetic(self) -> bool:
        """Whether all that was watched was synthetic: it may have gone on with another source."""
        return all(one.in_force.synthetic for one in self.history.moments)

    @property
    def ended(self) -> bool:
        """Whether it was ended properly."""
        return bool(self.ended_at)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        at_s: When.
        kind: One word: "started", "ended", "capture", "record", "model", "threshold", "source" ...
        text: For people.
    """

    at_s: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FrameRow:
    """The result of one analysed frame, as it is kept.

    Attributes:
        at_s: When the frame was captured.
        index: Of the frame in its source.
        time_s: Of the frame in its source.
        state: What may be said of it.
        plane: Key of the class with the highest probability (may be "background").
        confidence: Its probability.
        steady_plane: Key of the steady plane, or "".
        box: In frame pixels, or None.
        probabilities: float32, (14,), in the order of `planes.PLANES`.
        crop: What the network saw, in frame pixels; None where that is not known.
        frozen: It repeats a picture that the scanner had frozen; None where that is not known.
        provenance: What made it; None where only the start of the exam tells.
        boxed: Whether `box` was found on this very frame, by the localiser of `provenance`; else it
            was carried over from another one, or found by an earlier program.
    """

    at_s: float
    index: int
    time_s: float
    state: State
    plane: str
    confidence: float
    steady_plane: str
    box: Box | None
    probabilities: Floats
    crop: Box | None = None
    frozen: bool | None = None
    provenance: Provenance | None = None
    boxed: bool = False


class How(Enum):
    """Who made a capture."""

    AUTO = "auto"
    """The program: the best frame so far."""
    HAND = "hand"
    """The user."""


class Judgement(Enum):
    """What the user said of a capture."""

    OPEN = "open"
    """Nothing yet."""
    KEPT = "kept"
    REJECTED = "rejected"


class Seen(Enum):
    """What the network said of a captured picture."""

    UNKNOWN = ""
    """An earlier program kept no more than whether a plane was named."""
    NOT_ANALYSED = "not_analysed"
    PLANE = "plane"
    UNSURE = "unsure"
    BACKGROUND = "background"
    DOPPLER = "doppler"
    NO_SIGNAL = "no_signal"
    SPLIT = "split"
    SPECTRAL = "spectral"
    THREE_D = "three_d"
    MENU = "menu"
    NOISE = "noise"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame worth keeping, and why.

    Attributes:
        item: Key of the checklist item it is for; "" for a capture outside the list.
        how: Who chose it.
        at_s: When it was captured.
        index: Of the frame in its source.
        time_s: Of the frame in its source.
        plane: Key of the plane that the network saw, or "" where it may name none.
        confidence: Of the plane, 0 to 1; 0 where none is named.
        quality: Sharpness and stillness together, 0 to 1.
        why: Why it was chosen, in words.
        box: In frame pixels, or None.
        field: The field of view in frame pixels: what lies outside may name the patient.
        saw: What the network said of the picture, also where it named no plane.
        hints: What could be better in the picture; None where nobody has looked.
    """

    item: str
    how: How
    at_s: float
    index: int
    time_s: float
    plane: str
    confidence: float
    quality: float
    why: str
    box: Box | None
    field: Box
    saw: Seen = Seen.UNKNOWN
    hints: Hints | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """A shot in the record.

    Attributes:
        capture_id: Counts up within an exam.
        shot: What was captured.
        judgement: What the user said of it.
        still: File name in the media folder, a PNG of the whole frame as it was captured.
        clip: File name in the media folder of the seconds around it, or "".
    """

    capture_id: int
    shot: Shot
    judgement: Judgement
    still: str
    clip: str


@dataclass(frozen=True, slots=True)
class RecordedVideo:
    """A video of the exam, without anything drawn on it.

    Attributes:
        recording_id: Counts up within an exam.
        file: File name in the media folder.
        began_s: When the first frame was captured.
        frames: Number of frames written; as far as known when the program was killed.
        ended: Whether it was finished properly.
        trouble: Why it stopped by itself, or "".
    """

    recording_id: int
    file: str
    began_s: float
    frames: int
    ended: bool
    trouble: str


@dataclass(frozen=True, slots=True)
class Tick:
    """What the user said of a checklist item itself.

    Attributes:
        item: Key of the item.
        done: Ticked by hand.
        note: The user's words; may be empty.
    """

    item: str
    done: bool
    note: str = ""
