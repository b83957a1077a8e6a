"""What is kept of a recording, as a review finds it when it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sonoassist.analysis.analyser import Analyser
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.recording_cache import AnalysisKey, RecordingCache
from sonoassist.recordings.records import FrameResult


@contextmanager
def opened(recording: Recording, store: CorrectionStore) -> Iterator[RecordingCache]:
    """What is kept of a recording."""
    with store.cache.open(recording.identity) as kept:
        yield kept


def _numbers(kept: RecordingCache, recording: Recording, analyser: Analyser) -> list[int]:
    key = AnalysisKey(recording.identity.modified_ns, analyser.provenance)
    return kept.serving(key)


def results(recording: Recording, store: CorrectionStore, analyser: Analyser) -> list[FrameResult]:
    """All results by this analyser's model and crop, in the order of the frames."""
    with opened(recording, store) as kept:
        found = {
            one.index: one
            for number in _numbers(kept, recording, analyser)
            for part in kept.results(number)
            for one in part
        }
    return [found[index] for index in sorted(found)]


def pictures(recording: Recording, store: CorrectionStore, analyser: Analyser) -> dict[int, bytes]:
    """The small pictures that are kept by its crop, by frame."""
    with opened(recording, store) as kept:
        found = {
            frame: kept.picture(number, frame) or b""
            for number in _numbers(kept, recording, analyser)
            for frame in kept.pictured(number)
        }
    return dict(sorted(found.items()))
