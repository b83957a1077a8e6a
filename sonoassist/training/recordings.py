"""What is found in a recording before any of its frames is kept: motion, freeze-frames (II-B)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Content, Frame, Pixels
from sonoassist.preprocess.content import content_of
from sonoassist.preprocess.prepare import FLAT_STD
from sonoassist.preprocess.tracker import CropTracker
from sonoassist.sources import Source

THUMB_WIDTH_PX, THUMB_HEIGHT_PX = 72, 56
"""Distances are taken on a quarter of the network input: speckle and video coding average out."""
MOTION = 1.5
"""Mean grey levels between a frame and the one before, above which the probe moves."""
NEAR_FRAMES = 5
"""So near to a labelled frame a picture is not taken for background: it may show the same."""
MATCH = 0.35
"""Greatest distance of a freeze-frame to its video frame; see `distance`."""

Thumb = NDArray[np.uint8]


@dataclass
class Scan:
    """One pass over a recording; entry i of each list belongs to frame `indexes[i]`.

    Attributes:
        indexes: Frames that could be read.
        crops: Their crops, in frame pixels.
        thumbs: uint8 (56, 72) each, grey.
        motion: Mean distance to the frame before, grey levels; 0 for the first.
        usable: B-mode with something in it.
        problems: A line for each damaged place.
    """

    indexes: list[int] = field(default_factory=list)
    crops: list[Box] = field(default_factory=list)
    thumbs: list[Thumb] = field(default_factory=list)
    motion: list[float] = field(default_factory=list)
    usable: list[bool] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, frame: Frame, crop: Box, *, plain: bool) -> None:
        """Take the next frame; `plain`: its screen shows one picture of the B-mode."""
        colours = cut_thumb(frame.pixels, crop)
        thumb = _grey(colours)
        moved = 0.0
        if self.thumbs:
            moved = float(np.abs(thumb.astype(np.int16) - self.thumbs[-1]).mean())
        self.indexes.append(frame.index)
        self.crops.append(crop)
        self.thumbs.append(thumb)
        self.motion.append(moved)
        lit = float(thumb.std()) >= FLAT_STD
        self.usable.append(lit and plain and content_of(colours) is Content.B_MODE)

    def crop_of(self, index: int) -> Box | None:
        """The crop of a frame; None where it could not be read."""
        place = int(np.searchsorted(self.indexes, index))
        found = place < len(self.indexes) and self.indexes[place] == index
        return self.crops[place] if found else None


def cut_thumb(pixels: Pixels, crop: Box) -> Pixels:
    """A small copy of a crop, uint8 (56, 72, 3) or (56, 72)."""
    size = (THUMB_WIDTH_PX, THUMB_HEIGHT_PX)
    small = cv2.resize(cut_out(pixels, crop), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def cut_out(pixels: Pixels, crop: Box) -> Pixels:
    """The part of a picture inside of `crop`.

    Raises:
        SourceError: There is none.
    """
    left, top, right, bottom = (round(v) for v in (crop.left, crop.top, crop.right, crop.bottom))
    cut = pixels[max(top, 0) : bottom, max(left, 0) : right]
    if cut.size == 0:
        raise SourceError("the crop lies outside of the picture", "Choose another crop")
    return cut


def _grey(colours: Pixels) -> Thumb:
    if colours.ndim == 2:
        return colours
    return np.asarray(colours.mean(axis=2, dtype=np.float32), dtype=np.uint8)


def scan(source: Source, crops: CropTracker) -> Scan:
    """Look at every frame of a recording; what cannot be read is noted and left out."""
    found = Scan()
    while True:
        try:
            frame = source.read()
        except DamagedFrameError as error:
            found.problems.append(f"{source.info.label}: {error}")
            continue
        except SourceError as error:
            found.problems.append(f"{source.info.label}: {error}")
            return found
        if frame is None:
            return found
        crop = crops.crop_for(frame)
        found.add(frame, crop, plain=crops.content is None)


@dataclass(frozen=True, slots=True)
class BackgroundCandidates:
    """Frames that may be taken for background.

    Attributes:
        told: Labelled so.
        others: Without a label, where the probe moves and no plane is near.
    """

    told: list[int]
    others: list[int]


def background_candidates(
    scanned: Scan, labels: dict[int, int], background: int, named: Collection[int] = ()
) -> BackgroundCandidates:
    """Frames that the background may be drawn from: the probe moves, and no plane is labelled.

    Where most frames of the recording carry a label (a synthetic exam), only those labelled
    as background count, where the probe moves: the others were left out on purpose. Elsewhere a
    label is somebody's word and counts as it is.

    Args:
        scanned: The recording.
        labels: Frame -> bits of the accepted planes.
        background: The bits of the background's label.
        named: Frames of which it is not known what they show.
    """
    complete = 2 * len(labels) >= len(scanned.indexes)
    shown = {*named, *(index for index, bits in labels.items() if bits != background)}
    near = {index + step for index in shown for step in range(-NEAR_FRAMES, NEAR_FRAMES + 1)}
    told, others = [], []
    for index, moved, usable in zip(scanned.indexes, scanned.motion, scanned.usable, strict=True):
        if not usable:
            continue
        if labels.get(index) == background:
            if moved > MOTION or not complete:
                told.append(index)
        elif not complete and moved > MOTION and index not in near:
            others.append(index)
    return BackgroundCandidates(told, others)


def draw(rng: np.random.Generator, indexes: Sequence[int], count: int) -> list[int]:
    """At most `count` of them, sorted, each once."""
    if len(indexes) <= count:
        return sorted(indexes)
    if count <= 0:
        return []
    return sorted(int(value) for value in rng.choice(indexes, count, replace=False))


def distance(one: Thumb, other: Thumb) -> float:
    """Mean squared difference after each is brought to mean 0 and deviation 1; 0 to 4.

    Gain and the softness of video coding change neither.
    """
    a, b = _standard(one), _standard(other)
    return float(np.mean((a - b) ** 2))


def _standard(thumb: Thumb) -> NDArray[np.float32]:
    values = thumb.astype(np.float32)
    out: NDArray[np.float32] = (values - values.mean()) / max(float(values.std()), FLAT_STD)
    return out


def match_freeze_frame(thumb: Thumb, scanned: Scan) -> int | None:
    """The video frame that a freeze-frame was taken at: the nearest one, if it is near (II-A)."""
    if not scanned.thumbs:
        return None
    wanted = _standard(thumb)
    distances = [float(np.mean((_standard(other) - wanted) ** 2)) for other in scanned.thumbs]
    nearest = int(np.argmin(distances))
    return scanned.indexes[nearest] if distances[nearest] <= MATCH else None
