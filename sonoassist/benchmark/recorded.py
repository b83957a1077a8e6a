"""How quickly a recorded exam is analysed, stage by stage, and what overlapping them gains."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Analysis, State
from sonoassist.recordings.ahead import READY, FramesAhead, Stretch
from sonoassist.recordings.crops import settle
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.pace import frame_interval_s
from sonoassist.recordings.reader import read_ahead, read_frames
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.table import FrameTable
from sonoassist.sources.base import Source
from sonoassist.temporal.quality_meter import QualityMeter

PIECE = 32
"""Frames that are analysed in a row, each way once."""
PLACES = 8
"""Pieces are taken from so many places of the recording, in turn."""


@dataclass(frozen=True, slots=True)
class RecordedSpeed:
    """How quickly a recording is analysed.

    Attributes:
        source: Its name.
        width_px: Width of its pictures.
        height_px: Height of its pictures.
        frames: How many were analysed.
        fps: Frames a second, the median piece.
        times_real: Seconds of the recording a second.
        stages_ms: (stage, median, 95th percentile) in milliseconds, where one stage comes after
            the other.
        times_in_turn: How many times as quick it is as one stage after the other: the median of
            pieces analysed both ways.
        times_in_turn_low: Least of the pieces.
        times_in_turn_high: Most of the pieces.
        planes_share: Share of the frames that were named a plane, 0 to 1.
        engine: What ran the network.
        precision: At which precision.
        device: Where.
        model: Name of the model.
    """

    source: str
    width_px: int
    height_px: int
    frames: int
    fps: float
    times_real: float
    stages_ms: tuple[tuple[str, float, float], ...]
    times_in_turn: float
    times_in_turn_low: float
    times_in_turn_high: float
    planes_share: float
    engine: str
    precision: str
    device: str
    model: str


@dataclass
class _Taken:
    """What was measured so far."""

    frames: int = 0
    planes: int = 0
    fps: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    stages_ms: dict[str, list[float]] = field(default_factory=dict)


def measure_recorded(
    recording: Recording,
    analyser: Analyser,
    seconds: float,
    *,
    clock: Callable[[], float] = time.perf_counter,
    step: Callable[[], None] = lambda: None,
) -> RecordedSpeed:
    """Analyse pieces of a recording as `analyse` does, and one stage after the other, by turns.

    Args:
        recording: What is read.
        analyser: What analyses; used by nobody else, and warmed up.
        seconds: For how long; each way is run once at least.
        clock: Gives seconds.
        step: Called after each piece.

    Raises:
        SourceError: Not even two frames could be read.
        UsageError: The crop does not fit the picture.
        EngineError: The engine failed.
    """
    judge, taken = Judge(analyser), _Taken()
    with recording.open() as source:
        crop, reader = analyser.options.crop, analyser.reader
        judge.settle(settle(recording, source, crop, judge.aspect, reader))
        table = FrameTable(recording.times_s)
        pieces = cycle(_pieces(len(table)))
        # What is loaded at first is no part of it.
        deque(_overlapped(source, judge, table, next(pieces)), maxlen=0)
        until_s = clock() + seconds
        while not taken.fps or clock() < until_s:
            _both_ways(source, judge, table, next(pieces), taken, clock)
            step()
    return _figures(recording, analyser, taken)


def _pieces(count: int) -> list[range]:
    """Pieces from all over a recording of so many frames."""
    last = max(count - PIECE, 0)
    firsts = dict.fromkeys(last * number // max(PLACES - 1, 1) for number in range(PLACES))
    return [range(first, min(first + PIECE, count)) for first in firsts]


def _both_ways(
    source: Source,
    judge: Judge,
    table: FrameTable,
    piece: Sequence[int],
    taken: _Taken,
    clock: Callable[[], float],
) -> None:
    def timed(way: Iterator[Analysis]) -> float:
        """Seconds a frame from the first result on: where a piece begins is sought before that."""
        found.clear()
        at_s = []
        for analysis in way:
            found.append(analysis)
            at_s.append(clock())
        return (at_s[-1] - at_s[0]) / (len(at_s) - 1) if len(at_s) > 1 else 0.0

    found: list[Analysis] = []
    ways = {
        "ahead": lambda: _overlapped(source, judge, table, piece),
        "in turn": lambda: _in_turn(source, judge, piece, taken.stages_ms, clock),
    }
    order = list(ways) if len(taken.fps) % 2 else list(ways)[::-1]
    took_s = {name: timed(ways[name]()) for name in order}
    if not all(took_s.values()):
        raise SourceError(f"too few frames of {source.info.label} could be read")
    taken.frames += len(found)
    taken.planes += sum(one.state is State.PLANE for one in found)
    taken.fps.append(1 / took_s["ahead"])
    taken.ratios.append(took_s["in turn"] / took_s["ahead"])


def _overlapped(
    source: Source, judge: Judge, table: FrameTable, piece: Sequence[int]
) -> Iterator[Analysis]:
    """As a recording is analysed: what comes next is made ready while the network works."""
    ahead = FramesAhead(judge, table, only_wanted=False)
    judge.begin_judging()
    with (
        read_ahead(read_frames(source, piece)) as frames,
        read_ahead(ahead.made_ready(frames, [(Stretch(piece), ())], table.known), READY) as ready,
    ):
        for one in ready:
            if one.seen is not None:
                yield judge.in_background(one.seen.ready)


def _in_turn(
    source: Source,
    judge: Judge,
    piece: Sequence[int],
    stages_ms: dict[str, list[float]],
    clock: Callable[[], float],
) -> Iterator[Analysis]:
    """One stage after the other; the time of each is noted."""

    def lap(stage: str, begun_s: float) -> float:
        now_s = clock()
        stages_ms.setdefault(stage, []).append(1e3 * (now_s - begun_s))
        return now_s

    judge.begin()
    meter = QualityMeter()
    now_s = clock()
    for one in read_frames(source, piece):
        now_s = lap("read", now_s)
        if one.frame is None:
            continue
        ready = judge.prepare(one.frame)
        now_s = lap("prepare", now_s)
        meter.measure_frame(one.frame, ready.prepared.geometry.crop)
        lap("measure the picture", now_s)
        analysis = judge.in_background(ready)
        for stage, value_ms in analysis.timings_ms[1:]:
            stages_ms.setdefault(stage, []).append(value_ms)
        yield analysis
        now_s = clock()


def _figures(recording: Recording, analyser: Analyser, taken: _Taken) -> RecordedSpeed:
    info, engine = recording.info, analyser.engine
    fps = float(np.median(taken.fps))
    return RecordedSpeed(
        source=recording.label,
        width_px=info.width_px,
        height_px=info.height_px,
        frames=taken.frames,
        fps=fps,
        times_real=fps * frame_interval_s(np.asarray(recording.times_s)),
        stages_ms=tuple(
            (stage, float(np.median(values)), float(np.percentile(values, 95)))
            for stage, values in taken.stages_ms.items()
        ),
        times_in_turn=float(np.median(taken.ratios)),
        times_in_turn_low=min(taken.ratios),
        times_in_turn_high=max(taken.ratios),
        planes_share=taken.planes / taken.frames,
        engine=engine.name,
        precision=engine.precision,
        device=engine.device,
        model=analyser.card.name,
    )
