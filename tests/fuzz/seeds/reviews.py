"""Seeds of reviews: corrections in one database, results and small pictures in another."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from exam.exam_made import picture, row
from fuzz.format import Seed, each
from fuzz.steady import whole
from older_reviews import write_older
from sonoassist.core.errors import SonoAssistError
from sonoassist.core.packets import Box, Provenance, State
from sonoassist.core.planes import BY_KEY, KEYS
from sonoassist.practice.analysing import analysis_of
from sonoassist.recordings.cache import SUFFIX
from sonoassist.recordings.cache_schema import NewerCacheError
from sonoassist.recordings.correction_log import CorrectionLog
from sonoassist.recordings.correction_store import LABEL, SPEC, CorrectionStore
from sonoassist.recordings.edits import Edit, SetBest, SetBox, SetLabel, SetMark, SetNote
from sonoassist.recordings.identity import Identity, Stamp
from sonoassist.recordings.kept import KeptResults, open_results
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.recording_cache import AnalysisKey
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.small import pixels_of, small_jpeg
from sonoassist.review.candidates import missing
from sonoassist.review.views import find_views
from sonoassist.sources import SourceInfo
from sonoassist.sources.base import new_source_id
from sonoassist.temporal.quality import Quality

_FRAMES = 48
_MADE = Provenance("ab" * 32, "288x224 255", "full", "f32")
_FIELD = Box(0, 0, 64, 48)
_CONTENT = "0123456789abcdef" * 2
_FACTS = {SPEC: "/data/exam.mp4", LABEL: "exam.mp4"}
_EDITS: tuple[Edit, ...] = (
    SetLabel(3, 9, "femur"),
    SetBest("lips", 12),
    SetBox(12, "lips", (3.0, 4.0, 30.5, 40.0)),
    SetMark(20, True, "look again"),
    SetNote("A note."),
)


def reviews(folder: Path) -> list[Seed]:
    """A review with its results, one in work, and those of two earlier programs."""
    made = []
    for name in ("whole", "in_work"):
        with ExitStack() as work:
            _fill(_store(folder / name), work)
            if name == "whole":
                work.close()
            made.append(_review_seed(name, whole(folder / name)))
    for name, version in (("first", 1), ("second", 2)):
        write_older(
            _store(folder / name),
            _CONTENT,
            version,
            _results(),
            field=_FIELD,
            sha=_MADE.weights_sha256,
            pictures=_pictures(),
            edits=_EDITS,
            facts=_FACTS,
        )
        made.append(_review_seed(name, whole(folder / name)))
    return made


def _review_seed(name: str, files: dict[str, bytes]) -> Seed:
    inside = {f"{name}/{path}": data for path, data in files.items()}
    return Seed(name, inside, tuple(path for path in inside if SUFFIX in path))


def _store(folder: Path) -> CorrectionStore:
    return CorrectionStore(folder / "reviews")


def _results() -> list[FrameResult]:
    return [
        FrameResult(
            index,
            State.PLANE if index % 3 else None,
            row(index).probabilities,
            row(index).box,
            0.5,
            0.25,
            _FIELD,
        )
        for index in range(_FRAMES)
    ]


def _pictures() -> dict[int, bytes]:
    small = small_jpeg(picture(1), _FIELD)
    return {0: small, 16: small}


def _fill(store: CorrectionStore, work: ExitStack) -> None:
    review = work.enter_context(store.open(_CONTENT))
    kept = work.enter_context(store.cache.open(Identity(_CONTENT)))
    for key, value in _FACTS.items():
        review.remember(key, value)
    number = kept.begin(AnalysisKey(0, _MADE))
    kept.add(number, _results(), _pictures())
    kept.measure([number], {4: Quality(0.5, 0.5)}, {4: True})
    kept.note_damage({3: "frame 3 is damaged"})
    for edit in _EDITS:
        review.apply(edit)
    review.undo()


def use(folder: Path, seed: Seed) -> str:
    """The list of reviews, Review's page on one, going on with it, and Practice on it."""
    store = _store(folder / seed.name)
    store.newest()
    store.of_exam("exam:x", folder, [])
    store.sweep()

    def look() -> None:
        review = store.look(_CONTENT)
        assert review is not None
        with review:
            said = review.corrections
        _go_on(store)  # whatever has become of the results
        with store.open(_CONTENT) as review:
            assert review.corrections == said

    def open_again() -> None:
        with store.open(_CONTENT) as review:
            each(lambda: _page(store, review), lambda: _change(review))

    try:
        _go_on(store)
    finally:
        each(look, open_again)
    return "result"


def _recording() -> Recording:
    """What is reviewed; its file is not looked at."""
    info = SourceInfo(
        source_id=new_source_id(),
        spec="exam.mp4",
        label="exam.mp4",
        detail="",
        kind="video",
        width_px=64,
        height_px=48,
        fps=25.0,
        frame_count=_FRAMES,
        duration_s=_FRAMES / 25,
    )
    times_s = tuple(float(at) for at in np.arange(_FRAMES) / 25)
    return Recording(
        Path("exam.mp4"), "exam.mp4", info, times_s, Identity(_CONTENT), Stamp(1, 1, 1)
    )


def _opened(store: CorrectionStore) -> KeptResults:
    """The results; what is damaged is put aside, and never in anybody's way.

    Raises:
        AssertionError: It was.
    """
    try:
        return open_results(_recording(), store.cache, _MADE, 0.7)
    except SonoAssistError as error:
        raise AssertionError(f"results that can be made again are in the way: {error}") from error


def _go_on(store: CorrectionStore) -> None:
    """Add a result and a picture, which are there the next time."""
    try:
        store.cache.open(Identity(_CONTENT)).close()
    except NewerCacheError:
        _opened(store).close()  # what a newer program keeps is let alone
        return
    new = FrameResult(7, State.BACKGROUND, row(7).probabilities, None, 0.5)
    with closing(_opened(store)) as results:
        try:
            results.add([new], _MADE, {32: _pictures()[0]})
            results.measure({7: Quality(0.5, 0.5)}, {7: False})
            results.note_damage({9: "frame 9 is damaged"})
            results.forget_other_pictures()
        except SonoAssistError as error:
            raise AssertionError(f"nothing can be added to them: {error}") from error
    with closing(_opened(store)) as results:
        found = results.table.result(7)
        assert found is not None
        assert found.state is State.BACKGROUND
        assert 9 in results.damage
        for frame in range(_FRAMES):
            small = results.picture(frame)
            if small is not None:
                pixels_of(small)
        analysis_of(results.table.snapshot(), 0.7, "Mine")


def _page(store: CorrectionStore, review: CorrectionLog) -> None:
    said = review.corrections
    for frame in range(_FRAMES):
        if said.label_at(frame):
            assert said.label_at(frame) in BY_KEY
    with closing(_opened(store)) as results:
        views = find_views(results.table.snapshot(), said)
        assert set(missing(views.candidates, said)) <= set(KEYS)
        views.strips.columns(0, _FRAMES, 20)


def _change(review: CorrectionLog) -> None:
    each(
        review.undo,
        review.redo,
        lambda: review.apply(SetLabel(5, 30, "lips")),
        lambda: review.set_fact("x", 1),
        lambda: review.remember(LABEL, "another.mp4"),
    )
