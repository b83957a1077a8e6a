"""`sonoassist phantom`: a synthetic exam with its truth."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from sonoassist.commands.common import Progress, Subparsers, say
from sonoassist.files import ensure_folder, replacing
from sonoassist.phantom.exam import HEIGHT_PX, WIDTH_PX, PhantomExam
from sonoassist.render.encoder import VideoEncoder

COLUMNS = ("frame", "time_s", "plane", "left_px", "top_px", "right_px", "bottom_px")


def register(subparsers: Subparsers) -> None:
    """Add `phantom` to the command line."""
    parser = subparsers.add_parser(
        "phantom",
        help="make a synthetic exam with its truth",
        description="Make DIR/exam.mp4, a synthetic exam, and DIR/truth.csv.",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of results")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same exam")
    parser.add_argument("--fps", type=float, default=25.0, help="frames a second")
    parser.add_argument("--quality", type=int, default=20, help="x264 rate factor (default 20)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the exam; returns the exit status.

    Raises:
        OutputError: It cannot be written.
    """
    out = ensure_folder(args.out)
    exam = PhantomExam(args.seed, args.fps)
    total = round(exam.duration_s * args.fps)
    with (
        replacing(out / "truth.csv") as table,
        replacing(out / "exam.mp4") as video,
        table.open("w", newline="", encoding="utf-8") as file,
        VideoEncoder(video, WIDTH_PX, HEIGHT_PX, args.fps, args.quality) as encoder,
        Progress(total, "frame") as progress,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for index, frame in enumerate(exam.frames()):
            encoder.add(frame.pixels, frame.time_s)
            box = frame.box
            cells = [f"{v:.2f}" for v in (box.left, box.top, box.right, box.bottom)] if box else []
            writer.writerow([index, f"{frame.time_s:.6f}", frame.plane, *(cells or [""] * 4)])
            progress.step()
    say(f"written: {out / 'exam.mp4'}, {out / 'truth.csv'}")
    return 0
