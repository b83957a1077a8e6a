"""Observations and results that no network made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import override

from made_analyses import analysis_of, shares_of
from plain_screens import PlainScreens
from real_models import card_of
from review.review_made import BrightEngine
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.analysis.preparing import Ready
from sonoassist.core.flaws import Flaw, Hint
from sonoassist.core.packets import Analysis, Box, Frame, State
from sonoassist.evaluation.classes import group_of
from sonoassist.evaluation.observed import DatasetLabel, Observation, observation
from sonoassist.evaluation.results import EvaluationFacts
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.recordings.records import FrameResult

BOX = Box(10, 10, 30, 30)


def one(
    truth: Sequence[str] | str = (),
    named: str = "background",
    *,
    case: str = "a",
    index: int = 0,
    confidence: float = 0.9,
    shown: Sequence[str] | None = None,
    true_box: Box | None = None,
    box: Box | None = None,
    state: State = State.PLANE,
    recording: bool = False,
    rest: str = "background",
    dataset: str = "data",
    path: Path | None = None,
    flaws: frozenset[Flaw] | None = None,
    hints: Sequence[Flaw] | None = None,
) -> Observation:
    """What is seen of one frame; `named` gets `confidence`, `rest` what is left."""
    planes = group_of((truth,) if isinstance(truth, str) else truth)
    if rest == named:
        rest = "femur"
    shares = shares_of(named, confidence, rest)
    return observation(
        dataset,
        case,
        path or Path(f"{case}.mp4" if recording else f"{case}-{index}.png"),
        recording=recording,
        label=DatasetLabel(planes, planes if shown is None else group_of(shown), true_box, flaws),
        frame=picture(index),
        result=FrameResult(index, state, shares, box, 0.5),
        timings_ms=(("inference", 5.0),),
        hints=None if hints is None else tuple(Hint(flaw, 0.5) for flaw in hints),
    )


def picture(index: int = 0, height: int = 48, width: int = 64) -> Frame:
    pixels = np.full((height, width, 3), 40 + index % 100, np.uint8)
    pixels.flags.writeable = False
    return Frame(index, pixels, 0.0, index, index / 25, "made")


class ByNumber(Analyser):
    """An analyser that names what a table says of each frame number, and counts its calls."""

    def __init__(self, named: dict[int, str] | None = None, crop: str = "full") -> None:
        options = AnalyserOptions(parse_crop(crop))
        super().__init__(BrightEngine(), card_of("sononet16"), options, ScreenReader(PlainScreens))
        self.named = named or {}
        self.state = State.PLANE
        self.seen: list[int] = []

    @override
    def judge(self, ready: Ready) -> Analysis:
        frame = ready.frame
        self.seen.append(frame.index)
        key = self.named.get(frame.index, "background")
        return analysis_of(frame, shares_of(key, 0.9, "lips"), self.state, Box(1, 1, 20, 20))


def about(**fields: Any) -> EvaluationFacts:
    known: dict[str, Any] = {
        "version": "1.0",
        "date": "2026-01-02",
        "model": "sononet16",
        "title": "SonoNet-16",
        "architecture": "sononet16",
        "domain": "published",
        "weights_sha256": "0" * 64,
        "engine": "OpenVINO",
        "precision": "f32",
        "device": "CPU",
        "crop": "default",
        "threshold": 0.7,
        "every": 1,
        "seed": 0,
        "resamples": 200,
    }
    return EvaluationFacts(**{**known, **fields})
