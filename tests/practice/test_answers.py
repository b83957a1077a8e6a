"""Truth beside an exam, views and best frames."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from practice_made import FPS, analysis_of_labels, answers_of, labels_of

from sonoassist.core import paths
from sonoassist.core.errors import SourceError
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, PLANES
from sonoassist.datasets.named import recording_of
from sonoassist.practice.answers import (
    ExamAnalysis,
    PlaneView,
    Word,
    answers_from_model,
    views_of,
)
from sonoassist.practice.truth import UNKNOWN, truth_beside


@pytest.fixture
def demo() -> Path:
    path = paths.demo_exam()
    assert path is not None
    return path


def test_the_demo_exam_has_all_13_planes_and_their_boxes(demo: Path) -> None:
    truth = truth_beside(str(demo), 1080)
    assert truth is not None
    assert truth.table == "truth.csv"
    assert not truth.problems
    views = views_of(truth.labels, np.arange(1080) / 12)
    assert [(view.plane, view.first, view.last) for view in views[:3]] == [
        ("spine_cor", 67, 108),
        ("4ch", 142, 183),
        ("lvot", 217, 257),
    ]
    assert {view.plane for view in views} == {one.key for one in PLANES if not one.is_background}
    assert all(view.first in truth.boxes for view in views)
    assert truth.labels[0] == BACKGROUND_INDEX  # nearly a plane is none


@pytest.mark.parametrize("name", ["", "truth.csv", "exam.mp4"])
def test_an_exam_is_known_by_its_folder_its_table_and_its_video(demo: Path, name: str) -> None:
    assert recording_of(str(demo.parent / name)) == str(demo)


def test_a_table_of_segments_is_found_beside_its_video(tmp_path: Path, demo: Path) -> None:
    shutil.copy(demo, tmp_path / "scan.mp4")
    (tmp_path / "a.json").write_text('{"other": 1}')
    (tmp_path / "b.json").write_text("no json at all")
    segments = [{"plane": "Femur", "first_frame": 10, "last_frame": 29}]
    table = {"video": "scan.mp4", "retrieval_tolerance_frames": 5, "segments": segments}
    (tmp_path / "scan-truth.json").write_text(json.dumps(table))
    truth = truth_beside(str(tmp_path / "scan.mp4"), 1080)
    assert truth is not None
    assert truth.table == "scan-truth.json"
    assert truth.labels[9] == truth.labels[30] == UNKNOWN
    assert (truth.labels[10:30] == INDEX["femur"]).all()
    assert recording_of(str(tmp_path / "scan-truth.json")) == str(tmp_path / "scan.mp4")


def test_a_video_by_itself_has_no_truth(tmp_path: Path, demo: Path) -> None:
    shutil.copy(demo, tmp_path / "exam.mp4")
    assert truth_beside(str(tmp_path / "exam.mp4"), 1080) is None


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"images": {}}')
    with pytest.raises(SourceError, match="no table of a recording"):
        recording_of(str(tmp_path / "x.json"))


@pytest.mark.real
def test_the_montage_has_13_views(test_data: Path) -> None:
    truth = truth_beside(str(test_data / "exam" / "montage.mp4"), 1419)
    assert truth is not None
    views = views_of(truth.labels, np.arange(1419) / 25)
    assert len(views) == 13
    assert views[0] == PlaneView("kidneys", 0, 74)


def test_views_bridge_short_gaps_and_leave_out_short_stretches() -> None:
    views = answers_of(
        ("background", 5),
        ("femur", 6),
        ("?", 3),
        ("femur", 4),
        ("background", 6),
        ("femur", 10),
        ("lips", 4),
        ("background", 3),
    ).views
    # The gap of 3 frames (0.4 s from frame to frame) is bridged, the one of 6 is not; the lips
    # last 0.3 s.
    assert views == (PlaneView("femur", 5, 17), PlaneView("femur", 24, 33))


_KEYS = st.sampled_from(["?", "background", "femur", "lips", "4ch"])


@given(st.lists(st.tuples(_KEYS, st.integers(1, 12)), min_size=1, max_size=12))
def test_views_lie_in_order_and_show_their_plane_at_both_ends(
    stretches: list[tuple[str, int]],
) -> None:
    labels = labels_of(*stretches)
    views = views_of(labels, np.arange(len(labels)) / FPS)
    for view in views:
        assert labels[view.first] == labels[view.last] == INDEX[view.plane]
        assert (view.last - view.first) / FPS >= 0.5
    assert all(one.last < other.first for one, other in pairwise(views))


def test_the_best_frame_is_the_one_the_model_is_surest_of() -> None:
    answers = answers_of(("background", 10), ("femur", 10), ("background", 5))
    view = answers.views[0]
    assert answers.best_frame(view) is None
    assert answers.confidence(12, "femur") is None
    analysis = analysis_of_labels(answers.labels, {3: 0.99, 14: 0.9, 16: 0.8})
    known = answers.with_analysis(analysis)
    assert known.best_frame(view) == 14
    assert known.confidence(16, "femur") == pytest.approx(0.8)
    assert known.word is Word.TRUTH


def test_without_truth_the_model_has_the_word_and_it_is_said() -> None:
    labels = labels_of(("background", 5), ("femur", 10), ("?", 5))
    answers = answers_from_model(analysis_of_labels(labels, {8: 0.95}), np.arange(20) / FPS)
    assert answers.views == (PlaneView("femur", 5, 14),)
    assert answers.best_frame(answers.views[0]) == 8
    assert answers.sentence == "Scored against the model, not the truth."


def test_of_a_part_that_was_analysed_only_its_whole_views_are_asked_for() -> None:
    answers = answers_of(("background", 10), ("femur", 20), ("background", 10), ("lips", 20))
    analysis = analysis_of_labels(answers.labels, {})
    for done, asked in (
        (0, []),
        (25, []),
        (30, []),
        (31, ["femur"]),
        (59, ["femur"]),
        (60, ["femur", "lips"]),
    ):
        probabilities = np.array(analysis.probabilities)
        probabilities[done:] = 0.0
        part = answers.with_analysis(ExamAnalysis(probabilities, answers.labels, "made up"))
        assert [view.plane for view in part.analysed().views] == asked
    assert answers.analysed().views == ()
