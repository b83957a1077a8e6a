"""Orders and bundles without a network behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from real_models import card_of
from sonoassist.analysis.analyser import AnalyserOptions
from sonoassist.engines.choose import EngineChoice
from sonoassist.retrieval.exams import RecordedExam, of_file
from sonoassist.retrieval.order import LoadedModel, SearchOrder, Task
from sonoassist.retrieval.result import ABOUT, FRAMES, RETRIEVAL, Bundle, as_json
from sonoassist.temporal.rules import Rule


def order(**fields: Any) -> SearchOrder:
    model = LoadedModel(card_of("sononet16"), {})
    known: dict[str, Any] = {
        "real": model,
        "synthetic": model,
        "choice": EngineChoice(),
        "options": AnalyserOptions(),
        "rule": Rule.BEST,
        "masked": True,
    }
    return SearchOrder(**{**known, **fields})


def exam_at(path: Path, text: str = "") -> RecordedExam:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or str(path))
    return of_file(path)


def bundle_of(task: Task, wanted: SearchOrder, **about: Any) -> Bundle:
    key = wanted.analysis_key(task.fingerprint, synthetic=False)
    files = {RETRIEVAL: b"{}\n", FRAMES: b"frames"}
    told = {
        "fingerprint": task.fingerprint,
        "synthetic": False,
        "result": wanted.result_key(key),
        "files": sorted([*files, ABOUT]),
        "frames": 5,
        "found": 0,
        "doubtful": [],
        "missing": [],
        "damaged": [],
        "warnings": [],
        **about,
    }
    return Bundle(task.name, {**files, ABOUT: as_json(told)}, told)
