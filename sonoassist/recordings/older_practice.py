"""Analyses that earlier programs kept for practice: probabilities and the steadied label."""

from __future__ import annotations

import hashlib
import math
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from sonoassist.core.errors import UsageError
from sonoassist.core.files import ARCHIVE_ERRORS
from sonoassist.core.packets import Floats, Provenance, State, frozen
from sonoassist.core.planes import BACKGROUND_INDEX, PLANES
from sonoassist.preprocess.crop import parse_crop
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.recording_cache import AnalysisKey, RecordingCache
from sonoassist.recordings.records import FrameResult

_LAYOUT, _READER = "3", 2
"""What the program said of itself that kept them last."""
_PREPROCESSING = 1
"""Of that program."""
_ENDS_BYTES = 1 << 20
_UNKNOWN = -1
_TAKEN = "practice"
"""Fact of what is kept: these results are among it."""


def take_over_practice(
    recording: Recording,
    folder: Path,
    kept: RecordingCache,
    made: Provenance,
    threshold: float,
) -> None:
    """Keep what practice found in a recording, once; what cannot be read is made again.

    Of a frame that the network was sure of while its label was not steady it is not known whether
    it was judged at all: those are left to be analysed.

    Args:
        recording: Whose results are wanted.
        folder: Where practice kept its analyses.
        kept: Of the recording.
        made: What results are wanted by.
        threshold: Softmax below which no plane was named.

    Raises:
        OutputError: The disk refuses.
    """
    if not folder.is_dir():
        return
    for weights in (made.weights_sha256, *made.older_sha256):
        _take_over(recording, folder, kept, replace(made, weights_sha256=weights), threshold)


def _take_over(
    recording: Recording,
    folder: Path,
    kept: RecordingCache,
    made: Provenance,
    threshold: float,
) -> None:
    fact = f"{_TAKEN} {made.crop} {made.weights_sha256} {threshold}"
    if kept.fact(fact):
        return
    with suppress(*ARCHIVE_ERRORS, UsageError):
        name = _file_name(recording, made, threshold)
        results = results_in(folder / name, len(recording.times_s), threshold)
        wanted = Provenance(made.weights_sha256, "", made.crop)
        key = AnalysisKey(
            recording.identity.modified_ns, wanted, preprocessing=_PREPROCESSING, reader=_READER
        )
        kept.add(kept.begin(key), results, again=False)
    kept.set_fact(fact, "taken over")


def _file_name(recording: Recording, made: Provenance, threshold: float) -> str:
    size = recording.stamp.size_bytes
    digest = hashlib.sha256(f"{_LAYOUT} {_READER} {size} {made.weights_sha256}".encode())
    digest.update(f" {parse_crop(made.crop)} {threshold}".encode())
    with recording.path.open("rb") as file:
        digest.update(file.read(_ENDS_BYTES))
        file.seek(max(size - _ENDS_BYTES, 0))
        digest.update(file.read(_ENDS_BYTES))
    return f"{digest.hexdigest()[:32]}.npz"


def results_in(path: Path, count: int, threshold: float) -> list[FrameResult]:
    """The results of the frames of which it is known what may be said.

    Args:
        path: Of the file.
        count: Frames of the recording.
        threshold: Softmax below which no plane was named.

    Raises:
        OSError, ValueError and others of `ARCHIVE_ERRORS`: There are none that can be used.
    """
    with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
        probabilities = np.asarray(found["probabilities"], np.float32)
        steady = np.asarray(found["steady"], np.int8)
        done = int(found["done"])
    if probabilities.shape != (count, len(PLANES)) or steady.shape != (count,):
        raise ValueError("it is of another recording")
    if not bool(((probabilities >= 0) & (probabilities <= 1)).all()):
        raise ValueError("the probabilities are none")
    sure = (probabilities.max(axis=1) >= threshold) & (
        probabilities.argmax(axis=1) != BACKGROUND_INDEX
    )
    known = (steady != _UNKNOWN) | ~sure
    # A frame that could not be read has no probabilities.
    known &= probabilities.any(axis=1)
    return [
        _result(int(index), probabilities[index], threshold)
        for index in np.flatnonzero(known[:done])
    ]


def _result(index: int, shares: Floats, threshold: float) -> FrameResult:
    winner = int(shares.argmax())
    state = State.BACKGROUND
    if winner != BACKGROUND_INDEX:
        state = State.PLANE if shares[winner] >= threshold else State.UNSURE
    return FrameResult(
        index=index,
        state=state,
        probabilities=frozen(shares),
        box=None,
        quality=math.nan,
        boxed=False,
    )
