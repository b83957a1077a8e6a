"""What the pictures of an exam are judged by, from each moment on.

The threshold, the model, the crop and the source may change in mid-exam, and the model may still be
loading when the exam begins. Each change is kept with its moment, so that every capture is reported
with what held for it, and nothing that held at one moment stands for the whole exam.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from sonoassist.core.names import readable

IN_FORCE, JUDGED = "in_force", "judged_by"
"""Kinds of events: from now on this holds; a capture was judged by what another moment has."""
KINDS = (IN_FORCE, JUDGED)


class Whose(Enum):
    """Whose threshold it is."""

    USER = "user"
    """The user has chosen it."""
    MODEL = "model"
    """The model's own, measured when it was calibrated."""
    UNCALIBRATED = "uncalibrated"
    """The one of models that nobody has calibrated."""
    UNKNOWN = ""
    """An earlier program did not say, or there is no model."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What pictures are judged by.

    Attributes:
        threshold: Probability below which no plane is named.
        whose: Whose it is.
        model: Card of the model as plain values (name, title, domain, weights_sha256, calibrated,
            engine, device ...); empty as long as none is loaded.
        crop: Which rectangle of the picture, as in the settings.
        label: "steady" or "raw".
        localiser: What boxes are found by.
        source: What is watched, as the user named it.
        source_label: The same for people.
        synthetic: It is a synthetic exam.
    """

    threshold: float
    whose: Whose = Whose.UNKNOWN
    model: Mapping[str, object] = field(default_factory=dict)
    crop: str = ""
    label: str = ""
    localiser: str = ""
    source: str = ""
    source_label: str = ""
    synthetic: bool = False

    @property
    def weights_sha256(self) -> str:
        """Which weights; "" where none are loaded or nothing is known of them."""
        return str(self.model.get("weights_sha256", ""))

    @property
    def calibrated(self) -> bool:
        """Whether the model was calibrated; models of earlier programs never were."""
        return self.model.get("calibrated") is True


@dataclass(frozen=True, slots=True)
class Moment:
    """A change of what pictures are judged by.

    Attributes:
        at_s: From when on, in seconds since the exam began.
        in_force: What holds from then on.
    """

    at_s: float
    in_force: InForce


@dataclass(frozen=True, slots=True)
class History:
    """What held when.

    Attributes:
        moments: In order, at least one; the first holds from the beginning.
        followed: Whether changes were kept; else all that is known is what held at the start.
        judged: Number of a capture -> the moment that has what it was judged by, where that is not
            the one in which the picture was taken.
    """

    moments: tuple[Moment, ...]
    followed: bool = False
    judged: Mapping[int, float] = field(default_factory=dict)

    @property
    def first(self) -> InForce:
        """What held first; where the model was still loading, what held when it was there."""
        return self.effective[0].in_force

    @property
    def effective(self) -> tuple[Moment, ...]:
        """Those by which a picture can have been judged: without a model none is."""
        return tuple(one for one in self.moments if one.in_force.model.get("name")) or self.moments

    def at(self, at_s: float) -> InForce:
        """What held at a moment."""
        return held_at(self.effective, at_s).in_force

    def of(self, capture_id: int, at_s: float) -> InForce:
        """What a capture was judged by.

        Args:
            capture_id: Its number.
            at_s: When its picture was taken.
        """
        moment_s = self.judged.get(capture_id)
        known = [one for one in self.moments if one.at_s == moment_s]
        return known[-1].in_force if known else self.at(at_s)


def held_at(moments: Sequence[Moment], at_s: float) -> Moment:
    """The last moment up to a time, or the first one of all."""
    past = [one for one in moments if one.at_s <= at_s]
    return past[-1] if past else moments[0]


def judged_by(moments: Sequence[Moment], at_s: float, weights_sha256: str) -> Moment:
    """The moment that has what a picture was judged by.

    A picture that was taken while a model was loaded is judged by it afterwards, and one of a
    freeze may have been judged by the model before.

    Args:
        moments: In order, at least one.
        at_s: When the picture was taken, or was looked at.
        weights_sha256: Of the model that judged it; "" where that is not known.
    """
    held = held_at(moments, at_s)
    same = [one for one in moments if one.in_force.weights_sha256 == weights_sha256]
    if not weights_sha256 or held in same or not same:
        return held
    return held_at(same, at_s)


def in_force_text(one: InForce) -> str:
    """As JSON, for the record."""
    values = {**asdict(one), "whose": one.whose.value, "model": dict(one.model)}
    for name in ("source", "source_label", "crop"):
        values[name] = readable(values[name])
    return json.dumps(values, sort_keys=True)


def judged_text(capture_id: int, moment: Moment) -> str:
    """That a capture was judged by what a moment has, as JSON."""
    return json.dumps({"capture": capture_id, "at_s": moment.at_s})


def history_of(events: Sequence[tuple[Any, ...]]) -> History | None:
    """From the events of these kinds.

    Args:
        events: (at_s, kind, text), in order.

    Returns:
        None in the record of an earlier program, which has none.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: They are not what was written.
    """
    try:
        moments = tuple(
            Moment(_finite(at_s), _in_force(json.loads(text)))
            for at_s, kind, text in events
            if kind == IN_FORCE
        )
        judged = dict(_judged(text) for _, kind, text in events if kind == JUDGED)
    except OverflowError as error:
        raise ValueError(f"a number is too large: {error}") from error
    return History(moments, followed=True, judged=judged) if moments else None


def threshold_in(settings: Mapping[str, object], default: float) -> float:
    """The threshold among settings as an earlier program has kept them.

    Args:
        settings: As plain values.
        default: Where they have none that can be one.
    """
    kept = settings.get("threshold", default)
    return float(kept) if isinstance(kept, (int, float)) and 0 <= kept <= 1 else default


def _in_force(values: dict[str, Any]) -> InForce:
    threshold = _finite(values.pop("threshold"))
    if not 0 <= threshold <= 1:
        raise ValueError(f"a threshold is {threshold}")
    whose, model = Whose(values.pop("whose")), values.pop("model")
    synthetic = values.pop("synthetic")
    if not isinstance(model, dict) or not isinstance(synthetic, bool):
        raise TypeError("what is in force is not what it should be")
    names = ("crop", "label", "localiser", "source", "source_label")
    if not all(isinstance(values[name], str) for name in names):
        raise TypeError("what is in force is no text")
    words = {name: values[name] for name in names}  # what a newer program adds is left
    return InForce(threshold, whose, model, synthetic=synthetic, **words)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"a number is {number}")
    return number


def _judged(text: str) -> tuple[int, float]:
    values = json.loads(text)
    return int(values["capture"]), _finite(values["at_s"])
