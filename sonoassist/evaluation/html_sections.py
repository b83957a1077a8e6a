"""The sections of the report: a table and a plot for each measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sonoassist.core.busy import other_work_line
from sonoassist.core.packets import Box
from sonoassist.core.percent import threshold_percent, whole_percent
from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.evaluation import paper, svg
from sonoassist.evaluation.bootstrap import Score
from sonoassist.evaluation.calibration import Calibration
from sonoassist.evaluation.classes import Group, title
from sonoassist.evaluation.classification import Classification
from sonoassist.evaluation.failures import Failure
from sonoassist.evaluation.hints import HintMeasure
from sonoassist.evaluation.localisation import LocalisationMeasure
from sonoassist.evaluation.localisers import BothLocalisers
from sonoassist.evaluation.results import EvaluationFacts
from sonoassist.evaluation.retrieval import Retrieval
from sonoassist.evaluation.score_effects import CalibrationEffect, OutsideRates
from sonoassist.evaluation.speed import Speed, whole_frames
from sonoassist.evaluation.steadiness import Steadiness
from sonoassist.evaluation.text_tables import (
    BOX_NOTE,
    EFFECT_HEADER,
    EFFECT_TITLE,
    HINTS_HEADER,
    HINTS_NOTE,
    LOCALISERS_TITLE,
    OUTSIDE_HEADER,
    OUTSIDE_TITLE,
    STEADINESS_HEADER,
    STEADINESS_NOTE,
    alone,
    balance,
    coarse_note,
    effect_rows,
    figure,
    group_line,
    hints_rows,
    interval,
    kinds,
    localisers_rows,
    outside_rows,
    paper_overlap,
    paper_rates,
    percent,
    printed_note,
    quiet_line,
    right_line,
    shared_note,
    steadiness_rows,
    sureness_words,
    wrong_lines,
)
from sonoassist.model.architecture import ARCHITECTURES

LEGEND = (
    '<p class="legend">Bars: this run. Lines: 95 % intervals over cases. Diamonds: the paper '
    f"({paper.DETAILED}).</p>"
)


class Html(str):
    """A cell that is HTML already."""

    __slots__ = ()


def table(header: Sequence[str], rows: Iterable[Sequence[str]], kinds: Sequence[str] = ()) -> str:
    """A table; `kinds` are the classes of its rows."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = ""
    for number, row in enumerate(rows):
        kind = kinds[number] if number < len(kinds) else ""
        body += f'<tr class="{kind}">{"".join(f"<td>{_cell(cell)}</td>" for cell in row)}</tr>'
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _cell(cell: str) -> str:
    return cell if isinstance(cell, Html) else escape(cell)


def _spread(score: Score, digits: int = 2, factor: float = 1.0) -> Html:
    value = figure(factor * score.value, digits)
    return Html(f"{value}<small>{interval(score, digits, factor)}</small>")


def _name(group: Group) -> Html:
    return Html(f'<i class="dot" style="background:{svg.colour_of(group)}"></i>' + title(group))


def _section(name: str, lead: str, *parts: str) -> str:
    return f'<section><h2>{escape(name)}</h2><p class="soft">{lead}</p>{"".join(parts)}</section>'


def _sides(*parts: str) -> str:
    return f'<div class="sides">{"".join(f"<div>{part}</div>" for part in parts)}</div>'


def _beside(wide: str, chart: str) -> str:
    """A table as wide as its columns need, and a chart in what is left, or below it."""
    return f'<div class="beside"><div>{wide}</div><div>{chart}</div></div>'


def classification(about: EvaluationFacts, found: Classification) -> str:
    """Tables III and V."""
    averages = found.precision, found.recall, found.f1
    rows = [[f"{about.title}, this run", *(_spread(score, 3) for score in averages)]]
    for name, known in paper.TABLE_3.items():
        figures = (figure(value) for value in (known.precision, known.recall, known.f1))
        rows.append([f"{ARCHITECTURES[name].title}, paper", *figures])
    header = ("Network", "Precision", "Recall", "F1-score")
    return _section(
        "Classification",
        "As Tables III and V: unweighted averages over "
        f"{counted(len(found.averaged), 'class', 'classes')}; "
        f"{counted(found.frames, 'frame')} of {counted(found.cases, 'case')}; "
        f"accuracy {_spread(found.accuracy, 3)}; {balance(found)}.",
        table(header, rows, ["own"]),
        "<h3>By class</h3>",
        _beside(_class_table(found), LEGEND + svg.bars(_f1_bars(found), "F1-score of each class")),
    )


def _f1_bars(found: Classification) -> list[svg.Bar]:
    bars = []
    for one in found.classes:
        known = alone(paper.TABLE_5, one.group)
        bars.append(svg.Bar(one.group, one.f1, known.f1 if known else None))
    return bars


def _class_table(found: Classification) -> str:
    rows = []
    for one in found.classes:
        known = alone(paper.TABLE_5, one.group)
        rows.append(
            [
                Html(_name(one.group) + ("" if one.averaged else " *")),
                figure(one.precision.value, 2),
                figure(one.recall.value, 2),
                _spread(one.f1),
                str(one.count),
                *paper_rates(known),
            ]
        )
    note = shared_note(found)
    legend = f'<p class="legend">{escape(note)}</p>' if note else ""
    header = (
        "Class",
        "Precision",
        "Recall",
        "F1-score",
        "Images",
        "Paper: precision",
        "Recall",
        "F1-score",
    )
    return table(header, rows) + legend


def confusion(found: Classification) -> str:
    """Fig. 5."""
    states = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in found.not_judged.items())
    more = f" Counted as background because the program took them for: {states}." if states else ""
    return _section(
        "Confusion",
        "As Fig. 5: true classes down, predicted classes across. The shade is the share of the "
        f"true class.{escape(more)}",
        f'<div class="scroll">{svg.confusion(found)}</div>',
    )


def calibration(found: Calibration) -> str:
    """Reliability diagram."""
    rows = [
        ["Expected calibration error", _spread(found.error, 3)],
        ["Mean confidence", figure(found.confidence)],
        ["Share of frames that are right", figure(found.accuracy)],
        [
            f"Plane frames named (threshold {threshold_percent(found.threshold)}), %",
            _spread(found.named, 1, 100),
        ],
        ["Named frames that are right, %", _spread(found.named_right, 1, 100)],
        ["Frames", str(found.frames)],
    ]
    legend = (
        '<p class="legend">Bars: share of right frames. Short lines: mean confidence. On the '
        "dashed line both are equal. Below: how many frames have this confidence.</p>"
    )
    return _section(
        "Calibration",
        "Does a confidence of 80 % mean right in 80 % of the frames?",
        _sides(svg.reliability(found), legend + table(("", ""), rows)),
        f'<p class="legend">{escape(coarse_note(found))}</p>' if found.coarse else "",
        f'<p class="legend">With planes that labels join as one: {group_line(found.groups)}.</p>',
    )


def effect(about: EvaluationFacts, found: CalibrationEffect) -> str:
    """Calibration before and after."""
    return _section(
        EFFECT_TITLE,
        "The same frames by the network's plain softmax and as the program reads its scores; "
        "planes that labels join count as one. Lower is better in the first two columns.",
        table(EFFECT_HEADER, effect_rows(about, found), ["", "own"]),
    )


def outside(found: OutsideRates) -> str:
    """Pictures outside of what the model knows."""
    rows = [[name, _spread(share, 1, 100), of] for name, share, of in outside_rows(found)]
    return _section(
        OUTSIDE_TITLE,
        "Of pictures without a plane as few as possible should be named one, and few of those "
        "that are named rightly should be lost.",
        table(OUTSIDE_HEADER, rows),
    )


def retrieval(found: Retrieval, note: str) -> str:
    """Table VI."""
    rows = [
        [
            _name((one.plane,)),
            _spread(one.accuracy, 1, 100),
            str(one.count),
            percent(paper.TABLE_6[one.plane], 2),
        ]
        for one in found.planes
    ]
    average = _spread(found.average, 1, 100)
    rows.append(["Average", average, str(found.total), percent(paper.TABLE_6_AVERAGE, 2)])
    for name, score, share in kinds(found, paper.TABLE_6_KINDS):
        rows.append([name, _spread(score, 1, 100), "", percent(share, 2)])
    bars = [svg.Bar((one.plane,), one.accuracy, paper.TABLE_6[one.plane]) for one in found.planes]
    wrong = wrong_lines(found)
    listed = "".join(f"<li>{escape(line)}</li>" for line in wrong)
    return _section(
        "Retrieval",
        "As Table VI: of each recording and plane, the frame with the highest confidence. "
        f"{right_line(found)} in {counted(found.recordings, 'recording')}. {escape(note)}",
        _beside(
            table(
                ("Class", "Accuracy %", "Recordings", "Paper %"),
                rows,
                [""] * len(found.planes) + ["sum"],
            ),
            LEGEND + svg.bars(bars, "Retrieval accuracy of each plane"),
        ),
        f'<p class="legend">{escape(printed_note(found))}</p>' if printed_note(found) else "",
        f"<h3>Not right</h3><ul>{listed}</ul>" if wrong else "",
    )


def localisation(found: LocalisationMeasure) -> str:
    """Table VII."""
    rows: list[list[str]] = []
    averages = ("Average", found.named, found.all, paper.TABLE_7_AVERAGE)
    lines = [
        (_name(one.group), one.named, one.all, alone(paper.TABLE_7, one.group))
        for one in found.planes
    ]
    for name, named, every, known in [*lines, averages]:
        rows.append(
            [
                name,
                _spread(every.mean),
                figure(every.std.value, 2),
                _spread(every.correct, 0, 100),
                str(every.count),
                figure(named.mean.value, 2),
                percent(named.correct.value, 0),
                str(named.count),
                *paper_overlap(known),
            ]
        )
    for name, score, share in kinds(found, paper.TABLE_7_KINDS):
        rows.append([name, "", "", _spread(score, 0, 100), *[""] * 6, percent(share)])
    header = (
        "Class",
        "Mean IoU",
        "Std",
        "Correct %",
        "Images",
        "Named: IoU",
        "Correct %",
        "Images",
        "Paper: IoU",
        "Std",
        "Correct %",
    )
    return _section(
        "Localisation",
        f"As Table VII, on frames with a true box. {BOX_NOTE} {found.all.hits:,} of "
        f"{counted(found.all.count, 'box', 'boxes')}"
        f" of all frames correct; of rightly named frames "
        f"{found.named.hits} of {found.named.count}.",
        table(header, rows, [""] * len(found.planes) + ["sum"]),
        _sides(*_box_charts(found)),
        LEGEND,
    )


def localisers(found: BothLocalisers) -> str:
    """Both localisers side by side, and how sure boxes are."""
    rows = localisers_rows(found)
    return _section(
        LOCALISERS_TITLE,
        sureness_words(found) + ".",
        table(
            ("Class", "Images", "Plane: IoU", "Correct %", "Paper: IoU", "Correct %"),
            rows,
            [""] * len(found.planes) + ["sum"],
        ),
    )


def _box_charts(found: LocalisationMeasure) -> tuple[str, str]:
    overlap, correct = [], []
    for one in found.planes:
        known = alone(paper.TABLE_7, one.group)
        overlap.append(svg.Bar(one.group, one.all.mean, known.mean if known else None))
        correct.append(svg.Bar(one.group, one.all.correct, known.correct if known else None))
    return (
        "<h3>Mean IoU</h3>" + svg.bars(overlap, "Mean IoU of each plane"),
        "<h3>Share correct</h3>" + svg.bars(correct, "Share of correct boxes of each plane"),
    )


def steadiness(found: Steadiness) -> str:
    """Labels over time."""
    return _section(
        "Steadiness",
        f"Labels over time, {counted(found.recordings, 'recording')}. {STEADINESS_NOTE}",
        table(STEADINESS_HEADER, steadiness_rows(found)),
    )


def hints(found: HintMeasure) -> str:
    """Hints against the truth."""
    rows = [
        [_spread(cell, 1, 100) if isinstance(cell, Score) else cell for cell in row]
        for row in hints_rows(found)
    ]
    return _section("Hints", f"{quiet_line(found)}. {HINTS_NOTE}", table(HINTS_HEADER, rows))


def speed(about: EvaluationFacts, found: Speed) -> str:
    """Table IV."""
    mine = found.detection_fps, found.localisation_fps, found.both_fps
    engine = f"{about.engine} {about.precision} on {about.device}"
    rows = [[f"{about.title}, {engine}", *(figure(value, 1) for value in mine)]]
    for name, known in paper.TABLE_4.items():
        figures = (figure(v, 1) for v in (known.detection, known.localisation, known.both))
        rows.append([f"{ARCHITECTURES[name].title}, paper", *figures])
    told = (whole_frames(found), other_work_line(found.other_cores))
    whole = "".join(f"<p>{escape(words[0].upper() + words[1:])}.</p>" for words in told if words)
    return _section(
        "Speed",
        f"As Table IV, in frames a second; medians of {found.runs} runs on this computer; the "
        "paper measured on a GTX 1080.",
        table(("Network", "Detection", "Localisation", "Both"), rows, ["own"]),
        whole,
    )


def failures(name: str, lead: str, shown: Sequence[Failure]) -> str:
    """Pictures with the true box dashed and the found one solid."""
    legend = (
        '<p class="legend">Dashed white: the true box. Solid: the box found, in the colour of the '
        "plane named.</p>"
    )
    shots = "".join(_figure(one) for one in shown)
    return _section(name, escape(lead), legend, f'<div class="shots">{shots}</div>')


def _figure(one: Failure) -> str:
    plane = BY_KEY[one.named]
    width = max(one.width_px, one.height_px) / 130
    drawn = _frame(
        one.true_box, f"stroke:#fff;stroke-dasharray:{3 * width:.1f} {2 * width:.1f}", width
    )
    drawn += _frame(one.box, f"stroke:{plane.colour}", width)
    overlap = f", IoU {one.iou:.2f}" if one.iou is not None else ""
    return (
        f'<figure><svg viewBox="0 0 {one.width_px} {one.height_px}" role="img" '
        f'aria-label="{escape(one.where)}"><image href="{one.picture}" width="{one.width_px}" '
        f'height="{one.height_px}"/>{drawn}</svg><figcaption>true <b>{escape(title(one.truth))}</b>'
        f"<br>named <b>{escape(plane.published_label)}</b>, "
        f"{whole_percent(one.confidence)} %{overlap}<br>"
        f'<span class="soft">{escape(one.dataset)}: {escape(one.where)}</span>'
        "</figcaption></figure>"
    )


def _frame(box: Box | None, style: str, width: float) -> str:
    if box is None:
        return ""
    return svg.rect(
        box.left,
        box.top,
        box.width,
        box.height,
        style=f"fill:none;stroke-width:{width:.1f};{style}",
    )
