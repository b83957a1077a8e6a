"""Results of frames that nobody scanned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonoassist.core.packets import Content
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX
from sonoassist.retrieval.table import CONTENTS, ExamTable

FPS = 25.0


def shares(key: str, values: Sequence[float]) -> np.ndarray:
    """(n, 14): so much for the plane in each frame, the rest for the background."""
    rows = np.zeros((len(values), 14), np.float32)
    rows[:, INDEX[key]] = values
    rows[:, BACKGROUND_INDEX] = 1 - np.asarray(values, np.float32)
    return rows


def table_of(
    probabilities: np.ndarray,
    *,
    time_s: Sequence[float] | None = None,
    content: Sequence[Content] | None = None,
    sharpness: Sequence[float] | float = 0.5,
    stillness: Sequence[float] | float = 0.5,
    part: Sequence[int] | int = 0,
    still: bool = False,
    box: np.ndarray | None = None,
) -> ExamTable:
    count = len(probabilities)
    times = np.arange(count) / FPS if time_s is None else np.asarray(time_s, np.float64)
    kinds = [Content.B_MODE] * count if content is None else content
    return ExamTable(
        part=np.broadcast_to(np.int32(part), count).astype(np.int32),
        frame=np.arange(count, dtype=np.int32),
        time_s=times,
        content=np.array([CONTENTS.index(kind) for kind in kinds], np.uint8),
        still=np.full(count, still),
        probabilities=np.asarray(probabilities, np.float32),
        sharpness=np.broadcast_to(np.float32(sharpness), count).astype(np.float32),
        stillness=np.broadcast_to(np.float32(stillness), count).astype(np.float32),
        box=np.full((count, 4), np.nan, np.float32) if box is None else box,
        crop=np.tile(np.array([0, 0, 64, 48], np.float32), (count, 1)),
    )
