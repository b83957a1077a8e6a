"""A model at work on one exam: single looks, and what is said of damage."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonoassist.core.packets import Box, Frame, State
from sonoassist.core.planes import INDEX
from sonoassist.practice.analysing import analysis_of
from sonoassist.practice.opening import opened
from sonoassist.practice.scanning import ExamScan, damage_lines
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.kept import open_results
from sonoassist.recordings.reader import frame_at
from sonoassist.recordings.recording import Recording
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import FrameTable

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from review_made import BrightEngine, made_analyser, made_result, write_recording

PARTS = (("background", 10), ("femur", 20), ("lips", 10))


@pytest.fixture
def exam(tmp_path: Path) -> Recording:
    recording, source = opened(str(write_recording(tmp_path / "exam.mp4", PARTS)))
    source.close()
    return recording


@pytest.fixture
def kept(tmp_path: Path) -> AnalysisCache:
    return AnalysisCache(tmp_path / "analyses")


def frame(exam: Recording, index: int) -> Frame:
    with exam.open() as source:
        found = frame_at(source, index)
    assert found is not None
    return found


class Counted:
    """A scan, and how often its network has run."""

    def __init__(self, exam: Recording, kept: AnalysisCache, threshold: float = 0.7) -> None:
        self.said: list[str] = []
        analyser = made_analyser(threshold=threshold)
        assert isinstance(analyser.engine, BrightEngine)
        self.engine = analyser.engine
        self.scan = ExamScan(exam, analyser, kept, self.said.append)


@pytest.fixture
def counted(exam: Recording, kept: AnalysisCache) -> Iterator[Counted]:
    made = Counted(exam, kept)
    yield made
    made.scan.close()


def keep(exam: Recording, kept: AnalysisCache, *results: FrameResult) -> None:
    """Keep results as if they had been found earlier."""
    analyser = made_analyser()
    made = open_results(exam, kept, analyser.provenance, 0.7)
    made.add(results, analyser.provenance)
    made.close()


def test_a_look_at_a_known_frame_asks_the_network_for_the_heat_map_only(
    exam: Recording, counted: Counted
) -> None:
    scan, engine = counted.scan, counted.engine
    assert scan.run(lambda done: True)
    runs = engine.runs
    bare = scan.look(frame(exam, 15), heat=False)
    assert engine.runs == runs
    assert bare.localisation.evidence is None
    heated = scan.look(frame(exam, 15), heat=True)
    assert engine.runs == runs + 1
    assert heated.localisation.evidence is not None
    scored = scan.analysis().probabilities[15]
    for one in (bare, heated):
        assert np.array_equal(one.prediction.probabilities, scored)
        assert one.state is State.PLANE
        assert one.shown_box == bare.shown_box is not None


def test_what_is_shown_is_what_is_scored_whatever_the_network_finds_now(
    exam: Recording, kept: AnalysisCache
) -> None:
    """It may compute in another precision, and the exam's own results had a crop of their own."""
    whole = Box(0, 0, exam.info.width_px, exam.info.height_px)
    sure = made_result(15, "femur", 0.987, box=Box(1, 2, 30, 40))
    other = made_result(16, "kidneys", 0.9)
    keep(exam, kept, *(replace(one, crop=whole) for one in (sure, other)))
    counted = Counted(exam, kept)
    counted.scan.run(lambda done: True)
    alike = counted.scan.look(frame(exam, 15), heat=True)
    assert alike.localisation.evidence is not None
    assert alike.prediction.confidence == pytest.approx(0.987)
    assert alike.shown_box == Box(1, 2, 30, 40)
    unlike = counted.scan.look(frame(exam, 16), heat=True)
    assert unlike.prediction.plane.key == "kidneys"
    assert unlike.localisation.evidence is None  # it would be of another plane
    counted.scan.close()


def test_a_look_does_not_depend_on_the_one_before(exam: Recording, counted: Counted) -> None:
    """Nor on whether the exam has been analysed by then."""
    scan = counted.scan
    order = (3, 15, 15, 35, 3, 15, 35)
    before = [scan.look(frame(exam, index), heat=True) for index in order]
    assert scan.run(lambda done: True)
    after = [scan.look(frame(exam, index), heat=True) for index in order]
    by_frame: dict[int, np.ndarray] = {}
    for index, one in zip(order * 2, (*before, *after), strict=True):
        shares = one.prediction.probabilities
        assert np.array_equal(by_frame.setdefault(index, shares), shares)
        assert one.state is State.PLANE or index == 3


def test_looks_do_not_change_what_is_found(
    exam: Recording, counted: Counted, tmp_path: Path
) -> None:
    undisturbed = Counted(exam, AnalysisCache(tmp_path / "other"))
    assert undisturbed.scan.run(lambda done: True)
    seen: list[int] = []

    def go_on(done: int) -> bool:
        seen.append(done)
        counted.scan.look(frame(exam, (7 * done) % 40), heat=True)
        return True

    assert counted.scan.run(go_on)
    assert seen == list(range(41))
    found, wanted = counted.scan.analysis(), undisturbed.scan.analysis()
    assert np.array_equal(found.probabilities, wanted.probabilities)
    assert np.array_equal(found.steady, wanted.steady)
    undisturbed.scan.close()


def test_what_is_known_counts_as_done(exam: Recording, kept: AnalysisCache, tmp_path: Path) -> None:
    """Only some frames of it, as a review that was ended early leaves them."""
    whole = Counted(exam, AnalysisCache(tmp_path / "other"))
    assert whole.scan.run(lambda done: True)
    whole.scan.close()
    keep(exam, kept, *(made_result(index, "femur") for index in range(0, 40, 16)))
    counted = Counted(exam, kept)
    seen: list[int] = []

    def go_on(done: int) -> bool:
        seen.append(done)
        return True

    assert counted.scan.run(go_on)
    assert counted.engine.runs == whole.engine.runs - 3
    assert seen == list(range(41))
    counted.scan.close()


def test_a_lower_threshold_has_the_box_made_when_it_is_looked_at(
    exam: Recording, kept: AnalysisCache
) -> None:
    whole = Box(0, 0, exam.info.width_px, exam.info.height_px)
    keep(exam, kept, replace(made_result(15, "femur", 0.65, State.UNSURE), crop=whole, boxed=False))
    counted = Counted(exam, kept, threshold=0.6)
    assert counted.scan.run(lambda done: True)
    for heat in (False, True):
        looked = counted.scan.look(frame(exam, 15), heat=heat)
        assert looked.state is State.PLANE
        assert looked.shown_box is not None
        assert looked.prediction.confidence == pytest.approx(0.65)
    counted.scan.close()


def test_a_damaged_frame_is_unknown() -> None:
    table = FrameTable([index / 25 for index in range(30)])
    table.add(
        [
            made_result(index, "femur", state=None if index == 15 else State.PLANE)
            for index in range(30)
        ]
    )
    analysis = analysis_of(table.snapshot(), 0.7, "Mine")
    assert int(analysis.steady[15]) == -1
    assert not analysis.probabilities[15].any()
    assert int(analysis.steady[20]) == INDEX["femur"]


def test_of_much_damage_the_first_places_and_the_last_are_named() -> None:
    damage = {index: f"frame {index} is damaged" for index in range(3, 9)}
    assert damage_lines(dict(list(damage.items())[:5])) == list(damage.values())[:5]
    damage[90] = "the recording ends early"
    said = damage_lines(damage)
    assert said[:4] == list(damage.values())[:4]
    assert said[4:] == ["2 more places cannot be read", "the recording ends early"]
