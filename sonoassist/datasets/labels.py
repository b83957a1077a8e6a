"""What a labelled data set is, whatever layout it came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sonoassist.core.flaws import Flaw
from sonoassist.core.packets import Box


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """One labelled picture, or one labelled frame of a recording.

    Attributes:
        case: The patient or exam it belongs to; cases, never pictures, are split.
        path: Of the picture or recording.
        index: Frame in the recording; 0 for a picture.
        accepted: Keys of the planes that count as right; one for a full label, several where
            the data set is coarser than our planes ("any heart view").
        box: True box of the anatomy in frame pixels, or None where it is not known.
        test: The data set's own word on whether this is for testing; None where it has none.
        crop: The network's part of the frame, in frame pixels; None where it has to be found.
        flaws: What is wrong with the picture; None where the data set does not tell.
    """

    case: str
    path: Path
    index: int
    accepted: tuple[str, ...]
    box: Box | None = None
    test: bool | None = None
    crop: Box | None = None
    flaws: frozenset[Flaw] | None = None

    @property
    def plane(self) -> str | None:
        """The one plane it shows, or None where the label is coarser than that."""
        return self.accepted[0] if len(self.accepted) == 1 else None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set as read.

    Attributes:
        name: For reports.
        layout: "phantom", "fetal_planes_db", "exams", "montage", "planes" or "heads".
        frames: Labelled frames, in the order of the files.
        problems: A line for each row that could not be used, with file and line number.
        left_out: Rows left out on purpose (classes that have no plane), counted by class.
        shown: Further frames of recordings that do show their plane but are no examples of it
            (the freeze of a picture, a blend into the next one): not trained on and not
            classified, yet right when they are retrieved.
        named: Frames that rows speak of and that are no examples all the same (a class without a
            plane, a row with a mistake): whatever they show, it is not known to be background.
        recordings: Recordings without a row, each with its case: background and the video frames
            of freeze-frames are looked for in them.
    """

    name: str
    layout: str
    frames: tuple[LabelledFrame, ...]
    problems: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    shown: tuple[LabelledFrame, ...] = ()
    named: frozenset[tuple[Path, int]] = frozenset()
    recordings: tuple[tuple[str, Path], ...] = ()
