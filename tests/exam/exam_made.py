"""Values of exams that nobody scanned."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from sonoassist.core.packets import Box, Pixels, State, frozen
from sonoassist.core.planes import KEYS
from sonoassist.exam.records import (
    Capture,
    ExamStart,
    FrameRow,
    How,
    Item,
    Judgement,
    Shot,
)

ITEMS = (
    Item("brain_tv", "Brain (tv.)", "brain_tv"),
    Item("femur", "Femur", "femur"),
    Item("4ch", "Four chambers", "4ch"),
    Item("bladder", "Bladder", required=False),
)

# SQLite keeps 8 bytes of a whole number, and text without half pairs (which UTF-8 cannot say).
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
counts = st.integers(0, 2**62)
seconds = st.floats(0, 1e6)
shares = st.floats(0, 1)
edges = st.floats(-1e5, 1e5)
boxes = st.builds(Box, edges, edges, edges, edges)
halves = st.lists(st.floats(0, 1, width=16), min_size=14, max_size=14)

frame_rows = st.builds(
    FrameRow,
    at_s=seconds,
    index=counts,
    time_s=seconds,
    state=st.sampled_from(State),
    plane=st.sampled_from(KEYS),
    confidence=shares,
    steady_plane=st.sampled_from(("", *KEYS)),
    box=st.none() | boxes,
    probabilities=halves.map(lambda values: frozen(np.array(values, np.float32))),
)
shots = st.builds(
    Shot,
    item=st.sampled_from(("", "brain_tv", "femur", "bladder")),
    how=st.sampled_from(How),
    at_s=seconds,
    index=counts,
    time_s=seconds,
    plane=st.sampled_from(("", *KEYS)),
    confidence=shares,
    quality=shares,
    why=texts,
    box=st.none() | boxes,
    field=boxes,
)


def start(**fields: Any) -> ExamStart:
    """How an exam begins."""
    known: dict[str, Any] = {
        "study_id": "S-17",
        "source": "/data/exam.mp4",
        "source_label": "exam.mp4",
        "synthetic": True,
        "preset": "20-week",
        "items": ITEMS,
        "model": {"name": "sononet32-synthetic", "domain": "synthetic"},
        "settings": {"threshold": 0.7},
    }
    return ExamStart(**{**known, **fields})


def shot(item: str = "femur", at_s: float = 10.0, **fields: Any) -> Shot:
    """A frame worth keeping."""
    known: dict[str, Any] = {
        "how": How.AUTO,
        "index": round(at_s * 25),
        "time_s": at_s,
        "plane": item if item in KEYS else "",
        "confidence": 0.9,
        "quality": 0.5,
        "why": "highest confidence so far",
        "box": Box(10.5, 12.0, 30.0, 40.25),
        "field": Box(4, 2, 60, 46),
    }
    return Shot(item=item, at_s=at_s, **{**known, **fields})


def capture(
    number: int,
    item: str = "femur",
    judgement: Judgement = Judgement.OPEN,
    at_s: float = 10.0,
    **fields: Any,
) -> Capture:
    """A capture in no record."""
    return Capture(number, shot(item, at_s, **fields), judgement, f"{item}-{number}.png", "")


def row(number: int) -> FrameRow:
    """The result of frame `number`."""
    probabilities = np.zeros(14, np.float32)
    probabilities[number % 14] = 1.0
    return FrameRow(
        at_s=number / 25,
        index=number,
        time_s=number / 25,
        state=State.PLANE,
        plane=KEYS[number % 14],
        confidence=1.0,
        steady_plane="",
        box=Box(1.0, 2.0, 3.0, 4.0) if number % 2 else None,
        probabilities=frozen(probabilities),
    )


def picture(seed: int = 0, width_px: int = 64, height_px: int = 48, colour: bool = True) -> Pixels:
    """Noise: what no encoder can make small."""
    shape = (height_px, width_px, 3) if colour else (height_px, width_px)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
