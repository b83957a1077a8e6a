"""The card that travels with weights: what they are and how they want their input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sonoassist.core.errors import ModelError
from sonoassist.core.files import write_text
from sonoassist.core.planes import KEYS
from sonoassist.core.settings import Settings
from sonoassist.model.box_rule import BoxRule
from sonoassist.model.score_rules import (
    UNCALIBRATED_THRESHOLD,
    OutsideRule,
    ScoreCalibration,
)

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

BOXES_UNMEASURED = "boxes of this network were not measured"
CARD_NAME = "card.toml"
WEIGHTS_NAME = "weights.safetensors"

ArchitectureName = Literal["sononet64", "sononet32", "sononet16", "smallnet"]
DEFAULT_ARCHITECTURE: ArchitectureName = "sononet32"


def rules_of_planes(boxes: dict[str, BoxRule]) -> dict[str, BoxRule]:
    """The same rules.

    Raises:
        ValueError: One is of no plane.
    """
    unknown = sorted(set(boxes) - set(KEYS))
    if unknown:
        raise ValueError(f"a rule for boxes of {unknown[0]!r}, which is no plane")
    return boxes


class Card(BaseModel):
    """What is known of one set of weights.

    Attributes:
        name: Name on the command line, e.g. "sononet16".
        title: Name on screen, e.g. "SonoNet-16".
        architecture: One of the four networks.
        domain: What the network was trained on: "published" (the authors' real exams),
            "synthetic" (phantom exams) or "own".
        classes: Keys of the outputs, in order.
        input_height_px: Height of the network input in training.
        input_width_px: Width of the network input in training.
        scale: The normalised input is multiplied by this (255 for the published weights).
        crop: Name of the crop the weights were trained with.
        screen_px: (width, height) of the screen that crop belongs to, or None.
        weights_sha256: Of the tensors, see `weights_hash`: equal weights have one. In cards of
            earlier programs, of the safetensors file.
        older_sha256: Hashes of files under which earlier programs have kept results of these
            weights; None in a card of theirs.
        source: Where the weights came from.
        licence: SPDX identifier, or "unknown".
        citation: How to cite them.
        added: ISO date of the import.
        notes: Anything else.
        boxes: Rules for boxes that were fitted to this model, by key of the plane; the paper's
            rule for planes without.
        boxes_measured_on: What the boxes of this model were measured on; "" where nobody has, as
            where its rules were fitted to another network.
        calibration: How probabilities are made of its scores; None for one that was never
            calibrated.
        outside: Which pictures are outside of what it knows; None where nobody has fitted that.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    title: str
    architecture: ArchitectureName
    domain: Literal["published", "synthetic", "own"]
    classes: tuple[str, ...] = KEYS
    input_height_px: int = Field(default=224, ge=64, le=4096)
    input_width_px: int = Field(default=288, ge=64, le=4096)
    scale: float = Field(default=255.0, gt=0, allow_inf_nan=False)
    crop: str = "published"
    screen_px: tuple[int, int] | None = None
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    older_sha256: tuple[str, ...] | None = None
    source: str = ""
    licence: str = "unknown"
    citation: str = ""
    added: str = ""
    notes: str = ""
    boxes: dict[str, BoxRule] = Field(default_factory=dict)
    boxes_measured_on: str = ""
    calibration: ScoreCalibration | None = None
    outside: OutsideRule | None = None

    @field_validator("classes")
    @classmethod
    def _known_order(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if classes != KEYS:
            raise ValueError("the class order is not the one this program reads")
        return classes

    @field_validator("boxes")
    @classmethod
    def _known_planes(cls, boxes: dict[str, BoxRule]) -> dict[str, BoxRule]:
        return rules_of_planes(boxes)

    @property
    def threshold(self) -> float:
        """Probability below which no plane is named, unless the user has chosen another one."""
        known = self.calibration
        return UNCALIBRATED_THRESHOLD if known is None else known.threshold

    @property
    def reading(self) -> str:
        """What is made of the scores besides the plain softmax; "" for nothing."""
        rules = (self.calibration, self.outside)
        return ", ".join(rule.text for rule in rules if rule is not None and rule.text)


def threshold_of(settings: Settings, card: Card | None) -> float:
    """Probability below which no plane is named: the user's own, else the model's.

    Args:
        settings: Of the user.
        card: Of the model; None while there is none.
    """
    if settings.threshold is not None:
        return settings.threshold
    return UNCALIBRATED_THRESHOLD if card is None else card.threshold


def domain_warning(card: Card, *, synthetic: bool) -> str:
    """What must be said before this model's word on a source is believed, or "".

    Args:
        card: Of the model.
        synthetic: The source is a synthetic exam.
    """
    return warning_of_domain(card.domain, synthetic=synthetic)


def warning_of_domain(domain: str, *, synthetic: bool) -> str:
    """The same where only the domain of a model is known, as in a record of an exam."""
    if domain == "synthetic" and not synthetic:
        return "Model trained on synthetic exams only: labels on real pictures are not reliable"
    if synthetic and domain != "synthetic":
        return "Model made for real exams: labels on this synthetic exam are not reliable"
    return ""


def read_card(folder: Path) -> Card:
    """Read the card in `folder`.

    Raises:
        ModelError: No card, or one that cannot be trusted.
    """
    path = folder / CARD_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return Card.model_validate(data)
    except FileNotFoundError as error:
        raise ModelError(f"no weights card in {folder}", "Add the model again") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ModelError(
            f"the weights card {path} is wrong: {field}: {first['msg']}", "Add the model again"
        ) from error
    except (OSError, ValueError, RecursionError) as error:  # also numbers of too many digits
        raise ModelError(f"cannot read {path}: {error}", "Add the model again") from error


def write_card(folder: Path, card: Card) -> None:
    """Write `card` into `folder`.

    Raises:
        OutputError: The operating system refuses.
    """
    data = card.model_dump(mode="json", exclude_none=True)
    write_text(folder / CARD_NAME, tomli_w.dumps(data))
