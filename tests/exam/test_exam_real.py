"""A whole exam on the real montage: a real session, the published network, the record on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from real_models import BY_PUBLISHED_LABEL, published_analyser
from sonoassist.exam.checklist import ItemState
from sonoassist.exam.exam_view import ExamView
from sonoassist.exam.export import Export, write_export
from sonoassist.exam.presets import load_preset
from sonoassist.exam.records import ExamStart
from sonoassist.exam.running import RunningExam
from sonoassist.exam.store import ExamStore
from sonoassist.live.session import LiveSession
from sonoassist.live.status import ModelState, PlayState, View
from sparse_source import SparseSource
from waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("networks_once")]

EVERY = 3
"""Frames of the montage from one to the next: some eight a second, as slow scanners give them."""


def found(view: ExamView) -> int:
    return sum(not line.item.manual and line.state.found for line in view.lines)


def indexes(truth: dict[str, Any]) -> range:
    """The frames that are shown."""
    return range(0, truth["frames"], EVERY)


def test_the_montage_fills_the_checklist_from_the_right_segments(
    test_data: Path, tmp_path: Path
) -> None:
    video = test_data / "exam" / "montage.mp4"
    truth = json.loads(video.with_suffix(".json").read_text())
    preset, store = load_preset(), ExamStore(tmp_path / "exams")
    session = LiveSession(opener=lambda spec, _stop: SparseSource(spec, EVERY))
    session.load_model(lambda: published_analyser(test_data))
    wait_until(lambda: session.status().model_state is ModelState.READY)
    start = ExamStart("", "montage.mp4", "montage.mp4", False, preset.title, preset.items, {}, {})
    running = RunningExam(
        store.create(start), preset.items, session.notices, clip_s=0.5, source_id=""
    )

    def see(view: View) -> None:
        running.join_source(view.frame.source_id)  # known only when the first frame comes
        running.see(view)
        wait_until(lambda: not running._views)  # every view is looked at, however slowly

    session.watch(see)
    session.set_every_frame(True)
    session.set_speed(8.0)
    session.open(str(video))
    wait_until(lambda: session.status().play_state is PlayState.ENDED)
    # The last frame's result may still be on its way.
    wait_until(lambda: session.status().stats.analysed == len(indexes(truth)))
    running.source_stands()
    wait_until(lambda: found(running.view) == 13)
    session.stop()
    running.end()
    _check_record(store, running.view, truth)
    files = write_export(store, running.view.exam_id, tmp_path / "out", Export(frozenset({"pdf"})))
    assert files[-1].read_bytes().startswith(b"%PDF")


def _check_record(store: ExamStore, view: ExamView, truth: dict[str, Any]) -> None:
    segments = {
        BY_PUBLISHED_LABEL[one["plane"]].key: (one["first_frame"], one["last_frame"])
        for one in truth["segments"]
    }
    tolerance = truth["retrieval_tolerance_frames"]
    for line in view.lines:
        if line.item.manual:
            assert line.state is ItemState.MISSING
            continue
        assert line.state is ItemState.BEST
        assert line.shown is not None
        first, last = segments[line.item.plane]
        assert first - tolerance <= line.shown.shot.index <= last + tolerance
    with store.open(view.exam_id) as exam:
        assert [row.index for row in exam.frames()] == list(indexes(truth))
        captures = exam.captures()
        assert len(captures) == 13
        assert all((exam.media / one.still).is_file() for one in captures)
        assert all(one.clip for one in captures)
