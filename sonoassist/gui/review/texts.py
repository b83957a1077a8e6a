"""What the review page says. Pure functions, no Qt widgets."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

from sonoassist.core.percent import percent
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER, INDEX
from sonoassist.core.wording import counted
from sonoassist.gui.review.tiles import UNSURE, PictureTile
from sonoassist.gui.timeline import clock
from sonoassist.gui.verdict import Verdict, VerdictKind, decide
from sonoassist.live.status import View
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.records import Progress, RunState
from sonoassist.review.candidates import Peak
from sonoassist.review.views import RecordingViews
from sonoassist.temporal.quality import LEAST

MISSING, NOT_YET = "missing", "not yet"
MOST_NAMED = 6
"""So many planes that are missing are named in a sentence."""


def verdict_of(
    view: View | None,
    corrections: Corrections,
    threshold: float,
    views: RecordingViews | None = None,
    *,
    moving: bool = False,
) -> Verdict:
    """What is said of a picture: the person's word where there is one, else the model's.

    Args:
        view: The picture.
        corrections: What the person said.
        threshold: Probability below which no plane is named.
        views: Of the recording; None before anything is known.
        moving: It plays: the name of the view stands, as on the timeline. A picture that stands
            speaks for itself, and says which view it lies in where that is another name.
    """
    verdict = _model_verdict(view, threshold, views, moving=moving)
    if view is None:
        return verdict
    said = corrections.label_at(view.frame.index)
    if not said:
        return verdict
    plane = BY_KEY[said]
    model = verdict.title if verdict.guess is None else verdict.guess.label
    share = f" {percent(verdict.confidence)}" if verdict.confidence is not None else ""
    detail = f"your label; the model says {model}{share}" if view.analysis else "your label"
    if plane.is_background:
        return Verdict(VerdictKind.BACKGROUND, "No standard plane", guess=plane, detail=detail)
    if verdict.kind is VerdictKind.PLANE and verdict.plane is plane:
        return replace(verdict, detail="your label, and the model's")
    # The model's box belongs to its own plane; it is not drawn under another name.
    return Verdict(VerdictKind.PLANE, plane.label, plane=plane, guess=plane, detail=detail)


def _model_verdict(
    view: View | None, threshold: float, views: RecordingViews | None, *, moving: bool
) -> Verdict:
    seen = None if view is None or views is None else views.steady(view.frame.index, threshold)
    if view is None or seen is None:
        return decide(view, "raw", threshold)
    if moving:
        return decide(replace(view, steady=seen), "steady", threshold, moving=True)
    verdict = decide(view, "raw", threshold)
    if seen.plane is None or seen.plane is verdict.plane or verdict.guess is None:
        return verdict
    share = float(seen.probabilities[INDEX[seen.plane.key]])
    detail = f"{verdict.detail}; in a view of {seen.plane.label} {percent(share)}"
    return replace(verdict, detail=detail)


def where_text(index: int, count: int, time_s: float, length_s: float) -> str:
    """The place in the recording."""
    return f"{clock(time_s)} of {clock(length_s)}  ·  frame {index + 1:,} of {count:,}"


def progress_text(progress: Progress) -> str:
    """How far the analysis is, in words."""
    done = f"{progress.done:,} of {counted(progress.total, 'frame')}"
    if progress.state is RunState.WAITING:
        return "Loading the model …"
    if progress.state is RunState.DONE:
        return f"All {counted(progress.total, 'frame')} analysed"
    if progress.state is RunState.FAILED:
        return f"No analysis: {progress.message}"
    if progress.state is RunState.PAUSED:
        return f"Analysis paused  ·  {done}"
    if progress.done >= progress.total:
        return f"All {counted(progress.total, 'frame')} analysed  ·  measuring their pictures …"
    # A number and its unit stay on one line.
    rate = f"  ·  {progress.rate_hz:.0f}\N{NO-BREAK SPACE}fps" if progress.rate_hz else ""
    if progress.times_real:
        rate += f", {progress.times_real:.1f}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}real time"
    left_s = progress.left_s
    left = f"  ·  {duration(left_s)} left" if left_s is not None else ""
    return f"Analysing  ·  {done}{rate}{left}"


def waiting_text(progress: Progress | None, *, tried: bool) -> str:
    """Why a picture has no result yet.

    Args:
        progress: Of the analysis.
        tried: The frame had its turn, and could not be read then.
    """
    if tried:
        return "it could not be read when its turn came"
    return _WAITING[progress.state] if progress is not None else ""


_WAITING = {
    RunState.WAITING: "the model is loading",
    RunState.RUNNING: "its turn comes",
    RunState.PAUSED: "analysis paused",
    RunState.DONE: "its result comes",
    RunState.FAILED: "no analysis",
}


def duration(seconds: float) -> str:
    """A time to wait, in round words."""
    if seconds < 60:
        return f"{max(math.ceil(seconds), 1)} s"
    minutes, rest = divmod(math.ceil(seconds), 60)
    if minutes < 10:
        return f"{minutes} min {rest} s"
    return f"{minutes} min"


def found_text(missing: list[str], *, surveyed: bool) -> str:
    """How many planes are found and, once all of the recording was looked at, what is missing."""
    total = len(DISPLAY_ORDER) - 1
    words = f"{total - len(missing):,} of {counted(total, 'plane')} found"
    if not surveyed:
        return f"{words} so far"
    if len(missing) > MOST_NAMED:  # each row and each small picture says so itself
        return f"{words}  ·  {'all' if len(missing) == total else len(missing)} missing"
    names = [BY_KEY[plane.key].label for plane in DISPLAY_ORDER if plane.key in missing]
    return f"{words}  ·  missing: {', '.join(names)}" if names else words


def candidate_tiles(
    peaks: list[Peak], index: int, plane: str, best: int | None
) -> list[PictureTile]:
    """The candidates of the selected plane."""
    colour = BY_KEY[plane].colour
    return [
        PictureTile(
            key=str(peak.frame),
            frame=peak.frame,
            title=_sureness(peak),
            detail=clock(peak.time_s),
            colour=colour,
            current=peak.frame == index,
            done=peak.frame == best,
            hints=peak.hints,
        )
        for peak in peaks
    ]


def _sureness(peak: Peak) -> str:
    """How sure a candidate is; a doubtful one says so."""
    share = percent(peak.confidence)
    return share if peak.sure or peak.told else f"{UNSURE} {share}"


def none_text(plane: str, *, surveyed: bool) -> str:
    """What is said where a plane has no candidate.

    Args:
        plane: Its key.
        surveyed: All of the recording was looked at.
    """
    if BY_KEY[plane].is_background:
        return "The background needs no best frame."
    name = BY_KEY[plane].label
    if not surveyed:
        return f"No frame looks like {name} so far."
    return f"None found: no frame is likely to show {name} ({percent(LEAST)} or more)."


def best_tiles(
    candidates: Mapping[str, tuple[Peak, ...]],
    corrections: Corrections,
    selected: str,
    *,
    surveyed: bool,
    doubted: Collection[str] = (),
) -> list[PictureTile]:
    """The frame that stands for each plane, in the order of every list.

    Args:
        candidates: Of each plane, by key.
        corrections: What the person said.
        selected: Key of the selected row.
        surveyed: All of the recording was looked at.
        doubted: Keys of planes whose chosen frame is called something else.
    """
    tiles = []
    for plane in DISPLAY_ORDER:
        if plane.is_background:
            continue
        peaks = candidates.get(plane.key, ())
        chosen = corrections.best.get(plane.key)
        sure = any(peak.sure or peak.told for peak in peaks)
        frame, detail, tone = (
            -1,
            MISSING if surveyed else NOT_YET,
            "warning" if surveyed else "muted",
        )
        if chosen is not None:
            frame, detail, tone = chosen, "chosen", "good"
            if plane.key in doubted:
                detail, tone = "chosen, in doubt", "warning"
        elif peaks and peaks[0].told:
            frame, detail, tone = peaks[0].frame, "your label", "good"
        elif peaks and sure:
            frame, detail, tone = peaks[0].frame, percent(peaks[0].confidence), "muted"
        elif peaks:
            frame, detail = peaks[0].frame, f"{UNSURE} {percent(peaks[0].confidence)}"
        shown = next((one for one in peaks if one.frame == frame), None)
        tiles.append(
            PictureTile(
                plane.key,
                frame,
                plane.label,
                detail,
                plane.colour,
                current=plane.key == selected,
                done=chosen is not None,
                tone=tone,
                hints=shown.hints if shown is not None else (),
            )
        )
    return tiles
