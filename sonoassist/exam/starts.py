"""What an exam is of, and what is known when it begins."""

from __future__ import annotations

from dataclasses import dataclass

from sonoassist.core.settings import Settings
from sonoassist.exam.presets import Preset
from sonoassist.exam.records import ExamStart
from sonoassist.live.status import SessionStatus
from sonoassist.model.card import threshold_of


@dataclass(frozen=True, slots=True)
class Watched:
    """The source that an exam belongs to; one that comes back after it was lost is the same.

    Attributes:
        spec: What the user named.
        source_id: Of the newest opening.
    """

    spec: str
    source_id: str


def name_of(status: SessionStatus) -> str:
    """Of the source; a live one that comes back is the same. "" without one."""
    source = status.source
    if source is None:
        return ""
    return source.spec if source.live else source.source_id


def exam_start(status: SessionStatus, preset: Preset, settings: Settings) -> ExamStart:
    """What is known when an exam begins."""
    source, card = status.source, status.card
    assert source is not None
    model: dict[str, object] = {"engine": status.engine, "device": status.device}
    if card is not None:
        model |= {
            "name": card.name,
            "title": card.title,
            "architecture": card.architecture,
            "domain": card.domain,
            "weights_sha256": card.weights_sha256,
            "calibrated": card.calibration is not None,
        }
    in_force = {"threshold": threshold_of(settings, card)}
    kept = ("crop", "label", "engine", "precision", "device", "clip_s")
    return ExamStart(
        study_id="",
        source=source.spec,
        source_label=source.label,
        synthetic=source.synthetic,
        preset=preset.title,
        items=preset.items,
        model=model,
        settings={name: getattr(settings, name) for name in kept} | in_force,
    )
