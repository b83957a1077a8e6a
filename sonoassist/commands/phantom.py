"""`sonoassist phantom`: synthetic exams with their truth."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from sonoassist.commands.common import ProgressBar, Subparsers, refuse_to_replace, say
from sonoassist.commands.phantom_screens import run_screens
from sonoassist.core.errors import UsageError
from sonoassist.core.files import ensure_folder, no_empty_folder_left, replacing
from sonoassist.core.flaws import Flaw
from sonoassist.core.wording import counted
from sonoassist.phantom.exam import PhantomExam, PhantomFrame
from sonoassist.phantom.flaws import plan_flawed
from sonoassist.phantom.plan import plan_exam
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources.base import SYNTHETIC_MARK

COLUMNS = (
    "frame",
    "time_s",
    "state",
    "plane",
    "left_px",
    "top_px",
    "right_px",
    "bottom_px",
    "flaws",
)
EXAM, TRUTH = "exam.mp4", "truth.csv"
MAX_EXAMS = 100_000


def register(subparsers: Subparsers) -> None:
    """Add `phantom` to the command line."""
    parser = subparsers.add_parser(
        "phantom",
        description="Make DIR/exam.mp4, a synthetic exam, and DIR/truth.csv; with --exams, one "
        "folder DIR/exam-SEED an exam.",
    )
    add = parser.add_argument
    add("--out", required=True, type=Path, metavar="DIR", help="folder of results")
    add("--seed", type=int, default=0, help="the same seed gives the same exam (default 0)")
    add("--exams", type=int, metavar="N", help="make N exams, with the seeds from SEED on")
    add(
        "--screens",
        type=int,
        metavar="N",
        help="make N pictures of scanners' screens instead, with the truth of their field of view",
    )
    add("--seconds", type=float, metavar="S", help="length of an exam (default 90)")
    add(
        "--background",
        type=float,
        default=0.5,
        metavar="R",
        help="part of the time without a plane (default 0.5; real exams: 0.96)",
    )
    add("--fps", type=float, default=25.0, help="frames a second (default 25)")
    add("--size", type=_size, metavar="WxH", help="of the screen; left out: by the seed")
    add("--quality", type=int, default=20, help="x264 rate factor (default 20)")
    add(
        "--extras",
        action="store_true",
        help="also colour Doppler, split screen, frozen and lost pictures",
    )
    add(
        "--flaws",
        action="store_true",
        help="each plane held well once and once with each flaw: cut off, too small, off centre, "
        "too dark, too bright, moving; --seconds, --background and --extras do not count then",
    )
    add("--force", action="store_true", help="write over what is in DIR already")
    parser.set_defaults(run=run)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 960x720") from None


def run(args: argparse.Namespace) -> int:
    """Make the exams; returns the exit status. What is finished stays when it is stopped.

    Raises:
        UsageError: An option is out of range.
        OutputError: An exam cannot be written.
    """
    _check(args)
    if args.screens is not None:
        return run_screens(args)
    seeds = range(args.seed, args.seed + (args.exams or 1))
    folders = [args.out if args.exams is None else args.out / f"exam-{seed}" for seed in seeds]
    if not args.force:
        for folder in folders:
            refuse_to_replace(folder, (EXAM, TRUTH))
    total = len(_exam(args, args.seed))
    with ProgressBar(total * len(seeds), "frame") as progress:
        for seed, folder in zip(seeds, folders, strict=True):
            with no_empty_folder_left(folder):
                _write(_exam(args, seed), ensure_folder(folder), args.quality, progress)
    say(f"written: {args.out} ({counted(len(seeds), 'exam')})")
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.seed < 0:
        raise UsageError(f"the seed {args.seed} is negative", "Choose 0 or more")
    if args.exams is not None and not 1 <= args.exams <= MAX_EXAMS:
        raise UsageError(
            f"{counted(args.exams, 'exam')} cannot be made", f"Choose 1 to {MAX_EXAMS}"
        )
    if not 0 <= args.quality <= 51:
        raise UsageError(f"a quality of {args.quality} is out of range", "Choose 0 to 51")


def _exam(args: argparse.Namespace, seed: int) -> PhantomExam:
    if args.flaws:
        return PhantomExam(seed, args.fps, plan_flawed(seed), args.size)
    plan = plan_exam(
        seed, seconds=args.seconds, background_share=args.background, extras=args.extras
    )
    return PhantomExam(seed, args.fps, plan, args.size)


def _write(exam: PhantomExam, folder: Path, quality: int, progress: ProgressBar) -> None:
    """Write one exam; nothing of it is left behind when it is not finished."""
    layout = exam.layout
    with (
        replacing(folder / TRUTH) as table,
        replacing(folder / EXAM) as video,
        table.open("w", newline="", encoding="utf-8") as file,
        VideoEncoder(
            video, layout.width_px, layout.height_px, exam.fps, quality, comment=SYNTHETIC_MARK
        ) as encoder,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for index, frame in enumerate(exam.frames()):
            encoder.add(frame.pixels, frame.time_s)
            writer.writerow(_row(index, frame))
            progress.step()


def _row(index: int, frame: PhantomFrame) -> list[str]:
    box = frame.box
    sides = (box.left, box.top, box.right, box.bottom) if box else ()
    cells = [f"{side:.2f}" for side in sides] or [""] * 4
    flaws = "|".join(flaw.value for flaw in Flaw if flaw in frame.flaws)
    return [str(index), f"{frame.time_s:.6f}", frame.state, frame.plane, *cells, flaws]
