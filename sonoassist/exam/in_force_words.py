"""What is said of the threshold, the model and the rest that pictures are judged by."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sonoassist.core.percent import threshold_percent
from sonoassist.core.wording import counted
from sonoassist.exam.exam_clock import clock
from sonoassist.exam.in_force import History, InForce, Moment, Whose

AT_START = "at its start"
MOST_CHANGES = 4
"""More are told as a number."""
_WHOSE = {
    Whose.USER: " (yours)",
    Whose.MODEL: " (the model's)",
    Whose.UNCALIBRATED: " (uncalibrated model)",
    Whose.UNKNOWN: "",
}


def threshold_words(one: InForce) -> str:
    """A threshold and whose it is, e.g. "40 % (yours)"; "" where it is not known."""
    if one.threshold is None:
        return ""
    return f"{threshold_percent(one.threshold)}{_WHOSE[one.whose]}"


def calibrated_words(one: InForce) -> str:
    """Whether confidences were calibrated."""
    return "calibrated" if one.calibrated else "uncalibrated"


def model_words(one: InForce) -> str:
    """A model in one line, e.g. "SonoNet-32 (published), calibrated"."""
    name = str(one.model.get("title") or one.model.get("name") or "")
    if not name:
        return "no model"
    domain = f" ({one.model['domain']})" if one.model.get("domain") else ""
    titled = name if name.endswith(domain) else f"{name}{domain}"
    return f"{titled}, {calibrated_words(one)}"


def engine_words(one: InForce) -> str:
    """What ran the model, e.g. "OpenVINO bf16, CPU"."""
    return ", ".join(str(one.model[key]) for key in ("engine", "device") if one.model.get(key))


def course(history: History, said: Callable[[InForce], str]) -> str:
    """One value where it never changed, else each with the time from which on it held.

    Of an exam of an earlier program, which kept no changes, it is the value at its start.
    """
    steps = list(_steps(history, said))
    if not history.followed:
        return f"{steps[0][1]} {AT_START}" if steps[0][1] else ""
    if len(steps) <= MOST_CHANGES + 1:
        return ", ".join(_since(at_s, words) for at_s, words in steps)
    return f"{steps[0][1]} at first, {steps[-1][1]} at last, {_times(len(steps) - 1)}"


def threshold_course(history: History) -> str:
    """The threshold of an exam, e.g. "50 % (the model's), from 12:03 40 % (yours)".

    "" where no model was there: nothing was judged by any.
    """
    if history.followed and not history.judges:
        return ""
    held = (one.in_force.threshold for one in history.effective)
    found = [one for one in held if one is not None]
    times = len(list(_steps(history, threshold_words))) - 1
    if history.followed and found and times > MOST_CHANGES:
        least, most = threshold_percent(min(found)), threshold_percent(max(found))
        return f"{least} to {most}, {_times(times)}"
    return course(history, threshold_words)


def calibrated_course(history: History) -> str:
    """Whether confidences were calibrated, in the same way; "" where no model is known."""
    if not history.judges:
        return ""
    said = {calibrated_words(one.in_force) for one in history.effective}
    return said.pop() if history.followed and len(said) == 1 else course(history, calibrated_words)


def judged_words(one: InForce) -> str:
    """What a capture was judged by."""
    threshold = threshold_words(one)
    said = f"threshold {threshold}; " if threshold else ""
    return f"{said}model {model_words(one)}"


def change_events(before: InForce, now: InForce) -> Iterator[tuple[str, str]]:
    """Kinds and texts of the events that tell a change to people; the source has its own."""
    for kind, title, said in _TOLD:
        words = said(now)
        if words and words != said(before):
            yield kind, f"{title}: {words}"


_TOLD: tuple[tuple[str, str, Callable[[InForce], str]], ...] = (
    ("model", "Model", model_words),
    ("engine", "Engine", engine_words),
    ("threshold", "Threshold", threshold_words),
    ("crop", "Crop", lambda one: one.crop),
    ("label", "Label", lambda one: one.label),
    ("boxes", "Boxes by", lambda one: one.localiser),
)


def _steps(history: History, said: Callable[[InForce], str]) -> Iterator[tuple[float, str]]:
    """Times and words; the first holds from the beginning, what says the same goes on."""
    last = None
    for place, one in enumerate(history.effective):
        words = said(one.in_force)
        if words != last:
            yield (one.at_s if place else 0.0), words
        last = words


def _since(at_s: float, words: str) -> str:
    return f"from {clock(at_s)} {words}" if at_s > 0 else words


def _times(times: int) -> str:
    return f"changed {counted(times, 'time')}"


def later(history: History, said: Callable[[InForce], str]) -> list[tuple[float, Moment]]:
    """The moments from which on something else is said, without the first."""
    found, last = [], said(history.effective[0].in_force)
    for one in history.effective[1:]:
        words = said(one.in_force)
        if words != last:
            found.append((one.at_s, one))
        last = words
    return found
