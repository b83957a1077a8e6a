"""The examiner: whole exams analysed once, and single frames looked at meanwhile."""

from __future__ import annotations

import functools
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoassist.analysis.analyser import Analyser, analyser_for
from sonoassist.analysis.preparing import Ready
from sonoassist.core import paths
from sonoassist.core.errors import EngineError, ModelError, OutputError, SourceError
from sonoassist.core.packets import Analysis, Frame
from sonoassist.core.settings import Settings
from sonoassist.model.store import ModelStore
from sonoassist.practice import examiner as examining
from sonoassist.practice.answers import Word
from sonoassist.practice.examiner import Examiner
from sonoassist.practice.opening import open_exam, opened
from sonoassist.practice.scanning import ExamScan
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.identity import fingerprint
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.recording_cache import RecordingCache
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources import open_source
from sonoassist.sources.base import SYNTHETIC_MARK
from waiting import LIMIT_S, wait_until

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))
sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))

from review_made import BrightEngine, made_analyser, picture
from video_maker import make_video

PEAK = 18
SCANNED = 8
"""Frames of the recording whose results are damaged again and again."""


class Watched(Analyser):
    """Says "femur" on 20 frames from number 10 on, which are brightest there, and is watched."""

    def __init__(self, look: Callable[[int], None] = lambda index: None) -> None:
        made = made_analyser()
        super().__init__(made.engine, made.card, made.options, made.reader)
        self._look = look

    def judge(self, ready: Ready) -> Analysis:
        self._look(ready.frame.index)
        return super().judge(ready)


def never(index: int) -> None:
    raise AssertionError("it is known already")


def write_exam(path: Path, count: int = 40) -> Path:
    """A recording with a femur on 20 frames from number 10 on."""
    path.write_bytes(_exam(count))
    return path


@functools.cache
def _exam(count: int) -> bytes:
    pictures = []
    for index in range(count):
        femur = 10 <= index < 30
        strength = 150 - 4 * abs(index - PEAK) if femur else 120
        pictures.append(picture("femur" if femur else "background", index, strength))
    with TemporaryDirectory() as folder:
        stamps = [40 * index for index in range(count)]
        return make_video(Path(folder) / "exam.mp4", stamps, pictures=pictures).read_bytes()


@pytest.fixture
def cut(tmp_path: Path) -> Callable[..., Path]:
    """Makes a video of some frames of the demo exam."""

    def make(first: int, last: int) -> Path:
        path = tmp_path / "cut.mp4"
        with open_source(str(paths.demo_exam())) as source:
            source.seek(first)
            pictures = [source.read() for _ in range(first, last + 1)]
        with VideoEncoder(path, 800, 600, 12.0, comment=SYNTHETIC_MARK) as encoder:
            for at, frame in enumerate(pictures):
                assert frame is not None
                encoder.add(frame.pixels, at / 12)
        return path

    return make


@pytest.fixture
def running() -> Iterator[list[Examiner]]:
    started: list[Examiner] = []
    yield started
    for one in started:
        one.stop()
    assert not any(thread.name == "practice examiner" for thread in threading.enumerate())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Folder of what is kept."""
    return tmp_path / "home"


def examine(
    path: Path, home: Path, running: list[Examiner], make: Callable[..., object] | Analyser
) -> Examiner:
    """Begin to examine.

    Args:
        make: Makes the analyser, or is it.
    """
    maker = (lambda _synthetic, _tell: make) if isinstance(make, Analyser) else make
    reviews = CorrectionStore(home / "reviews")
    one = Examiner(str(path), maker, lambda: None, reviews)  # type: ignore[arg-type]
    running.append(one)
    one.start()
    return one


def test_without_truth_the_model_answers_once_and_it_is_kept(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    path = write_exam(tmp_path / "exam.mp4")
    one = examine(path, home, running, Watched())
    wait_until(lambda: one.knowledge.share == 1.0)
    answers = one.knowledge.answers
    assert answers is not None
    assert answers.word is Word.MODEL
    (view,) = answers.views
    assert view.plane == "femur"
    assert answers.best_frame(view) == PEAK
    assert one.knowledge.trouble is None
    assert [one.stem for one in (home / "analyses").glob("*.sqlite")] == [fingerprint(path)]

    again = examine(path, home, running, Watched(never))
    wait_until(lambda: again.knowledge.share == 1.0)
    assert again.knowledge.answers is not None
    assert again.knowledge.answers.views == answers.views


def test_frames_are_looked_at_with_their_own_result(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    one = examine(write_exam(tmp_path / "exam.mp4"), home, running, Watched())
    wait_until(lambda: one.knowledge.share == 1.0)
    one.look_at((PEAK, 5))
    wait_until(lambda: one.looked(5) is not None)
    answers = one.knowledge.answers
    assert answers is not None
    for index, key in ((PEAK, "femur"), (5, "background")):
        looked = one.looked(index)
        assert looked is not None
        assert looked.frame is not None
        assert looked.analysis is not None
        assert (looked.frame.index, looked.analysis.prediction.plane.key) == (index, key)
        assert answers.confidence(index, key) == looked.analysis.prediction.confidence


def test_frames_are_looked_at_while_the_exam_is_analysed(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    """One that is known already and one that is not."""
    met = threading.Event()

    def meet(index: int) -> None:
        if index == 70:
            running[0].pause(True)
            met.set()

    one = examine(write_exam(tmp_path / "exam.mp4", 100), home, running, Watched(meet))
    assert met.wait(LIMIT_S)
    for frames in ((PEAK, 90), (5,)):  # held, it looks again and again
        one.look_at(frames)
        wait_until(lambda frames=frames: all(one.looked(index) for index in frames))
        for index in frames:
            looked = one.looked(index)
            assert looked is not None
            assert looked.analysis is not None
            plane = "femur" if index == PEAK else "background"
            assert looked.analysis.prediction.plane.key == plane
    assert one.knowledge.share < 1.0
    assert one.knowledge.answers is None
    one.pause(False)
    wait_until(lambda: one.knowledge.share == 1.0)


def test_what_was_analysed_can_be_asked_for_before_the_end(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    met = threading.Event()

    def held(index: int) -> None:
        if index == 130:
            running[0].pause(True)
            met.set()

    path = write_exam(tmp_path / "exam.mp4", 150)
    segments = [
        {"plane": "Femur", "first_frame": first, "last_frame": last}
        for first, last in ((10, 29), (120, 140))
    ]
    table = {"video": path.name, "segments": segments}
    path.with_suffix(".json").write_text(json.dumps(table))
    one = examine(path, home, running, Watched(held))
    assert met.wait(LIMIT_S)
    wait_until(lambda: one.knowledge.answers is not None and one.knowledge.answers.analysed().views)
    answers = one.knowledge.answers
    assert answers is not None
    (view,) = answers.analysed().views
    assert answers.best_frame(view) == PEAK
    assert answers.confidence(135, "femur") is None  # it was not judged yet
    assert len(answers.views) == 2
    one.pause(False)
    wait_until(lambda: one.knowledge.share == 1.0)


def test_held_it_does_not_go_on_with_a_look_and_can_be_stopped(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    seen: list[int] = []

    def hold(index: int) -> None:
        seen.append(index)
        running[0].pause(True)

    one = examine(write_exam(tmp_path / "exam.mp4"), home, running, Watched(hold))
    wait_until(lambda: seen)
    for index in (3, 4, 5):
        one.look_at((index,))
        wait_until(lambda index=index: one.looked(index))
    assert seen == [0]
    one.stop()
    assert not one.running
    assert one.knowledge.answers is None


def test_with_truth_a_missing_model_takes_the_best_frames_only(
    running: list[Examiner], home: Path
) -> None:
    def missing(_synthetic: bool, _tell: object) -> object:
        raise ModelError("no model is installed", "Install one")

    demo = paths.demo_exam()
    assert demo is not None
    one = examine(demo, home, running, missing)
    wait_until(lambda: one.knowledge.trouble is not None)
    known = one.knowledge
    assert known.answers is not None
    assert (known.answers.word, len(known.answers.views)) == (Word.TRUTH, 13)
    assert known.answers.analysis is None
    assert known.trouble is not None
    assert known.trouble.message == "no model is installed"
    one.look_at((70,))
    wait_until(lambda: one.looked(70) is not None)
    looked = one.looked(70)
    assert looked is not None
    assert looked.frame is not None
    assert looked.analysis is None


def test_stopped_in_the_middle_it_goes_on_there(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    path = write_exam(tmp_path / "exam.mp4", 100)
    far = threading.Event()

    def stop_at(index: int) -> None:
        if index >= 80:
            far.set()
            running[0].halt()

    one = examine(path, home, running, Watched(stop_at))
    assert far.wait(LIMIT_S)
    one.stop()
    assert one.knowledge.share < 1.0
    assert one.knowledge.answers is None
    seen: list[int] = []
    shares: list[float] = []

    def see(index: int) -> None:
        seen.append(index)
        shares.append(running[-1].knowledge.share)

    again = examine(path, home, running, Watched(see))
    wait_until(lambda: again.knowledge.share == 1.0)
    assert 60 <= seen[0] <= 80  # some frames before where it stopped
    assert seen[-1] == 99
    assert shares[0] == pytest.approx(seen[0] / 100)
    assert shares == sorted(shares)
    assert max(shares) < 1.0
    answers = again.knowledge.answers
    assert answers is not None
    (view,) = answers.views
    assert (view.plane, answers.best_frame(view)) == ("femur", PEAK)


def test_what_was_analysed_before_the_engine_failed_is_kept(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    path = write_exam(tmp_path / "exam.mp4", 100)

    def fail(index: int) -> None:
        if index == 80:
            raise EngineError("the graphics card is gone", "Try again")

    one = examine(path, home, running, Watched(fail))
    wait_until(lambda: one.knowledge.trouble)
    assert one.knowledge.doing == ""
    seen: list[int] = []
    again = examine(path, home, running, Watched(seen.append))
    wait_until(lambda: again.knowledge.share == 1.0)
    assert 60 <= seen[0] <= 80


def test_an_analysis_that_cannot_be_kept_counts_all_the_same(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    home.mkdir()
    (home / "analyses").write_text("a file where the folder should be")
    one = examine(write_exam(tmp_path / "exam.mp4"), home, running, Watched())
    wait_until(lambda: one.knowledge.share == 1.0)
    assert one.knowledge.answers is not None
    assert one.knowledge.trouble is None
    assert "could not be kept" in one.knowledge.notes[0]


def test_nor_is_anything_lost_where_the_disk_becomes_full_meanwhile(
    running: list[Examiner], tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def full(*_: object, **__: object) -> None:
        raise OutputError("the results cannot be kept: database or disk is full", "Free some space")

    def fill(index: int) -> None:
        seen.append(index)
        if index == 70:
            monkeypatch.setattr(RecordingCache, "add", full)

    one = examine(write_exam(tmp_path / "exam.mp4", 100), home, running, Watched(fill))
    wait_until(lambda: one.knowledge.share == 1.0)
    assert seen == list(range(100))  # none twice
    assert one.knowledge.trouble is None
    assert "could not be kept" in one.knowledge.notes[0]
    answers = one.knowledge.answers
    assert answers is not None
    assert [answers.best_frame(view) for view in answers.views] == [PEAK]


def test_what_the_engine_has_to_say_is_a_note(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    class Speaking(BrightEngine):
        def take_notices(self) -> list[str]:
            return ["it goes on with the processor"] if self.runs == 3 else []

    analyser = made_analyser()
    analyser.engine = Speaking()
    one = examine(write_exam(tmp_path / "exam.mp4"), home, running, analyser)
    wait_until(lambda: one.knowledge.share == 1.0)
    assert one.knowledge.notes == ("it goes on with the processor",)


def test_a_frame_that_cannot_be_read_is_told_and_the_analysis_goes_on(
    running: list[Examiner], tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads it is opened anew for the next look."""
    real = examining.frame_at

    def failing(source: object, index: int) -> Frame | None:
        if index == 7:
            raise SourceError("the disk is away", "Plug it in")
        return real(source, index)  # type: ignore[arg-type]

    monkeypatch.setattr(examining, "frame_at", failing)
    one = examine(write_exam(tmp_path / "exam.mp4"), home, running, Watched())
    one.look_at((7, 8))
    wait_until(lambda: one.looked(8) is not None and one.knowledge.share == 1.0)
    bad, good = one.looked(7), one.looked(8)
    assert bad is not None
    assert bad.frame is None
    assert good is not None
    assert good.frame is not None
    assert any("the disk is away" in note for note in one.knowledge.notes)
    assert one.knowledge.trouble is None


def test_what_nobody_thought_of_is_told_and_not_silent(
    running: list[Examiner], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_synthetic: bool, _tell: object) -> object:
        raise RuntimeError("out of cheese")

    demo = paths.demo_exam()
    assert demo is not None
    one = examine(demo, home, running, broken)
    wait_until(lambda: one.knowledge.trouble is not None)
    assert "out of cheese" in str(one.knowledge.trouble)
    assert one.knowledge.doing == ""
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("name", ["nowhere.mp4", "text.mp4", "picture.png"])
def test_what_is_no_exam_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "text.mp4":
        path.write_text("hello")
    if name == "picture.png":
        from sonoassist.core.opencv import cv2

        cv2.imwrite(str(path), np.full((80, 100), 90, np.uint8))
    with pytest.raises(SourceError) as caught:
        open_exam(str(path))
    assert "\n" not in str(caught.value)


def test_kept_results_that_are_damaged_or_of_another_recording_are_not_used(
    running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    path = write_exam(tmp_path / "exam.mp4")
    one = examine(path, home, running, Watched())
    wait_until(lambda: one.knowledge.share == 1.0)
    answers = one.knowledge.answers
    assert answers is not None
    database = home / "analyses" / f"{fingerprint(path)}.sqlite"
    data = database.read_bytes()
    for wrong in (data[: len(data) // 2], b"", b"text"):
        database.write_bytes(wrong)
        seen: list[int] = []
        again = examine(path, home, running, Watched(seen.append))
        wait_until(lambda again=again: again.knowledge.share == 1.0 or again.knowledge.trouble)
        assert again.knowledge.trouble is None
        assert seen == list(range(40))
        assert again.knowledge.answers is not None
        assert again.knowledge.answers.views == answers.views
    longer: list[int] = []
    other = examine(write_exam(tmp_path / "b.mp4", 41), home, running, Watched(longer.append))
    wait_until(lambda: other.knowledge.share == 1.0)
    assert longer == list(range(41))


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, bytes]:
    """A recording, and what is kept of it."""
    folder = tmp_path_factory.mktemp("scanned")
    recording, source = opened(str(write_exam(folder / "exam.mp4", SCANNED)))
    source.close()
    results = AnalysisCache(folder / "analyses")
    scan = ExamScan(recording, made_analyser(), results, lambda text: None)
    assert scan.run(lambda done: True)
    return recording, results.path_of(recording.identity.content).read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_of_kept_results_does_more_than_have_them_made_again(
    scanned: tuple[Recording, bytes], data: st.DataObject
) -> None:
    recording, whole = scanned
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    with TemporaryDirectory() as folder:
        results = AnalysisCache(Path(folder) / "analyses")
        results.folder.mkdir()
        results.path_of(recording.identity.content).write_bytes(content)
        said: list[str] = []
        scan = ExamScan(recording, made_analyser(), results, said.append)
        assert scan.run(lambda done: True)
        analysis = scan.analysis()
    assert analysis.probabilities.shape == (SCANNED, 14)
    assert np.isfinite(analysis.probabilities).all()
    assert all("could not be kept" in one for one in said)


def test_the_bundled_model_finds_a_view_of_the_demo_exam(
    cut: Callable[..., Path], running: list[Examiner], tmp_path: Path, home: Path
) -> None:
    store = ModelStore(tmp_path / "models", paths.shipped_models())
    path = cut(788, 842)  # the kidneys from frame 795 to 836 of the exam
    one = examine(
        path,
        home,
        running,
        lambda synthetic, _tell: analyser_for(Settings(), store, synthetic=synthetic),
    )
    wait_until(lambda: one.knowledge.share == 1.0 or one.knowledge.trouble)
    assert one.knowledge.trouble is None
    answers = one.knowledge.answers
    assert answers is not None
    found = [view for view in answers.views if view.plane == "kidneys"]
    assert found
    best = answers.best_frame(found[0])
    assert best is not None
    assert 7 <= best <= 48
