"""`sonoassist evaluate screens`: how well scanner screens are read."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sonoassist.commands.common import ProgressBar, say, say_json
from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.files import ensure_folder, write_text
from sonoassist.core.packets import Pixels
from sonoassist.core.wording import counted
from sonoassist.datasets.screens import ScreenTruth, read_screens
from sonoassist.engines.screen_engine import make_screen_network
from sonoassist.evaluation.screens import as_text, by_origin, figures, read_all
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.sources import open_source

TOLD = 10


def run_screens(args: argparse.Namespace) -> int:
    """Measure on one folder of screens; returns the exit status.

    Raises:
        SonoAssistError: The folder, a picture or the network cannot be used.
    """
    if len(args.data) != 1:
        raise UsageError("evaluate screens reads one folder", "Name one folder with truth.csv")
    screens = read_screens(args.data[0])
    say(f"data: {args.data[0]}: {counted(len(screens.truths), 'screen')}")
    for problem in screens.problems[:TOLD]:
        say(f"sonoassist: warning: {problem}")
    reader = ScreenReader(make_screen_network)
    with ProgressBar(len(screens.truths), "screen") as progress:
        results = read_all(screens.truths, _pixels, reader, progress.step)
    found = {**figures(results), "origins": by_origin(results), "problems": list(screens.problems)}
    text = as_text(results)
    if args.out is not None:
        _write(ensure_folder(args.out), found, text)
    if args.json:
        say_json(found)
    else:
        sys.stdout.write(text)
    return 0


def _pixels(truth: ScreenTruth) -> Pixels:
    with open_source(str(truth.path)) as source:
        frame = source.read()
    if frame is None:
        raise SourceError(f"{truth.path.name} holds no picture", "Check the data set")
    return frame.pixels


def _write(folder: Path, found: dict[str, object], text: str) -> None:
    for name, content in (("screens.json", json.dumps(found, indent=2)), ("screens.txt", text)):
        write_text(folder / name, content)
