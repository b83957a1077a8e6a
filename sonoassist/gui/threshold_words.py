"""What the window says of the threshold in force, and of how far confidences may be believed."""

from __future__ import annotations

from sonoassist.core.percent import at_most_percent, threshold_percent
from sonoassist.core.settings import Settings
from sonoassist.model.card import Card, threshold_of

UNCALIBRATED = "uncalibrated"
BOXES_NOT_MEASURED = "boxes not measured"


def threshold_text(settings: Settings, card: Card | None) -> str:
    """The threshold, short enough to stand over the planes."""
    text = f"threshold {threshold_percent(threshold_of(settings, card))}"
    if settings.threshold is not None:
        return f"{text}, yours"
    if card is None:
        return text
    known = card.calibration
    return f"{text}, {UNCALIBRATED}" if known is None else f"{text}, {_errors(known.error_rate)}"


def threshold_hint(settings: Settings, card: Card | None) -> str:
    """The same in a sentence, beside the setting."""
    hint = "a plane is named from this confidence on"
    if settings.threshold is not None:
        return f"{hint}; chosen by you"
    if card is None:
        return hint  # of a model that is not there yet nothing is known
    if card.calibration is None:
        return f"{hint}; this model was never calibrated"
    rate = at_most_percent(card.calibration.error_rate)
    return f"{hint}; the model's: at most {rate} of what is named was wrong where it was measured"


def _errors(rate: float) -> str:
    return f"≤ {at_most_percent(rate)} wrong"
