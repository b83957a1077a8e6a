"""One exam from its frames to its files, in this process."""

from __future__ import annotations

import dataclasses
import errno
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from commands.retrieve_help import film
from real_models import card_of, random_tensors
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.core.errors import EngineError, SourceError
from sonoassist.core.packets import Content, Frame
from sonoassist.engines.choose import EngineChoice
from sonoassist.preprocess.crop import parse_crop
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.retrieval import worker
from sonoassist.retrieval.crew import WorkerTrouble, search
from sonoassist.retrieval.exams import Part, RecordedExam
from sonoassist.retrieval.opening import Opener
from sonoassist.retrieval.order import LoadedModel, SearchOrder, Task
from sonoassist.retrieval.pictures import frames_at
from sonoassist.retrieval.result import FRAMES, RETRIEVAL, Bundle
from sonoassist.retrieval.table import CONTENTS, unpacked
from sonoassist.retrieval.worker import Searcher
from sonoassist.sources import open_source, video
from sonoassist.sources.video_index import VideoIndex
from sonoassist.temporal.rules import Rule
from sources.video_maker import disk_error_while_indexing, make_video, number_in

pytestmark = pytest.mark.usefixtures("plain_screens", "networks_once")


def order(**fields: object) -> SearchOrder:
    tensors = random_tensors("smallnet")
    last = max(name for name in tensors if name.endswith("weight"))
    model = LoadedModel(card_of("smallnet"), {**tensors, last: tensors[last] * np.float32(0.1)})
    options = AnalyserOptions(crop=parse_crop("full"))
    choice = EngineChoice("openvino", "f32", "cpu")  # a worker need not wait for torch
    known = SearchOrder(model, model, choice, options, Rule.PAPER, False)
    return dataclasses.replace(known, **fields)  # type: ignore[arg-type]


def task(*paths: Path, kept: bytes = b"") -> Task:
    exam = RecordedExam(paths[0], tuple(Part(path, 100.0 * n) for n, path in enumerate(paths)))
    return Task(exam, "exam", exam.fingerprint(), kept, exam.stamps())


@pytest.fixture
def no_analysis(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Calling it forbids any further analysis."""

    def forbid() -> None:
        def never(*words: object, **more: object) -> None:
            raise AssertionError("the frames are analysed again")

        monkeypatch.setattr(worker, "analyse_exam", never)

    return forbid


def test_another_rule_or_threshold_needs_no_new_analysis(
    tmp_path: Path, no_analysis: Callable[[], None]
) -> None:
    exam = film(tmp_path / "a.mp4")
    first = Searcher(order()).search(task(exam))
    fresh = Searcher(order(rule=Rule.BEST)).search(task(exam))
    no_analysis()
    again = Searcher(order(rule=Rule.BEST)).search(task(exam, kept=first.files[FRAMES]))
    assert again.files == fresh.files
    options = AnalyserOptions(crop=parse_crop("full"), threshold=0.01)
    other = Searcher(order(options=options)).search(task(exam, kept=first.files[FRAMES]))
    assert other.files[RETRIEVAL] != first.files[RETRIEVAL]
    crop = AnalyserOptions(crop=parse_crop("0,0,64,50"))
    with pytest.raises(AssertionError, match="analysed again"):
        Searcher(order(options=crop)).search(task(exam, kept=first.files[FRAMES]))


def test_what_was_searched_before_does_not_change_a_result(tmp_path: Path) -> None:
    exams = [film(tmp_path / f"{seed}.mp4", seed, frames=12) for seed in range(2)]
    one = Searcher(order())
    first = [one.search(task(exam)) for exam in exams]
    other = Searcher(order(), AnalysisCache(tmp_path / "other"))
    again = [other.search(task(exam)) for exam in exams[::-1]][::-1]
    assert [bundle.files for bundle in first] == [bundle.files for bundle in again]


def test_the_frames_of_all_recordings_are_in_the_table(tmp_path: Path) -> None:
    exams = [film(tmp_path / f"{seed}.mp4", seed, frames=5 + seed) for seed in range(3)]
    told: list[tuple[int, int]] = []
    bundle = Searcher(order()).search(task(*exams), lambda *progress: told.append(progress))
    found = unpacked(bundle.files[FRAMES])
    assert found is not None
    table = found[0]
    assert table.part.tolist() == [0] * 5 + [1] * 6 + [2] * 7
    assert table.time_s[5:7] == pytest.approx([100.0, 100.04])
    assert [done for done, _ in told] == list(range(1, 19))
    assert told[-1] == (18, 18)


def test_a_missing_recording_of_several_is_named(tmp_path: Path) -> None:
    exam = film(tmp_path / "a.mp4")
    bundle = Searcher(order()).search(task(tmp_path / "gone.mp4", exam))
    assert bundle.about["damaged"] == ["there is no file gone.mp4. Check the name"]
    assert json.loads(bundle.files[RETRIEVAL])["femur"]["recording"] == "a.mp4"


def test_a_recording_that_the_system_cannot_read_is_not_taken_for_shorter(tmp_path: Path) -> None:
    exams = [film(tmp_path / f"{seed}.mp4", seed) for seed in range(2)]
    whole = Searcher(order()).search(task(*exams))
    for several in (exams[1:], exams):
        with (
            disk_error_while_indexing(exams[1], 7),
            pytest.raises(SourceError, match="could not be read"),
        ):
            Searcher(order()).search(task(*several))
    assert Searcher(order()).search(task(*exams)).files == whole.files


def test_a_disk_that_fails_while_frames_are_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = film(tmp_path / "a.mp4")
    real = video.VideoFile.read

    def failing(source: video.VideoFile) -> Frame | None:
        frame = real(source)
        if frame is not None and frame.index == 5:
            raise OSError(errno.EIO, "Input/output error")
        return frame

    monkeypatch.setattr(video.VideoFile, "read", failing)
    found = search(Searcher(order()), task(exam), lambda done, total: None)
    assert isinstance(found, WorkerTrouble)
    assert found.reason.startswith("a.mp4 cannot be read: Input/output error. Check the disk")


def test_an_exam_that_changed_since_it_was_planned_is_not_searched(tmp_path: Path) -> None:
    exam, other = film(tmp_path / "a.mp4", 1), film(tmp_path / "b.mp4", 2)
    planned = task(exam)
    exam.touch()  # the same content is the same exam
    assert Searcher(order()).search(planned).about["fingerprint"] == planned.fingerprint
    other.replace(exam)
    with pytest.raises(SourceError, match=r"a.mp4 changed while it was read"):
        Searcher(order()).search(planned)


def test_an_exam_that_is_still_being_written_is_not_finished(tmp_path: Path) -> None:
    exam = film(tmp_path / "a.mp4")

    def written(done: int, total: int) -> None:
        with exam.open("ab") as file:
            file.write(b"more")

    with pytest.raises(SourceError, match=r"a.mp4 changed while it was read"):
        Searcher(order()).search(task(exam), written)


def test_a_recording_is_read_through_once_however_often_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exams = [film(tmp_path / f"{seed}.mp4", seed) for seed in range(2)]
    real, read = video.build_index, list[str]()

    def counted(path: Path) -> VideoIndex:
        read.append(path.name)
        return real(path)

    monkeypatch.setattr(video, "build_index", counted)
    Searcher(order()).search(task(*exams))
    assert read == ["0.mp4", "1.mp4"]


def test_a_recording_that_changed_is_read_through_anew(tmp_path: Path) -> None:
    opening = Opener()
    exam = film(tmp_path / "a.mp4", frames=10)
    for frames in (10, 15):
        film(exam, frames=frames)
        for _ in range(2):
            with opening(exam) as source:
                assert source.info.frame_count == frames
                assert len(list(source)) == frames


def test_dark_frames_show_nothing(tmp_path: Path) -> None:
    dark = make_video(
        tmp_path / "dark.mp4", [0, 40, 80], pictures=[np.zeros((96, 128, 3), np.uint8)] * 3
    )
    bundle = Searcher(order()).search(task(dark))
    assert set(json.loads(bundle.files[RETRIEVAL]).values()) == {None}
    found = unpacked(bundle.files[FRAMES])
    assert found is not None
    assert [CONTENTS[one] for one in found[0].content] == [Content.NO_SIGNAL] * 3
    assert len(bundle.about["missing"]) == 13


def test_trouble_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exam = film(tmp_path / "a.mp4", frames=3)
    text = tmp_path / "text.mp4"
    text.write_text("no video")

    def outcome(searcher: Searcher, path: Path) -> WorkerTrouble:
        found = search(searcher, task(path), lambda done, total: None)
        assert not isinstance(found, Bundle)
        assert "\n" not in found.reason
        return found

    searcher = Searcher(order())
    assert "text.mp4" in outcome(searcher, text).reason
    mps = Searcher(order(choice=EngineChoice("openvino", "f16", "cpu")))
    assert outcome(mps, exam).general

    def broken(self: Analyser, frame: object) -> None:
        raise ValueError("one\ntwo")

    monkeypatch.setattr(Analyser, "judge", broken)
    found = outcome(searcher, exam)
    assert "ValueError: one two; test_retrieval_worker.py" in found.reason
    assert not found.general

    def failing(self: Analyser, frame: object) -> None:
        raise EngineError("the engine failed")

    monkeypatch.setattr(Analyser, "judge", failing)
    assert outcome(searcher, exam) == WorkerTrouble("the engine failed")


def test_frames_are_found_by_their_exact_place(tmp_path: Path) -> None:
    stamps = [40 * n + 13 * (n % 3) for n in range(300)]
    video = make_video(tmp_path / "a.mp4", stamps, gop=30)
    wanted = [0, 1, 29, 30, 31, 150, 298, 299]
    found = frames_at(video, wanted)
    assert {index: number_in(pixels) for index, pixels in found.items()} == {
        index: index for index in wanted
    }
    with pytest.raises(SourceError, match="frame 300"):
        frames_at(video, [300])


def test_frames_beside_a_damaged_place_are_found(tmp_path: Path) -> None:
    video = make_video(tmp_path / "a.mp4", [40 * n for n in range(200)], gop=20)
    data = bytearray(video.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    video.write_bytes(bytes(data))
    readable: dict[int, np.ndarray] = {}
    with open_source(str(video)) as source:
        while True:
            try:
                frame = source.read()
            except SourceError:
                continue
            if frame is None:
                break
            readable[frame.index] = frame.pixels
    assert len(readable) < 200
    found = frames_at(video, list(readable)[::7])
    assert all(np.array_equal(found[index], readable[index]) for index in found)
