"""What the public API gives back. None of the arrays can be written to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonoassist.api import checks
from sonoassist.api.errors import InputError, MissingExtraError
from sonoassist.core.frame_columns import FRAME_COLUMNS
from sonoassist.core.packets import Box, Floats, State
from sonoassist.core.planes import BACKGROUND_INDEX, KEYS
from sonoassist.core.wording import counted

if TYPE_CHECKING:
    import pandas as pd

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Words = NDArray[np.str_]

DAMAGED = "damaged"
STATES: tuple[str, ...] = (*(state.value for state in State), DAMAGED)
"""What may be said of a frame. Only of one in "plane" the plane may be named; "unsure" is below the
threshold, "background" is no standard plane; all others are not judged."""
JUDGED: tuple[str, ...] = tuple(state.value for state in State if state.judged)

TABLE_COLUMNS = ("source", *FRAME_COLUMNS)
"""As in the analysis.csv of `sonoassist analyse`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What made a result.

    Attributes:
        name: Of the model, as `load_model` takes it.
        title: Of the model, for people.
        architecture: "sononet64", "sononet32", "sononet16" or "smallnet".
        domain: What it was trained on: "published" (the authors' real exams), "synthetic" or "own".
        weights_sha256: Of the tensors, 64 hex digits: equal weights have one.
        engine: What runs it, e.g. "OpenVINO".
        precision: In which it computes, e.g. "f32" or "int8+bf16".
        device: On which, e.g. "cpu".
        crop: The choice of the crop, e.g. "default" or "81,115,793,619" (left, top, width, height).
        threshold: Confidence below which no plane is named, 0 to 1.
        temperature: Of the calibration; None where the model was never calibrated, and its
            confidences are the plain softmax.
        error_rate: At most this share of what is named was wrong where the threshold was chosen;
            None for another threshold, or a model that was never calibrated.
    """

    name: str
    title: str
    architecture: str
    domain: str
    weights_sha256: str
    engine: str
    precision: str
    device: str
    crop: str
    threshold: float
    temperature: float | None = None
    error_rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PictureResult:
    """The result of one picture.

    Attributes:
        probabilities: float32 (14,), the softmax, in the order of `PLANE_KEYS`.
        state: What may be said of the picture, one of `STATES`.
        box: Where the anatomy of `plane` lies, in pixels of the picture; None for the background,
            for what is not judged, and where nothing stands out.
        crop: What the network saw, in pixels of the picture.
    """

    probabilities: Floats
    state: str
    box: Box | None
    crop: Box

    @property
    def plane(self) -> str:
        """Key of the likeliest class, the background among them; "" where it is not judged."""
        return KEYS[int(self.probabilities.argmax())] if self.state in JUDGED else ""

    @property
    def confidence(self) -> float:
        """Probability of `plane`; nan where the picture is not judged."""
        return float(self.probabilities.max()) if self.state in JUDGED else math.nan

    @property
    def sure(self) -> bool:
        """Whether the plane may be named: it is a standard plane, at or above the threshold."""
        return self.state == State.PLANE.value

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(state={self.state!r}, plane={self.plane!r},"
            f" confidence={self.confidence:.3f}, box={self.box})"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Localisation(PictureResult):
    """The result of one picture, with the evidence for it.

    Attributes:
        probabilities, state, box, crop: As of `PictureResult`.
        heat_map: float32 (H, W) of the picture's size, 0 to 1: how much each pixel speaks for
            `plane`; all 0 for the background, outside of the crop and where it is not judged.
    """

    heat_map: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SourceResult:
    """The results of a whole source: n rows, one for each frame, in their order.

    Attributes:
        label: Of the source, for people.
        model: What made the results. With the precision "auto" some may have been kept from an
            earlier analysis in another precision.
        frames: int64 (n,), number of the frame in the source, from 0.
        times_s: float64 (n,), when it is shown, in seconds from the first.
        names: str (n,), name of the file of a picture in a folder; "" in a recording.
        states: str (n,), each one of `STATES`.
        planes: str (n,), key of the likeliest class; "" where the frame is not judged.
        confidences: float32 (n,), the probability of that; nan where the frame is not judged.
        probabilities: float32 (n, 14), the softmax, in the order of `PLANE_KEYS`; nan where the
            frame is damaged.
        boxes: float32 (n, 4), left, top, right, bottom of the anatomy of `planes` in pixels of the
            frame, pixel i covers [i, i + 1); nan without one.
        crops: float32 (n, 4), alike, the part of the frame that the network saw; nan where that is
            not known.
        steady_planes: str (n,), the plane by the frames up to this one, as the window shows it; ""
            while none is sure.
        frozen: bool (n,), it repeats a picture that the scanner had frozen.
        sharpness: float32 (n,), 0 to 1; nan where it was not measured.
        stillness: float32 (n,), 0 to 1, against the frame before; nan where it was not measured.
        damage: What could not be read, a sentence each.
        warnings: What must be known before the results are believed, a sentence each.
    """

    label: str
    model: ModelInfo
    frames: Ints
    times_s: Reals
    names: Words
    states: Words
    planes: Words
    confidences: Floats
    probabilities: Floats
    boxes: Floats
    crops: Floats
    steady_planes: Words
    frozen: Flags
    sharpness: Floats
    stillness: Floats
    damage: tuple[str, ...]
    warnings: tuple[str, ...]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.frames)

    def __repr__(self) -> str:
        found = [key for key in KEYS if (self.sure & (self.planes == key)).any()]
        return (
            f"SourceResult({self.label!r}, {counted(len(self), 'frame')}"
            f", model={self.model.name!r},"
            f" planes={found})"
        )

    @property
    def sure(self) -> Flags:
        """In which rows the plane may be named, bool (n,): at or above the threshold."""
        return np.asarray(self.states == State.PLANE.value)

    def probability(self, plane: str) -> Floats:
        """The probability of one class in each row, float32 (n,).

        Args:
            plane: One of `PLANE_KEYS`.

        Raises:
            InputError: There is no such plane.
        """
        return self.probabilities[:, checks.plane_index(plane)]

    def best_frame(self, plane: str) -> int | None:
        """The row that shows a plane best, as `sonoassist retrieve` chooses it.

        That is the highest confidence, smoothed over time; among frames about as sure the one with
        the fewest hints (cut off, too small, off centre), then the sharpest and stillest. It may
        be a guess: `sure` says of each row whether its plane may be named.

        Args:
            plane: One of `PLANE_KEYS` besides the background.

        Returns:
            The row, or None where the plane was not found.

        Raises:
            InputError: There is no such plane.
        """
        from sonoassist.temporal.hints import place_flaws
        from sonoassist.temporal.rules import Course, Rule, choose_in

        if checks.plane_index(plane) == BACKGROUND_INDEX:
            raise InputError("the background has no best frame", "Give one of the 13 planes")
        stills = self.names != ""
        course = Course(
            time_s=self.times_s,
            judged=np.isin(self.states, JUDGED),
            probabilities=self.probabilities,
            sharpness=self.sharpness,
            stillness=self.stillness,
            apart=np.asarray(stills[1:] | stills[:-1]),
            flaws=place_flaws(self.boxes, self.crops, self.probabilities.argmax(axis=1)),
        )
        picks = choose_in(course, Rule.BEST, most=1)[plane]
        return picks[0].row if picks else None

    def to_pandas(self) -> pd.DataFrame:
        """A table with the columns of `sonoassist analyse`, a row for each frame.

        What is not there is missing (None or nan): the plane and the confidence of a frame that is
        not judged, the box where there is none.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtraError(
                "pandas is not installed", "Run: pip install 'sonoassist[pandas]'"
            ) from error
        columns = (
            np.where(self.names == "", self.label, self.names).astype(object),
            self.frames,
            self.times_s,
            self.states.astype(object),
            _or_none(self.planes),
            self.confidences,
            _or_none(self.steady_planes),
            *self.boxes.T,
            *self.probabilities.T,
        )
        return pd.DataFrame(dict(zip(TABLE_COLUMNS, map(np.array, columns), strict=True)))


def _or_none(words: Words) -> NDArray[np.object_]:
    found = words.astype(object)
    found[words == ""] = None
    return found
