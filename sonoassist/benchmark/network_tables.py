"""The tables of the networks: frames a second, times, roofline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sonoassist.benchmark.candidates import HEIGHT_PX, NAIVE, WIDTH_PX
from sonoassist.benchmark.figures import SpeedRow
from sonoassist.benchmark.report import Networks
from sonoassist.benchmark.work import Pass, work_of
from sonoassist.core.wording import counted
from sonoassist.evaluation import paper
from sonoassist.evaluation.text_tables import UNKNOWN, figure, grid, percent
from sonoassist.model.architecture import ARCHITECTURES

DETECTION, LOCALISATION, BOTH = (what.value for what in Pass)

Group = tuple[SpeedRow, ...]
"""The passes of one network, runner and batch."""


def network_tables(found: Networks) -> list[str]:
    """All tables of the networks."""
    if not found.rows:
        return [ceilings(found)] if found.roof.ceilings else []
    batches = dict.fromkeys(row.batch for row in found.rows)
    tables = [rates(found, batch) for batch in batches]
    tables.append(times(found))
    if found.roof.ceilings:
        tables += [roofline(found), ceilings(found), counted_work(found)]
    return tables


def groups(rows: Iterable[SpeedRow]) -> list[Group]:
    """Rows that differ by their pass only, together."""
    made: dict[tuple[object, ...], list[SpeedRow]] = {}
    for row in rows:
        made.setdefault((row.network, row.runner, row.batch), []).append(row)
    return [tuple(group) for group in made.values()]


def of(group: Group, what: str) -> SpeedRow | None:
    """The row of a pass; None where it was not measured."""
    return next((row for row in group if row.work == what), None)


def rates(found: Networks, batch: int) -> str:
    """Table IV: frames a second, and how many times the baseline that is."""
    rows: list[list[str]] = []
    shown = [group for group in groups(found.rows) if group[0].batch == batch]
    for network in dict.fromkeys(group[0].network for group in shown):
        rows += [[""] * 7] if rows else []
        rows += [_rate(found, group) for group in shown if group[0].network == network]
        rows += [_paper(network)] if batch == 1 else []
    how = (
        "one frame at a time (as Table IV)"
        if batch == 1
        else f"{counted(batch, 'frame')} at a time"
    )
    header = ("Network", "Detection", "x", "Localisation", "x", "Det. & Loc.", "x")
    table = grid(f"Frames a second, {how}", header, rows)
    return f"{table}\n{RATE_NOTE}"


RATE_NOTE = (
    "x: times the naive baseline (torch eager, autograd) on the same device, median [least and "
    "most] of the rounds. Localisation: what the backward pass adds, as in the paper."
)


def _rate(found: Networks, group: Group) -> list[str]:
    cells = [_name(found, group[0])]
    for what in (DETECTION, LOCALISATION, BOTH):
        row = of(group, what)
        cells += [figure(row.fps, 1), _times(row)] if row else [UNKNOWN, UNKNOWN]
    return cells


def _name(found: Networks, row: SpeedRow) -> str:
    mark = " *" if row.runner.part_of(found.chosen) else ""
    return f"{row.title}, {row.runner.label}{mark}"


def _times(row: SpeedRow) -> str:
    text = figure(row.times_naive, 2)
    if row.engine == NAIVE or not row.times_naive_low < row.times_naive_high:
        return text
    return f"{text} [{row.times_naive_low:.2f}, {row.times_naive_high:.2f}]"


def _paper(network: str) -> list[str]:
    known = paper.TABLE_4[network]
    name = f"{ARCHITECTURES[network].title}, paper (GTX 1080)"
    figures = (known.detection, known.localisation, known.both)
    return [name, *(cell for value in figures for cell in (f"{value:.1f}", ""))]


def times(found: Networks) -> str:
    """Milliseconds of a batch."""
    rows: list[list[str]] = []
    last = ""
    for group in groups(found.rows):
        first = group[0]
        rows += [[""] * 10] if last and first.network != last else []
        last = first.network
        detection, both = of(group, DETECTION), of(group, BOTH)
        added = of(group, LOCALISATION)
        rows.append(
            [
                _name(found, first),
                str(first.batch),
                *_spread(detection),
                figure(added.median_ms if added else None, 1),
                *_spread(both),
                str(min(row.runs for row in group)),
            ]
        )
    header = (
        "Network",
        "Batch",
        "Det. median",
        "p95",
        "best",
        "Loc. adds",
        "Both median",
        "p95",
        "best",
        "Runs",
    )
    return grid("Milliseconds a batch", header, rows)


def _spread(row: SpeedRow | None) -> list[str]:
    if row is None:
        return [UNKNOWN] * 3
    return [figure(value, 1) for value in (row.median_ms, row.p95_ms, row.best_ms)]


def roofline(found: Networks) -> str:
    """Which part of the machine's limit was reached."""
    rows: list[list[str]] = []
    last = ""
    for group in groups(found.rows):
        rows += [[""] * 8] if last and group[0].network != last else []
        last = group[0].network
        cells = [_name(found, group[0]), str(group[0].batch)]
        for what in (DETECTION, BOTH):
            cells += _reached(of(group, what))
        rows.append(cells)
    header = (
        "Network",
        "Batch",
        "Det. GFLOP/s",
        "attainable",
        "share %",
        "Both GFLOP/s",
        "attainable",
        "share %",
    )
    return f"{grid('Roofline', header, rows)}\n{ROOF_NOTE}"


ROOF_NOTE = (
    "Attainable: the smaller of the measured peak at this precision and FLOP/byte times the "
    "measured bandwidth of the memory (both below). A share above 100 % means that the limit was "
    "measured in a worse moment than the network."
)


def _reached(row: SpeedRow | None) -> list[str]:
    if row is None:
        return [UNKNOWN] * 3
    return [figure(row.gflops, 0), figure(row.attainable_gflops, 0), percent(row.share, 0)]


def counted_work(found: Networks) -> str:
    """What each network has to do for one picture."""
    rows = []
    for name in dict.fromkeys(row.network for row in found.rows):
        spec = ARCHITECTURES[name]
        for what in (Pass.DETECTION, Pass.BOTH):
            wide = work_of(spec, HEIGHT_PX, WIDTH_PX, what, precision="f32")
            narrow = work_of(spec, HEIGHT_PX, WIDTH_PX, what, precision="bf16")
            cells = [f"{spec.title}, {what.value}", figure(wide.flop / 1e9, 2)]
            for work in (wide, narrow):
                cells += [figure(work.moved_bytes / 1e6, 1), figure(work.intensity, 0)]
            rows.append(cells)
    header = ("Network", "GFLOP", "f32: MB", "FLOP/byte", "bf16: MB", "FLOP/byte")
    return f"{grid('Counted work of one frame', header, rows)}\n{WORK_NOTE}"


WORK_NOTE = (
    "GFLOP: a multiplication and an addition for each term of the convolutions; the backward pass "
    "runs each once more.\nMB, each thing once: forward the weights, the picture and the output "
    "of every layer; backward the weights, these outputs and as many errors again."
)


def ceilings(found: Networks) -> str:
    """The measured limits."""
    rows: list[Sequence[str]] = [
        [f"{one.engine} {one.precision} on {one.device}", one.probe, f"{one.gflops:.0f} GFLOP/s"]
        for one in found.roof.ceilings
    ]
    rows += [
        [f"memory of {one.device}", "copy, read and written", f"{one.gbytes_hz:.1f} GB/s"]
        for one in found.roof.bandwidths
    ]
    return grid("Measured limits of this machine (fastest run)", ("", "", "Reached"), rows)
