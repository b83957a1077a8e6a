"""One adapter for each way in which the program analyses a recorded exam.

All that is private to a way is in its adapter, so that another loop can be put under it.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Callable, Mapping
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plain_screens import PlainScreens
from real_models import card_of
from review.review_made import BrightEngine
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.commands import analyse
from sonoassist.core.packets import Box
from sonoassist.core.planes import KEYS
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.engines.base import Engine
from sonoassist.engines.choose import EngineChoice
from sonoassist.evaluation import file_run, planning
from sonoassist.evaluation.observed import Observed
from sonoassist.evaluation.observing import observe
from sonoassist.exam.store import ExamStore
from sonoassist.practice import opening as practice_opening
from sonoassist.practice.analysing import analysis_of
from sonoassist.practice.examiner import Examiner
from sonoassist.preprocess.crop import parse_crop
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.recordings import recording
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.kept import open_results
from sonoassist.recordings.records import RunState
from sonoassist.retrieval import opening as retrieval_opening
from sonoassist.retrieval import worker
from sonoassist.retrieval.exams import of_file
from sonoassist.retrieval.order import LoadedModel, SearchOrder, Task
from sonoassist.retrieval.result import FRAMES
from sonoassist.retrieval.table import CONTENTS, unpacked
from sonoassist.review.session import ReviewSession
from sonoassist.sources import Source
from sonoassist.temporal.rules import Rule
from waiting import wait_until


@dataclass(frozen=True)
class Exam:
    """What is analysed, and how.

    Attributes:
        path: Of its file.
        opens: Opens it in place of the program; None: it is a real file.
        crop: As the user names it.
        engine: Makes what judges its pictures.
    """

    path: Path
    opens: Callable[[], Source] | None = None
    crop: str = "full"
    engine: Callable[[], Engine] = BrightEngine

    @property
    def options(self) -> AnalyserOptions:
        return AnalyserOptions(parse_crop(self.crop))

    def analyser(self) -> Analyser:
        """A fresh one."""
        reader = ScreenReader(PlainScreens)
        return Analyser(self.engine(), card_of("sononet16"), self.options, reader)

    def open_in(self, patch: pytest.MonkeyPatch, module: Any) -> None:
        """Let a module open this exam."""
        opens = self.opens
        if opens is not None:
            patch.setattr(module, "open_source", lambda spec: opens())


@dataclass(frozen=True)
class Seen:
    """The result of one frame; None for what is not kept.

    Attributes:
        probabilities: float, (14,).
        state: `State.value`, or `Content.value` where only that is kept.
        box: In frame pixels.
        steady: Key of the steadied plane; "" where there is none.
    """

    probabilities: np.ndarray
    state: str | None = None
    box: Box | None = None
    steady: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of an analysis.

    Attributes:
        frames: The frames with a result that is kept, by their index.
        notes: What was said beside the results, a line each.
        finished: It passes as the whole analysis of this recording.
        trouble: Why not, as the user reads it.
        raised: What left the loop, where anything did.
        unreadable: Frames that are kept as ones that cannot be read.
        frozen: How many were said to repeat a frozen picture; None where that is not counted.
    """

    frames: Mapping[int, Seen]
    notes: list[str]
    finished: bool
    trouble: str = ""
    raised: Exception | None = None
    unreadable: frozenset[int] = field(default_factory=frozenset)
    frozen: int | None = None

    @property
    def said(self) -> str:
        """All that a user is told."""
        return "\n".join([*self.notes, self.trouble])


Way = Callable[[Exam, Path], Outcome]
"""Analyses an exam; what is kept goes into a folder."""


def _attempt(work: Callable[[], object]) -> Exception | None:
    try:
        work()
    except Exception as error:  # noqa: BLE001  (what it is is what is looked at)
        return error
    return None


# --- analyse ---------------------------------------------------------------------------------


def by_analyse(exam: Exam, home: Path) -> Outcome:
    parser = argparse.ArgumentParser()
    analyse.register(parser.add_subparsers())
    words = ["analyse", str(exam.path), "--out", str(home), "--crop", exam.crop, "--json"]
    printed, told = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(told):
        exam.open_in(patch, analyse)
        exam.open_in(patch, recording)
        patch.setenv("SONOASSIST_HOME", str(home / "home"))
        patch.setattr(analyse, "build_analyser", lambda *_, **__: exam.analyser())
        args = parser.parse_args(words)
        raised = _attempt(lambda: args.run(args))
    table, summary = home / "analysis.csv", printed.getvalue()
    frames = _rows(table) if table.exists() else {}
    frozen = json.loads(summary)["frozen"] if summary else None
    return Outcome(
        frames,
        told.getvalue().splitlines(),
        raised is None,
        str(raised or ""),
        raised,
        frozen=frozen,
    )


def _rows(table: Path) -> dict[int, Seen]:
    with table.open(newline="", encoding="utf-8") as file:
        return {int(row["frame"]): _row(row) for row in csv.DictReader(file)}


def _row(row: Mapping[str, str]) -> Seen:
    edges = [row[f"{edge}_px"] for edge in ("left", "top", "right", "bottom")]
    box = Box(*map(float, edges)) if edges[0] else None
    shares = np.array([float(row[f"p_{key}"]) for key in KEYS])
    return Seen(shares, row["state"], box, row["steady_plane"])


# --- retrieve --------------------------------------------------------------------------------


def by_retrieve(exam: Exam, home: Path) -> Outcome:
    kept = home / FRAMES  # the run hands a worker what was kept before, as bytes
    model = LoadedModel(card_of("sononet16"), {})
    order = SearchOrder(model, model, EngineChoice(), exam.options, Rule.BEST, masked=False)
    one = of_file(exam.path)
    before = kept.read_bytes() if kept.exists() else b""
    task = Task(one, "exam", one.fingerprint(), before, one.stamps())
    found: list[worker.Bundle] = []
    with pytest.MonkeyPatch.context() as patch:
        exam.open_in(patch, retrieval_opening)
        exam.open_in(patch, recording)
        patch.setattr(worker, "engine_for", lambda *_: exam.engine())
        cache = AnalysisCache(home / "analyses")
        raised = _attempt(lambda: found.append(worker.Searcher(order, cache).search(task)))
    if not found:
        return Outcome({}, [], finished=False, trouble=str(raised), raised=raised)
    bundle = found[0]
    home.mkdir(exist_ok=True)
    kept.write_bytes(bundle.files[FRAMES])
    return Outcome(
        _columns(bundle.files[FRAMES]),
        [*bundle.about["damaged"], *bundle.about["warnings"]],
        finished=True,
    )


def _columns(data: bytes) -> dict[int, Seen]:
    kept = unpacked(data)
    assert kept is not None
    table = kept[0]
    return {
        int(table.frame[row]): Seen(
            table.probabilities[row],
            CONTENTS[table.content[row]].value,
            table.box_of(row),
        )
        for row in range(len(table))
    }


# --- practice --------------------------------------------------------------------------------


def by_practice(exam: Exam, home: Path) -> Outcome:
    analyser, reviews = exam.analyser(), CorrectionStore(home / "reviews")
    with pytest.MonkeyPatch.context() as patch:
        exam.open_in(patch, practice_opening)
        exam.open_in(patch, recording)
        examiner = Examiner(
            str(exam.path), lambda *_: analyser, lambda: None, reviews, ExamStore(home / "exams")
        )
        examiner.start()
        wait_until(lambda: not examiner.knowledge.doing, "the examiner")
        examiner.stop()
        opened, source = practice_opening.opened(str(exam.path))
        source.close()
    knowledge, threshold = examiner.knowledge, exam.analyser().threshold
    with closing(
        open_results(opened, reviews.cache, exam.analyser().provenance, threshold)
    ) as kept:
        columns = kept.table.snapshot()
    steady = analysis_of(columns, threshold, "").steady
    frames: dict[int, Seen] = {}
    for index in np.flatnonzero(columns.readable):
        label = int(steady[index])
        key = KEYS[label] if label >= 0 and KEYS[label] != "background" else ""
        frames[int(index)] = Seen(columns.probabilities[index], steady=key)
    warnings = opened.info.named_warnings()  # the page shows them itself
    notes = [*warnings, *knowledge.problems, *knowledge.notes]
    return Outcome(frames, notes, knowledge.share == 1.0, str(knowledge.trouble or ""))


# --- review ----------------------------------------------------------------------------------


def by_review(exam: Exam, home: Path) -> Outcome:
    store = CorrectionStore(home / "reviews")
    with pytest.MonkeyPatch.context() as patch:
        exam.open_in(patch, recording)
        session = ReviewSession.open(str(exam.path), store, lambda: None)
        refused = _attempt(lambda: session.begin(exam.analyser()))
        if refused is None:
            wait_until(
                lambda: session.progress().state in (RunState.DONE, RunState.FAILED), "the review"
            )
        progress = session.progress()
        notes = [*session.warnings, *session.take_notices()]
        session.close()
    made = exam.analyser().provenance
    with closing(
        open_results(session.recording, store.cache, made, exam.analyser().threshold)
    ) as kept:
        known = list(kept.table.results())
    frames = {
        one.index: Seen(one.probabilities, one.state.value, one.shown_box)
        for one in known
        if one.state is not None
    }
    unreadable = frozenset(one.index for one in known if one.state is None)
    return Outcome(
        frames,
        notes,
        progress.state is RunState.DONE,
        str(refused or progress.message),
        None,
        unreadable,
    )


# --- evaluate --------------------------------------------------------------------------------


def by_evaluate(exam: Exam, home: Path) -> Outcome:
    """Every frame, as where retrieval is measured."""
    return _evaluated(exam, home, whole=True)


def by_evaluate_labelled(exam: Exam, home: Path) -> Outcome:
    """Only the frames that have a label; here all of them have one."""
    return _evaluated(exam, home, whole=False)


def _evaluated(exam: Exam, home: Path, *, whole: bool) -> Outcome:
    notices: list[str] = []
    means = file_run.Means(
        exam.analyser(), AnalysisCache(home / "analyses"), on_notice=notices.append
    )
    with pytest.MonkeyPatch.context() as patch:
        for module in (planning, file_run, recording):
            exam.open_in(patch, module)
        with planning.open_source(str(exam.path)) as source:
            count = source.info.frame_count or 0
        labels = tuple(LabelledFrame("case", exam.path, i, ("femur",)) for i in range(count))
        data = Dataset("data", "montage", labels)
        plan = planning.make_plan([data], planning.Scope(whole=whole))
        found: list[Observed] = []
        raised = _attempt(lambda: found.append(observe(plan, means, lambda *_: None, lambda: None)))
    if not found:
        return Outcome({}, notices, finished=False, trouble=str(raised), raised=raised)
    frames = {
        one.index: Seen(one.probabilities, one.state.value, one.box) for one in found[0].frames
    }
    return Outcome(frames, [*notices, *found[0].unreadable], finished=True)


WAYS: dict[str, Way] = {
    "analyse": by_analyse,
    "retrieve": by_retrieve,
    "practice": by_practice,
    "review": by_review,
    "evaluate": by_evaluate,
}
