"""Seeds of reviews: results, small pictures and corrections in a database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from exam.exam_made import picture, row
from fuzz.format import Seed, each
from fuzz.steady import whole
from sonoassist.core.packets import Box, State
from sonoassist.core.planes import BY_KEY, KEYS
from sonoassist.practice.reviewed import analysis_of
from sonoassist.recordings.correction_log import CorrectionLog
from sonoassist.recordings.correction_store import DATABASE, LABEL, SPEC, CorrectionStore
from sonoassist.recordings.edits import SetBest, SetLabel, SetMark, SetNote
from sonoassist.recordings.records import AnalysisKey, FrameResult
from sonoassist.recordings.small import pixels_of, small_jpeg
from sonoassist.recordings.table import Table
from sonoassist.review.candidates import all_candidates, missing
from sonoassist.temporal.quality import Quality

_FRAMES = 48
_KEY = AnalysisKey(0, "ab" * 32, "mine", "full", 0.7)
_FIELD = Box(0, 0, 64, 48)
_CONTENT = "0123456789abcdef" * 2


def reviews(folder: Path) -> list[Seed]:
    """A review with results, small pictures and corrections; one of version 1; one in work."""
    made = []
    for name in ("whole", "in_work"):
        review = CorrectionStore(folder / name).open(_CONTENT)
        try:
            _fill(review)
            if name == "whole":
                review.close()
            files = whole(folder / name)
        finally:
            review.close()
        made.append(_review_seed(name, files))
    path = folder / "whole" / _CONTENT / DATABASE
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE frames DROP COLUMN stillness")
        database.execute("PRAGMA user_version = 1")
        database.execute("PRAGMA journal_mode = DELETE")
    made.append(_review_seed("earlier", whole(folder / "whole")))
    return made


def _review_seed(name: str, files: dict[str, bytes]) -> Seed:
    inside = {f"{name}/{path}": data for path, data in files.items()}
    return Seed(name, inside, tuple(path for path in inside if DATABASE in path))


def _fill(review: CorrectionLog) -> None:
    review.remember(SPEC, "/data/exam.mp4")
    review.remember(LABEL, "exam.mp4")
    number = review.begin_analysis(_KEY, _FIELD)
    review.keep_pictures_of(_FIELD)
    small = small_jpeg(picture(1), _FIELD)
    results = [
        FrameResult(
            index,
            State.PLANE if index % 3 else None,
            row(index).probabilities,
            row(index).box,
            0.5,
            0.25,
        )
        for index in range(_FRAMES)
    ]
    review.add_results(number, results, {0: small, 16: small}, {3: Quality(0.5, 0.5)})
    review.apply(SetLabel(3, 9, "femur"))
    review.apply(SetBest("lips", 12))
    review.apply(SetMark(20, True, "look again"))
    review.apply(SetNote("A note."))
    review.undo()


def use(folder: Path, seed: Seed) -> str:
    """The list of reviews, Review's page on one, going on with it, and Practice on it."""
    store = CorrectionStore(folder / seed.name)
    store.newest()
    store.of_exam("exam:x", folder, [])
    store.sweep()
    times_s = np.arange(_FRAMES) / 25

    def look() -> None:
        review = store.look(_CONTENT)
        assert review is not None
        with review:
            number = review.whole_analysis(_KEY.model_sha256, _FRAMES)
            if number is not None:
                results = (one for part in review.results(number) for one in part)
                analysis_of(results, times_s, 0.7, "Mine")

    def open_again() -> None:
        with store.open(_CONTENT) as review:
            each(lambda: _page(review), lambda: _pictures(review), lambda: _change(review))

    each(look, open_again)
    return "result"


def _page(review: CorrectionLog) -> None:
    table = Table(list(np.arange(_FRAMES) / 25))
    found = review.find_analysis(_KEY) or review.find_analysis(_KEY, any_threshold=True)
    if found is not None:
        for part in review.results(found[0]):
            table.add([one for one in part if one.index < len(table)])
    said = review.corrections
    for frame in range(_FRAMES):
        table.result(frame)
        if said.label_at(frame):
            assert said.label_at(frame) in BY_KEY
    candidates = all_candidates(table.arrays(), said)
    assert set(missing(candidates, said)) <= set(KEYS)
    table.columns(0, _FRAMES, 20)


def _pictures(review: CorrectionLog) -> None:
    review.keep_pictures_of(_FIELD)
    for frame in review.pictured():
        small = review.picture(frame)
        if small is not None:
            pixels_of(small)


def _change(review: CorrectionLog) -> None:
    each(
        review.undo,
        review.redo,
        lambda: review.apply(SetLabel(5, 30, "lips")),
        lambda: review.set_fact("x", 1),
        lambda: review.remember(LABEL, "another.mp4"),
        lambda: review.begin_analysis(replace(_KEY, crop="auto"), _FIELD),
        lambda: review.set_threshold(1, 0.5),
        lambda: review.keep_pictures_of(Box(1, 1, 20, 20)),
    )
