"""The results of one recording: in memory in a table, and on disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np

from sonoassist.core.packets import Provenance
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.cache_schema import CacheError, NewerCacheError
from sonoassist.recordings.older_practice import take_over_practice
from sonoassist.recordings.older_results import brought_to_reader, take_over_review
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.recording_cache import AnalysisKey, RecordingCache
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import DAMAGED_STATE, FrameTable, ResultBlock
from sonoassist.temporal.quality import Quality

_LIVE = "live results"
"""Fact of what is kept: the exam's own results are among it."""
_NAME = "{recording}"
"""In what is kept of damage it stands for the file's name, which may be another one next time."""


class KeptResults:
    """What is known of the frames of a recording, and where more of it is kept.

    Args:
        recording: What it is of.
        kept: On disk; closed by this. None where nothing is kept.
        wanted: What the results must be made by.
        threshold: Softmax below which no plane is named.
        any_precision: Results in another precision serve as well.
        table: Gets the results; None for a new one.

    Attributes:
        table: The results.
        damage: Frame -> why it, or what comes from there on, cannot be read.
        passing: Frames whose results are in the table only: their stretch came to no end.
    """

    def __init__(
        self,
        recording: Recording,
        kept: RecordingCache | None,
        wanted: Provenance,
        threshold: float,
        *,
        any_precision: bool = True,
        table: FrameTable | None = None,
    ) -> None:
        self.recording = recording
        self.threshold = threshold
        self.table = table or FrameTable(recording.times_s)
        self.damage: dict[int, str] = {}
        self.passing: set[int] = set()
        self._kept = kept
        self._wanted, self._any_precision = wanted, any_precision
        self._numbers: dict[Provenance, int] = {}
        self._precisions = np.full(len(self.table), None, object)
        if kept is not None:
            self._load(kept)

    def _load(self, kept: RecordingCache) -> None:
        name = self.recording.path.name
        self.damage = {at: text.replace(_NAME, name) for at, text in kept.damage().items()}
        count = len(self.table)
        for number in kept.serving(self._key(self._wanted)):
            precision = kept.precision(number)
            for block in kept.blocks(number, self._wanted.localiser):
                self._take(block.before(count).restated(self.threshold), precision)

    def _take(self, block: ResultBlock, precision: str) -> None:
        self.table.add_block(block)
        self._precisions[block.indexes[block.states != DAMAGED_STATE]] = precision

    @property
    def precisions(self) -> frozenset[str]:
        """In which the results of readable frames were computed; "" where that is not known."""
        return frozenset(one for one in self._precisions if one is not None)

    def _key(self, made: Provenance) -> AnalysisKey:
        return AnalysisKey(self.recording.identity.modified_ns, made, self._any_precision)

    def add(
        self,
        results: Sequence[FrameResult],
        made: Provenance,
        pictures: Mapping[int, bytes] | None = None,
    ) -> None:
        """Take and keep the results of some frames, all or none.

        Args:
            results: In any order.
            made: What made them.
            pictures: Frame -> a small picture of it, as JPEG.

        Raises:
            OutputError: They cannot be kept; nothing has changed.
        """
        if self._kept is not None and (results or pictures):
            number = self._number(self._kept, made)
            self._kept.add(number, results, pictures, localiser=made.localiser)
        self.passing.difference_update(one.index for one in results)
        if results:
            self._take(ResultBlock.of(results), made.precision)

    def show(self, results: Sequence[FrameResult]) -> None:
        """Take the results of a stretch that came to no end; they are found again, and kept then.

        Args:
            results: In any order.
        """
        self.passing.update(one.index for one in results)
        self.table.add(results)

    def measure(self, measured: Mapping[int, Quality], repeats: Mapping[int, bool]) -> None:
        """Take and keep what was measured of the pictures of frames with a result.

        Args:
            measured: By frame.
            repeats: By frame: whether the scanner had frozen it.

        Raises:
            OutputError: It cannot be kept; nothing has changed.
        """
        if self._kept is not None and measured:
            self._kept.measure(self._kept.serving(self._key(self._wanted)), measured, repeats)
        self.table.measure(measured, repeats)

    def note_damage(self, damage: Mapping[int, str]) -> None:
        """Take and keep why frames cannot be read.

        Raises:
            OutputError: It cannot be kept.
        """
        if self._kept is not None:
            name = re.compile(rf"(?<!\w){re.escape(self.recording.path.name)}(?!\w)")
            self._kept.note_damage({at: name.sub(_NAME, text) for at, text in damage.items()})
        self.damage = dict(sorted({**self.damage, **damage}.items()))

    def picture(self, index: int) -> bytes | None:
        """A small picture of a frame by the crop of these results, or None."""
        if self._kept is None:
            return None
        with suppress(CacheError):  # it is made again
            for number in reversed(self._kept.serving(self._key(self._wanted))):
                found = self._kept.picture(number, index)
                if found is not None:
                    return found
        return None

    def forget_other_pictures(self) -> None:
        """Delete the small pictures by other crops: they may show what this crop leaves out.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        if self._kept is not None:
            self._kept.forget_pictures(self._kept.serving(self._key(self._wanted)))

    def _number(self, kept: RecordingCache, made: Provenance) -> int:
        if made not in self._numbers:
            self._numbers[made] = kept.begin(self._key(made))
        return self._numbers[made]

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._kept is not None:
            self._kept.close()


def open_results(
    recording: Recording,
    cache: AnalysisCache | None,
    wanted: Provenance,
    threshold: float,
    *,
    any_precision: bool = True,
    table: FrameTable | None = None,
) -> KeptResults:
    """Open what is known of a recording; what its exam found and an earlier program kept with it.

    Args:
        recording: Whose results are wanted.
        cache: Where results are kept; None to keep none.
        wanted: What they must be made by.
        threshold: Softmax below which no plane is named.
        any_precision: Results in another precision serve as well.
        table: Gets the results; None for a new one.

    Raises:
        OutputError: The folder cannot be written to.
        SourceError: The recording cannot be read.
    """

    def made(kept: RecordingCache | None) -> KeptResults:
        return KeptResults(
            recording, kept, wanted, threshold, any_precision=any_precision, table=table
        )

    if cache is None:
        return made(None)
    try:
        return _filled(recording, cache, wanted, threshold, made)
    except NewerCacheError:
        return made(None)  # it is that program's to keep; here the recording is analysed once more
    except CacheError:  # it can be made again
        cache.put_aside(recording.identity.content)
        return _filled(recording, cache, wanted, threshold, made)


def _filled(
    recording: Recording,
    cache: AnalysisCache,
    wanted: Provenance,
    threshold: float,
    make: Callable[[RecordingCache], KeptResults],
) -> KeptResults:
    kept = cache.open(recording.identity)
    try:
        take_over_review(recording.identity.content, cache, kept)
        take_over_practice(recording, cache.practice, kept, wanted, threshold)
        brought_to_reader(recording, kept)
        _take_live(recording, kept)
        return make(kept)
    except BaseException:
        kept.close()
        raise


def _take_live(recording: Recording, kept: RecordingCache) -> None:
    """Keep what the exam found in the recording's frames while it was made."""
    if recording.live_results is None or kept.fact(_LIVE):
        return
    groups: dict[Provenance, list[FrameResult]] = {}
    for made, result in recording.live_results():
        groups.setdefault(made, []).append(result)
    for made, results in groups.items():
        number = kept.begin(AnalysisKey(recording.identity.modified_ns, made))
        kept.add(number, results, again=False, localiser=made.localiser)
    kept.set_fact(_LIVE, "kept")
