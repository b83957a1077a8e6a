"""Analyses that no network made."""

from __future__ import annotations

import numpy as np

from real_models import frame_of
from sonoassist.core.packets import Analysis, Box, Frame, Geometry, Localisation, Prediction, State
from sonoassist.core.planes import INDEX

PIXELS = np.zeros((48, 64), np.uint8)
PIXELS.flags.writeable = False


def analysis_of(
    frame: Frame, probabilities: np.ndarray, state: State = State.PLANE, box: Box | None = None
) -> Analysis:
    shares = np.asarray(probabilities, np.float32)
    return Analysis(
        frame=frame,
        geometry=Geometry(Box(0, 0, frame.width_px, frame.height_px), 288, 224),
        prediction=Prediction(frame.frame_id, shares, np.zeros((14, 2, 2), np.float32), None),
        localisation=Localisation(frame.frame_id, box, None),
        state=state,
        timings_ms=(("inference", 5.0),),
        finished_at_s=frame.captured_at_s + 0.02,
    )


def shares_of(key: str, confidence: float = 0.9, rest: str = "background") -> np.ndarray:
    """`confidence` for one class, what is left for another."""
    shares = np.zeros(14, np.float32)
    shares[INDEX[rest]] = 1 - confidence
    shares[INDEX[key]] += confidence
    return shares


def at(time_s: float, **fields: object) -> Frame:
    return frame_of(PIXELS, time_s=time_s, **fields)
