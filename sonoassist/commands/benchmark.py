"""`sonoassist benchmark`: Table IV for this computer, the whole program and its start."""

from __future__ import annotations

import argparse
import importlib
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from sonoassist.analysis.analyser import Analyser, AnalyserOptions, build_analyser
from sonoassist.benchmark.candidates import (
    ENGINES,
    PRECISIONS,
    AvailableEngines,
    LeftOut,
    chosen_runner,
    find_candidates,
    is_checked,
)
from sonoassist.benchmark.carrying import Carrying, measure_carrying
from sonoassist.benchmark.ceilings import ROOF_RUNS, Roof, measure_roof, probe_work
from sonoassist.benchmark.frames import WholeFrames, measure_frames
from sonoassist.benchmark.machine import look_at_machine
from sonoassist.benchmark.networks import BenchmarkPlan, NetworkBenchmark
from sonoassist.benchmark.program import ProgramFigures
from sonoassist.benchmark.recorded import RecordedSpeed, measure_recorded
from sonoassist.benchmark.report import Networks, Report
from sonoassist.benchmark.start import StartBenchmark, total_starts
from sonoassist.benchmark.window_start import WindowStartBenchmark
from sonoassist.commands.common import (
    ProgressBar,
    Subparsers,
    add_localiser_option,
    model_line,
    say,
    say_json,
    say_replaced,
)
from sonoassist.commands.window import prepare_libraries
from sonoassist.core.errors import SonoAssistError, SourceError, UsageError
from sonoassist.core.files import ensure_folder
from sonoassist.core.paths import demo_exam
from sonoassist.core.wording import counted
from sonoassist.engines.choose import EngineChoice
from sonoassist.exam.resolving import ExamResolver
from sonoassist.gui.platform import check_display, missing_library
from sonoassist.localise.choice import Localiser
from sonoassist.model.architecture import ARCHITECTURES, Architecture
from sonoassist.model.registry import loose
from sonoassist.model.store import ModelStore
from sonoassist.recordings.reader import frames_ahead
from sonoassist.recordings.recording import Recording, look_into
from sonoassist.sources import Source, open_source

STOPPED = 130
START, PROGRAM, NETWORKS = "start", "program", "networks"
PARTS = (START, PROGRAM, NETWORKS)
"""In the order they are run: the window first in a process that holds little else."""
RECORDING = "recording"
"""The part that is run where a recording is named, and then alone."""
MAX_BATCH = 256
_WINDOW_PAIRS = 3
_QUICK_ROOF_RUNS = 2
_WHOLE = {"networks": tuple(ARCHITECTURES.values()), "batch": (1, 8), "runs": 30}
_QUICK = {
    "networks": (ARCHITECTURES["sononet32"], ARCHITECTURES["sononet16"]),
    "batch": (1,),
    "runs": 6,
}
DRIVER = "sonoassist.gui.measure"

_UNCHECKED = LeftOut(
    "quicker precisions",
    "not checked yet for this model: the window does it behind the picture, `benchmark networks` "
    "at once",
)

MeasureProgram = Callable[[str, float, Mapping[str, Any]], ProgramFigures]


def register(subparsers: Subparsers) -> None:
    """Add `benchmark` to the command line."""
    parser = subparsers.add_parser(
        "benchmark",
        description="Measure how fast this computer is. networks: the paper's Table IV with every "
        "engine and precision that can be had here, beside a naive baseline and the paper's own "
        "figures, with a roofline. program: the window on a source, and the same source without "
        "the window. start: how long the program takes to start. Left out: all three.",
        epilog="Measure on a quiet machine: while other work runs, even the ratios are rough.",
    )
    parser.add_argument(
        "part",
        nargs="?",
        default="all",
        choices=(*PARTS, "all"),
        metavar="PART",
        help="networks, program, start or all (default)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only SonoNet-32 and SonoNet-16, one frame at a time, on what the "
        "program would choose here: half a minute on an old laptop",
    )
    parser.add_argument(
        "--networks",
        type=_networks,
        metavar="NAME[,NAME]",
        help=f"default {','.join(ARCHITECTURES)}",
    )
    parser.add_argument(
        "--engines",
        type=_named("engine", ENGINES),
        metavar="NAME[,NAME]",
        help=f"{', '.join(ENGINES)}; left out: all that can be had here; "
        "one alone is also used for program",
    )
    parser.add_argument(
        "--precisions",
        type=_named("precision", PRECISIONS),
        metavar="NAME[,NAME]",
        help=f"{', '.join(PRECISIONS)}; likewise",
    )
    parser.add_argument(
        "--batch", type=_batches, metavar="N[,N]", help="frames at once (default 1,8)"
    )
    parser.add_argument(
        "--runs",
        type=_positive,
        metavar="N",
        help="timed runs of each (default 30); of a batch fewer, so that it sees as many frames",
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=20.0,
        metavar="S",
        help="how long the source is played for program, in the window and without it (default 20)",
    )
    parser.add_argument(
        "--source", metavar="SOURCE", help="played for program (default: the bundled demo exam)"
    )
    parser.add_argument(
        "--recording",
        metavar="EXAM",
        help="measure only how a recorded exam (a video or exam:NAME) is analysed, as by `analyse` "
        "or in Review: times real time, each stage, and what overlapping them gains",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for benchmark.txt, .json and .png"
    )
    add_localiser_option(parser, defaults=True)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.set_defaults(run=run)


def _listed(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list NAME,NAME")
    return list(dict.fromkeys(names))


def _networks(text: str) -> tuple[Architecture, ...]:
    by_name = {loose(name): spec for name, spec in ARCHITECTURES.items()}
    names = _listed(text)
    for name in names:
        if loose(name) not in by_name:
            known = ", ".join(ARCHITECTURES)
            raise argparse.ArgumentTypeError(f"there is no network called {name!r}; known: {known}")
    return tuple(dict.fromkeys(by_name[loose(name)] for name in names))


def _named(what: str, known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = _listed(text.lower())
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"there is no {what} called {name!r}; known: {', '.join(known)}"
                )
        return tuple(names)

    return parse


def _batches(text: str) -> tuple[int, ...]:
    sizes = tuple(sorted({_positive(name) for name in _listed(text)}))
    if sizes[-1] > MAX_BATCH:
        raise argparse.ArgumentTypeError(
            f"{counted(sizes[-1], 'frame')} at once are more than {MAX_BATCH}"
        )
    return sizes


def _positive(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return value


def run(args: argparse.Namespace) -> int:
    """Measure; returns the exit status.

    Raises:
        SonoAssistError: What was asked for cannot be measured, or the folder not be written to.
    """
    _fill_in(args)
    measuring = _Measuring(args)
    measuring.check()
    out = ensure_folder(args.out) if args.out else None
    stopped = False
    try:
        measuring.run()
    except KeyboardInterrupt:
        stopped = True
    report = measuring.report(stopped=stopped)
    if report.empty:
        _refuse_empty(report)
    _tell(report, out, args)
    return STOPPED if stopped else 0


def _fill_in(args: argparse.Namespace) -> None:
    """What was left out, as a whole benchmark or a quick one has it.

    Raises:
        UsageError: What was asked for does not go together.
    """
    if args.recording:
        if args.quick or args.part != "all":
            what = "--quick" if args.quick else args.part
            raise UsageError("--recording measures a recorded exam only", f"Leave out {what}")
        args.part = RECORDING
    if args.quick:
        if args.part not in ("all", NETWORKS):
            raise UsageError("--quick measures the networks only", f"Leave out {args.part}")
        args.part = NETWORKS
    usual = _QUICK if args.quick else _WHOLE
    for name, value in usual.items():
        if getattr(args, name) is None:
            setattr(args, name, value)


def _refuse_empty(report: Report) -> None:
    """Nothing is finished, so nothing is written."""
    if report.stopped:
        raise KeyboardInterrupt
    one = (*report.missing, *report.left_out)[0]
    raise UsageError(f"nothing could be measured: {one.what}: {one.why}")


def _tell(report: Report, out: Path | None, args: argparse.Namespace) -> None:
    from sonoassist.benchmark.outputs import DATA, as_json, write_report
    from sonoassist.benchmark.text import as_text

    if out is not None:
        say_replaced(out, (DATA,))
    files = write_report(report, out) if out is not None else []
    if args.json:
        say_json({**as_json(report), "files": [str(file) for file in files]})
    else:
        sys.stdout.write(as_text(report))
    if report.stopped:
        say("sonoassist: stopped; the report holds what was finished")
    if files:
        say(f"written: {', '.join(str(file) for file in files)}")


class _Measuring:
    """Runs the parts asked for, and keeps what they found when it is stopped."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._parts = PARTS if args.part == "all" else (args.part,)
        self._unreached = list(self._parts)
        self._machine = look_at_machine()
        self._left_out: list[LeftOut] = []
        self._start: StartBenchmark | None = None
        self._windows: WindowStartBenchmark | None = None
        self._program: ProgramFigures | None = None
        self._frames: WholeFrames | None = None
        self._recorded: RecordedSpeed | None = None
        self._carrying: Carrying | None = None
        self._recording: Recording | None = None
        self._candidates: AvailableEngines | None = None
        self._networks: NetworkBenchmark | None = None
        self._threads: dict[str, int] = {}
        self._roof = Roof()

    def check(self) -> None:
        """Refuse what is wrong before any time goes into measuring.

        Raises:
            SonoAssistError: What was asked for by name is not to be had.
        """
        args = self._args
        if args.recording:
            self._recording = look_into(args.recording, ExamResolver())
        if {PROGRAM, START} & set(self._parts) and args.source:
            open_source(args.source).close()
        if args.part == PROGRAM:
            _source(args)
            _driver()
        if NETWORKS in self._parts and (args.engines or args.precisions):
            self._candidates = self._find()

    def _find(self) -> AvailableEngines:
        args, quick = self._args, self._args.quick
        chosen = chosen_runner(ModelStore.default(), check=not quick)
        found = find_candidates(args.engines, args.precisions, chosen)
        if not quick or args.engines or args.precisions:
            return found
        if not is_checked(ModelStore.default()):
            return replace(found.likely(), left_out=(_UNCHECKED,))
        return found.likely()

    def run(self) -> None:
        """Run the parts."""
        work = {
            START: self._run_start,
            PROGRAM: self._run_program,
            NETWORKS: self._run_networks,
            RECORDING: self._run_recording,
        }
        for part in self._parts:
            if part == PROGRAM:
                work[part]()
            else:
                self._attempt(part, work[part])
            self._unreached.remove(part)

    def report(self, *, stopped: bool) -> Report:
        """What was found so far."""
        missing = [LeftOut(part, "stopped before its end") for part in self._unreached]
        if self._networks is not None:
            missing = [one for one in missing if one.what != NETWORKS]
            missing += self._networks.missing()
        runners = self._candidates.found if self._candidates else ()
        gpu = dict.fromkeys(one.runner.device for one in runners if one.choice.device != "cpu")
        return Report(
            machine=replace(self._machine, gpu=tuple(gpu)),
            networks=self._found_networks(),
            frames=self._frames,
            carrying=self._carrying,
            recorded=self._recorded,
            program=self._program,
            start=self._start.found() if self._start else (),
            windows=self._windows.found() if self._windows else (),
            left_out=(*self._left_out, *(self._candidates.left_out if self._candidates else ())),
            missing=tuple(missing),
            stopped=stopped,
        )

    def _found_networks(self) -> Networks | None:
        from sonoassist.benchmark.figures import make_rows, noise_of
        from sonoassist.benchmark.networks import unfinished

        bench = self._networks
        if bench is None or self._candidates is None:
            return None
        return Networks(
            rows=make_rows(bench.timings, self._roof),
            weights=bench.weights,
            noise=noise_of(bench.timings),
            roof=self._roof,
            threads=self._threads,
            chosen=self._candidates.chosen,
            runs=bench.plan.runs,
            unfinished=tuple(
                f"{ARCHITECTURES[each.network].title}, {each.label}"
                for each in unfinished(bench.plan, bench.timings)
            ),
        )

    def _attempt(self, what: str, work: Callable[[], None], *, alone: bool = True) -> None:
        """Do a part; one that cannot be done is told and left out, unless it is all that is asked.

        Args:
            what: Its name.
            work: Does it.
            alone: Whether nothing else is measured where this part alone is asked for.
        """
        try:
            work()
        except SonoAssistError as error:
            if alone and self._args.part != "all":
                raise
            self._left_out.append(LeftOut(what, error.message))
            say(f"{what}: left out: {error}")

    def _run_start(self) -> None:
        say("start: starting the program again and again")
        with ProgressBar(total_starts(self._args.runs), "start") as progress:
            self._start = StartBenchmark(self._args.runs, step=progress.step)
            self._start.run()
        self._attempt("start of the window", self._run_window_starts, alone=False)

    def _run_window_starts(self) -> None:
        check_display()
        pairs = min(self._args.runs, _WINDOW_PAIRS)
        say("start: opening the window, at first with nothing kept from before")
        with ProgressBar(2 * pairs, "start") as progress:
            source = _source(self._args)
            self._windows = WindowStartBenchmark(source, pairs, step=progress.step)
            self._windows.run()

    def _run_program(self) -> None:
        self._attempt("program, the window", self._run_window)
        self._attempt("program, without the window", self._run_frames)

    def _run_window(self) -> None:
        source, measure_program = _source(self._args), _driver()
        say(f"program: {source} in the window for {self._args.seconds:g} s")
        try:
            self._program = measure_program(source, self._args.seconds, _overrides(self._args))
        except ImportError as error:
            raise missing_library(error) from error

    def _run_frames(self) -> None:
        with open_source(_source(self._args)) as source:
            analyser = self._analyser(synthetic=source.info.synthetic)
            say(f"program: {source.info.label} without the window, {model_line(analyser.card)}")
            try:
                self._run_frames_of(source, analyser)
            finally:
                analyser.close()

    def _run_frames_of(self, source: Source, analyser: Analyser) -> None:
        with ExitStack() as stack:
            progress = stack.enter_context(ProgressBar(None, "frame"))
            # As `analyse` reads: a recording is decoded while the frame before is analysed.
            frames = iter(()) if source.info.live else stack.enter_context(frames_ahead(source))
            self._frames = measure_frames(
                source,
                analyser,
                self._args.seconds,
                read=None if source.info.live else lambda: next(frames, None),
                step=progress.step,
            )
        if source.info.live or source.info.stills:
            return
        source.seek(0)
        with ProgressBar(None, "frame") as progress:
            self._carrying = measure_carrying(
                source.read, analyser, self._frames.frames, progress.step
            )

    def _run_recording(self) -> None:
        recording, seconds = self._recording, self._args.seconds
        assert recording is not None  # `check` has looked into it
        analyser = self._analyser(synthetic=recording.info.synthetic)
        say(f"recording: {recording.label} for {seconds:g} s, {model_line(analyser.card)}")
        try:
            with ProgressBar(None, "piece") as progress:
                self._recorded = measure_recorded(recording, analyser, seconds, step=progress.step)
        finally:
            analyser.close()

    def _analyser(self, *, synthetic: bool) -> Analyser:
        wanted = _overrides(self._args)
        choice = EngineChoice(wanted.get("engine", "auto"), wanted.get("precision", "auto"))
        options = AnalyserOptions(localiser=Localiser(self._args.localiser))
        return build_analyser(
            ModelStore.default(), engine=choice, options=options, synthetic=synthetic
        )

    def _run_networks(self) -> None:
        from sonoassist.engines.probes import thread_counts

        args = self._args
        if self._candidates is None:
            say("networks: looking what this computer has")
        candidates = self._candidates or self._find()
        self._candidates = candidates
        found = candidates.found
        plan = BenchmarkPlan(args.networks, found, args.batch, args.runs)
        say(f"networks: {len(found)} engines and precisions, each with the naive baseline")
        self._threads = thread_counts([one.choice.engine for one in found])
        roof_runs = min(args.runs, _QUICK_ROOF_RUNS if args.quick else ROOF_RUNS)
        roofs = 1 if args.quick else len(plan.networks)
        total = plan.total_work() + probe_work(found, roof_runs) * roofs
        with ProgressBar(total, "") as progress:

            def raise_roof() -> None:
                """Again before each network, since the machine may be quiet only then."""
                if args.quick and self._roof.ceilings:
                    return
                measured = measure_roof(found, runs=roof_runs, on_work=progress.step)
                self._roof = self._roof.best_of(measured)

            self._networks = NetworkBenchmark(
                plan, ModelStore.default(), on_work=progress.step, before=raise_roof
            )
            self._networks.run()


def _source(args: argparse.Namespace) -> str:
    if args.source:
        return str(args.source)
    demo = demo_exam()
    if demo is None:
        raise SourceError("this build has no demo exam", "Name a recording with --source")
    return str(demo)


def _overrides(args: argparse.Namespace) -> dict[str, Any]:
    """Settings for the program: the localiser, and an engine or precision asked for alone."""
    wanted = {"engine": args.engines, "precision": args.precisions}
    alone = {name: values[0] for name, values in wanted.items() if values and len(values) == 1}
    return {**alone, **({} if args.localiser == "plane" else {"localiser": args.localiser})}


def _driver() -> MeasureProgram:
    """What opens the window and measures it.

    Raises:
        UsageError: There is no display, or the window cannot be loaded.
    """
    try:
        check_display()
    except UsageError as error:
        hint = "With QT_QPA_PLATFORM=offscreen a window is measured that nobody sees"
        raise UsageError(error.message, hint) from error
    prepare_libraries()
    try:
        measure: MeasureProgram = importlib.import_module(DRIVER).measure_program
    except ImportError as error:
        if error.name == DRIVER:
            raise UsageError("this build cannot measure its window") from error
        raise missing_library(error) from error
    return measure
