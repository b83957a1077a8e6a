"""The results as text: what was measured, the tables, and what could not be measured."""

from __future__ import annotations

from collections.abc import Iterator

from sonoassist.core.wording import counted
from sonoassist.datasets import exams
from sonoassist.evaluation import text_tables
from sonoassist.evaluation.bootstrap import HOW
from sonoassist.evaluation.results import NEEDS, Results
from sonoassist.evaluation.text_tables import percent

TRAINED_ON = {
    "published": "the authors' real exams",
    "synthetic": "synthetic exams",
    "own": "exams of one's own",
}
BOXES_NOTE = (
    "The boxes of this network were not measured before: their rules were made with another one."
)


def as_text(results: Results) -> str:
    """All tables of a run."""
    parts = [heading(results)]
    if results.classification is not None:
        parts += [
            text_tables.networks(results.about, results.classification),
            text_tables.detail(results.classification),
        ]
        parts.append(text_tables.confusion(results.classification))
    if results.calibration is not None:
        parts.append(text_tables.calibration(results.calibration))
    if results.effect is not None:
        parts.append(text_tables.effect(results.about, results.effect))
    if results.outside is not None:
        parts.append(text_tables.outside(results.outside))
    parts += [not_measured(results)] if not_measured(results) else []
    if results.retrieval is not None:
        parts.append(text_tables.retrieval(results.retrieval, verified_note(results)))
    if results.localisation is not None:
        parts.append(text_tables.localisation(results.localisation))
    if results.localisers is not None:
        parts.append(text_tables.localisers(results.localisers))
    if results.steadiness is not None:
        parts.append(text_tables.steadiness(results.steadiness))
    if results.hints is not None:
        parts.append(text_tables.hints(results.hints))
    if results.speed is not None:
        parts.append(text_tables.speed(results.about, results.speed))
    parts += [troubles(results)] if troubles(results) else []
    parts.append("Research and training only. Not for diagnosis.")
    return "\n\n".join(parts) + "\n"


def heading(results: Results) -> str:
    """What was measured, with what."""
    about = results.about
    lines = [
        f"SonoAssist {about.version} evaluation, {about.date}",
        f"model   {about.title} (trained on {TRAINED_ON[about.domain]}), "
        f"{about.engine} {about.precision} on {about.device}, crop {about.crop}"
        f"{'' if about.calibrated else ', uncalibrated'}",
    ]
    for data in results.datasets:
        shares = f", {percent(data.right)} % right" if data.frames else ""
        lines.append(
            f"data    {data.name} ({data.layout}): {counted(data.frames, 'labelled frame')}, "
            f"{counted(data.cases, 'case')}{shares}"
        )
    if about.every > 1:
        lines.append(f"frames  {thinned(results)}")
    lines.append(
        f"[..]    95 % interval over cases; {HOW} {about.resamples:,} draws, seed {about.seed}"
    )
    lines += [f"note    {note}" for note in notes(results)]
    return "\n".join(lines)


def notes(results: Results) -> list[str]:
    """What the reader must know before the figures."""
    about = results.about
    boxes = "" if about.boxes_measured or "localisation" not in results.wanted else BOXES_NOTE
    return [note for note in (about.note, boxes) if note]


def not_measured(results: Results) -> str:
    """A line for each part that was asked for and could not be had, with the reason."""
    lines = [
        f"{measure.capitalize()}: not measured; it needs {NEEDS[measure]}"
        for measure in NEEDS
        if measure in results.wanted and getattr(results, measure) is None
    ]
    return "\n".join([*lines, *_score_rules_missing(results)])


def _score_rules_missing(results: Results) -> Iterator[str]:
    """Why nothing is said of what the model's score rules do."""
    if not {"classification", "calibration"} & set(results.wanted):
        return
    reading = results.about.reading
    if results.effect is None:
        why = "the model has none: its confidences are the plain softmax"
        if reading.temperature is not None:
            why = "no frame was judged"
        yield f"{text_tables.EFFECT_TITLE}: not measured; {why}"
    if results.outside is None:
        why = "the model does not tell them"
        if reading.tells_outside:
            why = "the data has no frame without a plane"
        yield f"{text_tables.OUTSIDE_TITLE}: not measured; {why}"


def thinned(results: Results) -> str:
    """Which frames of recordings were analysed, where it was not each of them."""
    every = f"of recordings, one frame in {results.about.every}"
    if any(data.layout == exams.LAYOUT for data in results.datasets):
        every += ", and of folders of exams each labelled frame besides"
    return every


def verified_note(results: Results) -> str:
    """Which frames of folders of exams count as right; empty where there are none."""
    if not any(data.layout == exams.LAYOUT for data in results.datasets):
        return ""
    near = results.about.tolerance_frames
    if not near:
        return "folders of exams: only a labelled frame itself counts as right (--tolerance 0)"
    return f"folders of exams: up to {counted(near, 'frame')} from a label count as right"


def troubles(results: Results) -> str:
    """What could not be used; empty when there is nothing."""
    lines = []
    for data in results.datasets:
        for name, count in data.left_out.items():
            lines.append(f"left out on purpose: {data.name}: {count} of {name}")
        lines += [f"not used: {data.name}: {problem}" for problem in data.problems]
    lines += [f"not readable: {line}" for line in results.unreadable]
    return "\n".join(lines)
