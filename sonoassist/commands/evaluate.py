"""`sonoassist evaluate`: the paper's tables on labelled data."""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sonoassist import __version__
from sonoassist.analysis.analyser import Analyser, build_analyser
from sonoassist.commands.common import (
    ProgressBar,
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
from sonoassist.commands.evaluate_calibration import (
    add_calibration_options,
    asked_for,
    run_fit,
    undo_fit,
)
from sonoassist.commands.evaluate_screens import run_screens
from sonoassist.core.busy import OtherWork
from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.files import ensure_folder
from sonoassist.core.names import compared
from sonoassist.core.texts import read_text
from sonoassist.core.wording import counted, word
from sonoassist.datasets import exams
from sonoassist.datasets.labels import Dataset
from sonoassist.datasets.reading import read_dataset
from sonoassist.evaluation.bootstrap import RESAMPLES
from sonoassist.evaluation.failures import Failures
from sonoassist.evaluation.file_run import Means
from sonoassist.evaluation.localisers import OtherLocaliser
from sonoassist.evaluation.observing import observe
from sonoassist.evaluation.outputs import SUMMARY, as_json, write_results
from sonoassist.evaluation.planning import EvaluationPlan, Scope, make_plan, selected
from sonoassist.evaluation.results import MEASURES, NEEDS, EvaluationFacts, Results, measure
from sonoassist.evaluation.score_effects import ScoreReading
from sonoassist.evaluation.speed import measure_speed
from sonoassist.evaluation.text_report import as_text
from sonoassist.model.card import Card
from sonoassist.model.store import ModelStore
from sonoassist.recordings.cache import AnalysisCache

STOPPED = 130
SCREENS = "screens"
CALIBRATION = "calibration"
SPEED_FRAMES = 100
"""Frames analysed when only the speed is asked for."""
TOLD = 10
"""Unusable rows told one by one; the files hold all of them."""


def register(subparsers: Subparsers) -> None:
    """Add `evaluate` to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        description="Measure a model on labelled data, in the form of the SonoNet paper's tables. "
        "DATA: a phantom exam or a folder of them, FETAL_PLANES_DB, a folder of exams with a "
        "labels.csv in each, a video with a JSON of segments, or pictures with truth.json or "
        "truth.csv. Each frame is analysed once for all measures; what is found in recordings "
        "is kept, and the next run goes on from there.",
        epilog="labels.csv has the columns file,frame,plane and, where a box is known, "
        "left_px,top_px,right_px,bottom_px; frame counts from 0 and is empty for pictures. "
        "truth.csv has image,plane and boxes alike, or boxes of heads with head_circumference_mm. "
        "Tables may be saved by any spreadsheet: UTF-8, UTF-16, Latin-1; comma, semicolon or tab.",
    )
    parser.add_argument(
        "measure",
        choices=(*MEASURES, "all", SCREENS),
        metavar="MEASURE",
        help=f"{', '.join(MEASURES)} or all; or {SCREENS}: how scanner screens "
        "are read, by a folder with their truth.csv",
    )
    parser.add_argument("data", nargs="+", type=Path, metavar="DATA", help="folder or table")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for text, JSON, CSV and report.html"
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument(
        "--mapping", type=Path, metavar="FILE", help="TOML that maps the data's classes to planes"
    )
    parser.add_argument(
        "--cases", type=Path, metavar="FILE", help="use only the cases named in FILE, one a line"
    )
    parser.add_argument(
        "--only-test", action="store_true", help="use only what the data set sets aside for testing"
    )
    parser.add_argument(
        "--every",
        type=_positive,
        default=1,
        metavar="N",
        help="of recordings, only every Nth frame, and in folders of exams "
        "each labelled one besides (default 1)",
    )
    parser.add_argument(
        "--tolerance",
        type=_from_0,
        default=0,
        metavar="N",
        help="in folders of exams, a frame retrieved counts as right up to N "
        "frames from a label of its plane (default 0)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the intervals (default 0)")
    add_analysis_options(parser, defaults=True)
    add_calibration_options(parser)
    parser.set_defaults(run=run)


def _positive(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def _from_0(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 on")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Measure; returns the exit status.

    Raises:
        SonoAssistError: The data, the model or the folder cannot be used.
    """
    if asked_for(args) and args.measure != CALIBRATION:
        raise UsageError(f"{asked_for(args)[0]} goes with {CALIBRATION}")
    if args.undo:
        return undo_fit(args)
    if args.measure == SCREENS:
        return run_screens(args)
    if asked_for(args) and not args.fit:
        raise UsageError(f"{asked_for(args)[0]} goes with --fit")
    options = analyser_options(args)
    if args.seed < 0:
        raise UsageError("--seed needs a number from 0 on")
    wanted = MEASURES if args.measure == "all" else (args.measure,)
    datasets = _read(args)
    plan = make_plan(datasets, _scope(wanted, args))
    _check(plan, args.measure)
    if args.fit:
        return run_fit(args, datasets, plan)
    analyser = build_analyser(
        ModelStore.default(),
        model=args.model,
        engine=engine_choice(args),
        options=options,
        synthetic=all(data.layout == "phantom" for data in datasets),
        on_made=say_engine,
    )
    say(f"model: {model_line(analyser.card)}")
    try:
        out = ensure_folder(args.out) if args.out else None
        results = _measure(datasets, plan, analyser, wanted, args)
    except KeyboardInterrupt:
        say("sonoassist: stopped; nothing is written, since half the data would mislead")
        return STOPPED
    finally:
        analyser.close()
    _report(results, out, args)
    return 0


def _scope(wanted: Sequence[str], args: argparse.Namespace) -> Scope:
    limit = SPEED_FRAMES if tuple(wanted) == ("speed",) else None
    over_time = not {"retrieval", "steadiness"}.isdisjoint(wanted)
    return Scope(every=args.every, whole=over_time, limit=limit)


def _check(plan: EvaluationPlan, wanted: str) -> None:
    """Refuse data that cannot tell what is asked for, before hours go into analysing it."""
    able = {
        "retrieval": any(file.recording for file in plan.files),
        "steadiness": any(file.recording for file in plan.files),
        "hints": any(
            label.flaws is not None for file in plan.files for label in file.labels.values()
        ),
        "localisation": any(label.box for file in plan.files for label in file.labels.values()),
    }
    if not able.get(wanted, True):
        raise SourceError(f"the data cannot tell the {wanted}", f"It needs {NEEDS[wanted]}")


def _read(args: argparse.Namespace) -> list[Dataset]:
    """The data sets, with only the cases asked for."""
    if len({path.expanduser().resolve() for path in args.data}) < len(args.data):
        raise UsageError("a data set is named twice", "Name each once")
    datasets: list[Dataset] = []
    for path in args.data:
        data = _named_apart(read_dataset(path, args.mapping, args.tolerance), datasets)
        datasets.append(data)
        say(f"data: {data.name} ({data.layout}): {counted(len(data.frames), 'labelled frame')}")
        for problem in data.problems[:TOLD]:
            say(f"sonoassist: warning: {data.name}: {problem}")
        if len(data.problems) > TOLD:
            say(f"sonoassist: warning: {data.name}: {len(data.problems) - TOLD} more such rows")
    if args.tolerance and not any(data.layout == exams.LAYOUT for data in datasets):
        say("sonoassist: warning: --tolerance is for folders of exams; none of the data is one")
    cases = _cases(args.cases) if args.cases else None
    if cases is None and not args.only_test:
        return datasets
    kept = selected(datasets, cases, only_test=args.only_test)
    if not kept:
        raise UsageError("no frame is left of the data", "Look at --cases and --only-test")
    _tell_left_out(datasets, kept, cases or frozenset(), only_test=args.only_test)
    return kept


def _tell_left_out(
    datasets: Sequence[Dataset],
    kept: Sequence[Dataset],
    cases: frozenset[str],
    *,
    only_test: bool,
) -> None:
    """Warn of names that match nothing, and of data sets of which nothing is used."""
    unknown = sorted(cases - {compared(frame.case) for data in datasets for frame in data.frames})
    if unknown:
        more = f" and {len(unknown) - TOLD} more" if len(unknown) > TOLD else ""
        names = ", ".join(unknown[:TOLD])
        say(f"sonoassist: warning: --cases names what is no case of the data: {names}{more}")
    for data in datasets:
        if data.name in {one.name for one in kept}:
            continue
        untested = only_test and not any(frame.test for frame in data.frames)
        reason = (
            "nothing in it is set aside for testing" if untested else "it has none of the cases"
        )
        say(f"sonoassist: warning: {data.name} is not used: {reason}")


def _named_apart(data: Dataset, others: Sequence[Dataset]) -> Dataset:
    """Cases are told apart by the names of their data sets, so no two may be called the same."""
    taken = {other.name for other in others}
    number, name = 1, data.name
    while name in taken:
        number += 1
        name = f"{data.name} ({number})"
    return replace(data, name=name)


def _cases(path: Path) -> frozenset[str]:
    try:
        lines = read_text(path).splitlines()
    except SourceError as error:
        raise UsageError(
            f"the list of cases cannot be read: {error.message}", error.hint
        ) from error
    return frozenset(compared(line.strip()) for line in lines if line.strip())


def _measure(
    datasets: Sequence[Dataset],
    plan: EvaluationPlan,
    analyser: Analyser,
    wanted: Sequence[str],
    args: argparse.Namespace,
) -> Results:
    failures = Failures()
    others = OtherWork()
    with ProgressBar(plan.total, "frame") as progress:
        means = _means(analyser, plan, args)
        other = OtherLocaliser(analyser) if "localisation" in wanted else None
        seen = observe(plan, means, failures.watch, progress.step, other)
    if seen.known:
        every, verb = counted(len(seen.frames), "frame"), word(len(seen.frames), "was", "were")
        say(f"{seen.known} of {every} {verb} analysed before; that is used")
    for line in seen.unreadable[:TOLD]:
        say(f"sonoassist: warning: {line}")
    if not seen.labelled:
        reason = seen.unreadable[0] if seen.unreadable else "Choose a smaller --every"
        raise SourceError("no labelled frame of the data could be read", reason)
    speed = measure_speed(analyser, seen.frames, others=others) if "speed" in wanted else None
    return measure(_about(datasets, analyser, args), datasets, seen, failures, wanted, speed)


def _means(analyser: Analyser, plan: EvaluationPlan, args: argparse.Namespace) -> Means:
    """With what frames are analysed.

    What is kept of earlier runs is not used where the speed alone is asked for, which it does not
    tell, nor with carried boxes: it holds those that were found.
    """
    kept = plan.scope.limit is None and not args.carry_boxes
    return Means(
        analyser,
        AnalysisCache.default() if kept else None,
        any_precision=args.precision == "auto",
        on_notice=_warn,
    )


def _warn(sentence: str) -> None:
    say(f"sonoassist: warning: {sentence}")


def _about(
    datasets: Sequence[Dataset], analyser: Analyser, args: argparse.Namespace
) -> EvaluationFacts:
    card, engine = analyser.card, analyser.engine
    return EvaluationFacts(
        version=__version__,
        date=datetime.date.today().isoformat(),
        model=card.name,
        title=card.title,
        architecture=card.architecture,
        domain=card.domain,
        calibrated=card.calibration is not None,
        boxes_measured=bool(card.boxes_measured_on),
        weights_sha256=card.weights_sha256,
        engine=engine.name,
        precision=engine.precision,
        device=engine.device,
        crop=args.crop,
        threshold=analyser.threshold,
        every=args.every,
        seed=args.seed,
        resamples=RESAMPLES,
        note=_note(datasets, card.domain),
        tolerance_frames=args.tolerance,
        localiser=args.localiser,
        reading=_reading(card),
    )


def _reading(card: Card) -> ScoreReading:
    """How the model's card says that scores are read."""
    known = card.calibration
    return ScoreReading(
        temperature=known.temperature if known is not None else None,
        lapse=known.lapse if known is not None else 0.0,
        tells_outside=card.outside is not None,
    )


def _note(datasets: Sequence[Dataset], domain: str) -> str:
    """What the reader must know when model and data are of different kinds."""
    synthetic = [data.name for data in datasets if data.layout == "phantom"]
    real = [data.name for data in datasets if data.layout != "phantom"]
    if domain == "synthetic" and real:
        return f"This model has seen synthetic pictures only; {', '.join(real)} is not synthetic."
    if domain != "synthetic" and synthetic:
        return f"This model was made for real pictures; {', '.join(synthetic)} is synthetic."
    return ""


def _report(results: Results, out: Path | None, args: argparse.Namespace) -> None:
    if args.measure in NEEDS and getattr(results, args.measure) is None:
        raise SourceError(
            f"the data cannot tell the {args.measure}", f"It needs {NEEDS[args.measure]}"
        )
    if out is not None:
        say_replaced(out, (SUMMARY,))
    files = write_results(results, out) if out is not None else []
    if args.json:
        say_json({**as_json(results), "files": [str(file) for file in files]})
    else:
        sys.stdout.write(as_text(results))
    if results.unreadable:
        say(f"{len(results.unreadable)} could not be read; the figures hold all the others")
    if files:
        say(f"written: {', '.join(str(file) for file in files)}")
