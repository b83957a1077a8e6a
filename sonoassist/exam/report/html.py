"""The report as one page that needs nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

from sonoassist.core.planes import BY_KEY
from sonoassist.exam.checklist import Line
from sonoassist.exam.report import words
from sonoassist.exam.report.data import ReportData
from sonoassist.exam.report.stills import Still, as_jpeg, without_margins
from sonoassist.exam.report.style import CSS
from sonoassist.exam.report.svg import timeline_svg

WIDEST_PX = 1100
"""Of a picture on the page: sharp on a screen of double density."""


def as_html(data: ReportData) -> str:
    """The page."""
    name = data.info.start.study_id or data.info.exam_id
    parts = [
        f"<h1>{words.TITLE}</h1>",
        f'<dl class="head">{_pairs(words.head(data))}</dl>',
        _warnings(data),
        _cards(data),
        _notes(data),
        _checklist(data),
        _stills(data),
        _timeline(data),
        _recordings(data),
        _technical(data),
        f"<footer><b>{words.FOOTER}</b> {escape(words.made(data))}.</footer>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{words.TITLE}: {escape(name)}</title><style>{CSS}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _section(title: str, *parts: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs
    )


def _warnings(data: ReportData) -> str:
    lines = "".join(f"<p>{escape(line)}.</p>" for line in data.warnings)
    return f'<div class="warnings">{lines}</div>' if lines else ""


def _cards(data: ReportData) -> str:
    inner = "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{escape(name)}</span></div>'
        for value, name in words.cards(data)
    )
    names = words.missing(data)
    below = f"<p><b>Missing:</b> {escape(names)}.</p>" if names else ""
    return f'<div class="cards">{inner}</div>{below}'


def _notes(data: ReportData) -> str:
    note = data.info.note.strip()
    return _section("Notes", f'<p class="note">{escape(note)}</p>') if note else ""


def _checklist(data: ReportData) -> str:
    if not data.lines:
        return _section("Checklist", '<p class="soft">The exam had no checklist.</p>')
    header = (
        '<tr><th>Item</th><th>State</th><th class="number">Confidence</th>'
        '<th class="number">Quality</th><th class="number">Time</th><th>Note</th></tr>'
    )
    rows = "".join(_line(line) for line in data.lines)
    name = data.info.start.preset
    return _section(
        f"Checklist: {name}" if name else "Checklist",
        f'<div class="scroll"><table>{header}{rows}</table></div>',
        f'<p class="soft">{escape(words.about_confidence(data))}</p>',
    )


def _line(line: Line) -> str:
    plane = BY_KEY.get(line.item.plane)
    kind = f'style="background:{plane.colour}"' if plane else ""
    dot = f'<i class="dot{"" if plane else " none"}" {kind}></i>'
    state = f"{line.state.value}{' required' if line.item.required else ''}"
    numbers = "".join(f'<td class="number">{escape(cell)}</td>' for cell in words.details(line))
    return (
        f'<tr><td class="name">{dot}{escape(line.item.label)}</td>'
        f'<td><span class="{state}">{escape(words.state(line))}</span></td>{numbers}'
        f'<td class="note">{escape(line.note)}</td></tr>'
    )


def _stills(data: ReportData) -> str:
    if not data.stills:
        return _section("Pictures", f'<p class="soft">{words.NO_STILLS}</p>')
    shots = "".join(_figure(data, still) for still in data.stills)
    lead = f'<p class="soft">Pictures: {escape(words.drawn(data))}.</p>'
    return _section("Pictures", f'<div class="shots">{shots}</div>', lead)


def _figure(data: ReportData, still: Still) -> str:
    kind = "kept" if still.reviewed else "best"
    lines = "".join(
        f"<p{' class=soft' if place else ''}>{escape(line)}</p>"
        for place, line in enumerate(words.caption(data, still))
    )
    return (
        f'<figure><div class="picture">{_picture(still, data.options.mask)}</div><figcaption>'
        f'<div class="title"><b>{escape(still.label)}</b>'
        f'<span class="badge {kind}">{escape(words.review(still))}</span></div>'
        f"{lines}</figcaption></figure>"
    )


def _picture(still: Still, mask: bool) -> str:
    if still.picture is None:
        return f'<p class="gone">{escape(still.trouble)}.</p>'
    shown = without_margins(still.picture) if mask else still.picture
    data = base64.b64encode(as_jpeg(shown, WIDEST_PX)).decode("ascii")
    return f'<img alt="{escape(still.label)}" src="data:image/jpeg;base64,{data}">'


def _timeline(data: ReportData) -> str:
    line = data.timeline
    if line.empty:
        return _section("Timeline", f'<p class="soft">{words.NO_FRAMES}</p>')
    legend = f'<p class="soft">{escape(words.legend(line))}</p>'
    return _section("Timeline", timeline_svg(line), legend)


def _recordings(data: ReportData) -> str:
    if not data.recordings:
        return ""
    lines = "".join(f"<li>{escape(words.recording(one))}</li>" for one in data.recordings)
    return _section("Recordings", f"<ul>{lines}</ul>")


def _technical(data: ReportData) -> str:
    lists = "".join(
        "<dl>"
        + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
        + "</dl>"
        for pairs in (words.model(data), words.settings(data))
        if pairs
    )
    return _section("Model and settings", f'<div class="two">{lists}</div>')
