"""The published weights the program knows: where they are and how to recognise them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from sonoassist.core.errors import ModelError
from sonoassist.core.paths import shipped_models
from sonoassist.model.box_rule import BoxRule
from sonoassist.model.card import ArchitectureName, Card, rules_of_planes
from sonoassist.model.score_rules import OutsideRule, ScoreCalibration

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

REGISTRY_NAME = "registry.toml"
REGISTRY_VARIABLE = "SONOASSIST_REGISTRY"

_NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PublishedFile(_Frozen):
    """One file with known bytes.

    Attributes:
        file: Its name, without folders.
        format: What it is: "npz" of the authors, "pth" of the PyTorch port.
        url: Where it is downloaded from.
        git_blob: Git blob id, or empty.
        sha256: Empty when not known.
        size_bytes: None when not known.
        licence: SPDX identifier, or "unknown".
        source: Project and commit it is in.
        notes: Anything else.
    """

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    format: Literal["npz", "pth", "safetensors"]
    url: str = Field(pattern=r"^https?://[^\s]+$")
    git_blob: str = Field(default="", pattern=r"^([0-9a-f]{40})?$")
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    size_bytes: int | None = Field(default=None, gt=0)
    licence: str = "unknown"
    source: str = ""
    notes: str = ""

    @model_validator(mode="after")
    def _recognisable(self) -> PublishedFile:
        if not self.git_blob and not self.sha256:
            raise ValueError("neither git_blob nor sha256 is given")
        return self

    def has_content(self, git_blob: str, sha256: str) -> bool:
        """Whether a file with these two hashes is this one; either may be empty."""
        pairs = ((self.git_blob, git_blob), (self.sha256, sha256))
        return any(mine and mine == theirs for mine, theirs in pairs)


class PublishedWeights(PublishedFile):
    """One published set of weights, with the file it is installed from.

    Attributes:
        name: Key, e.g. "sononet32".
        title: Name on screen.
        architecture: The network it must turn out to be.
        about: One line that helps to choose.
        copies: Other files with the same weights; recognised, never downloaded.
        boxes: Rules for boxes of these weights alone; they go before those that all share.
        boxes_measured_on: With these weights; see `Card`.
        calibration: Measured for these weights; see `Card`.
        outside: Measured for these weights; see `Card`.
    """

    name: str = Field(pattern=_NAME_PATTERN)
    title: str
    architecture: ArchitectureName
    about: str = ""
    copies: tuple[PublishedFile, ...] = ()
    boxes: dict[str, BoxRule] = Field(default_factory=dict)
    boxes_measured_on: str = ""
    calibration: ScoreCalibration | None = None
    outside: OutsideRule | None = None

    @field_validator("boxes")
    @classmethod
    def _known_planes(cls, boxes: dict[str, BoxRule]) -> dict[str, BoxRule]:
        return rules_of_planes(boxes)

    def is_kept_in(self, card: Card) -> bool:
        """Whether an installed model has these weights.

        A card says "published" only of a file that was known by its hash when it was added. The
        hash in the card is of what is kept of it, whose header may be in any order.
        """
        return card.domain == "published" and card.architecture == self.architecture


class PublishedInput(_Frozen):
    """How all published weights want their input, and how they are cited; see `Card`.

    Attributes:
        boxes: Their rules for boxes, by key of the plane; the paper's for planes without.
    """

    citation: str
    input_height_px: int = Field(default=224, ge=64, le=4096)
    input_width_px: int = Field(default=288, ge=64, le=4096)
    scale: float = Field(default=255.0, gt=0, allow_inf_nan=False)
    crop: str = "published"
    screen_px: tuple[int, int] | None = None
    boxes: dict[str, BoxRule] = Field(default_factory=dict)

    @field_validator("boxes")
    @classmethod
    def _known_planes(cls, boxes: dict[str, BoxRule]) -> dict[str, BoxRule]:
        return rules_of_planes(boxes)


class Registry(_Frozen):
    """All published weights.

    Attributes:
        version: Of the format of the registry file.
        defaults: What all of them share.
        weights: In the order they are offered.
    """

    version: Literal[1]
    defaults: PublishedInput
    weights: tuple[PublishedWeights, ...]

    @model_validator(mode="after")
    def _names_differ(self) -> Registry:
        names = [entry.name for entry in self.weights]
        if len(set(names)) != len(names):
            raise ValueError("two entries have the same name")
        return self

    def get(self, name: str) -> PublishedWeights:
        """The entry called `name`; "SonoNet-32" is the same as "sononet32".

        Raises:
            ModelError: There is none.
        """
        for entry in self.weights:
            if loose(entry.name) == loose(name):
                return entry
        known = ", ".join(entry.name for entry in self.weights)
        raise ModelError(f"no published weights are called {name!r}", f"Known: {known}")

    def completed(self, card: Card) -> Card:
        """The card of an installed model with what is known of its weights here.

        What the card says itself goes before. So a model that was installed by an earlier program
        has it too. Where rules of its own are in the card, the boxes are not those measured here.
        """
        known = {**self.rules_for(card), **card.boxes}
        whole = card if known == card.boxes else card.model_copy(update={"boxes": known})
        for entry in self.weights:
            if entry.is_kept_in(card):
                measured = {
                    "boxes_measured_on": "" if card.boxes else entry.boxes_measured_on,
                    "calibration": entry.calibration,
                    "outside": entry.outside,
                }
                missing = [name for name in measured if getattr(card, name) in (None, "")]
                return whole.model_copy(update={name: measured[name] for name in missing})
        return whole

    def rules_for(self, card: Card) -> dict[str, BoxRule]:
        """The rules for boxes of an installed model; none where it is not one of these."""
        for entry in self.weights:
            if entry.is_kept_in(card):
                return {**self.defaults.boxes, **entry.boxes}
        return {}

    def recognise(
        self, git_blob: str, sha256: str
    ) -> tuple[PublishedWeights, PublishedFile] | None:
        """The entry and the file of it that have this content, or None."""
        for entry in self.weights:
            for file in (entry, *entry.copies):
                if file.has_content(git_blob, sha256):
                    return entry, file
        return None


def loose(name: str) -> str:
    """A name without what people write differently: case, hyphens, spaces."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def load_registry(path: Path | None = None) -> Registry:
    """Read the registry.

    Args:
        path: Its file; by default the one SONOASSIST_REGISTRY names, else the bundled one.

    Raises:
        ModelError: It is missing or wrong.
    """
    moved = os.environ.get(REGISTRY_VARIABLE)
    file = path or (Path(moved).expanduser() if moved else shipped_models() / REGISTRY_NAME)
    hint = f"Check {REGISTRY_VARIABLE}" if moved and not path else "Install the program again"
    try:
        return Registry.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"cannot read the registry {file}: {reason}", hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"the registry {file} is wrong: {field}: {first['msg']}", hint) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"the registry {file} is damaged: {error}", hint) from error
