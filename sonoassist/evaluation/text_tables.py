"""The measures as text, in the form of the paper's tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from sonoassist.core.busy import other_work_line
from sonoassist.core.percent import threshold_percent, whole_percent
from sonoassist.core.planes import BY_KEY, PLANES
from sonoassist.core.wording import counted
from sonoassist.evaluation import paper
from sonoassist.evaluation.bootstrap import Score
from sonoassist.evaluation.calibration import Calibration
from sonoassist.evaluation.classes import Group, is_background, title
from sonoassist.evaluation.classification import Classification
from sonoassist.evaluation.hints import HintMeasure
from sonoassist.evaluation.localisation import Boxes, LocalisationMeasure
from sonoassist.evaluation.localisers import BothLocalisers, PlaneFits
from sonoassist.evaluation.reliability import Reliability
from sonoassist.evaluation.results import EvaluationFacts
from sonoassist.evaluation.retrieval import Retrieval
from sonoassist.evaluation.score_effects import CalibrationEffect, OutsideRates
from sonoassist.evaluation.speed import Speed, whole_frames
from sonoassist.evaluation.steadiness import LabelCourse, Steadiness
from sonoassist.model.architecture import ARCHITECTURES

UNKNOWN = "-"
BOX_NOTE = (
    "Left: all frames; a wrongly named plane or a missing box counts as IoU 0. Named: only frames "
    "whose plane was named rightly. The paper averages over all 50 images of each plane. "
    "Correct: IoU of at least 0.5."
)


def figure(value: float | None, digits: int = 3) -> str:
    """A figure, or a dash where it is not defined."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as percent without the sign, or a dash."""
    return figure(None if value is None else 100 * value, digits)


def interval(score: Score, digits: int = 3, factor: float = 1.0) -> str:
    """The interval in brackets; empty where there is none."""
    if score.low is None or score.high is None:
        return ""
    return f"[{factor * score.low:.{digits}f}, {factor * score.high:.{digits}f}]"


def spread(score: Score, digits: int = 3) -> str:
    """A figure with its interval."""
    return f"{figure(score.value, digits)} {interval(score, digits)}".strip()


def spread_percent(score: Score) -> str:
    """A share as percent with its interval."""
    return f"{percent(score.value)} {interval(score, 1, 100)}".strip()


def grid(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table: the first column to the left, the others to the right."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    text = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    rule = "-" * max(len(line) for line in text)
    return "\n".join([name, rule, text[0], rule, *text[1:], rule])


def networks(about: EvaluationFacts, found: Classification) -> str:
    """Table III: the average rates beside the paper's."""
    rows = [
        [
            f"{about.title}, this run",
            *(spread(score) for score in (found.precision, found.recall, found.f1)),
        ]
    ]
    rows += [
        [f"{ARCHITECTURES[name].title}, paper", *(figure(v) for v in (r.precision, r.recall, r.f1))]
        for name, r in paper.TABLE_3.items()
    ]
    table = grid(
        f"Classification (as Table III): unweighted averages over {len(found.averaged)} classes, "
        f"{counted(found.frames, 'frame')}, {counted(found.cases, 'case')}",
        ("Network", "Precision", "Recall", "F1-score"),
        rows,
    )
    return f"{table}\naccuracy {spread(found.accuracy)}; {balance(found)}"


def coverage(found: Classification) -> str:
    """Which classes the averages miss; empty where they are over all 14, as the paper's."""
    rows = found.averaged
    coarse = sum(len(row.group) > 1 for row in rows)
    if not coarse and len(rows) == len(PLANES):
        return ""
    classes = f"{len(rows)} of {len(PLANES)} classes"
    if coarse:
        classes = f"{counted(len(rows), 'class', 'classes')}, {coarse} of them coarse"
    background = sum(row.count for row in rows if is_background(row.group))
    return (
        f"{classes}, {counted(background, 'background picture') if background else 'no background'}"
    )


def balance(found: Classification) -> str:
    """How the mixture of frames compares with the paper's, since precision depends on it."""
    ours = figure(found.backgrounds_per_plane, 1)
    return f"{ours} background frames for each plane frame (paper: {paper.BACKGROUNDS_PER_PLANE})"


def detail(found: Classification) -> str:
    """Table V: the rates of each class."""
    rows = []
    for one in found.classes:
        known = alone(paper.TABLE_5, one.group)
        rows.append(
            [
                title(one.group) + ("" if one.averaged else " *"),
                figure(one.precision.value, 2),
                figure(one.recall.value, 2),
                spread(one.f1, 2),
                str(one.count),
                *paper_rates(known),
            ]
        )
    header = (
        "Class",
        "Precision",
        "Recall",
        "F1-score",
        "# Images",
        "Paper: Precision",
        "Recall",
        "F1-score",
    )
    table = grid("Classes (as Table V; paper: SonoNet-32)", header, rows)
    note = shared_note(found)
    return f"{table}\n{note}" if note else table


def alone(known: paper.ByPlane[paper.Known], group: Group) -> paper.Known | None:
    """The paper's row for a plane; it has none for groups of planes."""
    return known.get(group[0]) if len(group) == 1 else None


def paper_rates(known: paper.PaperRates | None) -> list[str]:
    """Precision, recall and F1 of the paper, or dashes."""
    if known is None:
        return [UNKNOWN] * 3
    return [figure(value, 2) for value in (known.precision, known.recall, known.f1)]


def kinds(
    found: Retrieval | LocalisationMeasure, known: paper.Kinds
) -> list[tuple[str, Score, float]]:
    """Name, our average and the paper's, of the cardiac and of the other planes there are."""
    rows = [
        ("Cardiac", found.cardiac, known.cardiac),
        ("Not cardiac", found.others, known.others),
    ]
    return [row for row in rows if math.isfinite(row[1].value)]


def shared_note(found: Classification) -> str:
    """What the mark of coarse classes means; empty where there is none."""
    if len(found.averaged) == len(found.classes):
        return ""
    return (
        "* coarse label; its planes have rows of their own, which take the wrong predictions, "
        "so it has no precision and is not in the averages"
    )


def confusion(found: Classification) -> str:
    """Fig. 5: truth down, prediction across."""
    header = ("true \\ predicted", *(short(group) for group in found.columns))
    rows = [
        [title(one.group), *(str(n) if n else "." for n in line)]
        for one, line in zip(found.classes, found.confusion.tolist(), strict=True)
    ]
    table = grid("Confusion (as Fig. 5)", header, rows)
    if found.not_judged:
        states = ", ".join(f"{n} {state}" for state, n in found.not_judged.items())
        table += f"\ncounted as Background because the program took them for: {states}"
    return table


def short(group: Group) -> str:
    """A short name for the head of a column."""
    name = BY_KEY[group[0]].key.replace("background", "backgr.")
    return name if len(group) == 1 else f"{name}+{len(group) - 1}"


def calibration(found: Calibration) -> str:
    """The reliability diagram in figures."""
    rows = [
        [f"{b.low:.2f}-{b.high:.2f}", figure(b.confidence), figure(b.accuracy), str(b.count)]
        for b in found.bins
    ]
    table = grid("Calibration", ("Confidence", "Mean", "Right", "Frames"), rows)
    lines = [
        table,
        f"expected calibration error {spread(found.error)}; mean confidence "
        f"{figure(found.confidence)}, right {figure(found.accuracy)}",
        *([coarse_note(found)] if found.coarse else []),
        f"with planes that labels join as one: {group_line(found.groups)}",
        f"at a threshold of {threshold_percent(found.threshold)}: {spread_percent(found.named)} % "
        f"of the plane frames are named, {spread_percent(found.named_right)} % of the named ones "
        "are right",
    ]
    return "\n".join(lines)


EFFECT_HEADER = (
    "Confidence",
    "Neg. log-likelihood",
    "Calibration error",
    "Mean confidence",
    "Right",
    "Frames",
)
EFFECT_TITLE = "Calibration, before and after"
OUTSIDE_HEADER = ("Frames", "Share %", "Of")
OUTSIDE_TITLE = "Pictures outside of what the model knows"


def effect(about: EvaluationFacts, found: CalibrationEffect) -> str:
    """The same frames by the plain softmax and calibrated."""
    return grid(EFFECT_TITLE, EFFECT_HEADER, effect_rows(about, found))


def effect_rows(about: EvaluationFacts, found: CalibrationEffect) -> list[list[str]]:
    """A row for each; planes that labels join are one."""
    named = {
        "plain softmax": found.before,
        f"calibrated ({about.reading.text})": found.after,
    }
    return [
        [
            name,
            figure(one.nll),
            figure(one.error),
            figure(one.confidence),
            figure(one.accuracy),
            str(one.frames),
        ]
        for name, one in named.items()
    ]


def outside(found: OutsideRates) -> str:
    """What becomes of pictures without a plane, and of those with one."""
    rows = [[name, spread_percent(share), of] for name, share, of in outside_rows(found)]
    return grid(OUTSIDE_TITLE, OUTSIDE_HEADER, rows)


def outside_rows(found: OutsideRates) -> list[tuple[str, Score, str]]:
    """What, which share, and of how many."""
    return [
        ("without a plane, named one", found.named, str(found.others)),
        ("the same if none were outside", found.named_without, str(found.others)),
        ("rightly named, lost as outside", found.lost, str(found.planes)),
    ]


def group_line(found: Reliability) -> str:
    """Negative log-likelihood and calibration error over the groups."""
    return (
        f"negative log-likelihood {figure(found.nll)}, calibration error {figure(found.error)}; "
        f"mean confidence {figure(found.confidence)}, right {figure(found.accuracy)}, "
        f"{counted(found.frames, 'frame')}"
    )


def coarse_note(found: Calibration) -> str:
    """How many frames the calibration leaves out; empty where there are none."""
    if not found.coarse:
        return ""
    return (
        f"without {counted(found.coarse, 'frame')} of coarse labels: the confidence is that of "
        "one plane, and their label calls several right"
    )


def retrieval(found: Retrieval, note: str) -> str:
    """Table VI."""
    rows = [
        [
            BY_KEY[one.plane].published_label,
            spread_percent(one.accuracy),
            str(one.count),
            percent(paper.TABLE_6[one.plane], 2),
        ]
        for one in found.planes
    ]
    average = spread_percent(found.average)
    rows.append(["Average", average, str(found.total), percent(paper.TABLE_6_AVERAGE, 2)])
    for name, score, known in kinds(found, paper.TABLE_6_KINDS):
        rows.append([name, spread_percent(score), "", percent(known, 2)])
    table = grid(
        f"Retrieval (as Table VI; paper: SonoNet-32), {counted(found.recordings, 'recording')}",
        ("Class", "Accuracy %", "Recordings", "Paper %"),
        rows,
    )
    notes = [line for line in (note, printed_note(found)) if line]
    return "\n".join([table, right_line(found), *notes, *wrong_lines(found)])


def printed_note(found: Retrieval) -> str:
    """Why the paper's average of the planes that are not cardiac is not that of its table."""
    return paper.TABLE_6_NOTE if math.isfinite(found.others.value) else ""


def right_line(found: Retrieval) -> str:
    """How many of the frames are right, and how many nobody can tell."""
    unknown = f", {found.unverified} cannot be verified" if found.unverified else ""
    return f"{found.right:,} of {counted(found.total, 'frame')} right{unknown}"


def wrong_lines(found: Retrieval) -> list[str]:
    """A line for each frame retrieved that does not count as right."""
    lines = []
    for one in found.retrieved:
        label = BY_KEY[one.plane].published_label
        sure = f"{whole_percent(one.confidence)} %"
        what = f"{one.case}/{one.file}: {label} at frame {one.frame} ({sure})"
        if not one.shows:
            lines.append(f"cannot be verified: {what}, which has no label")
        elif not one.right:
            lines.append(f"wrong: {what}, which shows {title(one.shows)}")
    return lines


def localisation(found: LocalisationMeasure) -> str:
    """Table VII."""

    def row(name: str, named: Boxes, every: Boxes, known: paper.Overlap | None) -> list[str]:
        return [
            name,
            spread(every.mean, 2),
            figure(every.std.value, 2),
            spread_percent(every.correct),
            str(every.count),
            figure(named.mean.value, 2),
            percent(named.correct.value),
            str(named.count),
            *paper_overlap(known),
        ]

    rows = [
        row(title(one.group), one.named, one.all, alone(paper.TABLE_7, one.group))
        for one in found.planes
    ]
    rows.append(row("Average", found.named, found.all, paper.TABLE_7_AVERAGE))
    for name, score, share in kinds(found, paper.TABLE_7_KINDS):
        rows.append([name, "", "", spread_percent(score), *[""] * 6, percent(share)])
    header = (
        "Class",
        "Mean IoU",
        "Std",
        "Cor. %",
        "#",
        "Named: IoU",
        "Cor. %",
        "#",
        "Paper: IoU",
        "Std",
        "Cor. %",
    )
    table = grid("Localisation (as Table VII; paper: SonoNet-32)", header, rows)
    return (
        f"{table}\n{found.all.hits:,} of {counted(found.all.count, 'box', 'boxes')}"
        f" of all frames are correct, "
        f"{found.named.hits:,} of {found.named.count:,} of rightly named frames\n{BOX_NOTE}"
    )


LOCALISERS_HEADER = (
    "Class",
    "#",
    "Plane: IoU",
    "Cor. %",
    "Paper: IoU",
    "Cor. %",
)


def localisers(found: BothLocalisers) -> str:
    """Both localisers side by side, and how sure boxes are."""
    table = grid(LOCALISERS_TITLE, LOCALISERS_HEADER, localisers_rows(found))
    return f"{table}\n{sureness_words(found)}"


LOCALISERS_TITLE = "Localisers: the model's rule of each plane, and the paper's"


def localisers_rows(found: BothLocalisers) -> list[list[str]]:
    """A row for each plane, and one for all frames together."""

    def row(name: str, one: PlaneFits) -> list[str]:
        fits = ((figure(fit.mean, 2), percent(fit.correct)) for fit in (one.plane, one.paper))
        return [name, str(one.count), *(cell for pair in fits for cell in pair)]

    return [*(row(title(one.group), one) for one in found.planes), row("All frames", found.all)]


def sureness_words(found: BothLocalisers) -> str:
    """How many boxes are not sure, and how often that is so for good reason."""
    one = found.sureness
    words = f"Rightly named frames. By {found.used}: {one.unsure} of {one.count} boxes are not sure"
    if one.unsure:
        words += f", {one.unsure_wrong} of these wrong"
    words += f"; {one.sure_right} of {one.sure} sure ones are correct"
    return words + (f"; {one.missing} without a box" if one.missing else "")


def paper_overlap(known: paper.Overlap | None) -> list[str]:
    """Mean IoU, its deviation and the correct share in percent of the paper, or dashes."""
    if known is None:
        return [UNKNOWN] * 3
    return [figure(known.mean, 2), figure(known.std, 2), percent(known.correct)]


HINTS_HEADER = ("Hint", "Right %", "Found %", "Found of all %", "Hints", "Frames", "Of all")
HINTS_NOTE = (
    "Right: hints whose flaw is there. Found: frames with the flaw that have the hint, of those "
    "rightly named; of all frames of planes fewer: without a name there is no hint."
)


def hints(found: HintMeasure) -> str:
    """Hints against the truth."""
    rows = (
        [spread_percent(cell) if isinstance(cell, Score) else cell for cell in row]
        for row in hints_rows(found)
    )
    return f"{grid('Hints', HINTS_HEADER, rows)}\n{quiet_line(found)}.\n{HINTS_NOTE}"


def hints_rows(found: HintMeasure) -> list[list[str | Score]]:
    """A row for each flaw; shares with their intervals."""
    return [
        [
            one.flaw.short.capitalize(),
            one.precision,
            one.recall,
            one.recall_of_all,
            str(one.hints),
            str(one.flawed),
            str(one.flawed_of_all),
        ]
        for one in found.flaws
    ]


def quiet_line(found: HintMeasure) -> str:
    """How many good pictures have no hint."""
    return (
        f"Of {counted(found.faultless, 'rightly named frame')} with nothing wrong "
        f"{spread_percent(found.quiet)} % have no hint"
    )


STEADINESS_HEADER = (
    "Label",
    "Changes",
    "Least",
    "a minute",
    "Right %",
    "Delay s",
    "95 %",
    "Never",
    "Views",
)
STEADINESS_NOTE = (
    "Changes of the label, unsure included, between frames of known truth; how often it had to. "
    "Delay of a view's name, median and 95 % of the views that were named; never: the others."
)


def steadiness(found: Steadiness) -> str:
    """Labels over time."""
    return (
        grid(
            f"Labels over time, {counted(found.recordings, 'recording')}",
            STEADINESS_HEADER,
            steadiness_rows(found),
        )
        + f"\n{STEADINESS_NOTE}"
    )


def steadiness_rows(found: Steadiness) -> list[list[str]]:
    """A row for each frame's own label, and one for the steadied one."""

    def row(name: str, course: LabelCourse) -> list[str]:
        delays = (figure(course.delay_s(share), 2) for share in (0.5, 0.95))
        return [
            name,
            str(course.changes),
            str(course.least_changes),
            figure(course.changes_a_minute, 1),
            percent(course.accuracy),
            *delays,
            str(course.never),
            str(course.views),
        ]

    return [row("each frame's own", found.raw), row("steadied", found.steady)]


def speed(about: EvaluationFacts, found: Speed) -> str:
    """Table IV."""
    rows = [
        [
            f"{about.title}, {about.engine} {about.precision} on {about.device}",
            figure(found.detection_fps, 1),
            figure(found.localisation_fps, 1),
            figure(found.both_fps, 1),
        ]
    ]
    rows += [
        [
            f"{ARCHITECTURES[name].title}, paper (GTX 1080)",
            *(figure(v, 1) for v in (known.detection, known.localisation, known.both)),
        ]
        for name, known in paper.TABLE_4.items()
    ]
    table = grid(
        "Frames a second (as Table IV)",
        ("Network", "Detection", "Localisation", "Det. & Loc."),
        rows,
    )
    told = (whole_frames(found), other_work_line(found.other_cores))
    return "\n".join([table, *(line for line in told if line)])
