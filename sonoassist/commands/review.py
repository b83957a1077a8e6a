"""`sonoassist review [EXAM]`: the window on the review page."""

from __future__ import annotations

import argparse

from sonoassist.commands.common import Subparsers, add_analysis_options, exam_spec
from sonoassist.commands.window import chosen_settings, prepare_libraries


def register(subparsers: Subparsers) -> None:
    """Add `review` to the command line."""
    parser = subparsers.add_parser(
        "review",
        description="Open the window on the review page, on EXAM if one is given.",
    )
    parser.add_argument(
        "exam", nargs="?", metavar="EXAM",
        help="video or DICOM clip, the folder of a synthetic exam, or the name of a kept exam (a "
        "part of it, or last)",
    )  # fmt: skip
    add_analysis_options(parser, defaults=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window; returns the exit status when it is closed.

    Raises:
        UsageError: There is no such exam, or no display.
    """
    spec = None if args.exam is None else exam_spec(args.exam)
    prepare_libraries()
    from sonoassist.gui.app import run_window

    return run_window(spec, overrides=chosen_settings(args), page="review")
