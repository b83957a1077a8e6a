"""Whose rules make the boxes: the paper's, or those of the model for each plane."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from enum import Enum

from sonoassist.localise import LOCALISER, METHODS
from sonoassist.model.box_rule import BoxRule

_OWN = 1 << 32
"""Numbers of rules begin here."""


class Localiser(Enum):
    """What boxes are found by."""

    PLANE = "plane"
    """The model's rule of each plane, which may look at the picture too."""
    PAPER = "paper"
    """The paper's rules (Section II-F.2), on the saliency alone."""

    def rules(self, own: Mapping[str, BoxRule]) -> Mapping[str, BoxRule]:
        """The rules by key of the plane; the paper's for planes without.

        Args:
            own: Of the model.
        """
        return own if self is Localiser.PLANE else {}

    def number(self, own: Mapping[str, BoxRule]) -> int:
        """Names what makes the boxes: those of one number may stand side by side.

        Boxes of earlier programs are kept under `LOCALISER` alone, whatever rules the model had
        then; so that number is only that of a model without any.

        Args:
            own: Of the model.
        """
        if not own:
            return LOCALISER
        rules = self.rules(own)
        told = {key: rules[key].model_dump(mode="json") for key in sorted(rules)}
        made: list[object] = [LOCALISER, told, METHODS] if rules else [LOCALISER, told]
        return _OWN + zlib.crc32(json.dumps(made, sort_keys=True).encode())


LOCALISERS = tuple(one.value for one in Localiser)
