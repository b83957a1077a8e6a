"""What the pictures of an exam are judged by, from each moment on.

The threshold, the model, the crop and the source may change in mid-exam, and the model may still be
loading when the exam begins. Each change is kept with its moment, so that every capture is reported
with what held for it, and nothing that held at one moment stands for the whole exam.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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
        threshold: Probability below which no plane is named; None where an earlier program did not
            keep it.
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

    threshold: float | None
    whose: Whose = Whose.UNKNOWN
    model: Mapping[str, object] = field(default_factory=dict)
    crop: str = ""
    label: str = ""
    localiser: str = ""
    source: str = ""
    source_label: str = ""
    synthetic: bool = False

    @property
    def judges(self) -> bool:
        """Whether there is a model; without one nothing is judged."""
        return bool(self.model.get("name"))

    def watching(self, other: InForce) -> InForce:
        """The same, with what another one says of the source."""
        return replace(
            self,
            source=other.source,
            source_label=other.source_label,
            synthetic=other.synthetic,
        )

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
        sources: The same -> the moment that has what its picture is of.
    """

    moments: tuple[Moment, ...]
    followed: bool = False
    judged: Mapping[int, float] = field(default_factory=dict)
    sources: Mapping[int, float] = field(default_factory=dict)

    @property
    def first(self) -> InForce:
        """What held first; where the model was still loading, what held when it was there."""
        return self.effective[0].in_force

    @property
    def effective(self) -> tuple[Moment, ...]:
        """Those by which a picture can have been judged: without a model none is."""
        return tuple(one for one in self.moments if one.in_force.judges) or self.moments

    @property
    def judges(self) -> bool:
        """Whether any picture can have been judged, as far as is known."""
        return any(one.in_force.judges for one in self.moments)

    def at(self, at_s: float) -> InForce:
        """What held at a moment: a source is watched as well while no model is there."""
        watched = held_at(self.moments, at_s).in_force
        return held_at(self.effective, at_s).in_force.watching(watched)

    def of(self, capture_id: int, at_s: float) -> InForce:
        """What a capture was judged by, and what its picture is of.

        Args:
            capture_id: Its number.
            at_s: When its picture was taken.
        """
        known = self._moment(self.judged.get(capture_id))
        judged = self.at(at_s) if known is None else known.in_force
        return judged.watching(self.watched(capture_id, at_s))

    def watched(self, capture_id: int, at_s: float) -> InForce:
        """What was watched when the picture of a capture was taken; arguments as for `of`.

        A person may capture a frozen picture when the exam has gone on with another source: what
        named it then does not tell what it is of.
        """
        known = self._moment(self.sources.get(capture_id))
        return (known or held_at(self.moments, at_s)).in_force

    def _moment(self, at_s: float | None) -> Moment | None:
        return next((one for one in reversed(self.moments) if one.at_s == at_s), None)


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


def judged_text(capture_id: int, moment: Moment, watched: Moment) -> str:
    """That a capture was judged by what a moment has, and is of what another has, as JSON."""
    return json.dumps({"capture": capture_id, "at_s": moment.at_s, "source_s": watched.at_s})


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
        told = [json.loads(text) for _, kind, text in events if kind == JUDGED]
        judged = {int(one["capture"]): _finite(one["at_s"]) for one in told}
        # Of earlier programs the time of the picture tells it.
        of_source = [one for one in told if "source_s" in one]
        sources = {int(one["capture"]): _finite(one["source_s"]) for one in of_source}
    except OverflowError as error:
        raise ValueError(f"a number is too large: {error}") from error
    return History(moments, True, judged, sources) if moments else None


def threshold_in(settings: Mapping[str, object]) -> float | None:
    """The threshold among settings as an earlier program has kept them.

    Args:
        settings: As plain values.

    Returns:
        None where they have none that can be one: the exam may have begun before its model.
    """
    kept = settings.get("threshold")
    return float(kept) if isinstance(kept, (int, float)) and 0 <= kept <= 1 else None


def _in_force(values: dict[str, Any]) -> InForce:
    kept = values.pop("threshold")
    threshold = None if kept is None else _finite(kept)
    if threshold is not None and not 0 <= threshold <= 1:
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
