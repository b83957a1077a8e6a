"""`sonoassist demo`: the window on the bundled synthetic exam."""

from __future__ import annotations

import argparse

from sonoassist.commands import window
from sonoassist.commands.common import Subparsers, add_analysis_options
from sonoassist.errors import SourceError
from sonoassist.model.store import ModelStore
from sonoassist.paths import demo_exam


def register(subparsers: Subparsers) -> None:
    """Add `demo` to the command line."""
    about = "the window on the bundled synthetic exam"
    parser = subparsers.add_parser("demo", help=about, description=f"{about.capitalize()}.")
    add_analysis_options(parser, defaults=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window on the demo; returns the exit status when it is closed.

    Raises:
        SourceError: This build has no demo exam.
    """
    path = demo_exam()
    if path is None:
        raise SourceError("this build has no demo exam", "Open a recording of your own instead")
    args.source = str(path)
    if args.model is None:
        args.model = _bundled()
    return window.run(args)


def _bundled() -> str | None:
    """The model that comes with the program: it knows synthetic exams best."""
    names = [model.name for model in ModelStore.default().installed() if model.bundled]
    return names[0] if names else None
