"""The one loop: the same results in any order, and no frame analysed twice."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recordings.made import (
    COUNT,
    analysed,
    assert_equal,
    judge_of,
    made_analyser,
    made_recording,
    results_of,
)
from recordings.troubled import Item, TroubledSource
from review.review_made import picture
from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Box, Provenance, State, frozen
from sonoassist.core.planes import INDEX
from sonoassist.recordings import recording as recording_module
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.kept import KeptResults
from sonoassist.recordings.recording import Recording, look_into_file
from sonoassist.recordings.records import FrameResult, RunState
from sonoassist.recordings.runner import STRETCH, AnalysisOrder, Runner
from sonoassist.recordings.table import FrameColumns
from waiting import wait_until


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return made_recording(tmp_path_factory.mktemp("recording"))


@pytest.fixture(scope="module")
def whole(recording: Recording) -> FrameColumns:
    """What is known when all is done in order, by nobody disturbed."""
    return analysed(recording, None)[0]


@pytest.fixture(scope="module")
def finished(
    recording: Recording, whole: FrameColumns, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder in which such an analysis is kept."""
    folder = tmp_path_factory.mktemp("finished") / "analyses"
    assert_equal(analysed(recording, AnalysisCache(folder))[0], whole)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> AnalysisCache:
    return AnalysisCache(tmp_path / "analyses")


@pytest.fixture
def known(finished: Path, tmp_path: Path) -> AnalysisCache:
    """All is kept in it: where the first analysis is not the question."""
    return AnalysisCache(shutil.copytree(finished, tmp_path / "known"))


def test_all_frames_are_analysed_once_and_found_again(
    recording: Recording, cache: AnalysisCache
) -> None:
    found, judged = analysed(recording, cache)
    assert judged == COUNT
    assert found.readable.all()
    assert found.probabilities[100].argmax() == INDEX["femur"]
    again, judged = analysed(recording, cache)
    assert judged == 0
    assert_equal(again, found)


def test_any_order_gives_the_same(
    recording: Recording, cache: AnalysisCache, whole: FrameColumns
) -> None:
    coarse_first, judged = analysed(recording, cache, order=AnalysisOrder.COARSE_FIRST)
    assert judged == COUNT
    assert_equal(coarse_first, whole)


def run_for_a_stretch(results: KeptResults, judge: Judge, order: AnalysisOrder) -> None:
    runner = Runner(
        results,
        judge,
        order=order,
        on_frame=lambda: runner.halt() if runner.done == STRETCH + 1 else None,
    )
    runner.run()


@pytest.mark.parametrize(
    "lost",
    [range(STRETCH, 2 * STRETCH), range(60, 130), range(10), range(STRETCH)],
    ids=["a stretch", "more than a stretch", "the first frames", "the first stretch"],
)
def test_however_many_frames_are_damaged_what_is_done_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: range
) -> None:
    items: list[Item] = [picture("femur", index) for index in range(COUNT)]
    for index in lost:
        items[index] = lambda index=index: DamagedFrameError(f"frame {index} is damaged")  # type: ignore[misc]
    path = tmp_path / "holed.mp4"
    path.write_bytes(b"stands for a recording")
    monkeypatch.setattr(recording_module, "open_source", lambda _: TroubledSource(path, items))
    holed = look_into_file(path)
    whole, _ = analysed(holed, None)
    for order in AnalysisOrder:
        cache = AnalysisCache(tmp_path / order.name)
        analyser = made_analyser()
        judge = judge_of(holed, analyser)
        for _ in range(3):  # a stretch at a time, each time as if begun anew
            with closing(results_of(holed, cache, analyser)) as results:
                run_for_a_stretch(results, judge, order)
        found, _ = analysed(holed, cache, order=order)
        assert_equal(found, whole)
        with closing(results_of(holed, cache, analyser)) as results:
            assert Runner(results, judge, order=order).idle


@pytest.mark.parametrize("first", [AnalysisOrder.IN_ORDER, AnalysisOrder.COARSE_FIRST])
@pytest.mark.parametrize("most", [1, 30, STRETCH, STRETCH + 1, 150])
def test_stopped_and_gone_on_is_the_same_as_one_run(
    recording: Recording,
    cache: AnalysisCache,
    whole: FrameColumns,
    first: AnalysisOrder,
    most: int,
) -> None:
    analyser = made_analyser()
    with closing(results_of(recording, cache, analyser)) as results:
        runner = Runner(
            results,
            judge_of(recording, analyser),
            order=first,
            on_frame=lambda: runner.halt() if runner.done == most else None,
        )
        assert not runner.run()
    again, judged = analysed(recording, cache)
    assert 0 < judged <= COUNT
    assert_equal(again, whole)


def test_an_engine_that_fails_loses_no_whole_stretch(
    recording: Recording, cache: AnalysisCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyser = made_analyser()
    real = analyser.engine.run

    def failing(*words: object) -> object:
        if analyser.engine.runs >= 80:  # type: ignore[attr-defined]
            raise SourceError("the engine failed")
        return real(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(analyser.engine, "run", failing)
    with closing(results_of(recording, cache, analyser)) as results:
        runner = Runner(results, judge_of(recording, analyser))
        runner.start()
        wait_until(lambda: runner.progress().state is RunState.FAILED, "the failure")
        runner.stop()
        assert runner.progress().message == "the engine failed"
        assert results.table.done > STRETCH, "what was found is shown, be it not kept"
    _, judged = analysed(recording, cache)
    assert judged == COUNT - STRETCH


def live(indexes: range, made: Provenance) -> list[tuple[Provenance, FrameResult]]:
    """What an exam found: kidneys, whatever the picture shows."""
    shares = np.zeros(14, np.float32)
    shares[INDEX["kidneys"]] = 1.0
    return [
        (made, FrameResult(at, State.PLANE, frozen(shares), Box(1, 2, 30, 40), np.nan))
        for at in indexes
    ]


def test_what_the_exam_found_is_not_analysed_again(
    recording: Recording, cache: AnalysisCache
) -> None:
    made = replace(made_analyser().provenance, precision="int8")
    exam = replace(recording, live_results=lambda: live(range(0, COUNT, 2), made))
    found, judged = analysed(exam, cache)
    assert judged == COUNT // 2
    assert (found.probabilities[::2].argmax(axis=1) == INDEX["kidneys"]).all()
    assert not (found.probabilities[1::2].argmax(axis=1) == INDEX["kidneys"]).any()
    assert not np.isnan(found.stillness).any(), "all pictures are measured"
    again, judged = analysed(recording, cache)  # by its file, without the exam
    assert judged == 0
    assert_equal(again, found)


def test_results_of_another_making_do_not_serve(recording: Recording, known: AnalysisCache) -> None:
    for other in (made_analyser(crop="10,10,100,80"), made_analyser()):
        other.card = other.card.model_copy(update={"weights_sha256": "1" * 64})
        _, judged = analysed(recording, known, other)
        assert judged == COUNT


def test_another_threshold_asks_for_nothing(recording: Recording, known: AnalysisCache) -> None:
    before, judged = analysed(recording, known)
    assert judged == 0
    after, judged = analysed(recording, known, made_analyser(threshold=1.01))
    assert judged == 0
    assert before.sure.any()
    assert not after.sure.any()
    assert (before.judged == after.judged).all()


def test_another_precision_serves_where_none_is_asked_for(
    recording: Recording, cache: AnalysisCache
) -> None:
    analysed(recording, cache, made_analyser("int8"))
    _, judged = analysed(recording, cache, made_analyser("f32"))
    assert judged == 0


def test_only_some_frames(recording: Recording, cache: AnalysisCache, whole: FrameColumns) -> None:
    analyser = made_analyser()
    wanted = [3, 4, 5, 70, 199]
    with closing(results_of(recording, cache, analyser)) as results:
        runner = Runner(results, judge_of(recording, analyser), wanted=wanted)
        assert runner.run()
        assert list(np.flatnonzero(results.table.known)) == wanted
        assert runner.judged == len(wanted)
    found, judged = analysed(recording, cache)
    assert judged == COUNT - len(wanted)
    assert_equal(found, whole)


def test_a_recording_that_is_replaced_gives_no_results(
    tmp_path: Path, cache: AnalysisCache
) -> None:
    recording = made_recording(tmp_path)
    analyser = made_analyser()
    with closing(results_of(recording, cache, analyser)) as results:
        judge = judge_of(recording, analyser)

        def replace_file() -> None:
            if runner.done == 100:
                recording.path.write_bytes(recording.path.read_bytes() + b"more")

        runner = Runner(results, judge, on_frame=replace_file)
        with pytest.raises(SourceError, match="changed since it was opened"):
            runner.run()
    _, judged = analysed(look_into_file(recording.path), cache)
    assert judged == COUNT


def test_a_box_that_was_never_looked_for_is_looked_for(
    recording: Recording, cache: AnalysisCache
) -> None:
    made = made_analyser().provenance
    rows = [(one, replace(row, boxed=False, box=None)) for one, row in live(range(COUNT), made)]
    exam = replace(recording, live_results=lambda: rows)
    analyser = made_analyser()
    with closing(results_of(exam, cache, analyser)) as results:
        runner = Runner(results, judge_of(exam, analyser), boxes=True)
        assert runner.run()
        assert runner.judged == COUNT
        assert not results.table.lacks_box().any()


def test_results_of_a_newer_program_stay_and_the_recording_is_analysed(
    recording: Recording, known: AnalysisCache, whole: FrameColumns
) -> None:
    path = known.path_of(recording.identity.content)
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    before = path.read_bytes()
    again, judged = analysed(recording, known)
    assert judged == COUNT
    assert_equal(again, whole)
    assert path.read_bytes() == before
