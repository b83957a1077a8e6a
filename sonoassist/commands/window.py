"""`sonoassist [SOURCE]`: the window."""

from __future__ import annotations

import argparse
import sys

from sonoassist.commands.common import Subparsers, add_analysis_options


def register(subparsers: Subparsers) -> None:
    """Add `window` to the command line."""
    parser = subparsers.add_parser(
        "window", help="open the window", description="Open the window, on SOURCE if one is given."
    )
    parser.add_argument(
        "source", nargs="?", metavar="SOURCE",
        help="video, picture, folder, DICOM file, device:NAME or device:INDEX, or URL",
    )  # fmt: skip
    add_analysis_options(parser, defaults=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window; returns the exit status when it is closed.

    Raises:
        UsageError: There is no display.
    """
    if sys.platform == "win32":
        import torch  # noqa: F401  (on Windows its libraries do not load after Qt's)
    from sonoassist.gui.app import run_window

    names = ("model", "engine", "precision", "device", "crop", "threshold")
    chosen = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    return run_window(args.source, overrides=chosen)
