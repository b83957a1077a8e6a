"""Whole frames without the window: a source read and analysed as fast as that goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import DamagedFrameError, SourceError, StalledError
from sonoassist.core.packets import Frame, State
from sonoassist.sources import Source

MAX_TROUBLES = 100
"""So many frames in a row may be damaged or late before the source is given up."""


@dataclass(frozen=True, slots=True)
class WholeFrames:
    """How fast whole frames go.

    Attributes:
        source: What was read.
        live: It gives its frames at its own rate, which then is the limit.
        width_px: Width of its pictures.
        height_px: Height of its pictures.
        frames: How many were analysed.
        seconds: In how long.
        fps: Frames a second.
        stages_ms: (stage, median, 95th percentile) in milliseconds; "read" is the
            wait for the source.
        planes_share: Share of the frames that were named a plane, 0 to 1.
        engine: What ran the network.
        precision: At which precision.
        device: Where.
        model: Name of the model.
    """

    source: str
    live: bool
    width_px: int
    height_px: int
    frames: int
    seconds: float
    fps: float
    stages_ms: tuple[tuple[str, float, float], ...]
    planes_share: float
    engine: str
    precision: str
    device: str
    model: str


def measure_frames(
    source: Source,
    analyser: Analyser,
    seconds: float,
    *,
    read: Callable[[], Frame | None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
    step: Callable[[], None] = lambda: None,
) -> WholeFrames:
    """Read and analyse until the end of the source or of the time.

    Args:
        source: What is read.
        analyser: What analyses.
        seconds: For how long.
        read: Gives the frames of the source, e.g. ahead of time; None for the source itself.
        clock: Gives seconds.
        step: Called after each frame.

    Raises:
        SourceError: The source gave no frame.
        UsageError: The crop does not fit the picture.
        EngineError: The engine failed.
    """
    taken: dict[str, list[float]] = {"read": []}
    states: list[State] = []
    begun_s = now_s = clock()
    while now_s - begun_s < seconds:
        frame = next_frame(read or source.read)
        if frame is None:
            break
        taken["read"].append(1e3 * (clock() - now_s))
        analysis = analyser.analyse(frame)
        for stage, value_ms in analysis.timings_ms:
            taken.setdefault(stage, []).append(value_ms)
        states.append(analysis.state)
        now_s = clock()
        step()
    if not states:
        raise SourceError(f"no frame of {source.info.label} could be read")
    info, engine = source.info, analyser.engine
    return WholeFrames(
        source=info.label,
        live=info.live,
        width_px=info.width_px,
        height_px=info.height_px,
        frames=len(states),
        seconds=now_s - begun_s,
        fps=len(states) / (now_s - begun_s),
        stages_ms=_spread(taken),
        planes_share=states.count(State.PLANE) / len(states),
        engine=engine.name,
        precision=engine.precision,
        device=engine.device,
        model=analyser.card.name,
    )


def next_frame(read: Callable[[], Frame | None]) -> Frame | None:
    """The next frame; damaged and late ones are passed over."""
    for _ in range(MAX_TROUBLES):
        try:
            return read()
        except (DamagedFrameError, StalledError):
            continue
    return None


def _spread(taken: dict[str, list[float]]) -> tuple[tuple[str, float, float], ...]:
    return tuple(
        (stage, float(np.median(values)), float(np.percentile(values, 95)))
        for stage, values in taken.items()
    )
