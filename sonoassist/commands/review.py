"""`sonoassist review [EXAM]`: the window on the review page, or what was said there as labels."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoassist.commands.common import Subparsers, add_analysis_options, exam_spec, say, say_json
from sonoassist.commands.window import chosen_settings, prepare_libraries
from sonoassist.core.errors import UsageError
from sonoassist.core.wording import counted

if TYPE_CHECKING:
    from sonoassist.analysis.analyser import Analyser
    from sonoassist.review.contradictions import Contradiction
    from sonoassist.review.export import Exported
    from sonoassist.review.session import ReviewSession


def register(subparsers: Subparsers) -> None:
    """Add `review` to the command line."""
    parser = subparsers.add_parser(
        "review",
        description="Open the window on the review page, on EXAM if one is given; or, with "
        "--export, write what was said of EXAM there as labels and boxes that `train`, `evaluate` "
        "and `models fit-boxes` read.",
    )
    parser.add_argument(
        "exam",
        nargs="?",
        metavar="EXAM",
        help="video or DICOM clip, the folder of a synthetic exam, or the name of a kept exam (a "
        "part of it, or last)",
    )
    parser.add_argument(
        "--export", type=Path, metavar="DIR", help="write the labels and boxes; opens no window"
    )
    parser.add_argument(
        "--pictures",
        action="store_true",
        help="export chosen frames and some of each stretch as pictures, without the video",
    )
    parser.add_argument(
        "--no-mask",
        action="store_true",
        help="do not black out the screen round the picture: it may name the patient. The network "
        "then sees what it saw in Review, and finds the same boxes with --pictures",
    )
    parser.add_argument("--json", action="store_true", help="print what was exported as JSON")
    add_analysis_options(parser, defaults=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window, or export; returns the exit status.

    Raises:
        UsageError: There is no such exam, or no display.
        SonoAssistError: It cannot be exported.
    """
    if args.export is None and (args.json or args.pictures or args.no_mask):
        raise UsageError("--json, --pictures and --no-mask are for an export", "Add --export DIR")
    if args.export is not None and args.exam is None:
        raise UsageError("which exam is to be exported?", "Name it: sonoassist review EXAM")
    spec = None if args.exam is None else exam_spec(args.exam)
    if args.export is not None and spec is not None:
        return _export(spec, args)
    prepare_libraries()
    from sonoassist.gui.app import run_window

    return run_window(spec, overrides=chosen_settings(args), page="review")


def _export(spec: str, args: argparse.Namespace) -> int:
    from sonoassist.exam.store import ExamStore
    from sonoassist.recordings.correction_store import CorrectionStore
    from sonoassist.review.contradictions import contradictions
    from sonoassist.review.export import export
    from sonoassist.review.session import ReviewSession

    session = ReviewSession.open(spec, CorrectionStore.default(), lambda: None, ExamStore.default())
    try:
        for sentence in session.warnings:
            say(f"sonoassist: warning: {sentence}")
        analyser = _analyser(args, synthetic=session.recording.info.synthetic)
        threshold = analyser.threshold
        session.begin(analyser, paused=True)  # what was found is used, nothing is analysed
        words = session.review.corrections
        found = contradictions(session.table, words, threshold)
        for one in found:
            say(f"sonoassist: warning: {_line(one)}")
        made = export(
            session.recording,
            words,
            session.table,
            args.export,
            crop=session.crop,
            video=not args.pictures,
            mask=not args.no_mask,
        )
        _tell(made, [_told(one, session) for one in found], as_json=args.json)
    finally:
        session.close(session.place)
    return 0


def _analyser(args: argparse.Namespace, *, synthetic: bool) -> Analyser:
    """The model that the options name, else that of the settings."""
    from sonoassist.analysis.analyser import AnalyserOptions, build_analyser
    from sonoassist.core.paths import settings_file
    from sonoassist.core.settings import load_settings
    from sonoassist.engines.choose import EngineChoice
    from sonoassist.localise.choice import Localiser
    from sonoassist.model.store import ModelStore
    from sonoassist.preprocess.crop import parse_crop

    settings = load_settings(settings_file())[0].model_copy(update=chosen_settings(args))
    return build_analyser(
        ModelStore.default(),
        model=settings.model,
        engine=EngineChoice(settings.engine, settings.precision, settings.device),
        options=AnalyserOptions(
            parse_crop(settings.crop, settings.own_crops),
            settings.threshold,
            localiser=Localiser(settings.localiser),
        ),
        synthetic=synthetic,
    )


def _line(found: Contradiction) -> str:
    from sonoassist.core.planes import BY_KEY

    return f"frame {found.frame} was chosen as {BY_KEY[found.plane].label}, but {found.words}"


def _told(found: Contradiction, session: ReviewSession) -> dict[str, Any]:
    """A chosen frame that is called something else, as it is told to programs."""
    return {
        "plane": found.plane,
        "frame": found.frame,
        "time_s": round(float(session.table.times_s[found.frame]), 3),
        "says": found.other,
        "by": "label" if found.confidence is None else "network",
        "confidence": found.confidence,
    }


def _tell(made: Exported, found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "folder": str(made.folder),
                "labels": made.labels,
                "planes": dict(made.planes),
                "boxes": made.boxes,
                "boxes_left_out": made.boxes_left_out,
                "left_out": made.left_out,
                "video": made.video,
                "contradictions": found,
            }
        )
        return
    labels, boxes = counted(made.labels, "label"), counted(made.boxes, "box", "boxes")
    sys.stdout.write(f"{labels} and {boxes} written to {made.folder}\n")
    if made.left_out:
        say(f"{made.left_out} left out: no ultrasound surely found on them")
    if made.boxes_left_out:
        say(f"{counted(made.boxes_left_out, 'box', 'boxes')} left out: another plane there")
