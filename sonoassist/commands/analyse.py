"""`sonoassist analyse`: every frame of a source -> analysis.csv, and annotated.mp4."""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sonoassist.analysis.analyser import Analyser, build_analyser
from sonoassist.commands.common import (
    StepsBar,
    Subparsers,
    add_analysis_options,
    analyser_options,
    engine_choice,
    model_line,
    say,
    say_engine,
    say_json,
    say_replaced,
)
from sonoassist.core.errors import SonoAssistError, SourceError, UsageError
from sonoassist.core.files import ensure_folder, replacing
from sonoassist.core.frame_columns import FRAME_COLUMNS
from sonoassist.core.packets import Box, Frame, State, SteadyState
from sonoassist.core.planes import KEYS
from sonoassist.core.wording import counted
from sonoassist.engines.lazy import UNMADE
from sonoassist.exam.resolving import ExamResolver
from sonoassist.model.card import domain_warning
from sonoassist.model.store import ModelStore
from sonoassist.preprocess.masking import SequenceMask, with_mask
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.crops import misfits
from sonoassist.recordings.records import FrameResult, analysis_of
from sonoassist.recordings.spec import LiveResults, open_named
from sonoassist.recordings.steadied import steady_states
from sonoassist.recordings.whole_source import SourceAnalysis
from sonoassist.render.encoder import VideoEncoder
from sonoassist.render.overlay import annotate
from sonoassist.sources import Source, open_source
from sonoassist.sources.base import SYNTHETIC_MARK
from sonoassist.temporal.steady import SteadyLabel

STOPPED = 130

COLUMNS = ("source", *FRAME_COLUMNS)

STILLS_FPS = 1.0


def register(subparsers: Subparsers) -> None:
    """Add `analyse` to the command line."""
    parser = subparsers.add_parser(
        "analyse",
        description="Analyse every frame of SOURCE into DIR/analysis.csv.",
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="video, picture, folder, DICOM file, exam:NAME, device:NAME, grows:FOLDER or URL",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of results")
    parser.add_argument(
        "--video",
        action="store_true",
        help="also write DIR/annotated.mp4 with the results drawn in",
    )
    parser.add_argument(
        "--no-mask",
        action="store_true",
        help="do not black out the screen round the picture in annotated.mp4",
    )
    parser.add_argument(
        "--frames", type=int, metavar="N", help="stop after N frames (needed for live sources)"
    )
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")
    add_analysis_options(parser, defaults=True)
    parser.set_defaults(run=run)


@dataclass
class AnalysisSummary:
    """What came of an analysis.

    Attributes:
        frames: Frames analysed.
        states: How many of each state.
        planes: How many of each plane named (state "plane").
        frozen: How many repeat a picture that the scanner had frozen.
        damaged: What could not be read.
        precisions: In which the results were computed.
        times_real: Seconds of a recording analysed a second; None where none was.
        stopped: Stopped by the user.
        failure: What ended it before its time.
    """

    frames: int = 0
    states: Counter[str] = field(default_factory=Counter)
    planes: Counter[str] = field(default_factory=Counter)
    frozen: int = 0
    damaged: list[str] = field(default_factory=list)
    precisions: frozenset[str] = frozenset()
    times_real: float | None = None
    stopped: bool = False
    failure: SourceError | None = None

    def note(self, error: SonoAssistError) -> None:
        """Take down, and say, what could not be analysed."""
        self.damaged.append(str(error))
        say(f"sonoassist: warning: {error}")

    def count(self, result: FrameResult) -> None:
        """Take one more frame."""
        if result.state is None:
            return
        self.frames += 1
        self.states[result.state.value] += 1
        self.frozen += bool(result.frozen)
        if result.state is State.PLANE:
            self.planes[result.plane.key] += 1


def run(args: argparse.Namespace) -> int:
    """Analyse; returns the exit status.

    Raises:
        SonoAssistError: The source, the model or the folder cannot be used.
    """
    options = analyser_options(args)
    opened, live = open_named(args.source, ExamResolver(), open_source)
    with opened as source:
        _check_end(source, args)
        out = ensure_folder(args.out)
        analyser = build_analyser(
            ModelStore.default(),
            model=args.model,
            engine=engine_choice(args),
            options=options,
            synthetic=source.info.synthetic,
            on_made=say_engine,
        )
        say(f"model: {model_line(analyser.card)}")
        warning = domain_warning(analyser.card, synthetic=source.info.synthetic)
        for sentence in (*source.info.named_warnings(), *([warning] if warning else [])):
            say(f"sonoassist: warning: {sentence}")
        summary = _analyse(source, live, analyser, out, args)
        _report(summary, analyser, source, out, args)
    if summary.failure is not None:
        reason = str(summary.failure).rstrip(".")
        raise SourceError(reason, "The table holds the frames before") from summary.failure
    if summary.stopped:
        return STOPPED
    if summary.damaged:
        count, first = len(summary.damaged), summary.damaged[0].rstrip(".")
        more = f" (and {count - 1} more)" if count > 1 else ""
        raise SourceError(f"{first}{more}", "The table holds all the others")
    return 0


def _check_end(source: Source, args: argparse.Namespace) -> None:
    if source.info.live and not args.frames:
        raise UsageError("a live source has no end", "Say how many frames with --frames N")
    if args.frames is not None and args.frames < 1:
        raise UsageError("--frames needs a number above 0")


def _analyse(
    source: Source,
    live_results: LiveResults | None,
    analyser: Analyser,
    out: Path,
    args: argparse.Namespace,
) -> AnalysisSummary:
    summary = AnalysisSummary()
    with ExitStack() as stack:
        video = (
            stack.enter_context(_Video(out, source, analyser.threshold, masks=not args.no_mask))
            if args.video
            else None
        )
        progress = stack.enter_context(StepsBar("frame"))
        work = SourceAnalysis(
            source,
            analyser,
            AnalysisCache.default(),
            most=args.frames,
            any_precision=args.precision == "auto",
            visit=video.add if video is not None else None,
            on_frame=progress.at,
            on_trouble=summary.note,
            on_notice=_warn,
            live_results=live_results,
        )
        try:
            work.run()
        except KeyboardInterrupt:
            if not work.table.done:
                raise  # nothing is finished, and an older table is better than an empty one
            summary.stopped = True
        except SourceError as error:  # what was found stays
            summary.failure = error
        if summary.failure is not None and not work.table.done:
            raise summary.failure
        if not work.table.snapshot().readable.any():
            reason = summary.damaged[0] if summary.damaged else ""
            raise SourceError(f"no frame of {source.info.label} could be read", reason)
        crop = analyser.options.crop
        alien = misfits(work.table.snapshot().crops, crop.own)
        if alien:
            _warn(
                f"the crop {crop.text} does not fit {counted(alien, 'picture')}"
                f": one was looked for in each"
            )
        summary.precisions, summary.times_real = work.precisions, work.times_real
        say_replaced(out, ("analysis.csv", *(("annotated.mp4",) if args.video else ())))
        with replacing(out / "analysis.csv") as path:
            _write_table(path, source.info.label, work, analyser.threshold, summary)
    return summary


def _warn(sentence: str) -> None:
    say(f"sonoassist: warning: {sentence}")


def _write_table(
    path: Path, label: str, work: SourceAnalysis, threshold: float, summary: AnalysisSummary
) -> None:
    columns = work.table.snapshot()
    steady = dict(steady_states(columns, threshold, work.stills))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for result in work.results():
            summary.count(result)
            name = work.name_of(result.index) or label
            number, time_s = work.number_of(result.index), float(columns.times_s[result.index])
            writer.writerow(_row(name, number, time_s, result, steady[result.index]))


class _Video:
    """annotated.mp4 beside the table; opened with the first frame, whose size it takes."""

    def __init__(self, out: Path, source: Source, threshold: float, *, masks: bool) -> None:
        self._mask = SequenceMask(keeps=False) if masks else None
        self._label = SteadyLabel(threshold)
        self._path = out / "annotated.mp4"
        self._fps = source.info.fps or STILLS_FPS
        self._comment = SYNTHETIC_MARK if source.info.synthetic else ""
        self._stack = ExitStack()
        self._encoder: VideoEncoder | None = None

    def __enter__(self) -> _Video:
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def add(self, frame: Frame, result: FrameResult) -> None:
        """Draw a frame's own result into it, its box steadied, and encode it at its own time."""
        pixels = frame.pixels
        if self._mask is not None:
            pixels = with_mask(pixels, self._mask.add(pixels))
        analysis = analysis_of(frame, result, Box(0, 0, frame.width_px, frame.height_px))
        if analysis is None:
            return
        picture = annotate(analysis, pixels, self._label.update(analysis).box)
        if self._encoder is None:
            path = self._stack.enter_context(replacing(self._path))
            height, width = picture.shape[:2]
            self._encoder = self._stack.enter_context(
                VideoEncoder(path, width, height, self._fps, comment=self._comment)
            )
        self._encoder.add(picture, frame.time_s)


def _row(
    source: str, number: int, time_s: float, result: FrameResult, steady: SteadyState
) -> list[str]:
    judged = result.state is not None and result.state.judged
    return [
        source,
        str(number),
        f"{time_s:.6f}",
        "" if result.state is None else result.state.value,
        result.plane.key if judged else "",
        f"{result.confidence:.6f}" if judged else "",
        steady.plane.key if steady.plane is not None else "",
        *_box_cells(result.box if judged else None),
        *(f"{value:.6f}" for value in result.probabilities),
    ]


def _box_cells(box: Box | None) -> list[str]:
    if box is None:
        return [""] * 4
    return [f"{value:.2f}" for value in (box.left, box.top, box.right, box.bottom)]


def _report(
    summary: AnalysisSummary,
    analyser: Analyser,
    source: Source,
    out: Path,
    args: argparse.Namespace,
) -> None:
    engine, made = analyser.engine, analyser.engine.name != UNMADE
    files = ["analysis.csv", *(["annotated.mp4"] if args.video and summary.frames else [])]
    if args.json:
        say_json(
            {
                "source": source.info.label,
                "frames": summary.frames,
                "states": dict(summary.states),
                "planes": dict(summary.planes),
                "frozen": summary.frozen,
                "damaged": summary.damaged,
                "warnings": source.info.named_warnings(),
                "times_real": summary.times_real,
                "stopped": summary.stopped,
                "model": analyser.card.name,
                "architecture": analyser.card.architecture,
                "domain": analyser.card.domain,
                "domain_warning": domain_warning(analyser.card, synthetic=source.info.synthetic),
                "engine": engine.name.lower(),
                "precision": engine.precision if made else ", ".join(sorted(summary.precisions)),
                "device": engine.device,
                "files": [str(out / name) for name in files],
            }
        )
        return
    for key in KEYS:
        if summary.planes[key]:
            say(f"{key:>10}: {counted(summary.planes[key], 'frame')}")
    others = ", ".join(
        f"{count} {state.replace('_', ' ')}"
        for state, count in summary.states.items()
        if state != State.PLANE.value
    )
    if not made:
        say("all results were kept from earlier; no engine was needed")
    say(f"{counted(summary.frames, 'frame')} analysed" + (f" ({others})" if others else ""))
    if summary.times_real is not None:
        say(f"{summary.times_real:.1f} times as quick as the recording plays")
    if summary.frozen:
        say(f"{summary.frozen} of them repeat a picture that the scanner had frozen")
    if summary.damaged:
        say(f"{len(summary.damaged)} could not be read; the table holds all the others")
    say(f"written: {', '.join(str(out / name) for name in files)}")
    if args.video and args.no_mask:
        say("sonoassist: warning: the video is not masked: texts on it may name a person")
    say("Research and training only. Not for diagnosis.")
