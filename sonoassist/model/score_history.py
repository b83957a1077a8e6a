"""How a model's scores were read before that was fitted anew, kept beside its card."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, TypeAdapter

from sonoassist.model.card import Card
from sonoassist.model.card_history import CardHistory
from sonoassist.model.score_rules import OutsideRule, ScoreCalibration


class ScoreRules(BaseModel):
    """What a card says of how scores are read; see `Card`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calibration: ScoreCalibration | None = None
    outside: OutsideRule | None = None

    @classmethod
    def of(cls, card: Card) -> ScoreRules:
        """What a card has."""
        return cls(calibration=card.calibration, outside=card.outside)

    def put_into(self, card: Card) -> Card:
        """The card with these in the place of its own."""
        return card.model_copy(update={"calibration": self.calibration, "outside": self.outside})


SCORE_HISTORY = CardHistory("scores-before.json", TypeAdapter(list[ScoreRules]), "the numbers")
"""The newest last."""
