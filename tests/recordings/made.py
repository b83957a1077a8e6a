"""A small recording, and an analyser that counts what it is asked."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from plain_screens import PlainScreens
from real_models import card_of
from review.review_made import BrightEngine, write_recording
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.crops import settle
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.kept import KeptResults, open_results
from sonoassist.recordings.recording import Recording, look_into_file
from sonoassist.recordings.runner import AnalysisOrder, Runner
from sonoassist.recordings.table import FrameColumns

PARTS = (("background", 70), ("femur", 60), ("background", 20), ("4ch", 50))
"""200 frames: three whole stretches and a part of one."""
COUNT = 200


def made_recording(folder: Path) -> Recording:
    return look_into_file(write_recording(folder / "exam.mp4", PARTS))


def made_analyser(precision: str = "f32", crop: str = "full", threshold: float = 0.7) -> Analyser:
    engine = BrightEngine()
    engine.precision = precision  # type: ignore[misc]
    options = AnalyserOptions(parse_crop(crop), threshold)
    return Analyser(engine, card_of("sononet16"), options, ScreenReader(PlainScreens))


def results_of(
    recording: Recording, cache: AnalysisCache | None, analyser: Analyser
) -> KeptResults:
    return open_results(recording, cache, analyser.provenance, analyser.threshold)


def judge_of(recording: Recording, analyser: Analyser) -> Judge:
    judge = Judge(analyser)
    with recording.open() as source:
        crop, aspect = analyser.options.crop, judge.aspect
        judge.settle(settle(recording, source, crop, aspect, analyser.reader))
    return judge


def analysed(
    recording: Recording,
    cache: AnalysisCache | None,
    analyser: Analyser | None = None,
    order: AnalysisOrder = AnalysisOrder.IN_ORDER,
) -> tuple[FrameColumns, int]:
    """What is known when all is done, and how many frames were analysed for it."""
    analyser = analyser or made_analyser()
    with closing(results_of(recording, cache, analyser)) as results:
        runner = Runner(results, judge_of(recording, analyser), order=order)
        assert runner.run()
        return results.table.snapshot(), runner.judged


def assert_equal(one: FrameColumns, other: FrameColumns) -> None:
    """Each column of both is the same."""
    for name in FrameColumns.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
