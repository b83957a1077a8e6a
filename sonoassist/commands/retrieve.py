"""`sonoassist retrieve`: the best frame of each plane in recorded exams."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoassist.commands.common import (
    Subparsers,
    add_analysis_options,
    analyser_options,
    engine_choice,
    models_line,
    say,
    say_json,
)
from sonoassist.core.errors import SourceError
from sonoassist.core.wording import counted

if TYPE_CHECKING:
    from sonoassist.engines.choose import EngineChoice
    from sonoassist.retrieval.crew import Crew
    from sonoassist.retrieval.order import SearchOrder
    from sonoassist.retrieval.running import RetrievalPlan, RunSummary

STOPPED = 130

_ABOUT = """\
Search recorded exams for the best frame of each of the 13 planes. EXAM is a video, a folder (all
videos in it and below it, and exam records), or the name of an exam record. For each exam a
folder in DIR holds retrieval.json, the pictures and a contact sheet; DIR/retrieval.csv has a row
for each exam and plane, with the paths of recording and picture. What is finished is not done
again, so a run that was stopped goes on where it was."""


def register(subparsers: Subparsers) -> None:
    """Add `retrieve` to the command line."""
    parser = subparsers.add_parser("retrieve", description=_ABOUT)
    parser.add_argument(
        "exams", nargs="+", metavar="EXAM", help="video, folder, or name of an exam record"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of results")
    parser.add_argument(
        "--rule",
        choices=("best", "paper"),
        default="best",
        help="best: the surest moment of a steady view, sharp and still (default); paper: the "
        "frame with the highest confidence of all",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="make the files of all exams anew, also of those that are finished; results of frames "
        "that are kept are used again: to forget them, run sonoassist exam cache --clear",
    )
    parser.add_argument(
        "--no-mask",
        action="store_true",
        help="do not black out the screen round the picture: it may name the patient",
    )
    parser.add_argument(
        "--jobs",
        type=_count,
        metavar="N",
        help="exams searched at the same time (default: what suits this computer); with "
        "--cluster on each machine (default 1)",
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS|local",
        help="spread the exams over a Ray cluster, or over local workers; the exams must be "
        "found under the same paths on all machines (needs the extra sonoassist[cluster])",
    )
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")
    add_analysis_options(parser, defaults=True)
    parser.set_defaults(run=run)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Search the exams; returns the exit status.

    Raises:
        SonoAssistError: The options, the model or the folder cannot be used, or some of the exams
            could not be searched; what is finished is kept.
    """
    from sonoassist.commands.retrieve_text import RetrievalBar, json_summary, table_text
    from sonoassist.retrieval.exams import find_exams
    from sonoassist.retrieval.flat_table import write_flat_table
    from sonoassist.retrieval.output import OutputFolder
    from sonoassist.retrieval.running import make_plan
    from sonoassist.retrieval.running import run as run_plan

    order = _order(args)
    found = find_exams(args.exams, _store())
    if not found.exams:
        raise SourceError(found.failures[0].reason)
    output = OutputFolder(args.out)
    with output.taken():
        plan = make_plan(found, output, order, again=args.again)
        _say_plan(plan, order, args)
        with RetrievalBar(plan.size_bytes, len(plan.jobs)) as display:
            summary = run_plan(plan, output, _crew_maker(args, order), display)
        table, problems = write_flat_table(args.out, summary.results)
    for problem in problems:
        say(f"sonoassist: warning: {problem}")
    if args.json:
        say_json({**json_summary(summary, args.out), "table": str(table or "")})
    else:
        say(table_text(summary, args.out))
    _warn_of_mixture(summary)
    return _status(summary)


def _warn_of_mixture(summary: RunSummary) -> None:
    """Machines of a cluster may compute in different ways: then figures differ a little."""
    ways = {
        f"{one.about['engine']} {one.about['precision']} on {one.about['device']}"
        for one in summary.results
    }
    if len(ways) > 1:
        say(f"sonoassist: warning: not all exams were computed alike: {', '.join(sorted(ways))}")


def _store() -> Any:
    from sonoassist.exam.store import ExamStore

    return ExamStore.default()


def _order(args: argparse.Namespace) -> SearchOrder:
    from sonoassist.engines.choose import runs_openvino
    from sonoassist.model.store import ModelStore
    from sonoassist.retrieval.order import SearchOrder, load_models
    from sonoassist.temporal.rules import Rule

    if args.cluster is not None:
        from sonoassist.retrieval.cluster import check_installed

        check_installed()
    choice = engine_choice(args)
    runs_openvino(choice)  # what can never work is said before anything is begun
    real, synthetic = load_models(ModelStore.default(), args.model)
    return SearchOrder(
        real, synthetic, choice, analyser_options(args), Rule(args.rule), masked=not args.no_mask
    )


def _say_plan(plan: RetrievalPlan, order: SearchOrder, args: argparse.Namespace) -> None:
    from sonoassist.retrieval.result import one_line

    for name in plan.outdated:
        say(
            f"sonoassist: warning: {one_line(name)}: the recording is another one than before; "
            "its new results take the place of the old ones"
        )
    say(f"model: {models_line(order.real.card, order.synthetic.card)}")
    if plan.results:
        exams = counted(len(plan.order_of_names), "exam")
        say(f"finished already: {len(plan.results):,} of {exams}")
    if args.no_mask:
        say("sonoassist: warning: the pictures are not masked: texts on them may name a person")


def _crew_maker(args: argparse.Namespace, order: SearchOrder) -> Callable[[int], Crew]:
    def made(exams: int) -> Crew:
        if args.cluster is None:
            from sonoassist.retrieval.processes import ProcessCrew

            return ProcessCrew(order, min(_jobs(args, order.choice, exams), exams))
        from sonoassist.retrieval.cluster import LOCAL, LOCAL_JOBS, RayCrew

        usual = LOCAL_JOBS if args.cluster == LOCAL else 1
        return RayCrew(order, args.cluster, args.jobs or usual)

    return made


def _jobs(args: argparse.Namespace, choice: EngineChoice, exams: int) -> int:
    from sonoassist.engines.choose import runs_openvino
    from sonoassist.retrieval.processes import usual_jobs

    if args.jobs:
        return int(args.jobs)
    return usual_jobs(exams) if runs_openvino(choice) else 1


def _status(summary: RunSummary) -> int:
    if summary.stopped:
        return STOPPED
    if summary.failures:
        count, first = len(summary.failures), summary.failures[0]
        if count == 1:
            raise SourceError(first.reason, "All other exams are done" if summary.results else "")
        hint = "All others are done; start it again to try these once more"
        raise SourceError(f"{counted(count, 'exam')} could not be searched", hint)
    return 0
