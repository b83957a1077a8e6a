"""`sonoassist [SOURCE]`: the window."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sonoassist.commands.common import Subparsers, add_analysis_options

_SETTINGS = ("model", "engine", "precision", "device", "crop", "threshold", "localiser")


def register(subparsers: Subparsers) -> None:
    """Add `window` to the command line."""
    parser = subparsers.add_parser(
        "window", description="Open the window, on SOURCE if one is given."
    )
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="video, picture, folder, DICOM file, device:NAME or device:INDEX, "
        "grows:FOLDER, or URL",
    )
    add_analysis_options(parser, defaults=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window; returns the exit status when it is closed.

    Raises:
        UsageError: There is no display.
    """
    prepare_libraries()
    from sonoassist.gui.app import run_window

    return run_window(args.source, overrides=chosen_settings(args))


def chosen_settings(args: argparse.Namespace) -> dict[str, Any]:
    """The settings of this run that the options name.

    Raises:
        EngineError: An engine, precision or device is not to be had here.
    """
    named = {name: getattr(args, name) for name in _SETTINGS}
    chosen = {name: value for name, value in named.items() if value is not None}
    _check_engine(chosen)
    return chosen


def _check_engine(chosen: Mapping[str, Any]) -> None:
    """Refuse at once what the window would have to do without; costs nothing without a choice."""
    fields = {name: chosen[name] for name in ("engine", "precision", "device") if name in chosen}
    if set(fields.values()) - {"auto"}:
        from sonoassist.engines.choose import EngineChoice
        from sonoassist.engines.hardware import find_hardware

        find_hardware().check(EngineChoice(**fields))


def prepare_libraries() -> None:
    """On Windows, load what torch needs before Qt does; elsewhere nothing.

    Qt brings an older C++ runtime with it. Once that is loaded, torch's first library cannot be
    initialised any more (WinError 1114). Loading that one library costs milliseconds, importing
    torch would cost seconds, and most runs never need it.
    """
    if sys.platform == "win32":
        import ctypes

        found = importlib.util.find_spec("torch")
        if found is not None and found.origin is not None:
            library = Path(found.origin).parent / "lib" / "c10.dll"
            # Where it cannot be loaded the torch engine says so when it is asked for.
            with contextlib.suppress(OSError):
                ctypes.CDLL(str(library))
