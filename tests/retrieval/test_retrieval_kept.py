"""Results of frames that are kept: they serve the next search, and change nothing in its files."""

from __future__ import annotations

import errno
import itertools
import json
import weakref
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_retrieval_worker import order, task

from commands.retrieve_help import film
from datasets.dataset_files import dicom
from exam.recording_help import make_exam
from recordings.troubled import SMALL, write_film
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.analysis.preparing import Ready
from sonoassist.core.errors import SourceError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Frame, Provenance
from sonoassist.engines.choose import EngineChoice
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import FrameRow
from sonoassist.exam.shots import frame_row
from sonoassist.exam.store import ExamStore
from sonoassist.live.status import View
from sonoassist.preprocess.crop import parse_crop
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.kept import open_results
from sonoassist.recordings.recording import look_into_file
from sonoassist.retrieval.analysing import Analysed, analysed_from
from sonoassist.retrieval.exams import of_record
from sonoassist.retrieval.order import SearchOrder, Task
from sonoassist.retrieval.result import ABOUT, FRAMES, RETRIEVAL, Bundle, make_bundle
from sonoassist.retrieval.table import unpacked
from sonoassist.retrieval.worker import Searcher
from sonoassist.sources import Source, open_source, video
from sources.video_maker import make_video

pytestmark = pytest.mark.usefixtures("plain_screens", "networks_once")


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The frames that are analysed, by their index."""
    real, found = Analyser.judge, list[int]()

    def counted(analyser: Analyser, ready: Ready, *more: object) -> object:
        found.append(ready.frame.index)
        return real(analyser, ready, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Analyser, "judge", counted)
    return found


def test_another_folder_of_results_costs_no_analysis_and_is_the_same(
    tmp_path: Path, analysed: list[int]
) -> None:
    exam = film(tmp_path / "a.mp4", frames=70)
    first = Searcher(order()).search(task(exam))
    assert analysed == list(range(70))
    again = Searcher(order()).search(task(exam))
    assert len(analysed) == 70
    assert again.files == first.files
    Searcher(order(), AnalysisCache(tmp_path / "other")).search(task(exam))
    assert len(analysed) == 140


def test_how_far_it_is_counts_frames_that_are_known(tmp_path: Path) -> None:
    exams = [film(tmp_path / f"{seed}.mp4", seed, frames=10) for seed in range(2)]
    Searcher(order()).search(task(exams[0]))
    told: list[tuple[int, int]] = []
    Searcher(order()).search(task(*exams), lambda *progress: told.append(progress))
    assert told == [(10, 10), *((done, 20) for done in range(11, 21))]


def test_a_search_that_ended_half_way_goes_on_where_it_was(
    tmp_path: Path, analysed: list[int]
) -> None:
    exam = film(tmp_path / "a.mp4", frames=90)
    whole = Searcher(order(), AnalysisCache(tmp_path / "other")).search(task(exam))
    analysed.clear()

    class EndedError(Exception):
        pass

    def ended(done: int, total: int) -> None:
        if done == 80:
            raise EndedError

    with pytest.raises(EndedError):
        Searcher(order()).search(task(exam), ended)
    analysed.clear()
    assert Searcher(order()).search(task(exam)).files == whole.files
    assert analysed == list(range(64, 90))


def frames_read(path: Path) -> list[Frame]:
    with open_source(str(path)) as source:
        return list(source)


def rows_of(path: Path, began_s: float, wanted: SearchOrder, **changes: Any) -> list[FrameRow]:
    """What an exam finds in the frames of a recording, by the model of the order."""
    searcher = Searcher(wanted)
    model = wanted.real
    analyser = Analyser(searcher._engine(model), model.card, wanted.options)
    rows = []
    for frame in frames_read(path):
        row = frame_row(View(frame, analyser.analyse(frame), None), began_s + frame.time_s)
        rows.append(replace(row, **changes))
    return rows


def kept_exam(store: ExamStore, recording: Path, began_s: float, rows: Sequence[FrameRow]) -> Exam:
    exam = make_exam(store.folder)
    (exam.media / "recording.mp4").write_bytes(recording.read_bytes())
    number = exam.begin_recording("recording.mp4", began_s)
    exam.note_recording(number, len(rows), ended=True)
    exam.add_frames(rows)
    exam.end(200.0)
    exam.close()
    return exam


def record_task(store: ExamStore, exam: Exam) -> Task:
    found = of_record(store, exam.exam_id)
    return Task(found, "exam", found.fingerprint(), b"", found.stamps())


def columns(bundle: Bundle) -> Any:
    found = unpacked(bundle.files[FRAMES])
    assert found is not None
    return found[0]


def test_what_an_exam_found_is_not_analysed_again(tmp_path: Path, analysed: list[int]) -> None:
    store = ExamStore(tmp_path / "records")
    recording = film(tmp_path / "a.mp4", frames=70)
    exam = kept_exam(store, recording, 100.0, rows_of(recording, 100.0, order()))
    wanted = record_task(store, exam)
    analysed.clear()
    found = Searcher(order()).search(wanted)
    assert analysed == []
    alone = Searcher(order(), AnalysisCache(tmp_path / "other")).search(task(recording))
    assert len(analysed) == 70
    kept, made = columns(found), columns(alone)
    assert np.array_equal(kept.probabilities, made.probabilities)
    assert np.array_equal(kept.crop, made.crop)
    assert np.array_equal(kept.stillness, made.stillness)
    assert np.array_equal(kept.sharpness, made.sharpness)
    assert np.array_equal(kept.content, made.content)
    assert kept.time_s == pytest.approx(made.time_s + 100.0)
    told, again = (json.loads(one.files[RETRIEVAL]) for one in (found, alone))
    assert {key: one["frame"] for key, one in told.items()} == {
        key: one["frame"] for key, one in again.items()
    }


def test_what_an_exam_found_otherwise_is_not_taken(tmp_path: Path, analysed: list[int]) -> None:
    store = ExamStore(tmp_path / "records")
    recording = film(tmp_path / "a.mp4", frames=20)
    other = AnalyserOptions(crop=parse_crop("auto"))
    exam = kept_exam(store, recording, 100.0, rows_of(recording, 100.0, order(options=other)))
    analysed.clear()
    Searcher(order()).search(record_task(store, exam))
    assert analysed == list(range(20))


def test_frames_that_the_exam_has_not_are_analysed(tmp_path: Path, analysed: list[int]) -> None:
    store = ExamStore(tmp_path / "records")
    recording = film(tmp_path / "a.mp4", frames=20)
    rows = rows_of(recording, 0.0, order())
    exam = kept_exam(store, recording, 0.0, rows[::2])
    analysed.clear()
    found = Searcher(order()).search(record_task(store, exam))
    assert analysed == list(range(1, 20, 2))
    alone = Searcher(order(), AnalysisCache(tmp_path / "other")).search(task(recording))
    assert np.array_equal(columns(found).probabilities, columns(alone).probabilities)
    assert np.array_equal(columns(found).stillness, columns(alone).stillness)


@pytest.mark.parametrize("masked", [True, False])
def test_a_record_that_does_not_tell_the_crop(
    tmp_path: Path, analysed: list[int], masked: bool
) -> None:
    """Earlier programs kept none."""
    store = ExamStore(tmp_path / "records")
    recording = film(tmp_path / "a.mp4", frames=20)
    rows = rows_of(recording, 0.0, order(), crop=None, frozen=None)
    exam = kept_exam(store, recording, 0.0, rows)
    analysed.clear()
    found = Searcher(order(masked=masked)).search(record_task(store, exam))
    assert analysed == []
    assert columns(found).crop_of(0) is None
    assert len(json.loads(found.files[RETRIEVAL])) == 13


def keep_in(
    cache: AnalysisCache, exam: Path, wanted: SearchOrder, precision: str, first: int
) -> None:
    """Keep results of the first frames that are said to be of another precision."""
    recording = look_into_file(exam)
    card = wanted.real.card
    shown = f"{card.input_width_px}x{card.input_height_px} {card.scale:g}"
    made = Provenance(card.weights_sha256, shown, "full", "f32")
    real = AnalysisCache(cache.folder.parent / "f32")
    Searcher(wanted, real).search(task(exam))
    with closing(open_results(recording, real, made, 0.7)) as source:
        results = [one for one in source.table.results() if one.index < first]
    with closing(open_results(recording, cache, made, 0.7)) as kept:
        kept.add(results, replace(made, precision=precision))


@pytest.mark.parametrize(
    ("choice", "first", "told"),
    [("auto", 20, "f16"), ("auto", 5, "f16, f32"), ("f32", 20, "f32")],
)
def test_the_precision_told_is_that_of_the_results(
    tmp_path: Path, analysed: list[int], choice: str, first: int, told: str
) -> None:
    exam = film(tmp_path / "a.mp4", frames=20)
    cache = AnalysisCache(tmp_path / "analyses")
    keep_in(cache, exam, order(), "f16", first)
    analysed.clear()
    wanted = order(choice=EngineChoice("torch", choice, "cpu"))
    found = Searcher(wanted, cache).search(task(exam))
    assert found.about["precision"] == told
    assert len(analysed) == (20 if choice == "f32" else 20 - first)


def hurt(path: Path, name: str) -> Path:
    """A video with a damaged place in it."""
    exam = make_video(path.parent / name, [40 * n for n in range(100)], gop=20)
    data = bytearray(exam.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    exam.write_bytes(bytes(data))
    return exam


def test_damage_is_told_by_the_name_that_the_file_has_now(
    tmp_path: Path, analysed: list[int]
) -> None:
    """A file's name may be a person's, and a copy need not have it."""
    exam = hurt(tmp_path / "x", "anna.mp4")
    first = Searcher(order()).search(task(exam)).about["damaged"]
    assert first
    assert all(one.startswith("frame") and "anna.mp4" in one for one in first)
    copy = exam.rename(tmp_path / "b.mp4")
    analysed.clear()
    again = Searcher(order()).search(task(copy))
    assert analysed == []
    assert again.about["damaged"] == [one.replace("anna.mp4", "b.mp4") for one in first]
    hidden = Searcher(order(masked=True)).search(task(copy))
    told = [one.replace("anna.mp4", "recording 1") for one in first]
    assert hidden.about["damaged"] == told
    kept = list(AnalysisCache.default().folder.iterdir())
    assert len(kept) > 1
    assert not any(b"anna" in path.read_bytes() for path in kept)


def test_pictures_that_an_own_crop_does_not_fit_are_counted(tmp_path: Path) -> None:
    """A recording may change its size; theirs is found then, each time."""
    exam = write_film(tmp_path / "exam.avi")
    options = AnalyserOptions(crop=parse_crop("20,0,190,174"))
    searcher = Searcher(order(options=options))
    first = searcher.search(task(exam))
    said = [one for one in first.about["warnings"] if "does not fit" in one]
    crop = "the crop 20,0,190,174"
    assert said == [f"{crop} does not fit {len(SMALL)} pictures: theirs was looked for"]
    assert searcher.search(task(exam)).files == first.files
    # The next exam is analysed by the crop that was asked for.
    other = film(tmp_path / "other.mp4")
    own = AnalyserOptions(crop=parse_crop("0,0,64,50"))
    several = Searcher(order(options=own)).search(task(exam, other))
    assert set(map(tuple, columns(several).crop[columns(several).part == 1])) == {(0, 0, 64, 50)}


def test_pictures_of_a_file_keep_their_numbers_and_do_not_follow_each_other(
    tmp_path: Path,
) -> None:
    pictures = [np.full((96, 128, 3), 60 * n + 20, np.uint8) for n in range(3)]
    path = tmp_path / "pages.tif"
    assert cv2.imwritemulti(str(path), pictures)
    found = Searcher(order()).search(task(path))
    assert columns(found).frame.tolist() == [0, 1, 2]
    assert columns(found).still.all()
    still = Searcher(order()).search(task(dicom(tmp_path / "still.dcm", 1, 128, 96)))
    assert columns(still).still.tolist() == [True]


def test_pictures_that_the_system_cannot_read_refuse_the_exam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pages.tif"
    assert cv2.imwritemulti(str(path), [np.full((96, 128, 3), 80, np.uint8)] * 3)

    def failing(source: Source) -> Frame | None:
        raise SourceError("it cannot be read: Input/output error") from OSError(errno.EIO, "")

    with open_source(str(path)) as source:
        monkeypatch.setattr(type(source), "read", failing)
    with pytest.raises(SourceError, match="Input/output error"):
        Searcher(order()).search(task(path))


def test_what_was_not_measured_is_nothing_in_the_result(tmp_path: Path) -> None:
    """Where the first frame is damaged, the second follows none."""
    exam, wanted = film(tmp_path / "a.mp4", frames=5), order()
    bundle = Searcher(wanted).search(task(exam))
    kept = analysed_from(bundle.files[FRAMES], json.loads(bundle.files[ABOUT])["analysis"])
    assert kept is not None
    unknown = replace(kept.table, stillness=np.full(5, np.nan, np.float32))
    told = make_bundle(task(exam), wanted, Analysed(unknown, kept.about))

    def refused(word: str) -> None:
        raise AssertionError(word)

    found = json.loads(told.files[RETRIEVAL], parse_constant=refused)
    assert {one["stillness"] for one in found.values()} == {None}
    assert all(0 <= one["sharpness"] <= 1 for one in found.values())


def test_no_more_pictures_are_held_the_longer_an_exam_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most: list[int] = []
    held_now, numbers = set[int](), itertools.count()
    real = video.VideoFile.read

    def counted(source: video.VideoFile) -> Frame | None:
        frame = real(source)
        if frame is not None:
            number = next(numbers)
            held_now.add(number)
            weakref.finalize(frame.pixels, held_now.discard, number)
            most.append(len(held_now))
        return frame

    monkeypatch.setattr(video.VideoFile, "read", counted)
    held = []
    for frames in (40, 100):
        most.clear()
        held_now.clear()
        Searcher(order()).search(task(film(tmp_path / f"{frames}.mp4", frames=frames)))
        held.append(max(most))
    assert held[1] < 40
    assert held[1] <= held[0] + 10
