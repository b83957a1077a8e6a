"""What the window may say of one picture. No Qt.

A box is drawn only when the very frame on screen names its plane itself. So is a plane named where
the picture stands; while it moves, the steady name stands over a lone frame that says something
else, with how sure the view is. While the analysis is slower than the picture, the last result is
named with its age, greyed, without a box.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from sonoassist.core.flaws import Hints
from sonoassist.core.outside_words import OUTSIDE, OUTSIDE_TITLE
from sonoassist.core.packets import Analysis, Box, State, SteadiedBox, SteadyState
from sonoassist.core.percent import percent, threshold_percent
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, PLANES, Plane
from sonoassist.core.settings import Settings
from sonoassist.live.status import View

LabelMode = Literal["steady", "raw"]


class VerdictKind(Enum):
    """What sort of thing is said."""

    NOT_ANALYSED = "not_analysed"
    PLANE = "plane"
    UNSURE = "unsure"
    BACKGROUND = "background"
    DOPPLER = "doppler"
    NO_SIGNAL = "no_signal"
    SPLIT = "split"
    SPECTRAL = "spectral"
    THREE_D = "three_d"
    MENU = "menu"
    NOISE = "noise"
    OUTSIDE = "outside"
    PAST = "past"
    """The result of an older picture; the one on screen has none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one picture.

    Attributes:
        kind: What sort of thing.
        title: The large words.
        plane: The plane named; None unless `kind` is PLANE.
        guess: The frame's most likely class, that of the view where `held`; None where nothing was
            analysed.
        confidence: The frame's own softmax of `guess`, its mean over the view where `held`, 0 to 1;
            None where nothing was analysed.
        detail: Small text.
        when: Small text above it: how old the result is; "" for that of the picture itself.
        steady_s: For how long the name has been steady, in seconds; None where it is not said.
        box: The box to draw, steadied where the label is; None unless `kind` is PLANE.
        box_age_s: How much earlier it was found; 0 where that was on this very picture.
        hints: What could be better in the picture, and has stood for a while.
        box_sure: It has not jumped of late, and lies and measures as its anatomy may.
        held: What the steady label says stands, though this picture alone does not say so.
    """

    kind: VerdictKind
    title: str
    plane: Plane | None = None
    guess: Plane | None = None
    confidence: float | None = None
    detail: str = ""
    when: str = ""
    steady_s: float | None = None
    box: Box | None = None
    box_age_s: float = 0.0
    hints: Hints = ()
    box_sure: bool = True
    held: bool = False


NOTHING = Verdict(VerdictKind.NOT_ANALYSED, "")
"""There is no picture."""
_NO_RESULT = Verdict(VerdictKind.NOT_ANALYSED, "Not analysed")
NOT_YET = Verdict(VerdictKind.NOT_ANALYSED, "Not analysed yet", detail="it is being analysed")
"""A picture of a freeze whose result is on its way."""
STALLED = Verdict(VerdictKind.NOT_ANALYSED, "…", detail="no new picture comes")
"""What was said of a live picture is too old to be shown as if it were present."""
_KEPT = 4
"""Pictures whose verdicts are asked for in turn: newest, its last result, and the frozen one."""
FORGET_AFTER_S = 0.7
"""A result older than this says nothing of the picture on screen: the probe is elsewhere."""
_TITLES = {
    VerdictKind.UNSURE: "Unsure",
    VerdictKind.BACKGROUND: "No standard plane",
    VerdictKind.DOPPLER: "Colour Doppler",
    VerdictKind.NO_SIGNAL: "No picture",
    VerdictKind.SPLIT: "Split screen",
    VerdictKind.SPECTRAL: "Spectrum or M-mode",
    VerdictKind.THREE_D: "3D picture",
    VerdictKind.MENU: "Menu or report",
    VerdictKind.NOISE: "Only noise",
    VerdictKind.OUTSIDE: OUTSIDE_TITLE,
}
_WHY_NOT = {
    VerdictKind.NO_SIGNAL: "the screen is empty",
    VerdictKind.NOISE: "no picture in it: probe lifted?",
    VerdictKind.OUTSIDE: f"{OUTSIDE}: no plane is named",
}
_KINDS = {
    State.PLANE: VerdictKind.PLANE,
    State.UNSURE: VerdictKind.UNSURE,
    State.BACKGROUND: VerdictKind.BACKGROUND,
    State.DOPPLER: VerdictKind.DOPPLER,
    State.NO_SIGNAL: VerdictKind.NO_SIGNAL,
    State.SPLIT: VerdictKind.SPLIT,
    State.SPECTRAL: VerdictKind.SPECTRAL,
    State.THREE_D: VerdictKind.THREE_D,
    State.MENU: VerdictKind.MENU,
    State.NOISE: VerdictKind.NOISE,
    State.OUTSIDE: VerdictKind.OUTSIDE,
}
UNANALYSED = tuple(kind for state, kind in _KINDS.items() if not state.judged)
"""Kinds of pictures of which no plane is named."""


_NONE_OF_THEM = "none of the 13 planes"
SLOW = "the analysis is slower than the picture"


def decide(
    view: View | None, label: LabelMode, threshold: float, *, moving: bool = False
) -> Verdict:
    """Say what may be said of `view`.

    Args:
        view: The picture on screen.
        label: "steady" takes the name from the steadied label, "raw" from the frame alone.
        threshold: Probability below which no plane is named.
        moving: The next picture takes its place at once. Then a lone picture that says something
            else does not take the steady name away, and a lone sure one does not give it to a view
            that is less sure, which would flicker; it has no box. A picture that stands is looked
            at by itself.
    """
    if view is None:
        return NOTHING
    if view.analysis is None:
        return _NO_RESULT
    analysis = view.analysis
    kind = _own_kind(analysis, threshold)
    if kind in UNANALYSED:
        goes_on = moving and label == "steady" and _not_said_yet(kind, view)
        return (_held(view, threshold) if goes_on else None) or _unanalysed(kind)
    agreed = label == "raw" or _agrees(kind, analysis, view.steady)
    if moving and label == "steady" and view.steady is not None:
        agreed = agreed and _stands(view.steady, threshold)
    if moving and not agreed and not view.frame.still:
        held = _held(view, threshold)
        if held is not None:
            return held
    if not agreed or kind is VerdictKind.UNSURE:
        return _unsure(analysis, threshold, "" if agreed else _why_not_agreed(view, threshold))
    if kind is VerdictKind.BACKGROUND:
        return _background(analysis)
    return _plane(view, analysis, label)


class Verdicts:
    """What may be said of the last few pictures, each decided once.

    Args:
        settings: The label; read each time.
        threshold: Gives the probability below which no plane is named.
    """

    def __init__(self, settings: Settings, threshold: Callable[[], float]) -> None:
        self._settings, self._threshold = settings, threshold
        self._rules: tuple[LabelMode, float] | None = None
        self._known: deque[tuple[View, bool, Verdict]] = deque(maxlen=_KEPT)

    def of(self, view: View | None, *, moving: bool = False) -> Verdict:
        """The verdict of a picture; the same object for the same view.

        Args:
            view: The picture.
            moving: See `decide`.
        """
        rules = (self._settings.label, self._threshold())
        if rules != self._rules:
            self._rules = rules
            self._known.clear()
        if view is None:
            return NOTHING
        for known, known_moving, verdict in self._known:
            if known is view and known_moving == moving:
                return verdict
        found = decide(view, *rules, moving=moving)
        self._known.append((view, moving, found))
        return found


def ago(age_s: float) -> str:
    """An age in words; coarser where it is long, so that the digits do not dance."""
    steps = 10 if age_s < 1 else 2
    return f"{math.ceil(age_s * steps) / steps:.1f} s ago"


def decide_past(result: Verdict, age_s: float) -> Verdict:
    """Say what may be said of a picture without a result of its own.

    Args:
        result: What was said of the last picture that has one.
        age_s: How much older that picture is.
    """
    if result.kind is VerdictKind.NOT_ANALYSED or age_s > FORGET_AFTER_S:
        return replace(_NO_RESULT, detail=SLOW)
    share = "" if result.plane is None else f"{percent(result.confidence or 0.0)}, "
    return replace(
        result,
        kind=VerdictKind.PAST,
        plane=None,
        box=None,
        hints=(),
        steady_s=None,
        when=f"{share}{ago(age_s)}",
        detail=SLOW,
    )


def _own_kind(analysis: Analysis, threshold: float) -> VerdictKind:
    """The frame's own word; a plane below the threshold in force now is not sure either."""
    kind = _KINDS[analysis.state]
    prediction = analysis.prediction
    if kind is VerdictKind.PLANE and (
        prediction.is_background or prediction.confidence < threshold
    ):
        return VerdictKind.UNSURE
    return kind


def _agrees(kind: VerdictKind, analysis: Analysis, steady: SteadyState | None) -> bool:
    if steady is None or _KINDS[steady.state] is not kind:
        return False
    return kind is not VerdictKind.PLANE or steady.plane == analysis.prediction.plane


def _not_said_yet(kind: VerdictKind, view: View) -> bool:
    """Whether what a picture alone says is not said yet of its view (see `OUTSIDE_FROM_S`)."""
    passing = kind is VerdictKind.OUTSIDE and not view.frame.still
    return passing and view.steady is not None and view.steady.state is not State.OUTSIDE


def _stands(steady: SteadyState, threshold: float) -> bool:
    """Whether what a view says is as sure as what is named has to be."""
    if steady.plane is None:
        return True
    return float(steady.probabilities[INDEX[steady.plane.key]]) >= threshold


def _held(view: View, threshold: float) -> Verdict | None:
    """What the steady label says where this picture alone says something else; None: unsure."""
    steady = view.steady
    if steady is None:
        return None
    if steady.state is State.BACKGROUND:
        guess = PLANES[BACKGROUND_INDEX]
        share = float(steady.probabilities[BACKGROUND_INDEX])
        said = Verdict(
            VerdictKind.BACKGROUND, _TITLES[VerdictKind.BACKGROUND], detail=_NONE_OF_THEM
        )
        return replace(said, guess=guess, confidence=share, held=True)
    if steady.state is not State.PLANE or steady.plane is None or steady.plane.is_background:
        return None
    if not _stands(steady, threshold):
        return None
    share = float(steady.probabilities[INDEX[steady.plane.key]])
    return Verdict(
        VerdictKind.PLANE,
        steady.plane.label,
        plane=steady.plane,
        guess=steady.plane,
        confidence=share,
        detail=steady.plane.full_name,
        steady_s=max(view.frame.time_s - steady.since_s, 0.0),
        hints=view.steady_hints,
        held=True,
    )


def _unanalysed(kind: VerdictKind) -> Verdict:
    return Verdict(kind, _TITLES[kind], detail=_WHY_NOT.get(kind, "not analysed"))


def _why_not_agreed(view: View, threshold: float) -> str:
    """Why a picture is not named that is sure by itself: its view is less sure, or not steady."""
    steady, analysis = view.steady, view.analysis
    if steady is None or analysis is None or steady.plane is not analysis.prediction.plane:
        return "not steady yet"
    if _stands(steady, threshold):
        return "not steady yet"
    share = float(steady.probabilities[INDEX[steady.plane.key]])
    return f"over the view {percent(share)}, below the {threshold_percent(threshold)} threshold"


def _unsure(analysis: Analysis, threshold: float, why_not: str) -> Verdict:
    guess, confidence = analysis.prediction.plane, analysis.prediction.confidence
    name = "no standard plane" if guess.is_background else guess.label
    said = f"best guess {name} {percent(confidence)}"
    if confidence < threshold:
        said += f", below the {threshold_percent(threshold)} threshold"
    elif why_not:
        said += f", {why_not}"
    return Verdict(VerdictKind.UNSURE, "Unsure", guess=guess, confidence=confidence, detail=said)


def _background(analysis: Analysis) -> Verdict:
    prediction = analysis.prediction
    return Verdict(
        VerdictKind.BACKGROUND,
        _TITLES[VerdictKind.BACKGROUND],
        guess=prediction.plane,
        confidence=prediction.confidence,
        detail=_NONE_OF_THEM,
    )


def _plane(view: View, analysis: Analysis, label: LabelMode) -> Verdict:
    plane = analysis.prediction.plane
    steady_s = steadied = None
    if label == "steady" and view.steady is not None and not view.frame.still:
        steady_s = max(view.frame.time_s - view.steady.since_s, 0.0)
        steadied = view.steady.box
    own = analysis.shown_box
    drawn = None if own is None else (steadied or SteadiedBox(own, sure=True))
    sure = analysis.localisation.sure and (drawn is None or drawn.sure)
    return Verdict(
        VerdictKind.PLANE,
        plane.label,
        plane=plane,
        guess=plane,
        confidence=analysis.prediction.confidence,
        detail=plane.full_name,
        steady_s=steady_s,
        box=None if drawn is None else drawn.box,
        box_age_s=analysis.localisation.age_s,
        hints=view.steady_hints,
        box_sure=sure,
    )


def strip_code(verdict: Verdict) -> int:
    """The verdict as a number for the strip: a class index, or one of the codes below."""
    if verdict.plane is not None:
        return PLANES.index(verdict.plane)
    if verdict.kind is VerdictKind.UNSURE:
        return CODE_UNSURE
    if verdict.kind is VerdictKind.NOT_ANALYSED:
        return CODE_NONE
    return CODE_BACKGROUND


CODE_BACKGROUND = 200
CODE_UNSURE = 201
CODE_NONE = 255
