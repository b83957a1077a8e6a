"""What is asked for: the same for all exams of a run, and fit to be sent to another process."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from sonoassist.analysis.analyser import AnalyserOptions
from sonoassist.core.packets import Floats
from sonoassist.engines.choose import EngineChoice
from sonoassist.model.card import Card
from sonoassist.model.store import ModelStore
from sonoassist.preprocess import PREPROCESSING
from sonoassist.recordings.identity import Stamp
from sonoassist.retrieval.exams import RecordedExam
from sonoassist.sources import READER
from sonoassist.temporal.rules import Rule

ANALYSIS_FORMAT = 4
"""Counts up whenever what is kept of the frames means something else."""
RESULT_FORMAT = 4
"""Counts up whenever other frames are chosen, or are written in another way."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """Weights with their card: a machine of a cluster need not have them installed.

    Attributes:
        card: Of the model.
        tensors: Its folded weights.
    """

    card: Card
    tensors: dict[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class SearchOrder:
    """How exams are searched.

    Attributes:
        real: The model for exams of patients.
        synthetic: The model for synthetic exams; may be the same.
        choice: What runs them.
        options: How frames are analysed.
        rule: How frames are chosen.
        masked: Black out everything beside the ultrasound picture.
    """

    real: LoadedModel
    synthetic: LoadedModel
    choice: EngineChoice
    options: AnalyserOptions
    rule: Rule
    masked: bool

    def model(self, *, synthetic: bool) -> LoadedModel:
        """The model for an exam."""
        return self.synthetic if synthetic else self.real

    def threshold(self, *, synthetic: bool) -> float:
        """Probability below which no plane is surely shown in an exam."""
        asked = self.options.threshold
        return self.model(synthetic=synthetic).card.threshold if asked is None else asked

    def analysis_key(self, fingerprint: str, *, synthetic: bool) -> str:
        """Names the results of all frames of an exam; anything else asked for, another name.

        Args:
            fingerprint: Of the exam.
            synthetic: Whether it is a synthetic exam.
        """
        card = self.model(synthetic=synthetic).card
        told_apart = {"title", "added", "notes", "calibration", "outside", "older_sha256"}
        told: dict[str, Any] = {
            "format": ANALYSIS_FORMAT,
            "reader": READER,
            "preprocessing": PREPROCESSING,
            "localiser": self.options.localiser.number(card.boxes),
            "exam": fingerprint,
            "card": card.model_dump(mode="json", exclude=told_apart),
            "choice": asdict(self.choice),
            "crop": repr(self.options.crop),
            "carry_boxes": self.options.carry_boxes,
            "threshold": self.threshold(synthetic=synthetic) if self.options.carry_boxes else None,
        }
        if card.reading:
            told["reading"] = card.reading
        return _digest(told)

    def result_key(self, analysis_key: str) -> str:
        """Names the frames chosen by these results."""
        told = {
            "format": RESULT_FORMAT,
            "analysis": analysis_key,
            "rule": self.rule.value,
            "thresholds": [self.threshold(synthetic=kind) for kind in (False, True)],
            "masked": self.masked,
        }
        return _digest(told)


def _digest(told: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Task:
    """One exam to be searched.

    Attributes:
        exam: Where it is.
        name: Under which its results are kept.
        fingerprint: Of the exam.
        kept: Results of its frames from an earlier run (`frames.npz`), or none.
        stamps: Of its recordings when the fingerprint was made; none where they are not known.
    """

    exam: RecordedExam
    name: str
    fingerprint: str
    kept: bytes = b""
    stamps: tuple[Stamp, ...] = ()


def load_models(store: ModelStore, name: str) -> tuple[LoadedModel, LoadedModel]:
    """The models for real and for synthetic exams; the same one where it is named.

    Raises:
        ModelError: It is not installed or damaged.
    """
    real = store.get(name, synthetic=False)
    synthetic = store.get(name, synthetic=True)
    first = LoadedModel(real.card, store.load_tensors(real))
    if synthetic.card == real.card:
        return first, first
    return first, LoadedModel(synthetic.card, store.load_tensors(synthetic))
