"""Verdicts kept on disk: a model is calibrated and checked once, not at each start."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sonoassist.analysis.precision.agreement import Agreement
from sonoassist.core.errors import OutputError
from sonoassist.core.files import ARCHIVE_ERRORS, ensure_folder, write_bytes
from sonoassist.core.packets import frozen
from sonoassist.engines.rounding import ActivationStatistics

FORMAT = 5
"""Counts up whenever the calibration or the check changes."""


@dataclass(frozen=True, slots=True)
class PrecisionVerdict:
    """What calibration found for one model on one machine.

    Attributes:
        statistics: Of its activations.
        agreements: By precision ("bf16", "int8+f32/int8", ...), beside f32; quickest first, down to
            the first good one. What is no quicker than f32 here is not among them.
        passes_s: Seconds of both passes over one picture, by precision, f32 too; best of a few.
    """

    statistics: ActivationStatistics
    agreements: Mapping[str, Agreement]
    passes_s: Mapping[str, float] = field(default_factory=dict)


def verdict_key(*parts: str) -> str:
    """The name under which a verdict is kept; another weight or picture gives another name."""
    return hashlib.sha256("\n".join((str(FORMAT), *parts)).encode()).hexdigest()[:32]


def read_verdict(folder: Path, key: str) -> PrecisionVerdict | None:
    """The verdict kept under this key; None where there is none or it is damaged."""
    try:
        packed = io.BytesIO((folder / f"{key}.npz").read_bytes())
        with np.load(packed, allow_pickle=False) as kept:
            about = json.loads(str(kept["about"]))
            means = [frozen(kept[f"mean{n:02d}"]) for n in range(len(about["peaks"]))]
            return PrecisionVerdict(
                ActivationStatistics(tuple(means), tuple(map(float, about["peaks"]))),
                {name: Agreement(**found) for name, found in about["agreements"].items()},
                {name: float(took_s) for name, took_s in about["passes_s"].items()},
            )
    except ARCHIVE_ERRORS:
        return None  # it is made again


def keep_verdict(folder: Path, key: str, verdict: PrecisionVerdict) -> None:
    """Keep a verdict; where the disk refuses it is made again at the next start."""
    about = {
        "peaks": verdict.statistics.peaks,
        "agreements": {name: asdict(found) for name, found in verdict.agreements.items()},
        "passes_s": dict(verdict.passes_s),
    }
    arrays: dict[str, Any] = {
        f"mean{n:02d}": means for n, means in enumerate(verdict.statistics.means)
    }
    packed = io.BytesIO()
    np.savez(packed, about=np.array(json.dumps(about)), **arrays)
    try:
        write_bytes(ensure_folder(folder) / f"{key}.npz", packed.getvalue())
    except OutputError:
        return
