"""The examiner and the analysis of a whole exam, on cuts of the demo exam."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_analyses import analysis_of, shares_of
from real_models import card_of
from sonoassist.analysis.analyser import AnalyserOptions, analyser_for
from sonoassist.core import paths
from sonoassist.core.errors import ModelError, SourceError
from sonoassist.core.packets import Analysis, Box, Frame
from sonoassist.core.planes import PLANES
from sonoassist.core.settings import Settings
from sonoassist.model.store import ModelStore
from sonoassist.practice.analysing import Begun, ExamScan, load_analysis, save_analysis
from sonoassist.practice.answers import ExamAnalysis, Word
from sonoassist.practice.examiner import Examiner
from sonoassist.practice.opening import open_exam
from sonoassist.practice.truth import UNKNOWN
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources import open_source
from sonoassist.sources.base import SYNTHETIC_MARK
from waiting import LIMIT_S, wait_until


class Judge:
    """An analyser without a network: says "femur" on 20 frames from number 10 on."""

    seen: list[int]

    def __init__(self, engine: object = None, card: object = None, options: object = None) -> None:
        self.engine = engine
        self.card = card_of("sononet16")
        self.options = AnalyserOptions()
        self.closed = False

    def analyse(self, frame: Frame) -> Analysis:
        peak = 1 - abs(frame.index - 18) / 100
        key = "femur" if 10 <= frame.index < 30 else "background"
        return analysis_of(frame, shares_of(key, peak), box=Box(1, 2, 30, 40))

    def close(self) -> None:
        self.closed = True


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


def examine(
    path: Path, running: list[Examiner], make: Callable[..., object], **more: Path
) -> Examiner:
    one = Examiner(str(path), make, lambda: None, **more)  # type: ignore[arg-type]
    running.append(one)
    one.start()
    return one


def test_without_truth_the_model_answers_once_and_it_is_kept(
    cut: Callable[..., Path], running: list[Examiner], tmp_path: Path
) -> None:
    path, kept = cut(0, 39), tmp_path / "kept"
    one = examine(path, running, lambda _synthetic, _tell: Judge(), folder=kept)
    wait_until(lambda: one.knowledge.share == 1.0)
    answers = one.knowledge.answers
    assert answers is not None
    assert answers.word is Word.MODEL
    (view,) = answers.views
    assert view.plane == "femur"
    assert answers.best_frame(view) == 18
    assert one.knowledge.trouble is None
    assert len(list(kept.iterdir())) == 1

    class NoScan(Judge):
        def analyse(self, frame: Frame) -> Analysis:
            raise AssertionError("it is known already")

    again = examine(path, running, lambda _synthetic, _tell: NoScan(), folder=kept)
    wait_until(lambda: again.knowledge.share == 1.0)
    assert again.knowledge.answers is not None
    assert again.knowledge.answers.views == answers.views


def test_frames_are_looked_at_with_their_own_result(
    cut: Callable[..., Path], running: list[Examiner], tmp_path: Path
) -> None:
    one = examine(cut(0, 39), running, lambda _synthetic, _tell: Judge(), folder=tmp_path / "k")
    wait_until(lambda: one.knowledge.share == 1.0)
    one.look_at((18, 5))
    wait_until(lambda: one.looked(5) is not None)
    for index, key in ((18, "femur"), (5, "background")):
        looked = one.looked(index)
        assert looked is not None
        assert looked.frame is not None
        assert looked.analysis is not None
        assert (looked.frame.index, looked.analysis.prediction.plane.key) == (index, key)


def test_with_truth_a_missing_model_takes_the_best_frames_only(running: list[Examiner]) -> None:
    def missing(_synthetic: bool, _tell: object) -> object:
        raise ModelError("no model is installed", "Install one")

    demo = paths.demo_exam()
    assert demo is not None
    one = examine(demo, running, missing)
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
    cut: Callable[..., Path], running: list[Examiner], tmp_path: Path
) -> None:
    path, kept = cut(0, 99), tmp_path / "kept"
    far = threading.Event()

    class Slow(Judge):
        def analyse(self, frame: Frame) -> Analysis:
            if frame.index >= 60:
                far.set()
                one.halt()
            return super().analyse(frame)

    one = examine(path, running, lambda _synthetic, _tell: Slow(), folder=kept)
    assert far.wait(LIMIT_S)
    one.stop()
    assert one.knowledge.share < 1.0
    assert one.knowledge.answers is None
    seen: list[int] = []

    class Second(Judge):
        def analyse(self, frame: Frame) -> Analysis:
            seen.append(frame.index)
            return super().analyse(frame)

    again = examine(path, running, lambda _synthetic, _tell: Second(), folder=kept)
    wait_until(lambda: again.knowledge.share == 1.0)
    assert 30 <= seen[0] <= 60  # some frames before where it stopped
    assert seen[-1] == 99
    answers = again.knowledge.answers
    assert answers is not None
    (view,) = answers.views
    assert (view.plane, answers.best_frame(view)) == ("femur", 18)


def test_it_goes_on_two_seconds_before_whatever_the_rate(tmp_path: Path) -> None:
    path, times_s = tmp_path / "slower.mp4", [*np.arange(40) / 25, *(1.6 + np.arange(20) / 2)]
    with VideoEncoder(path, 64, 48, 25.0) as encoder:
        for time_s in times_s:
            encoder.add(np.zeros((48, 64, 3), np.uint8), float(time_s))
    seen: list[int] = []

    class Noting(Judge):
        def analyse(self, frame: Frame) -> Analysis:
            seen.append(frame.index)
            return super().analyse(frame)

    shares = np.zeros((60, len(PLANES)), np.float32)
    begun = Begun(ExamAnalysis(shares, np.full(60, UNKNOWN, np.int8), "Mine"), 50)
    with open_source(str(path)) as source:
        done = ExamScan(source, Noting(), begun).run(lambda done: True)  # type: ignore[arg-type]
    assert seen == list(range(46, 60))  # frames are half a second apart there
    assert done.whole


def test_an_analysis_that_cannot_be_kept_counts_all_the_same(
    cut: Callable[..., Path], running: list[Examiner], tmp_path: Path
) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    one = examine(cut(0, 39), running, lambda _synthetic, _tell: Judge(), folder=tmp_path / "kept")
    wait_until(lambda: one.knowledge.share == 1.0)
    assert one.knowledge.answers is not None
    assert one.knowledge.trouble is None
    assert "could not be kept" in one.knowledge.notes[0]


def test_what_nobody_thought_of_is_told_and_not_silent(
    running: list[Examiner], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_synthetic: bool, _tell: object) -> object:
        raise RuntimeError("out of cheese")

    demo = paths.demo_exam()
    assert demo is not None
    one = examine(demo, running, broken)
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


def test_a_kept_analysis_that_is_damaged_or_of_another_length_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    kept = ExamAnalysis(np.full((5, 14), 1 / 14, np.float32), np.full(5, 2, np.int8), "SonoNet-32")
    save_analysis(path, Begun(kept, 5))
    found = load_analysis(path, 5)
    assert found is not None
    assert np.array_equal(found.analysis.probabilities, kept.probabilities)
    assert (found.analysis.model, found.whole) == ("SonoNet-32", True)
    assert load_analysis(path, 6) is None
    assert load_analysis(tmp_path / "b.npz", 5) is None
    data = path.read_bytes()
    for wrong in (data[: len(data) // 2], b"", b"text"):
        path.write_bytes(wrong)
        assert load_analysis(path, 5) is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_of_a_kept_analysis_does_more_than_have_it_made_again(
    data: st.DataObject,
) -> None:
    probabilities = np.random.default_rng(3).random((40, 14), np.float32)
    kept = ExamAnalysis(probabilities, np.full(40, 2, np.int8), "SonoNet-32")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        save_analysis(path, Begun(kept, 40))
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 6))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] = data.draw(st.integers(0, 255))
        path.write_bytes(content)
        found = load_analysis(path, 40)
    assert found is None or found.analysis.probabilities.shape == (40, 14)


@pytest.mark.usefixtures("networks_once")
def test_the_bundled_model_finds_a_view_of_the_demo_exam(
    cut: Callable[..., Path], running: list[Examiner], tmp_path: Path
) -> None:
    store = ModelStore(tmp_path / "models", paths.shipped_models())
    path = cut(775, 850)  # the kidneys from frame 795 to 836 of the exam
    one = examine(
        path,
        running,
        lambda synthetic, _tell: analyser_for(Settings(), store, synthetic=synthetic),
        folder=tmp_path / "kept",
    )
    wait_until(lambda: one.knowledge.share == 1.0 or one.knowledge.trouble)
    assert one.knowledge.trouble is None
    answers = one.knowledge.answers
    assert answers is not None
    found = [view for view in answers.views if view.plane == "kidneys"]
    assert found
    best = answers.best_frame(found[0])
    assert best is not None
    assert 20 <= best <= 61
