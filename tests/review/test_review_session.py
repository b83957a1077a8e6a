"""A review from its opening to its end, with an engine that needs no weights."""

from __future__ import annotations

import functools
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import kept_results
import numpy as np
import pytest
from review_made import (
    EXAM,
    BrightEngine,
    give_results,
    made_analyser,
    made_result,
    write_recording,
)

from older_reviews import prepared_as_then, write_older
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.core.errors import OutputError, SourceError, UsageError
from sonoassist.core.packets import Box, Floats, Frame, State
from sonoassist.engines.base import EngineOutput, Saliency
from sonoassist.preprocess.crop import centred_crop, parse_crop
from sonoassist.recordings import recording as recording_module
from sonoassist.recordings import runner
from sonoassist.recordings.correction_schema import CorrectionError, holds_results
from sonoassist.recordings.correction_store import DATABASE, CorrectionStore
from sonoassist.recordings.corrections import Mark
from sonoassist.recordings.edits import SetBest, SetLabel, SetMark
from sonoassist.recordings.fetcher import Fetcher
from sonoassist.recordings.identity import PIECE_BYTES, PIECES, Identity, fingerprint, identity_of
from sonoassist.recordings.reader import ReadFrame
from sonoassist.recordings.recording_cache import AnalysisKey, RecordingCache
from sonoassist.recordings.records import STRIDE, FrameResult, RunState
from sonoassist.recordings.runner import STRETCH
from sonoassist.recordings.small import pixels_of
from sonoassist.review.session import ReviewSession
from sonoassist.review.views import find_views
from sonoassist.sources import open_source
from sonoassist.sources.base import Source
from sonoassist.temporal.quality_meter import QualityMeter
from waiting import LIMIT_S, NEVER_S, wait_until

EDGES = ("left", "top", "right", "bottom")
KEYS = [key for key, count in EXAM for _ in range(count)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("recording") / "exam.mp4")


@pytest.fixture
def store(tmp_path: Path) -> CorrectionStore:
    return CorrectionStore(tmp_path / "reviews")


@pytest.fixture
def session(recording: Path, store: CorrectionStore) -> Iterator[ReviewSession]:
    made = ReviewSession.open(str(recording), store, lambda: None)
    yield made
    made.close()


@pytest.fixture
def results_there(tmp_path: Path) -> None:
    """Where the first analysis is not the question."""
    give_results(tmp_path)


def done(session: ReviewSession) -> None:
    wait_until(lambda: session.progress().state is not RunState.RUNNING, "the analysis")
    assert session.progress().state is RunState.DONE, session.progress()


def engine_of(analyser: Analyser) -> BrightEngine:
    assert isinstance(analyser.engine, BrightEngine)
    return analyser.engine


def test_all_frames_are_analysed_and_kept(
    session: ReviewSession, recording: Path, store: CorrectionStore
) -> None:
    assert session.progress().state is RunState.WAITING
    session.begin(made_analyser())
    done(session)
    found = [session.table.result(index) for index in range(len(KEYS))]
    assert [one.plane.key for one in found if one is not None] == KEYS
    peaks = find_views(session.table.snapshot(), session.review.corrections).candidates
    assert KEYS[peaks["femur"][0].frame] == "femur"
    kept = kept_results.pictures(session.recording, store, made_analyser())
    assert list(kept) == list(range(0, len(KEYS), STRIDE))
    small = pixels_of(kept[STRIDE])
    assert small is not None
    assert small.shape == (144, 192, 3)
    session.close(77)

    again = ReviewSession.open(str(recording), store, lambda: None)
    assert again.place == 77
    analyser = made_analyser()
    again.begin(analyser)
    done(again)
    assert engine_of(analyser).runs == 0
    assert np.array_equal(
        again.table.snapshot().probabilities, session.table.snapshot().probabilities
    )
    again.close()
    assert engine_of(analyser).closed == 1


@pytest.mark.usefixtures("results_there")
def test_another_model_or_crop_is_another_analysis(
    session: ReviewSession, recording: Path, store: CorrectionStore
) -> None:
    session.begin(made_analyser())
    done(session)
    session.review.apply(SetBest("femur", 40))
    session.close()
    for analyser in (made_analyser("1" * 64), cropped("auto")):
        other = ReviewSession.open(str(recording), store, lambda: None)
        other.begin(analyser)
        done(other)
        assert engine_of(analyser).runs >= len(KEYS)
        assert other.review.corrections.best == {"femur": 40}
        other.close()


@pytest.mark.usefixtures("results_there")
def test_small_pictures_of_another_crop_are_made_anew(
    session: ReviewSession, recording: Path, store: CorrectionStore
) -> None:
    session.begin(made_analyser())
    done(session)
    before = kept_results.pictures(session.recording, store, made_analyser())[STRIDE]
    session.close()

    def bytes_on_disk() -> bytes:
        folders = (session.review.folder, store.cache.folder)
        return b"".join(path.read_bytes() for folder in folders for path in folder.iterdir())

    scan = before[-400:]  # the head is that of any such picture
    assert scan in bytes_on_disk()
    old = pixels_of(before)
    for known in (False, True):
        other = ReviewSession.open(str(recording), store, lambda: None)
        other.begin(cropped("40,20,120,96"), paused=True)
        other.smalls.want([STRIDE])
        wait_until(lambda: other.smalls.got(STRIDE) is not None)  # noqa: B023
        made = other.smalls.got(STRIDE)
        assert old is not None
        assert made is not None
        assert np.array_equal(made, old) == known
        kept = kept_results.pictures(other.recording, store, cropped("40,20,120,96"))
        assert list(kept) == [STRIDE]
        other.close()
        assert scan not in bytes_on_disk()
        old = made


def cropped(crop: str) -> Analyser:
    """The usual one with another crop."""
    analyser = made_analyser()
    analyser.configure(AnalyserOptions(parse_crop(crop), 0.7))
    return analyser


@pytest.mark.usefixtures("results_there")
def test_the_same_content_is_known_by_another_time_of_change(
    session: ReviewSession, recording: Path, store: CorrectionStore, tmp_path: Path
) -> None:
    session.begin(made_analyser())
    done(session)
    session.close()
    copy = tmp_path / "copy.mp4"
    shutil.copyfile(recording, copy)
    os.utime(copy, (1e9, 1e9))
    other, analyser = ReviewSession.open(str(copy), store, lambda: None), made_analyser()
    other.begin(analyser)
    done(other)
    assert engine_of(analyser).runs == 0
    other.close()


def test_of_a_file_too_large_to_be_read_whole_the_time_of_change_counts(
    session: ReviewSession, tmp_path: Path
) -> None:
    assert session.recording.identity.modified_ns == 0
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(PIECE_BYTES * PIECES + 1)
    assert identity_of(large).modified_ns == large.stat().st_mtime_ns


def test_by_another_threshold_nothing_is_analysed_again(
    recording: Path, store: CorrectionStore, tmp_path: Path
) -> None:
    states = {}

    @functools.cache
    def alone(threshold: float) -> list[FrameResult | None]:
        own = CorrectionStore(tmp_path / str(threshold) / "reviews")
        fresh = ReviewSession.open(str(recording), own, lambda: None)
        fresh.begin(weak_analyser(threshold))
        done(fresh)
        found = [fresh.table.result(index) for index in range(len(KEYS))]
        fresh.close()
        return found

    for at, threshold in enumerate((0.7, 0.95, 0.6, 0.7)):
        wanted = alone(threshold)
        kept = ReviewSession.open(str(recording), store, lambda: None)
        analyser = weak_analyser(threshold)
        kept.begin(analyser)
        done(kept)
        assert (engine_of(analyser).runs == 0) == bool(at)
        states[threshold] = [one.state for one in wanted if one is not None]
        for index, one in enumerate(wanted):
            found = kept.table.result(index)
            assert one is not None
            assert found is not None
            assert found.state is one.state
            assert np.array_equal(found.probabilities, one.probabilities)
            if found.box is not None:
                assert found.box == one.box
        sure = [index for index, state in enumerate(states[threshold]) if state is State.PLANE]
        before = states[0.7]
        named = sure[0] if threshold > 0.6 else sure_by_now(sure, before)
        look = kept.look(named, evidence=False)
        kept.views.want([look])
        wait_until(lambda: kept.views.got(look) is not None)  # noqa: B023
        view, own = kept.views.got(look), wanted[named]
        assert view is not None
        assert view.analysis is not None
        assert own is not None
        # Also of a frame that was too unsure for a box when it was analysed.
        assert view.analysis.shown_box is not None
        assert own.box is not None
        edges = tuple(getattr(view.analysis.shown_box, name) for name in EDGES)
        assert edges == pytest.approx(tuple(getattr(own.box, name) for name in EDGES), abs=1e-3)
        kept.close()
    counts = {threshold: found.count(State.PLANE) for threshold, found in states.items()}
    assert counts[0.6] > counts[0.7] > counts[0.95] > 0


def sure_by_now(sure: list[int], before: list[State | None]) -> int:
    """The first frame that was unsure when it was analysed."""
    return next(index for index in sure if before[index] is State.UNSURE)


def weak_analyser(threshold: float) -> Analyser:
    """Less sure than the usual one, each frame differently."""
    analyser = made_analyser(threshold=threshold)
    engine = engine_of(analyser)
    real = engine.run

    def run(network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        out = real(network_input, saliency)
        share = 0.2 + int(np.abs(network_input).sum()) % 100 / 200
        return replace(out, logits=out.logits * np.float32(share))

    engine.run = run  # type: ignore[method-assign]
    return analyser


@pytest.mark.usefixtures("results_there")
def test_stopped_and_gone_on_is_the_same_as_one_run(
    session: ReviewSession, recording: Path, tmp_path: Path
) -> None:
    session.begin(made_analyser())
    done(session)
    store = CorrectionStore(tmp_path / "others" / "reviews")
    for stop_at in (1, 20, STRETCH + 3, 150):
        other = ReviewSession.open(str(recording), store, lambda: None)
        analyser = made_analyser()
        other.begin(analyser, paused=True)
        other.look_at(stop_at)
        other.pause(False)
        wait_until(lambda: other.table.done >= stop_at, "some frames")  # noqa: B023
        other.close()
    last = ReviewSession.open(str(recording), store, lambda: None)
    last.begin(made_analyser())
    done(last)
    assert np.array_equal(
        last.table.snapshot().probabilities, session.table.snapshot().probabilities
    )
    for index in range(len(KEYS)):
        one, other_one = last.table.result(index), session.table.result(index)
        assert one is not None
        assert other_one is not None
        assert (one.state, one.box, one.quality, one.stillness) == (
            other_one.state,
            other_one.box,
            other_one.quality,
            other_one.stillness,
        )
        assert not np.isnan(one.stillness)
    last.close()


def stillness_of(recording: Path, skipped: tuple[int, ...] = ()) -> list[float]:
    """Of each frame against the one before that can be read; nan of those that cannot."""
    meter, found = QualityMeter(), []
    with open_source(str(recording)) as source:
        for frame in source:
            if frame.index in skipped:
                found.append(np.nan)
                continue
            field = Box(0, 0, frame.width_px, frame.height_px)
            found.append(meter.measure_frame(frame, own_field(field)).stillness)
    return found


def own_field(whole: Box) -> Box:
    """What the crop "full" takes of these pictures."""
    return centred_crop(whole, 288 / 224)


def test_stillness_is_that_against_the_frame_before(
    session: ReviewSession, recording: Path, store: CorrectionStore
) -> None:
    session.begin(made_analyser())
    done(session)
    wanted = stillness_of(recording)
    assert len({round(one, 3) for one in wanted}) > 20
    assert session.table.snapshot().stillness == pytest.approx(wanted, abs=1e-6)
    session.close()
    kept = kept_results.results(session.recording, store, made_analyser())
    assert [one.stillness for one in kept] == pytest.approx(wanted, abs=1e-6)


def older(session: ReviewSession, store: CorrectionStore, version: int, **more: Any) -> Path:
    """A finished review as an earlier program left it; returns its database."""
    recording = session.recording
    results = list(session.table.results())
    pictures = kept_results.pictures(recording, store, made_analyser())
    session.close()
    store.cache.clear()
    shutil.rmtree(session.review.folder)
    whole = Box(0, 0, recording.info.width_px, recording.info.height_px)
    return write_older(
        store,
        recording.identity.content,
        version,
        results,
        field=own_field(whole),
        pictures=pictures,
        **more,
    )


@pytest.mark.usefixtures("results_there")
@pytest.mark.parametrize("version", [1, 2])
def test_a_review_of_an_earlier_layout_keeps_everything_and_is_measured(
    session: ReviewSession,
    recording: Path,
    store: CorrectionStore,
    version: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared_as_then(monkeypatch)
    session.begin(made_analyser())
    done(session)
    wanted = session.table.snapshot()
    edits = (SetBest("femur", 40), SetMark(3, True, "why"))
    path = older(session, store, version, edits=edits, facts={"place": "77", "reader": "2"})
    looked = store.look(fingerprint(recording))  # as a list of reviews does
    assert looked is not None
    with looked:
        assert looked.corrections.best == {"femur": 40}
        with pytest.raises(OutputError):
            looked.apply(SetBest("femur", 3))
    assert holds_results(path)

    again = ReviewSession.open(str(recording), store, lambda: None)
    assert again.place == 77
    assert again.review.corrections.best == {"femur": 40}
    assert again.review.corrections.marks == (Mark(3, "why"),)
    assert not holds_results(path)
    analyser = made_analyser()
    again.begin(analyser, paused=True)
    kept = kept_results.pictures(again.recording, store, made_analyser())
    assert list(kept) == list(range(0, len(KEYS), STRIDE))
    before = again.table.snapshot()
    assert before.known.all()
    if version == 1:
        assert np.isnan(before.stillness).all()
        assert np.array_equal(before.probabilities, wanted.probabilities.astype(np.float16))
    else:
        assert np.array_equal(before.stillness, wanted.stillness)
        assert np.array_equal(before.probabilities, wanted.probabilities)
    assert np.array_equal(before.quality, wanted.quality)
    assert np.array_equal(before.boxes, wanted.boxes, equal_nan=True)
    first = find_views(before, again.review.corrections).candidates["femur"][0]
    assert KEYS[first.frame] == "femur"
    again.pause(False)
    done(again)
    assert engine_of(analyser).runs == 0
    assert np.array_equal(again.table.snapshot().stillness, wanted.stillness)
    assert np.array_equal(again.table.snapshot().quality, wanted.quality)
    again.close()
    store.open(fingerprint(recording)).close()  # a second time there is nothing to do


@pytest.mark.usefixtures("results_there")
@pytest.mark.parametrize("half", [False, True], ids=["all", "half"])
def test_frames_that_were_prepared_otherwise_are_analysed_anew_and_the_words_stay(
    session: ReviewSession,
    recording: Path,
    store: CorrectionStore,
    half: bool,
) -> None:
    session.begin(made_analyser(), paused=half)
    if half:
        session.look_at(20)
        session.pause(False)
        wait_until(lambda: session.table.done >= 20, "some frames")
    else:
        done(session)
    edits = (SetLabel(0, 9, "lips"), SetBest("femur", 40), SetMark(3, True, "why"))
    for edit in edits:
        session.review.apply(edit)
    session.close(77)
    with closing(sqlite3.connect(store.cache.path_of(fingerprint(recording)))) as kept, kept:
        kept.execute("UPDATE analyses SET preprocessing = preprocessing - 1")

    again = ReviewSession.open(str(recording), store, lambda: None)
    analyser = made_analyser()
    again.begin(analyser, paused=True)
    assert again.table.done == 0
    again.pause(False)
    done(again)
    assert engine_of(analyser).runs >= len(KEYS)
    assert again.place == 77
    assert [again.review.undo() for _ in edits] == list(reversed(edits))
    assert not list(store.cache.folder.glob("*.damaged"))
    assert again.progress().message == ""
    again.close()


def test_paused_it_does_nothing_and_goes_on_when_told(session: ReviewSession) -> None:
    analyser = made_analyser()
    session.begin(analyser, paused=True)
    assert session.progress().state is RunState.PAUSED
    assert session.table.done == 0
    # A picture on screen is analysed all the same, and only that one.
    look = session.look(35, evidence=False)
    session.views.want([look])
    wait_until(lambda: session.views.got(look) is not None)
    assert session.table.done == 0
    session.pause(False)
    done(session)


@pytest.mark.usefixtures("results_there")
def test_a_picture_comes_with_its_own_result(session: ReviewSession) -> None:
    unjudged = session.look(50, evidence=False)
    session.views.want([unjudged])
    wait_until(lambda: session.views.got(unjudged) is not None)
    assert session.views.got(unjudged).analysis is None  # type: ignore[union-attr]
    session.begin(made_analyser())
    done(session)
    for index in (10, 45, 190):
        for evidence in (False, True):
            look = session.look(index, evidence=evidence)
            session.views.want([look])
            wait_until(lambda: session.views.got(look) is not None)  # noqa: B023
            view = session.views.got(look)
            assert view is not None
            assert view.analysis is not None
            assert view.frame.index == index == view.analysis.frame.index
            assert view.analysis.prediction.plane.key == KEYS[index]
            shows = KEYS[index] != "background"
            assert (view.analysis.state is State.PLANE) == shows
            assert (view.analysis.localisation.evidence is not None) == (evidence and shows)
            kept = session.table.result(index)
            assert kept is not None
            assert (kept.box is not None) == shows == (view.analysis.shown_box is not None)


def test_private_and_for_one_window_only(
    session: ReviewSession, recording: Path, store: CorrectionStore
) -> None:
    folder = session.review.folder
    assert folder == store.folder / fingerprint(recording)
    for one in (store.folder, folder):
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    with pytest.raises(UsageError, match="being reviewed"):
        store.open(fingerprint(recording))


def test_a_damaged_review_is_said_in_one_line(tmp_path: Path) -> None:
    store = CorrectionStore(tmp_path)
    store.open("a").close()
    (tmp_path / "a" / DATABASE).write_bytes(b"no database at all, but long enough " * 40)
    with pytest.raises(CorrectionError, match="cannot be read"):
        store.open("a")
    review = store.open("b")
    review._database.execute("INSERT INTO edits (what) VALUES ('nonsense')")
    review.close()
    with pytest.raises(CorrectionError, match="cannot be read"):
        store.open("b")
    store.open("c").close()


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    store = CorrectionStore(tmp_path / "reviews")
    review, kept = store.open("a"), store.cache.open(Identity("a"))
    review.apply(SetMark(3, True))
    number = kept.begin(AnalysisKey(0, made_analyser().provenance))
    for database in (review._database, kept._database):
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutputError, match="cannot be kept"):
        kept.add(number, [made_result(index, "femur") for index in range(4000)])
    assert list(kept.results(number)) == []
    with pytest.raises(OutputError, match="cannot be kept"):
        review.apply(SetMark(4, True, "a" * 100_000))
    assert len(review.corrections.marks) == 1
    review.close()
    kept.close()


def test_what_cannot_be_reviewed(tmp_path: Path, store: CorrectionStore) -> None:
    import cv2

    assert cv2.imwrite(str(tmp_path / "one.png"), np.zeros((60, 80), np.uint8))
    for spec, words in (("one.png", "not a recording"), ("none.mp4", "none.mp4")):
        with pytest.raises((UsageError, SourceError), match=words):
            ReviewSession.open(str(tmp_path / spec), store, lambda: None)
    assert not store.folder.exists()


def replaced_by(path: Path, keep: Path, parts: tuple[tuple[str, int], ...]) -> None:
    """Another recording of the same length in the place of `path`, which is kept."""
    os.link(path, keep)
    write_recording(path.with_name("other.mp4"), parts).replace(path)


def test_a_file_that_was_replaced_gives_no_results(tmp_path: Path, store: CorrectionStore) -> None:
    path, keep = write_recording(tmp_path / "a.mp4"), tmp_path / "kept.mp4"
    session = ReviewSession.open(str(path), store, lambda: None)
    replaced_by(path, keep, (("lips", 200),))
    analyser = made_analyser()
    with pytest.raises(SourceError, match="has changed since it was opened"):
        session.begin(analyser)
    assert engine_of(analyser).closed == 1
    session.close()

    keep.replace(path)
    session = ReviewSession.open(str(path), store, lambda: None)
    session.begin(made_analyser(), paused=True)
    replaced_by(path, keep, (("lips", 200),))
    session.pause(False)
    wait_until(lambda: session.progress().state is RunState.FAILED)
    assert "has changed since it was opened" in session.progress().message
    assert session.table.done == 0
    session.close()

    keep.replace(path)
    session = ReviewSession.open(str(path), store, lambda: None)
    session.begin(made_analyser())
    done(session)
    found = [session.table.result(index) for index in range(len(KEYS))]
    assert [one.plane.key for one in found if one is not None] == KEYS
    session.close()


def test_a_model_that_fails_is_said(session: ReviewSession) -> None:
    analyser = made_analyser()

    def fail(*_arguments: object) -> None:
        raise ValueError("out of order")

    engine_of(analyser).run = fail  # type: ignore[method-assign, assignment]
    session.begin(analyser)
    wait_until(lambda: session.progress().state is RunState.FAILED)
    assert "out of order" in session.progress().message


def test_after_a_failure_it_goes_on(
    session: ReviewSession, store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = runner.read_frames

    def away(source: Source, indexes: Iterable[int]) -> Iterator[ReadFrame]:
        for one in real(source, indexes):
            if one.index > 40:
                raise SourceError("the network is away")
            yield one

    monkeypatch.setattr(runner, "read_frames", away)
    session.begin(made_analyser())
    wait_until(lambda: session.progress().state is RunState.FAILED)
    assert session.progress().done == 3  # every 16th up to there is shown
    session.try_again()
    wait_until(lambda: session.progress().state is RunState.FAILED)
    monkeypatch.setattr(runner, "read_frames", real)
    session.try_again()
    done(session)
    session.try_again()  # nothing is wrong
    assert session.progress().state is RunState.DONE
    found = [session.table.result(index) for index in range(len(KEYS))]
    assert [one.plane.key for one in found if one is not None] == KEYS
    kept = kept_results.results(session.recording, store, made_analyser())
    assert [one.plane.key for one in kept] == KEYS  # also what was only shown before


def test_what_a_full_disk_did_not_take_is_kept_later(
    session: ReviewSession, store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = RecordingCache.add

    def full(
        kept: RecordingCache,
        number: int,
        results: list[FrameResult],
        *more: object,
        **named: object,
    ) -> None:
        if results and results[0].index >= STRETCH:
            raise OutputError("the results cannot be kept: database or disk is full")
        real(kept, number, results, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(RecordingCache, "add", full)
    session.begin(made_analyser())
    wait_until(lambda: session.progress().state is RunState.FAILED)
    assert "disk is full" in session.progress().message
    monkeypatch.setattr(RecordingCache, "add", real)
    session.try_again()
    done(session)
    kept = kept_results.results(session.recording, store, made_analyser())
    assert [one.plane.key for one in kept] == KEYS


def test_closed_while_the_model_loads(session: ReviewSession) -> None:
    analyser = made_analyser()
    key = session.recording
    session.close()
    with pytest.raises(CorrectionError):
        session.begin(analyser)
    assert engine_of(analyser).closed == 1
    assert key is session.recording


def test_closed_nothing_is_begun_on_disk(session: ReviewSession, store: CorrectionStore) -> None:
    """The exam may be deleted by now."""
    session.close()
    with pytest.raises(CorrectionError, match="closed"):
        session.begin(made_analyser())
    assert not store.cache.folder.exists()


@pytest.mark.usefixtures("results_there")
def test_a_kept_crop_that_lies_nowhere_hinders_nothing(
    session: ReviewSession, recording: Path, store: CorrectionStore
) -> None:
    session.begin(made_analyser())
    done(session)
    session.close()
    with closing(sqlite3.connect(store.cache.path_of(fingerprint(recording)))) as database:
        database.execute("DELETE FROM pictures")
        database.execute("UPDATE frames SET crop_left_px = 5000, crop_right_px = 4000")
        database.execute("UPDATE frames SET stillness = NULL, frozen = NULL")
        database.commit()
    again, analyser = ReviewSession.open(str(recording), store, lambda: None), made_analyser()
    again.begin(analyser)
    done(again)
    assert engine_of(analyser).runs == 0
    assert again.table.snapshot().stillness == pytest.approx(stillness_of(recording), abs=1e-6)
    look = again.look(45, evidence=True)
    again.views.want([look])
    again.smalls.want([45])
    wait_until(lambda: again.views.got(look) is not None and again.smalls.got(45) is not None)
    again.close()


def test_what_cannot_be_read_of_the_kept_pictures_is_made_again(
    session: ReviewSession, store: CorrectionStore
) -> None:
    session.begin(made_analyser(), paused=True)
    path = store.cache.path_of(session.recording.identity.content)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE pictures")
        database.commit()
    session.smalls.want([STRIDE])
    wait_until(lambda: session.smalls.got(STRIDE) is not None)


def test_what_the_engine_says_is_told_once(session: ReviewSession) -> None:
    analyser = made_analyser()
    said = iter(["the graphics card is gone"])
    engine_of(analyser).take_notices = lambda: [*said]  # type: ignore[method-assign]
    session.begin(analyser)
    done(session)
    assert session.take_notices() == ["the graphics card is gone"]
    assert session.take_notices() == []


def test_a_file_that_is_replaced_while_it_is_opened_is_refused(
    tmp_path: Path, store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, keep = write_recording(tmp_path / "a.mp4"), tmp_path / "kept.mp4"
    real = recording_module.open_source

    def opening(spec: str) -> Source:
        source = real(spec)
        replaced_by(path, keep, (("lips", 200),))
        return source

    monkeypatch.setattr(recording_module, "open_source", opening)
    with pytest.raises(SourceError, match="has changed while it was opened"):
        ReviewSession.open(str(path), store, lambda: None)
    assert not store.folder.exists()


def test_results_of_a_stretch_are_not_shown_where_the_file_was_replaced(
    tmp_path: Path, store: CorrectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, keep = write_recording(tmp_path / "a.mp4"), tmp_path / "kept.mp4"
    real = runner.read_frames

    def reading(source: Source, indexes: Iterable[int]) -> Iterator[ReadFrame]:
        for number, one in enumerate(real(source, indexes)):
            if number == 3:
                replaced_by(path, keep, (("lips", 200),))
                raise SourceError("the rest cannot be read")
            yield one

    monkeypatch.setattr(runner, "read_frames", reading)
    session = ReviewSession.open(str(path), store, lambda: None)
    session.begin(made_analyser())
    wait_until(lambda: session.progress().state is RunState.FAILED)
    assert session.table.done == session.progress().done == 0
    session.close()


def test_knowing_a_file_again(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"abc")
    copy = tmp_path / "copy"
    copy.write_bytes(b"abc")
    assert fingerprint(small) == fingerprint(copy)
    copy.write_bytes(b"abd")
    assert fingerprint(small) != fingerprint(copy)
    size = PIECE_BYTES * (PIECES + 3)
    with large.open("wb") as file:
        file.truncate(size)
    first = fingerprint(large)
    with large.open("r+b") as file:
        file.seek(size - 1)
        file.write(b"x")
    assert fingerprint(large) != first


def test_only_the_newest_wishes_are_fetched() -> None:
    from threading import Event

    go, asked = Event(), []

    def fetch(key: int) -> int:
        asked.append(key)
        assert go.wait(LIMIT_S)
        if key == 9:
            raise SourceError("broken")
        return -key

    fetcher: Fetcher[int, int] = Fetcher("test", fetch, 2, lambda: None, NEVER_S)
    fetcher.start()
    fetcher.want([1])
    wait_until(lambda: asked == [1])
    fetcher.want([2, 3])
    fetcher.want([9, 4, 5])
    go.set()
    wait_until(lambda: fetcher.got(5) is not None)
    assert asked == [1, 9, 4, 5]
    assert fetcher.trouble(9) == "broken"
    assert fetcher.got(1) is None  # only the last two are kept
    assert (fetcher.got(4), fetcher.got(5)) == (-4, -5)
    fetcher.want([9])
    fetcher.forget()
    fetcher.want([9])
    wait_until(lambda: len(asked) == 5)
    fetcher.stop()


def test_what_failed_is_fetched_when_it_is_wanted_later() -> None:
    away = [True]

    def fetch(key: int) -> int:
        if away:
            away.clear()
            raise SourceError("away")
        return -key

    for again_s, wanted in ((NEVER_S, None), (0.0, -3)):
        away[:] = [True]
        fetcher: Fetcher[int, int] = Fetcher("test", fetch, 2, lambda: None, again_s)
        fetcher.start()
        fetcher.want([3])
        wait_until(lambda: fetcher.trouble(3) == "away")  # noqa: B023
        fetcher.want([3, 4])
        wait_until(lambda: fetcher.got(4) == -4)  # noqa: B023
        assert fetcher.got(3) == wanted
        fetcher.stop()


def test_a_source_that_failed_is_opened_anew(
    session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sonoassist.review import session as module

    broken: list[Source] = []
    real = module.frame_at

    def breaking(source: Source, index: int) -> Frame | None:
        if not broken:
            broken.append(source)
        if source in broken:
            raise SourceError("the network was away")
        return real(source, index)

    monkeypatch.setattr(module, "frame_at", breaking)
    first, second = session.look(5, evidence=False), session.look(6, evidence=False)
    session.views.want([first])
    wait_until(lambda: session.views.trouble(first))
    session.views.want([second])
    wait_until(lambda: session.views.got(second) is not None)


def test_frames_that_are_damaged_are_noted_once(
    session: ReviewSession, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, damaged = runner.read_frames, (16, 17, 63, 128)

    def reading(source: Source, indexes: Iterable[int]) -> Iterator[ReadFrame]:
        for one in real(source, indexes):
            bad = one.index in damaged
            yield ReadFrame(one.index, None, f"frame {one.index} is damaged") if bad else one

    monkeypatch.setattr(runner, "read_frames", reading)
    session.begin(made_analyser())
    done(session)
    stillness = session.table.snapshot().stillness
    wanted = stillness_of(recording, damaged)
    assert stillness == pytest.approx(wanted, abs=1e-6, nan_ok=True)
    result = session.table.result(17)
    assert result is not None
    assert result.state is None
    assert not session.table.snapshot().judged[17]
    said = [f"frame {index} is damaged" for index in damaged[:3]]
    assert session.take_notices() == [*said, "1 more place cannot be read"]
    assert session.take_notices() == []
    assert replace(session.progress(), rate_hz=0.0).done == len(KEYS)
