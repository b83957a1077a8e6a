"""A model's word on every frame of an exam: made once, and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.analysis.analyser import Analyser
from sonoassist.core import paths
from sonoassist.core.errors import DamagedFrameError
from sonoassist.core.files import ARCHIVE_ERRORS, ensure_folder, replacing
from sonoassist.core.packets import Frame, State, SteadyState, frozen
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, PLANES
from sonoassist.practice.answers import ExamAnalysis
from sonoassist.practice.truth import UNKNOWN
from sonoassist.sources import READER
from sonoassist.sources.base import Source
from sonoassist.sources.read_ahead import ReadAhead
from sonoassist.temporal.steady import SteadyLabel

LAYOUT = "3"
WARM_UP_S = 2.0
"""An analysis goes on so long before it stopped, so that what follows the exam over time is there
again; what was found there before stays."""
_HASHED_BYTES = 1 << 20


def analyses_folder() -> Path:
    """Where analyses of whole exams are kept."""
    return paths.home() / "practice" / "analyses"


def exam_times_s(source: Source) -> NDArray[np.float64]:
    """The time of each frame of a recording; float64, (n,).

    Args:
        source: A recording; its reading position stays.
    """
    return np.asarray(source.times_s, np.float64)


def analysis_file(recording: str, analyser: Analyser, folder: Path | None = None) -> Path | None:
    """Where the analysis of this recording by this model is kept; None when it is no file.

    The name follows the contents of the recording, the weights, and what shapes the result.
    """
    path = Path(recording)
    if not path.is_file():
        return None
    size = path.stat().st_size
    digest = hashlib.sha256(f"{LAYOUT} {READER} {size} {analyser.card.weights_sha256}".encode())
    digest.update(f" {analyser.options.crop} {analyser.options.threshold}".encode())
    with path.open("rb") as file:
        digest.update(file.read(_HASHED_BYTES))
        file.seek(max(size - _HASHED_BYTES, 0))
        digest.update(file.read(_HASHED_BYTES))
    return (folder or analyses_folder()) / f"{digest.hexdigest()[:32]}.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """An analysis as far as it has come.

    Attributes:
        analysis: Zeros and `UNKNOWN` where it has not come to yet.
        done: Number of frames from the first on.
    """

    analysis: ExamAnalysis
    done: int

    @property
    def whole(self) -> bool:
        """Whether it is finished."""
        return self.done == len(self.analysis.steady)


def load_analysis(path: Path, frame_count: int) -> Begun | None:
    """An analysis kept before; None when there is none that can be used (it is made again)."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            with np.errstate(all="ignore"):  # what is no number is looked for just below
                probabilities = np.asarray(kept["probabilities"], np.float32)
                steady = np.asarray(kept["steady"], np.int8)
            model, done = str(kept["model"]), int(kept["done"])
    except ARCHIVE_ERRORS:
        return None
    fits = probabilities.shape == (frame_count, len(PLANES)) and steady.shape == (frame_count,)
    known = fits and bool(np.isfinite(probabilities).all()) and 0 < done <= frame_count
    known = known and bool(((steady >= UNKNOWN) & (steady < len(PLANES))).all())
    return (
        Begun(ExamAnalysis(frozen(probabilities), frozen(steady), model), done) if known else None
    )


def save_analysis(path: Path, begun: Begun) -> None:
    """Keep an analysis.

    Raises:
        OutputError: It cannot be written.
    """
    ensure_folder(path.parent)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            probabilities=begun.analysis.probabilities,
            steady=begun.analysis.steady,
            model=np.array(begun.analysis.model),
            done=np.array(begun.done),
        )


class ExamScan:
    """Analyses an exam frame by frame.

    Args:
        source: The recording; nobody else may use it meanwhile.
        analyser: Judges its frames.
        begun: By the same model before, to be gone on with; or None.
    """

    def __init__(self, source: Source, analyser: Analyser, begun: Begun | None = None) -> None:
        self._source = source
        self._analyser = analyser
        count = source.info.frame_count or 0
        self._probabilities = np.zeros((count, len(PLANES)), np.float32)
        self._steady = np.full(count, UNKNOWN, np.int8)
        self._done = 0
        if begun is not None:
            self._probabilities[:] = begun.analysis.probabilities
            self._steady[:] = begun.analysis.steady
            self._done = begun.done

    def run(self, go_on: Callable[[int], bool]) -> Begun:
        """Analyse all frames; damaged ones stay unknown.

        Args:
            go_on: Told how many frames are done; False ends it.

        Returns:
            The analysis, as far as it has come.

        Raises:
            SonoAssistError: The recording cannot be read, or the engine failed.
        """
        label = SteadyLabel(self._analyser.options.threshold)
        if self._done:
            self._source.seek(self._warm_up_from())
        with ReadAhead(self._source) as frames:
            while True:
                try:
                    frame = frames.read()
                except DamagedFrameError:
                    continue
                if frame is None:
                    self._done = len(self._steady)
                    break
                self._take(frame, label)
                if not go_on(self._done):
                    break
        probabilities, steady = frozen(self._probabilities), frozen(self._steady)
        analysis = ExamAnalysis(probabilities, steady, self._analyser.card.title)
        return Begun(analysis, self._done)

    def _warm_up_from(self) -> int:
        """The frame to begin with, so that the last seconds before the next one are seen again."""
        times_s = self._source.times_s
        next_s = times_s[min(self._done, len(times_s) - 1)]
        return self._source.index_at(next_s - WARM_UP_S)

    def _take(self, frame: Frame, label: SteadyLabel) -> None:
        analysis = self._analyser.analyse(frame)
        steady = label.update(analysis)
        if self._done <= frame.index < len(self._steady):
            self._probabilities[frame.index] = analysis.prediction.probabilities
            self._steady[frame.index] = steady_index(steady)
            self._done = frame.index + 1


def steady_index(steady: SteadyState) -> int:
    """Index of a steady label's plane as `ExamAnalysis.steady` holds it."""
    if steady.plane is not None:
        return INDEX[steady.plane.key]
    return BACKGROUND_INDEX if steady.state is State.BACKGROUND else UNKNOWN
