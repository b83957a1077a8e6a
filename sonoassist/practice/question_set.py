"""A teacher's questions on one recording: the planes asked, their order, and those absent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sonoassist.core.errors import UsageError
from sonoassist.core.planes import DISPLAY_ORDER
from sonoassist.core.wording import counted
from sonoassist.practice.answers import PlaneView

VERSION = 1
ASKABLE: tuple[str, ...] = tuple(one.key for one in DISPLAY_ORDER if not one.is_background)
"""Keys of the planes that can be asked, in the order of every list on screen."""
CONTENT_DIGITS = 32
"""Length of a recording's content in its identity."""
_FIELDS = ("version", "recording", "planes", "absent", "order")
_NEEDED = ("version", "recording", "planes")


class QuestionSetError(UsageError):
    """A question set cannot be used."""


class QuestionOrder(Enum):
    """In which order the planes of a set are asked."""

    AS_SET = "as_set"
    """Each once, in the order of the set."""
    WEAK_FIRST = "weak_first"
    """Weak planes of the trainee first, as without a set."""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """What is asked of one recording.

    Attributes:
        recording: Content of its identity, 32 hex digits.
        planes: Keys of the planes asked, at least one, each once.
        absent: Keys of the planes that this exam does not have, each once; none of `planes`.
        order: In which the planes are asked.

    Raises:
        QuestionSetError: A plane is unknown, stands twice or is both; no plane is asked.
    """

    recording: str
    planes: tuple[str, ...]
    absent: tuple[str, ...] = ()
    order: QuestionOrder = QuestionOrder.AS_SET

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if not is_content(self.recording):
            raise QuestionSetError('the question set names no recording in "recording"')
        if not self.planes:
            raise QuestionSetError("the question set asks no plane", "Give at least one plane")
        seen: set[str] = set()
        for plane in (*self.planes, *self.absent):
            if plane not in ASKABLE:
                raise QuestionSetError(
                    f"the question set has an unknown plane {plane[:40]!r}",
                    f"The planes are {', '.join(ASKABLE)}",
                )
            if plane in seen:
                raise QuestionSetError(f"the question set has the plane {plane} twice")
            seen.add(plane)

    def views_of(self, views: Iterable[PlaneView]) -> tuple[PlaneView, ...]:
        """Those of an exam's views that can be asked by this set."""
        return tuple(view for view in views if view.plane in self.planes)


def is_content(text: str) -> bool:
    """Whether a text can be the content of a recording's identity."""
    return len(text) == CONTENT_DIGITS and set(text) <= set("0123456789abcdef")


def absent_sentence(absent: Iterable[str]) -> str:
    """What is said of absent planes wherever there are scores; "" where none is absent.

    Only how many they are: which ones is for the trainee to find out.
    """
    count = len(tuple(absent))
    if not count:
        return ""
    planes = counted(count, "plane is", "planes are")
    return f"{planes} absent in this exam, by the teacher's set."


def text_of(questions: QuestionSet) -> str:
    """A question set as it is kept in a file."""
    values = {
        "version": VERSION,
        "recording": questions.recording,
        "planes": questions.planes,
        "absent": questions.absent,
        "order": questions.order.value,
    }
    return json.dumps(values, indent=1) + "\n"


def question_set_of(text: str) -> QuestionSet:
    """The inverse of `text_of`, for texts of any origin.

    Raises:
        QuestionSetError: It is none, or of a newer program.
    """
    try:
        values = json.loads(text, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise QuestionSetError("the question set is no JSON") from error
    if not isinstance(values, dict):
        raise QuestionSetError("the question set is no table of fields")
    _check_version(values)
    unknown = [name for name in values if name not in _FIELDS]
    if unknown:
        raise QuestionSetError(
            f"the question set has an unknown field {unknown[0][:40]!r}",
            f"The fields are {', '.join(_FIELDS)}",
        )
    for name in _NEEDED:
        if name not in values:
            raise QuestionSetError(f'the question set lacks the field "{name}"')
    return QuestionSet(
        recording=_text(values, "recording"),
        planes=_keys(values, "planes"),
        absent=_keys(values, "absent"),
        order=_order(values),
    )


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise QuestionSetError("the question set has a field twice")
    return values


def _check_version(values: Mapping[str, Any]) -> None:
    version = values.get("version", VERSION)
    if type(version) is not int or version < 1:
        raise QuestionSetError('"version" of the question set is no version', f"Write {VERSION}")
    if version > VERSION:
        raise QuestionSetError(
            "the question set was made by a newer SonoAssist", "Update SonoAssist"
        )


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if not isinstance(value, str):
        raise QuestionSetError(f'"{name}" of the question set is no text')
    return value


def _keys(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise QuestionSetError(f'"{name}" of the question set is no list of planes')
    return tuple(value)


def _order(values: Mapping[str, Any]) -> QuestionOrder:
    value = values.get("order", QuestionOrder.AS_SET.value)
    known = [one.value for one in QuestionOrder]
    if value not in known:
        raise QuestionSetError(
            '"order" of the question set is unknown', f"Write {' or '.join(known)}"
        )
    return QuestionOrder(value)
