"""What was analysed by one way is never analysed again by another, and is the same for all."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from real_models import card_of
from recordings.made import COUNT, PARTS
from review.review_made import made_analyser, write_recording
from sonoassist.analysis.analyser import Analyser
from sonoassist.analysis.preparing import Ready
from sonoassist.commands import analyse
from sonoassist.core.packets import Analysis, Frame
from sonoassist.core.planes import KEYS
from sonoassist.engines.choose import EngineChoice
from sonoassist.exam.resolving import ExamResolver
from sonoassist.practice.examiner import Examiner
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.recording import look_into
from sonoassist.recordings.records import RunState
from sonoassist.retrieval import worker
from sonoassist.retrieval.exams import of_file
from sonoassist.retrieval.order import LoadedModel, SearchOrder, Task
from sonoassist.retrieval.result import FRAMES
from sonoassist.retrieval.table import unpacked
from sonoassist.review.session import ReviewSession
from sonoassist.review.views import find_views
from sonoassist.temporal.rules import Rule
from waiting import wait_until

Shares = np.ndarray
Way = Callable[[Path, pytest.MonkeyPatch], Shares]


def analyser(*_: object, **__: object) -> Analyser:
    return made_analyser(card_of("sononet16").weights_sha256)


def by_analyse(video: Path, patch: pytest.MonkeyPatch) -> Shares:
    patch.setattr(analyse, "build_analyser", analyser)
    parser = argparse.ArgumentParser()
    analyse.register(parser.add_subparsers())
    out = video.parent / "out"
    args = parser.parse_args(["analyse", str(video), "--out", str(out), "--crop", "full"])
    assert args.run(args) == 0
    with (out / "analysis.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row[f"p_{key}"]) for key in KEYS] for row in rows], np.float32)


def by_review(video: Path, _patch: pytest.MonkeyPatch) -> Shares:
    session = ReviewSession.open(str(video), CorrectionStore.default(), lambda: None)
    session.begin(analyser())
    wait_until(lambda: session.progress().state is RunState.DONE, "the review")
    found = session.table.snapshot()
    best = find_views(found, session.review.corrections).candidates
    session.close()
    assert best["femur"]
    return np.asarray(found.probabilities)


def by_practice(video: Path, _patch: pytest.MonkeyPatch) -> Shares:
    examiner = Examiner(str(video), analyser, lambda: None)
    examiner.start()
    wait_until(lambda: examiner.knowledge.share == 1.0, "the examiner")
    examiner.stop()
    answers = examiner.knowledge.answers
    assert answers is not None
    assert answers.analysis is not None
    return np.asarray(answers.analysis.probabilities)


def by_retrieve(video: Path, patch: pytest.MonkeyPatch) -> Shares:
    patch.setattr(worker, "engine_for", lambda *_: analyser().engine)
    card = card_of("sononet16")
    model = LoadedModel(card, {})
    options = made_analyser(card.weights_sha256).options
    order = SearchOrder(model, model, EngineChoice(), options, Rule.BEST, masked=False)
    exam = of_file(video)
    bundle = worker.Searcher(order).search(Task(exam, "exam", exam.fingerprint()))
    kept = unpacked(bundle.files[FRAMES])
    assert kept is not None
    return np.asarray(kept[0].probabilities)


WAYS: dict[str, Way] = {
    "analyse": by_analyse,
    "review": by_review,
    "practice": by_practice,
    "retrieve": by_retrieve,
}


@pytest.mark.usefixtures("plain_screens")
@pytest.mark.parametrize("first", WAYS)
def test_what_one_way_has_analysed_serves_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    video = write_recording(tmp_path / "exam.mp4", PARTS)
    seen: list[Frame] = []
    real = Analyser.judge

    def noting(self: Analyser, ready: Ready) -> Analysis:
        seen.append(ready.frame)
        return real(self, ready)

    monkeypatch.setattr(Analyser, "judge", noting)
    expected = WAYS[first](video, monkeypatch)
    assert expected.shape == (COUNT, len(KEYS))
    assert len(seen) == COUNT
    for way in (name for name in WAYS if name != first):
        found = WAYS[way](video, monkeypatch)
        assert len(seen) == COUNT, f"{way} analysed again"
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    recording = look_into(str(video), ExamResolver())
    cache = CorrectionStore.default().cache
    assert cache.contents() == [recording.identity.content]
