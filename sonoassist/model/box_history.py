"""Rules for boxes that a model had before others were fitted, kept beside its card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from sonoassist.model.box_rule import BoxRule
from sonoassist.model.card import Card
from sonoassist.model.card_history import CardHistory

FILE = "boxes-before.json"


class KeptRules(BaseModel):
    """Rules as they were in a card, with what the card said of them.

    Attributes:
        boxes: By key of the plane.
        measured_on: What they were measured on; "" where nobody knows, as in the files of earlier
            programs, which kept the rules alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    boxes: dict[str, BoxRule] = Field(default_factory=dict)
    measured_on: str = ""

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, values: Any) -> Any:
        return values if not isinstance(values, dict) or "boxes" in values else {"boxes": values}

    @classmethod
    def of(cls, card: Card) -> KeptRules:
        """What a card says."""
        return cls(boxes=card.boxes, measured_on=card.boxes_measured_on)

    def put_in(self, card: Card) -> Card:
        """The card with these rules."""
        update = {"boxes": self.boxes, "boxes_measured_on": self.measured_on}
        return card.model_copy(update=update)


_HISTORY = CardHistory(FILE, TypeAdapter(list[KeptRules]), "the rules")


def keep_rules(folder: Path, card: Card) -> None:
    """Remember the rules of a model's card, the newest last.

    Raises:
        ModelError: What was kept before is damaged.
        OutputError: The operating system refuses.
    """
    _HISTORY.keep(folder, KeptRules.of(card))


def forget_newest(folder: Path) -> None:
    """Forget the rules that were kept last, since they are in the card again.

    Raises:
        ModelError: What was kept is damaged.
        OutputError: The operating system refuses.
    """
    _HISTORY.forget_newest(folder)


def kept_rules(folder: Path) -> list[KeptRules]:
    """All rules that were kept, the newest last; none where none were replaced.

    Raises:
        ModelError: They are damaged.
    """
    return _HISTORY.kept(folder)
