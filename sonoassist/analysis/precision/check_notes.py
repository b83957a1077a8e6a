"""What a check has found so far, kept on disk, so that one that is cut off goes on later."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.analysis.precision.agreement import Comparison, Truth
from sonoassist.core.errors import OutputError
from sonoassist.core.files import ARCHIVE_ERRORS, ensure_folder, write_bytes
from sonoassist.core.packets import Box, frozen
from sonoassist.engines.rounding import ActivationStatistics

_SUFFIX = ".part.npz"


@dataclass(slots=True)
class CheckNotes:
    """Results of the first pictures of each part of a check, in order.

    Attributes:
        statistics: What flows through the network.
        truths: What f32 says.
        comparisons: By precision.
        passes_s: Seconds of the passes over one picture in the race, by precision.
    """

    statistics: list[ActivationStatistics] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    comparisons: dict[str, list[Comparison]] = field(default_factory=dict)
    passes_s: dict[str, list[float]] = field(default_factory=dict)


def read_notes(folder: Path, key: str) -> CheckNotes:
    """The notes kept under this key; empty ones where there are none or they are damaged."""
    try:
        packed = io.BytesIO((folder / f"{key}{_SUFFIX}").read_bytes())
        with np.load(packed, allow_pickle=False) as kept:
            return _unpacked(dict(kept))
    except ARCHIVE_ERRORS:
        return CheckNotes()  # it begins anew


def keep_notes(folder: Path, key: str, notes: CheckNotes) -> None:
    """Keep the notes; where the disk refuses the check begins anew when it is cut off."""
    packed = io.BytesIO()
    np.savez(packed, **_packed(notes))
    with suppress(OutputError):
        write_bytes(ensure_folder(folder) / f"{key}{_SUFFIX}", packed.getvalue())


def drop_notes(folder: Path, key: str) -> None:
    """Delete the notes of a check that has ended."""
    with suppress(OSError):
        (folder / f"{key}{_SUFFIX}").unlink(missing_ok=True)


def _packed(notes: CheckNotes) -> dict[str, Any]:
    layers = len(notes.statistics[0].means) if notes.statistics else 0
    boxes = [
        [one.left, one.top, one.right, one.bottom] if one else [np.nan] * 4
        for one in (truth.box for truth in notes.truths)
    ]
    about = {
        "layers": layers,
        "comparisons": {
            name: [asdict(one) for one in found] for name, found in notes.comparisons.items()
        },
        "passes_s": notes.passes_s,
    }
    return {
        "about": np.array(json.dumps(about)),
        "peaks": np.array([each.peaks for each in notes.statistics], np.float64),
        "probabilities": np.array([each.probabilities for each in notes.truths], np.float32),
        "boxes": np.array(boxes, np.float64).reshape(-1, 4),
        **{
            f"mean{number:02d}": np.stack([each.means[number] for each in notes.statistics])
            for number in range(layers)
        },
    }


def _unpacked(kept: Mapping[str, NDArray[Any]]) -> CheckNotes:
    about = json.loads(str(kept["about"]))
    layers = [kept[f"mean{number:02d}"] for number in range(about["layers"])]
    return CheckNotes(
        statistics=[
            ActivationStatistics(
                tuple(frozen(rows[number].copy()) for rows in layers), tuple(map(float, peaks))
            )
            for number, peaks in enumerate(kept["peaks"])
        ],
        truths=[
            Truth(
                frozen(chances.copy()), None if np.isnan(edges).any() else Box(*map(float, edges))
            )
            for chances, edges in zip(kept["probabilities"], kept["boxes"], strict=True)
        ],
        comparisons={
            name: [Comparison(**one) for one in found]
            for name, found in about["comparisons"].items()
        },
        passes_s={name: [float(s) for s in each] for name, each in about["passes_s"].items()},
    )
