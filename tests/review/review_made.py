"""Recordings whose frames show a plane to an engine that only looks where it is bright."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from plain_screens import PlainScreens
from real_models import card_of
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.core.packets import Box, Floats, State, frozen
from sonoassist.core.planes import INDEX, PLANES
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.records import FrameResult, RunState
from sonoassist.review.session import ReviewSession
from waiting import wait_until

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))

from video_maker import make_video

ROWS, COLUMNS = 2, 7
CELL_PX = 32
WIDTH_PX, HEIGHT_PX = COLUMNS * CELL_PX, ROWS * 3 * CELL_PX
Part = tuple[str, int]
EXAM: tuple[Part, ...] = (
    ("background", 30),
    ("femur", 40),
    ("background", 50),
    ("lips", 30),
    ("4ch", 50),
)
"""200 frames."""


def picture(key: str, seed: int, strength: int = 120) -> np.ndarray:
    """Noise with one bright cell: uint8 (192, 224, 3)."""
    grey = np.random.default_rng(seed).integers(20, 60, (HEIGHT_PX, WIDTH_PX))
    row, column = divmod(INDEX[key], COLUMNS)
    high = HEIGHT_PX // ROWS
    grey[row * high : (row + 1) * high, column * CELL_PX : (column + 1) * CELL_PX] += strength
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def write_recording(path: Path, parts: Sequence[Part] = EXAM) -> Path:
    """A video at 25 fps."""
    path.write_bytes(_recording(tuple(parts)))
    return path


@functools.cache
def _recording(parts: tuple[Part, ...]) -> bytes:
    """Drawn and encoded once for all tests of this process."""
    keys = [key for key, count in parts for _ in range(count)]
    pictures = [picture(key, number) for number, key in enumerate(keys)]
    stamps = [40 * number for number in range(len(keys))]
    with tempfile.TemporaryDirectory() as folder:
        return make_video(Path(folder) / "exam.mp4", stamps, pictures=pictures).read_bytes()


class BrightEngine(Engine):
    """The brighter a cell, the surer its plane."""

    name, precision, device = "bright", "f32", "CPU"

    def __init__(self) -> None:
        self.runs = self.closed = 0

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        self.runs += 1
        picture = network_input[0, 0] / 255
        high, wide = picture.shape[0] // ROWS, picture.shape[1] / COLUMNS
        cells = [
            picture[row * high : (row + 1) * high, int(col * wide) : int((col + 1) * wide)].mean()
            for row in range(ROWS)
            for col in range(COLUMNS)
        ]
        heat = np.zeros(picture.shape, np.float32)
        heat[60:160, 80:200] = 1.0
        heat[170:210, 100:180] = -1.0  # some planes are told by what is dark
        return EngineOutput(
            np.asarray(cells, np.float32) * 3, np.zeros((14, 2, 2), np.float32), heat
        )

    def close(self) -> None:
        self.closed += 1


def made_analyser(sha: str = "0" * 64, threshold: float | None = None) -> Analyser:
    card = card_of("sononet16").model_copy(update={"weights_sha256": sha})
    options = AnalyserOptions(parse_crop("full"), threshold)
    return Analyser(BrightEngine(), card, options, ScreenReader(PlainScreens))


def write_analysed(path: Path, parts: Sequence[Part] = EXAM) -> Path:
    """A video, and in the folder `reviews` beside it its finished review (crop full)."""
    write_recording(path, parts)
    session = ReviewSession.open(str(path), CorrectionStore(path.parent / "reviews"), lambda: None)
    session.begin(made_analyser())
    wait_until(lambda: session.progress().state is RunState.DONE, "the analysis")
    session.close()
    return path


def give_results(folder: Path) -> None:
    """As if `EXAM` had been analysed by `made_analyser`; they lie beside the reviews there."""
    shutil.copytree(_results(), folder / "analyses")


@functools.cache
def _results() -> Path:
    """Analysed once for all tests of this process that begin with a finished analysis."""
    folder = tempfile.TemporaryDirectory(prefix="sonoassist-tests-")
    atexit.register(folder.cleanup)
    write_analysed(Path(folder.name) / "exam.mp4")
    return Path(folder.name) / "analyses"


def made_result(
    index: int,
    key: str,
    confidence: float = 0.9,
    state: State | None = State.PLANE,
    box: Box | None = None,
    quality: float = 0.5,
) -> FrameResult:
    shares = np.full(len(PLANES), (1 - confidence) / (len(PLANES) - 1), np.float32)
    shares[INDEX[key]] = confidence
    return FrameResult(index, state, frozen(shares), box, quality)


def home_environment(home: Path) -> dict[str, str]:
    root = Path(__file__).parents[2]
    paths = (root, root / "tests", Path(__file__).parent)
    return {
        **os.environ,
        "SONOASSIST_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }
