"""`sonoassist demo`: the window on the bundled synthetic exam."""

from __future__ import annotations

import argparse

from sonoassist.commands.common import Subparsers, add_analysis_options
from sonoassist.commands.window import chosen_settings, prepare_libraries
from sonoassist.core.errors import SourceError
from sonoassist.core.paths import demo_exam


def register(subparsers: Subparsers) -> None:
    """Add `demo` to the command line."""
    parser = subparsers.add_parser("demo")
    add_analysis_options(parser, defaults=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window on the demo; returns the exit status when it is closed.

    Raises:
        SourceError: This build has no demo exam.
        UsageError: There is no display.
    """
    path = demo_exam()
    if path is None:
        raise SourceError("this build has no demo exam", "Open a recording of your own instead")
    prepare_libraries()
    from sonoassist.gui.app import run_window

    # The model that comes with the program knows synthetic exams best.
    return run_window(str(path), overrides=chosen_settings(args), bundled_model=True)
