"""What an exam is of, and what is known when it begins."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sonoassist.core.settings import Settings
from sonoassist.exam.in_force import InForce, Whose
from sonoassist.exam.presets import Preset
from sonoassist.exam.records import ExamStart
from sonoassist.live.status import ModelState, SessionStatus
from sonoassist.model.card import Card, threshold_of


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
    # Before a model is there nobody has a threshold, unless the user has chosen one.
    known = card is not None or settings.threshold is not None
    in_force = {"threshold": threshold_of(settings, card)} if known else {}
    kept = ("crop", "label", "engine", "precision", "device", "clip_s")
    return ExamStart(
        study_id="",
        source=source.spec,
        source_label=source.label,
        synthetic=source.synthetic,
        preset=preset.title,
        items=preset.items,
        model=_model(status),
        settings={name: getattr(settings, name) for name in kept} | in_force,
    )


def in_force(status: SessionStatus, settings: Settings, before: InForce | None = None) -> InForce:
    """What pictures are judged by now.

    Args:
        status: Of the session.
        settings: Of the user.
        before: What was in force last. As long as no model runs nothing is judged, and all but the
            source is as it was; another source has no model then, whoever judged the last one.
    """
    source, card = status.source, status.card
    now = before
    if now is None or status.model_state is ModelState.READY:
        now = InForce(
            threshold_of(settings, card),
            _whose(settings, card),
            _model(status) if card is not None else {},
            crop=settings.crop,
            label=settings.label,
            localiser=settings.localiser,
        )
    if source is None:
        return now if before is None else now.watching(before)
    said = replace(now, source=source.spec, source_label=source.label, synthetic=source.synthetic)
    return replace(said, model={}) if now is before and said != before else said


def _whose(settings: Settings, card: Card | None) -> Whose:
    if settings.threshold is not None:
        return Whose.USER
    if card is None:
        return Whose.UNKNOWN
    return Whose.UNCALIBRATED if card.calibration is None else Whose.MODEL


def _model(status: SessionStatus) -> dict[str, object]:
    """What is known of the model in use, and of what runs it."""
    runs: dict[str, object] = {"engine": status.engine, "device": status.device}
    card = status.card
    if card is None:
        return runs
    return {
        **runs,
        "name": card.name,
        "title": card.title,
        "architecture": card.architecture,
        "domain": card.domain,
        "weights_sha256": card.weights_sha256,
        "calibrated": card.calibration is not None,
    }
