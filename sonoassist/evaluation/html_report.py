"""One self-contained page: figures, plots, the paper's beside ours, the worst failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sonoassist.core.busy import other_work_line
from sonoassist.core.percent import threshold_percent
from sonoassist.core.wording import counted
from sonoassist.evaluation import html_sections as sections
from sonoassist.evaluation import paper, text_report, text_tables
from sonoassist.evaluation.bootstrap import HOW, Score
from sonoassist.evaluation.html_style import CSS
from sonoassist.evaluation.results import Results


def as_html(results: Results) -> str:
    """The page."""
    about = results.about
    parts = [
        f"<h1>{escape(about.title)}: evaluation</h1>",
        f'<p class="lead">{escape(_lead(results))}</p>',
        *(f'<p class="note">{escape(note)}</p>' for note in text_report.notes(results)),
        _cards(results),
        _data(results),
        *_measured(results),
        _troubles(results),
        f"<footer>SonoAssist {escape(about.version)}, {escape(about.date)}. Model "
        f"{escape(about.model)}, weights SHA-256 {escape(about.weights_sha256[:16])}…. Paper: "
        f"{escape(paper.CITATION)}. Research and training only. Not for diagnosis.</footer>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(about.title)}: evaluation</title><style>{CSS}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _measured(results: Results) -> Iterable[str]:
    if results.classification is not None:
        yield sections.classification(results.about, results.classification)
        yield sections.confusion(results.classification)
    if results.calibration is not None:
        yield sections.calibration(results.calibration)
    if results.effect is not None:
        yield sections.effect(results.about, results.effect)
    if results.outside is not None:
        yield sections.outside(results.outside)
    if results.retrieval is not None:
        note = text_report.verified_note(results)
        yield sections.retrieval(results.retrieval, note)
    if results.localisation is not None:
        yield sections.localisation(results.localisation)
    if results.localisers is not None:
        yield sections.localisers(results.localisers)
    if results.steadiness is not None:
        yield sections.steadiness(results.steadiness)
    if results.hints is not None:
        yield sections.hints(results.hints)
    if missing := text_report.not_measured(results):
        yield "".join(f'<p class="note">{escape(line)}.</p>' for line in missing.splitlines())
    if results.speed is not None:
        yield sections.speed(results.about, results.speed)
    if results.wrong_labels:
        yield sections.failures(
            "Worst wrong labels",
            "The most confident ones; one of each kind for each recording.",
            results.wrong_labels,
        )
    if results.wrong_boxes:
        yield sections.failures(
            "Worst boxes",
            "The plane was named rightly, but the box overlaps the true one by less than 0.5.",
            results.wrong_boxes,
        )


def _lead(results: Results) -> str:
    about = results.about
    return (
        f"Trained on {text_report.TRAINED_ON[about.domain]}. {about.engine} {about.precision} "
        f"on {about.device}, crop {about.crop}, threshold {threshold_percent(about.threshold)}. "
        f"In brackets: 95 % intervals over cases; {HOW} {about.resamples:,} draws, "
        f"seed {about.seed}."
    )


def _cards(results: Results) -> str:
    architecture = results.about.architecture
    cards = []
    if results.classification is not None:
        known = paper.TABLE_3.get(architecture)
        words = [text_tables.coverage(results.classification)]
        words += [f"paper, same network: {known.f1:.3f}"] if known else []
        beside = "; ".join(filter(None, words))
        cards.append(_card("F1-score, average", results.classification.f1, beside))
    if results.retrieval is not None:
        beside = f"paper, SonoNet-32: {100 * paper.TABLE_6_AVERAGE:.1f} %"
        cards.append(_card("Retrieval, average", results.retrieval.average, beside, percent=True))
    if results.localisation is not None:
        average, known_boxes = results.localisation.all, paper.TABLE_7_AVERAGE
        beside = (
            f"mean IoU {average.mean.value:.2f}; paper, {paper.DETAILED}: "
            f"{100 * known_boxes.correct:.1f} %, {known_boxes.mean:.2f}"
        )
        cards.append(_card("Boxes correct, all frames", average.correct, beside, percent=True))
    if results.calibration is not None:
        cards.append(_card("Calibration error", results.calibration.error, "0 is perfect"))
    if results.speed is not None:
        fps = Score(results.speed.both_fps)
        known_fps = paper.TABLE_4.get(architecture)
        beside = f"paper, GTX 1080: {known_fps.both:.1f}" if known_fps else ""
        if other_work_line(results.speed.other_cores):
            beside = "; ".join(filter(None, (beside, "other work ran meanwhile, see below")))
        cards.append(_card("Frames a second, with box", fps, beside, digits=1))
    return f'<div class="cards">{"".join(cards)}</div>'


def _card(name: str, score: Score, beside: str, *, percent: bool = False, digits: int = 3) -> str:
    value = text_tables.percent(score.value) if percent else text_tables.figure(score.value, digits)
    sign = " %" if percent and value != text_tables.UNKNOWN else ""
    ends = text_tables.interval(score, 1, 100) if percent else text_tables.interval(score, digits)
    return (
        f'<div class="card"><span>{escape(name)}</span><b>{value}{sign}</b>'
        f"<span>{ends or '&nbsp;'}</span><span>{escape(beside)}</span></div>"
    )


def _data(results: Results) -> str:
    rows = [
        (
            data.name,
            data.layout,
            str(data.frames),
            str(data.cases),
            text_tables.percent(data.right),
            str(sum(data.left_out.values())),
            str(len(data.problems)),
        )
        for data in results.datasets
    ]
    header = ("Data set", "Layout", "Frames", "Cases", "Right %", "Left out", "Unusable rows")
    thinned = ""
    if results.about.every > 1:
        thinned = f"<p class='soft'>Analysed: {escape(text_report.thinned(results))}.</p>"
    return f"<section><h2>Data</h2>{sections.table(header, rows)}{thinned}</section>"


def _troubles(results: Results) -> str:
    lines: list[str] = []
    for data in results.datasets:
        lines += (f"{data.name}: left out: {n} of {name}" for name, n in data.left_out.items())
        # Which ones is told in evaluation.txt: the names of files may be those of persons.
        if data.problems:
            lines.append(f"{data.name}: {counted(len(data.problems), 'row')} not used")
    if results.unreadable:
        lines.append(
            f"not readable: {counted(len(results.unreadable), 'frame or file', 'frames or files')}"
        )
    if not lines:
        return ""
    return (
        f"<section><h2>Not measured</h2><details {'open' if len(lines) < 20 else ''}>"
        f"<summary>{counted(len(lines), 'line')}"
        f"</summary><ul>{_items(lines)}</ul></details></section>"
    )


def _items(lines: Sequence[str]) -> str:
    return "".join(f"<li>{escape(line)}</li>" for line in lines)
