"""What is said of the sources that an exam watched."""

from __future__ import annotations

from collections.abc import Callable

from sonoassist.core.names import readable
from sonoassist.exam.in_force import History, InForce

_GOES_ON, _IS_BACK = "The exam goes on with ", " is back"


def goes_on_text(label: str) -> str:
    """The event of another source."""
    return f"{_GOES_ON}{label}"


def is_back_text(label: str) -> str:
    """The event of the same live source under another opening."""
    return f"{label}{_IS_BACK}"


def renamed_event(text: str, names: dict[str, str]) -> str:
    """The event with other names of the sources; one that is not known is not named.

    Args:
        text: Of an event of the kind "source".
        names: Label of a source -> what it is called instead.
    """
    if text.endswith(_IS_BACK) and not text.startswith(_GOES_ON):
        return is_back_text(names.get(text.removesuffix(_IS_BACK), "The source"))
    return goes_on_text(names.get(text.removeprefix(_GOES_ON), "another source"))


def sources_of(history: History) -> list[InForce]:
    """What held when a source began, each source once as long as it is the same."""
    seen: list[InForce] = []
    for moment in history.moments:
        if not seen or moment.in_force.source != seen[-1].source:
            seen.append(moment.in_force)
    return seen


def own_name(one: InForce) -> str:
    """A source as it may be shown to the user, with nothing hidden."""
    return readable(one.source_label)


def sources_words(history: History, name: Callable[[InForce], str] = own_name) -> str:
    """What was watched, in order, e.g. "phantom (synthetic), then b.mp4 (real)".

    Args:
        history: Of the exam.
        name: What a source is called; "" leaves it out.
    """
    said = [(name(one), _kind(one)) for one in sources_of(history)]
    return ", then ".join(f"{label} ({kind})" for label, kind in said if label)


def _kind(one: InForce) -> str:
    return "synthetic" if one.synthetic else "real"
