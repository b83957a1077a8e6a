"""`sonoassist evaluate screens`: how well scanner screens are read."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from sonoassist.benchmark.candidates import HEIGHT_PX, SCALE, WIDTH_PX
from sonoassist.benchmark.weights import weights_for
from sonoassist.commands.common import ProgressBar, say, say_json
from sonoassist.core.errors import SourceError, UsageError
from sonoassist.core.files import ensure_folder, write_text
from sonoassist.core.packets import Pixels
from sonoassist.core.wording import counted
from sonoassist.datasets.screens import ScreenTruth, read_screens
from sonoassist.engines.base import Engine, Saliency
from sonoassist.engines.choose import EngineChoice, make_engine
from sonoassist.engines.screen_engine import make_screen_network
from sonoassist.evaluation.look_speed import ROUNDS, LookSpeed, measure_look
from sonoassist.evaluation.screens import as_text, by_origin, figures, read_all
from sonoassist.evaluation.speed import noise_input
from sonoassist.model.architecture import ARCHITECTURES
from sonoassist.model.store import ModelStore
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.sources import open_source

TOLD = 10
BESIDE = ARCHITECTURES["sononet32"]
"""What a look costs is told beside a pass of this network."""


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
    # Made first: where it cannot be, that is told before all screens are read.
    with closing(_engine_beside()) as engine:
        with ProgressBar(len(screens.truths), "screen") as progress:
            results = read_all(screens.truths, _pixels, reader, progress.step)
        speed = _speed(screens.truths, reader, engine)
    found = {
        **figures(results),
        "speed": {**asdict(speed), "looks_in_a_pass": speed.looks_in_a_pass},
        "origins": by_origin(results),
        "problems": list(screens.problems),
    }
    text = as_text(results) + (
        f"one look {speed.look_ms:.2f} ms, one forward pass of {BESIDE.title} in f32 "
        f"{speed.pass_ms:.1f} ms: {speed.looks_in_a_pass:.1f} looks in a pass\n"
    )
    if args.out is not None:
        _write(ensure_folder(args.out), found, text)
    if args.json:
        say_json(found)
    else:
        sys.stdout.write(text)
    return 0


def _engine_beside() -> Engine:
    """The network of planes that a look is timed beside."""
    tensors = weights_for(BESIDE, ModelStore.default()).tensors
    return make_engine(EngineChoice(precision="f32", device="cpu"), BESIDE, tensors)


def _speed(truths: Sequence[ScreenTruth], reader: ScreenReader, engine: Engine) -> LookSpeed:
    """What a look costs beside a pass of the network of planes, on this processor."""
    noise = noise_input(HEIGHT_PX, WIDTH_PX, SCALE)
    return measure_look(
        [_pixels(one) for one in truths[:ROUNDS]],
        reader.look,
        lambda: engine.run(noise, Saliency.NONE),
    )


def _pixels(truth: ScreenTruth) -> Pixels:
    with open_source(str(truth.path)) as source:
        frame = source.read()
    if frame is None:
        raise SourceError(f"{truth.path.name} holds no picture", "Check the data set")
    return frame.pixels


def _write(folder: Path, found: dict[str, object], text: str) -> None:
    for name, content in (("screens.json", json.dumps(found, indent=2)), ("screens.txt", text)):
        write_text(folder / name, content)
