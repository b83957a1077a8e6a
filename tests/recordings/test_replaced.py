"""A file that is replaced just after it was opened: no result of one is kept for the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from recordings.made import COUNT, PARTS
from recordings.test_once import WAYS, Shares, analyser
from review.review_made import Part, write_recording
from sonoassist.core.errors import SonoAssistError
from sonoassist.core.planes import INDEX
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.evaluation import file_run, planning
from sonoassist.evaluation.observing import observe
from sonoassist.practice.examiner import Examiner
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.identity import Identity, fingerprint
from sonoassist.recordings.recording_cache import AnalysisKey
from sonoassist.sources import files
from sonoassist.sources.base import Source
from waiting import wait_until


def by_practice(video: Path, _patch: pytest.MonkeyPatch) -> Shares:
    examiner = Examiner(str(video), analyser, lambda: None)
    examiner.start()
    wait_until(lambda: examiner.knowledge.share == 1.0 or examiner.knowledge.trouble is not None)
    examiner.stop()
    if examiner.knowledge.trouble is not None:
        raise examiner.knowledge.trouble
    answers = examiner.knowledge.answers
    assert answers is not None
    assert answers.analysis is not None
    return np.asarray(answers.analysis.probabilities)


def by_evaluate(video: Path, _patch: pytest.MonkeyPatch) -> Shares:
    labels = tuple(LabelledFrame("case", video, index, ("femur",)) for index in range(COUNT))
    plan = planning.make_plan([Dataset("data", "montage", labels)], planning.Scope(whole=True))
    means = file_run.Means(analyser(), AnalysisCache.default(), on_notice=lambda _: None)
    found = observe(plan, means, lambda *_: None, lambda: None)
    return np.array([one.probabilities for one in found.frames])


OTHER = (("lips", 120), ("femur", 80))

ALL = {**WAYS, "practice": by_practice, "evaluate": by_evaluate}


@pytest.fixture
def once_opened(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[Path], None]]:
    """What is done each time when a file has just been opened."""
    real, done = files._open_file, list[Callable[[Path], None]]()

    def opened(path: Path) -> Source:
        source = real(path)
        for act in done:
            act(path)
        return source

    monkeypatch.setattr(files, "_open_file", opened)
    return done


@pytest.mark.usefixtures("plain_screens")
@pytest.mark.parametrize("way", ALL)
@pytest.mark.parametrize("how", ["renamed over it", "written into it"])
def test_a_file_replaced_just_after_it_was_opened(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    once_opened: list[Callable[[Path], None]],
    way: str,
    how: str,
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    video = write_recording(tmp_path / "exam.mp4", PARTS)
    other = write_recording(tmp_path / "other.mp4", OTHER)
    shown = {fingerprint(video): winners_of(PARTS), fingerprint(other): winners_of(OTHER)}

    def replace(path: Path) -> None:
        if not other.exists():
            return
        if how == "written into it":
            path.write_bytes(other.read_bytes())
            other.unlink()
        else:
            other.replace(path)

    once_opened.append(replace)
    with suppress(SonoAssistError):  # it may also be opened again, and be the other one
        found = ALL[way](video, monkeypatch)
        assert found.argmax(axis=1).tolist() in ([], winners_of(OTHER))
    assert not other.exists()
    for content in AnalysisCache.default().contents():
        for index, winner in kept_winners(content):
            assert winner == shown[content][index]
    found = ALL[way](video, monkeypatch)
    assert found.argmax(axis=1).tolist() == winners_of(OTHER)


def winners_of(parts: Sequence[Part]) -> list[int]:
    return [INDEX[key] for key, count in parts for _ in range(count)]


def kept_winners(content: str) -> Iterator[tuple[int, int]]:
    with AnalysisCache.default().open(Identity(content)) as kept:
        for number in kept.serving(AnalysisKey(0, analyser().provenance)):
            for part in kept.results(number):
                yield from ((one.index, int(one.probabilities.argmax())) for one in part)
