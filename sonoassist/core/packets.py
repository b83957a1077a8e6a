"""The frozen packets that cross rooms. Arrays in them are not writeable.

Data flows one way: Frame -> Prepared -> Prediction -> Localisation -> Analysis.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.planes import BACKGROUND_INDEX, PLANES, Plane

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
FrameKey = tuple[str, int]
"""Source and number of a frame, which tell it from all others."""


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return `array` marked as not writeable (the same memory, no copy)."""
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as it left its source.

    Attributes:
        frame_id: Counts up within one opened source and never repeats, seeking included.
        pixels: uint8, (H, W, 3) RGB or (H, W) grey, C-contiguous, not writeable.
        captured_at_s: `time.monotonic()` when the picture left the source.
        index: Position in the source, in frames (for a live source: frames since it opened).
        time_s: Position in the source, in seconds (exact timestamp for recordings).
        source_id: Of `SourceInfo`; unique for each opening.
        name: File name of a picture in a folder, else "".
        still: A picture of its own rather than one of a sequence.
    """

    frame_id: int
    pixels: Pixels
    captured_at_s: float
    index: int
    time_s: float
    source_id: str
    name: str = ""
    still: bool = False

    @property
    def key(self) -> FrameKey:
        """Tells the picture from all others, those of other openings included."""
        return self.source_id, self.frame_id

    @property
    def width_px(self) -> int:
        """Width of the picture."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Height of the picture."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in continuous pixel coordinates: pixel i covers [i, i + 1)."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    def iou(self, other: Box) -> float:
        """Intersection over union of two boxes, 0 to 1."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        shared = max(wide, 0.0) * max(high, 0.0)
        union = self.width * self.height + other.width * other.height - shared
        return shared / union if union > 0 else 0.0


class Content(Enum):
    """What kind of picture the scanner shows."""

    B_MODE = "b_mode"
    DOPPLER = "doppler"
    NO_SIGNAL = "no_signal"
    SPLIT = "split"
    SPECTRAL = "spectral"
    THREE_D = "three_d"
    MENU = "menu"


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the network input came from: a crop of the frame, resized.

    Attributes:
        crop: The rectangle cut out, in frame pixels.
        input_width_px: Width of the network input.
        input_height_px: Height of the network input.
        field: Outline of the live ultrasound picture as a polygon in frame pixels; empty where
            nobody looked, or it was not surely seen. Two geometries are equal whatever it is.
    """

    crop: Box
    input_width_px: int
    input_height_px: int
    field: tuple[tuple[float, float], ...] = dataclasses.field(default=(), compare=False)

    def to_frame(self, box: Box) -> Box:
        """Map a box from input pixels to frame pixels; the exact inverse of `to_input`."""
        sx = self.crop.width / self.input_width_px
        sy = self.crop.height / self.input_height_px
        return Box(
            self.crop.left + box.left * sx,
            self.crop.top + box.top * sy,
            self.crop.left + box.right * sx,
            self.crop.top + box.bottom * sy,
        )

    def to_input(self, box: Box) -> Box:
        """Map a box from frame pixels to input pixels."""
        sx = self.input_width_px / self.crop.width
        sy = self.input_height_px / self.crop.height
        return Box(
            (box.left - self.crop.left) * sx,
            (box.top - self.crop.top) * sy,
            (box.right - self.crop.left) * sx,
            (box.bottom - self.crop.top) * sy,
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A frame made ready for the network.

    Attributes:
        frame_id: Of the frame.
        network_input: float32, (1, 1, h, w), mean 0, standard deviation 255.
        geometry: How it was cut and scaled.
        content: What kind of picture it is.
    """

    frame_id: int
    network_input: Floats
    geometry: Geometry
    content: Content


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one frame.

    Attributes:
        frame_id: Of the frame.
        probabilities: float32, (14,), in the order of `planes.PLANES`: the softmax, calibrated
            where the model's card says how.
        score_maps: float32, (14, fh, fw), the class score maps F.
        saliency: float32, (h, w), Eq. 4 with plain gradients for the winning plane; None when
            it was not asked for.
        guided: float32, (h, w), the same with guided gradients (Eq. 2), for display; or None.
    """

    frame_id: int
    probabilities: Floats
    score_maps: Floats
    saliency: Floats | None
    guided: Floats | None = None

    @property
    def plane_index(self) -> int:
        """Index of the class with the highest probability."""
        return int(np.argmax(self.probabilities))

    @property
    def plane(self) -> Plane:
        """The class with the highest probability (may be the background)."""
        return PLANES[self.plane_index]

    @property
    def confidence(self) -> float:
        """Probability of `plane`."""
        return float(self.probabilities[self.plane_index])

    @property
    def is_background(self) -> bool:
        """Whether the background won."""
        return self.plane_index == BACKGROUND_INDEX


@dataclass(frozen=True, slots=True)
class Localisation:
    """Where the anatomy is.

    Attributes:
        frame_id: Of the frame.
        box: In frame pixels; None for the background or when nothing stands out.
        evidence: float32, (h, w) in [0, 1], over the crop; None for the background.
        age_s: 0 when the box was found on this very frame; else it was found on a frame so much
            earlier and moved by the motion measured since.
        sought: Whether a box was looked for on this very frame; else `box` is a carried one, or
            None since nobody has looked.
        sure: Whether the box is likely to be right; one that is not is drawn dashed. True where
            there is none.
    """

    frame_id: int
    box: Box | None
    evidence: Floats | None
    age_s: float = 0.0
    sought: bool = True
    sure: bool = True


class State(Enum):
    """What may be said of a frame; only PLANE may be shown as a sure result."""

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
    """The network sees a plane where there is nothing but noise."""
    OUTSIDE = "outside"
    """The network sees a plane in a picture that is outside of what it knows."""

    @property
    def judged(self) -> bool:
        """Whether the frame shows something in B-mode, of which the network's word may be said."""
        return self in (State.PLANE, State.UNSURE, State.BACKGROUND)

    @classmethod
    def of(cls, content: Content) -> State:
        """The state of a picture that is no B-mode picture.

        Raises:
            KeyError: It is one.
        """
        return _STATES[content]


_STATES = {
    Content.DOPPLER: State.DOPPLER,
    Content.NO_SIGNAL: State.NO_SIGNAL,
    Content.SPLIT: State.SPLIT,
    Content.SPECTRAL: State.SPECTRAL,
    Content.THREE_D: State.THREE_D,
    Content.MENU: State.MENU,
}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a result: results of one provenance may stand in one table.

    Attributes:
        weights_sha256: Of the model's tensors.
        network_input: What the network is given, e.g. "288x224 255"; behind a ";" how its scores
            are read, where that is not the plain softmax.
        crop: The choice of the crop, see `preprocess.crop.CropChoice.text`.
        precision: In which the network computed, e.g. "f32"; "" where that is not known.
        localiser: Number of what makes the boxes, see `localise.choice`; of earlier programs 1.
        older_sha256: Under which earlier programs kept results of the same weights.
    """

    weights_sha256: str
    network_input: str
    crop: str
    precision: str = ""
    localiser: int = 1
    older_sha256: tuple[str, ...] = dataclasses.field(default=(), compare=False)

    @property
    def plain(self) -> bool:
        """Whether scores are read as the plain softmax, as all were by earlier programs."""
        return ";" not in self.network_input


@dataclass(frozen=True, slots=True)
class Analysis:
    """One frame together with its own result; the only thing an overlay is drawn from.

    Attributes:
        frame: The picture.
        geometry: Crop used.
        prediction: The network's word.
        localisation: Box and evidence.
        state: What may be said of the frame at the threshold in force.
        timings_ms: (stage, milliseconds) in the order the stages ran.
        finished_at_s: `time.monotonic()` when the result was complete.
        frozen: The scanner's screen has shown this picture for a while; it is judged all the same.
        provenance: What made it; None for one that was put together otherwise.
    """

    frame: Frame
    geometry: Geometry
    prediction: Prediction
    localisation: Localisation
    state: State
    timings_ms: tuple[tuple[str, float], ...]
    finished_at_s: float
    frozen: bool = False
    provenance: Provenance | None = None

    @property
    def shown_box(self) -> Box | None:
        """The box, unless the state forbids showing one."""
        return self.localisation.box if self.state is State.PLANE else None

    @property
    def own_box(self) -> Box | None:
        """`shown_box` where it was found on this very frame: the only one that is kept."""
        return None if self.localisation.age_s else self.shown_box

    @property
    def lacks_box(self) -> bool:
        """Whether a plane is named and nobody has looked for its box on this very frame."""
        return self.state is State.PLANE and not self.localisation.sought


@dataclass(frozen=True, slots=True)
class SteadiedBox:
    """A box steadied over time, for the eye; on record each frame keeps its own.

    Attributes:
        box: In frame pixels.
        sure: No box has jumped of late.
    """

    box: Box
    sure: bool


@dataclass(frozen=True, slots=True)
class SteadyState:
    """The label steadied over time (causal).

    Attributes:
        probabilities: float32, (14,), smoothed.
        plane: The steady plane, or None while unsure or background.
        state: PLANE, UNSURE or BACKGROUND; of a frame that is not judged, its own.
        since_s: Source time at which `plane`/`state` began.
        box: Of `plane`, steadied; None where the frame has none of it.
    """

    probabilities: Floats
    plane: Plane | None
    state: State
    since_s: float
    box: SteadiedBox | None = None


@dataclass(frozen=True, slots=True)
class LiveStats:
    """Rates of a live session over the last seconds.

    Attributes:
        captured: Frames taken from the source since it was opened.
        analysed: Frames analysed since then.
        dropped: Frames replaced by a newer one before they were analysed.
        capture_hz: Frames captured a second.
        analysis_hz: Frames analysed a second.
        latency_p50_ms: Capture to result, median.
        latency_p95_ms: Capture to result, 95th percentile.
        stages_ms: (stage, median milliseconds).
        boxes_hz: Boxes found a second, each on its own frame; carried ones are not counted.
    """

    captured: int
    analysed: int
    dropped: int
    capture_hz: float
    analysis_hz: float
    latency_p50_ms: float
    latency_p95_ms: float
    stages_ms: tuple[tuple[str, float], ...]
    boxes_hz: float = 0.0
