"""`sonoassist review [EXAM]`: the window on the review page."""

from __future__ import annotations

import argparse
from pathlib import Path

from sonoassist.commands.common import Subparsers, add_analysis_options
from sonoassist.commands.window import chosen_settings, prepare_libraries


def register(subparsers: Subparsers) -> None:
    """Add `review` to the command line."""
    parser = subparsers.add_parser(
        "review",
        help="judge and correct the best frames of a recorded exam",
        description="Open the window on the review page, on EXAM if one is given.",
    )
    parser.add_argument(
        "exam", nargs="?", metavar="EXAM",
        help="video or DICOM clip, or the name of a kept exam (a part of it, or last)",
    )  # fmt: skip
    add_analysis_options(parser, defaults=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window; returns the exit status when it is closed.

    Raises:
        UsageError: There is no such exam, or no display.
    """
    spec = None if args.exam is None else spec_of(args.exam)
    prepare_libraries()
    from sonoassist.gui.app import run_window

    return run_window(spec, overrides=chosen_settings(args), page="review")


def spec_of(name: str) -> str:
    """What the page opens: a file as it is, else a kept exam.

    Raises:
        UsageError: There is neither a file nor an exam of this name.
    """
    if Path(name).expanduser().exists():
        return name
    from sonoassist.exam.store import ExamStore

    return f"exam:{ExamStore.default().find(name)}"
