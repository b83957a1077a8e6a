"""The report as text: what was measured where, and the tables."""

from __future__ import annotations

from collections.abc import Iterator

from sonoassist.benchmark.carrying import Carrying
from sonoassist.benchmark.frames import WholeFrames
from sonoassist.benchmark.machine import Machine
from sonoassist.benchmark.network_tables import network_tables
from sonoassist.benchmark.program import ProgramFigures
from sonoassist.benchmark.recorded import RecordedSpeed
from sonoassist.benchmark.report import Networks, Report
from sonoassist.benchmark.start import StartUp
from sonoassist.benchmark.window_start import WindowStart
from sonoassist.core.wording import counted
from sonoassist.evaluation.text_tables import figure, grid, percent
from sonoassist.model.architecture import ARCHITECTURES

MEMORY_LINES = 6
"""Of the samples of memory so many are printed; the JSON file holds all."""
BUSY = 0.5
"""Busy processes a core from which the machine counts as busy."""


def as_text(report: Report) -> str:
    """All of a run."""
    parts = ["\n".join(heading(report))]
    if report.networks is not None:
        parts += network_tables(report.networks)
    if report.program is not None:
        parts.append(program(report.program))
    if report.frames is not None:
        parts.append(frames(report.frames))
    if report.carrying is not None:
        parts.append(carrying(report.carrying))
        if report.carrying.by_age:
            parts.append(carried_ages(report.carrying))
    if report.recorded is not None:
        parts.append(recorded(report.recorded))
    if report.start:
        parts.append(start(report.start))
    if report.windows:
        parts.append(windows(report.windows))
    rest = list(not_measured(report))
    parts += ["\n".join(rest)] if rest else []
    parts.append("Research and training only. Not for diagnosis.")
    return "\n\n".join(parts) + "\n"


def heading(report: Report) -> Iterator[str]:
    """What was measured, on what."""
    machine = report.machine
    yield f"SonoAssist {machine.version} benchmark, {machine.date}"
    if report.stopped:
        yield "STOPPED before the end: the tables hold what was finished"
    yield f"machine   {machine_line(machine)}"
    yield f"system    {machine.system}"
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages)
    yield f"software  Python {machine.python}, {packages}"
    if report.networks is not None:
        yield from _network_heading(report.networks, machine)
    if machine.load is not None and machine.load > BUSY * machine.cores:
        yield (
            f"load      {machine.load:.1f} processes were busy on {counted(machine.cores, 'core')} "
            "before the start: other work was running"
        )


def machine_line(machine: Machine) -> str:
    """Name, processor, cores and memory."""
    memory = "memory unknown"
    if machine.memory_gb is not None:
        memory = f"{machine.memory_gb:.0f} GB of memory"
    having = f" ({', '.join(machine.instructions)})" if machine.instructions else ""
    limits = f"; kept to {', '.join(machine.limits)}" if machine.limits else ""
    cores = counted(machine.cores, "core")
    return f"{machine.name}: {machine.processor}{having}, {cores}, {memory}{limits}"


def _network_heading(found: Networks, machine: Machine) -> Iterator[str]:
    yield f"GPU       {', '.join(machine.gpu) or 'none'}"
    threads = ", ".join(f"{name} {count}" for name, count in found.threads.items())
    yield f"threads   {threads}"
    yield f"noise     {noise_line(found)}"
    weights = ", ".join(
        f"{ARCHITECTURES[name].title} {about}" for name, about in found.weights.items()
    )
    yield f"weights   {weights}; the speed does not depend on their values"
    yield (
        f"method    medians of {counted(found.runs, 'run')} (of a batch: fewer), taken in turn, a "
        "few of each engine a round; input 224x288, numbers in and out"
    )
    yield f"*         what the program takes by itself: {found.chosen.label}"


def noise_line(found: Networks) -> str:
    """How noisy it was."""
    noise = found.noise
    return (
        f"{noise.verdict} (95th percentile over median of the baseline: "
        f"{figure(noise.typical, 2)} typically, {figure(noise.worst, 2)} at worst)"
    )


def program(found: ProgramFigures) -> str:
    """The window on a source."""
    rows = [
        ["captured", f"{found.captured_hz:.1f} a second", ""],
        ["analysed", f"{found.analysed_hz:.1f} a second", ""],
        ["boxes found", f"{found.boxes_hz:.1f} a second", ""],
        ["painted", f"{found.painted_hz:.1f} a second", ""],
        ["dropped", counted(found.dropped, "frame"), ""],
        ["capture to label", *_pair(found.label_p50_ms, found.label_p95_ms)],
        ["capture to painted", *_pair(found.latency_p50_ms, found.latency_p95_ms)],
        ["painting", *_pair(found.paint_p50_ms, found.paint_p95_ms)],
        *([name, *_pair(middle, high)] for name, middle, high in found.stages_ms),
        ["processor", f"{found.cpu_cores:.2f} cores busy", ""],
        ["frames named a plane", f"{100 * found.planes_share:.1f} %", ""],
    ]
    title = (
        f"The window on {found.source} ({found.width_px}x{found.height_px}, {found.seconds:.0f} s, "
        f"{found.model}, {found.engine} {found.precision})"
    )
    table = grid(title, ("", "Median", "95th percentile"), rows)
    lines = [table]
    if len(found.label_course_ms) > 1:
        lines.append(_label_course(found))
    if found.memory_mb:
        lines.append(_memory(found))
    return "\n".join(lines)


def _pair(middle_ms: float, high_ms: float) -> tuple[str, str]:
    return f"{figure(middle_ms, 1)} ms", f"{figure(high_ms, 1)} ms"


def _label_course(found: ProgramFigures) -> str:
    parts = (
        f"{figure(middle_ms, 0)} / {figure(high_ms, 0)} ms from {second:.0f} s"
        for second, middle_ms, high_ms in found.label_course_ms
    )
    return "capture to label, median / 95th percentile: " + ", ".join(parts)


def _memory(found: ProgramFigures) -> str:
    samples = found.memory_mb
    step = max((len(samples) - 1) // (MEMORY_LINES - 1), 1)
    shown = [*samples[:-1:step][: MEMORY_LINES - 1], samples[-1]]
    return "memory: " + ", ".join(f"{size:.0f} MB at {second:.0f} s" for second, size in shown)


def frames(found: WholeFrames) -> str:
    """Whole frames without the window."""
    rows = [[name, *_pair(middle, high)] for name, middle, high in found.stages_ms]
    title = (
        f"Without the window: {found.source} ({found.width_px}x{found.height_px}) as fast as it "
        f"goes, {found.model}, {found.engine} {found.precision} on {found.device}"
    )
    table = grid(title, ("Stage", "Median", "95th percentile"), rows)
    pace = "; a live source sets the pace itself" if found.live else ""
    return (
        f"{table}\n{found.fps:.1f} frames a second ({counted(found.frames, 'frame')} in "
        f"{found.seconds:.1f} s), {100 * found.planes_share:.1f} % of them named a plane{pace}"
    )


def carrying(found: Carrying) -> str:
    """Boxes carried over every other frame."""
    if not found.carried:
        return (
            f"Carrying boxes: none of {counted(found.frames, 'frame')} had a box to carry "
            f"({found.planes} named a plane)"
        )
    return (
        f"Carrying boxes (--carry-boxes): {found.carried:,} of {counted(found.planes, 'frame')} "
        f"with a plane, {figure(found.times, 2)} times quicker ({found.own_ms:.1f} -> "
        f"{found.carried_ms:.1f} ms a frame with a plane);\n"
        f"IoU with the frame's own box: mean {figure(found.box_iou, 3)}, nine in ten at least "
        f"{figure(found.box_iou_p10, 2)}"
    )


def carried_ages(found: Carrying) -> str:
    """Boxes carried up to half a second, by age."""
    rows = [
        [
            f"{one.age_ms} ms",
            f"{one.frames:,}",
            percent(one.followed / one.frames),
            figure(one.box_iou),
            figure(one.box_iou_p10, 2),
            figure(one.still_iou),
        ]
        for one in found.by_age
    ]
    title = (
        "Boxes found less often and carried by the motion measured since "
        f"({figure(found.follow_ms, 1)} ms a frame): IoU with the frame's own box"
    )
    return grid(title, ("Age", "Frames", "Followed %", "Mean", "9 in 10 at least", "Unmoved"), rows)


def recorded(found: RecordedSpeed) -> str:
    """A recording as it is analysed."""
    rows = [[name, *_pair(middle, high)] for name, middle, high in found.stages_ms]
    title = (
        f"A recorded exam: {found.source} ({found.width_px}x{found.height_px}), {found.model}, "
        f"{found.engine} {found.precision} on {found.device}"
    )
    table = grid(title, ("Stage, one after the other", "Median", "95th percentile"), rows)
    spread = f"[{found.times_in_turn_low:.2f}, {found.times_in_turn_high:.2f}]"
    return (
        f"{table}\n{found.fps:.1f} frames a second with the stages side by side, "
        f"{figure(found.times_real, 1)} times real time; {figure(found.times_in_turn, 2)} {spread} "
        f"times as quick as\none after the other ({counted(found.frames, 'frame')}, "
        f"{100 * found.planes_share:.1f} % of them named a plane)"
    )


def start(found: tuple[StartUp, ...]) -> str:
    """Ways to start the program."""
    rows = [
        [
            one.what,
            figure(one.median_ms, 0),
            figure(one.p95_ms, 0),
            figure(one.times_bare, 1),
            str(one.modules),
            ", ".join(one.heavy) or "none",
            str(one.runs),
        ]
        for one in found
    ]
    header = ("Start", "Median ms", "p95 ms", "x bare", "Modules", "Heavy packages", "Runs")
    return grid("Start of the program, process made to process ended", header, rows)


def windows(found: tuple[WindowStart, ...]) -> str:
    """Starts of the window up to its first result."""
    rows = [
        [one.what, figure(one.window_s, 2), figure(one.label_s, 2), str(one.runs)] for one in found
    ]
    header = ("Window", "On screen s", "First labelled frame s", "Runs")
    return grid("Start of the window, process made to what is on screen, median", header, rows)


def not_measured(report: Report) -> Iterator[str]:
    """A line for each thing that is not in the tables."""
    for one in report.left_out:
        yield f"left out: {one.what}: {one.why}"
    for one in report.missing:
        yield f"missing: {one.what}: {one.why}"
    if report.networks is not None:
        for name in report.networks.unfinished:
            yield f"fewer runs than asked for: {name}"
