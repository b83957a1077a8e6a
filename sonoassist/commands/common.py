"""Options and output that commands share.

Nothing heavy is imported at the top: the window's command comes through here before its splash.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from sonoassist.commands.console import json_text
from sonoassist.core.errors import UsageError
from sonoassist.core.percent import percent

if TYPE_CHECKING:
    from sonoassist.analysis.analyser import AnalyserOptions
    from sonoassist.core.progress import HowFar
    from sonoassist.engines.base import Engine
    from sonoassist.engines.choose import EngineChoice
    from sonoassist.model.card import Card

Subparsers = Any  # argparse gives its type no public name
OptionGroup = Any  # nor this one

LINE_EVERY_S = 0.2
"""Pause between two looks of a line of progress on a terminal."""
PLAIN_EVERY_S = 5.0
"""Pause between two lines of progress where there is no terminal."""


def add_analysis_options(parser: argparse.ArgumentParser, *, defaults: bool) -> None:
    """Add the options that say how frames are analysed.

    Args:
        parser: To add them to.
        defaults: Whether what is left out is "auto" (else None: the user's settings count).
    """
    auto = "auto" if defaults else None
    group = parser.add_argument_group("analysis")
    group.add_argument("--model", default=auto, metavar="NAME", help="see `sonoassist models list`")
    for option, known, about in _CHOICES:
        group.add_argument(option, default=auto, type=_one_of(known), metavar="NAME", help=about)
    group.add_argument(
        "--crop",
        default="default" if defaults else None,
        metavar="CROP",
        help="auto (find the picture), full, published, L,T,W,H in pixels, or the name of a "
        "rectangle kept in the window; left out: published on the published screen, else auto",
    )
    group.add_argument(
        "--threshold",
        type=_share,
        metavar="P",
        help="confidence below which no plane is named (default: the model's own, see "
        "`models info`)",
    )
    add_localiser_option(group, defaults=defaults)
    if defaults:  # the window sees to it by itself
        group.add_argument(
            "--carry-boxes",
            action="store_true",
            help="while a plane stays, find its box on every other frame and move it in between",
        )


def add_localiser_option(group: OptionGroup, *, defaults: bool) -> None:
    """Add the option that says what boxes are found by.

    Args:
        group: A parser or a group of one.
        defaults: Whether left out it is "plane" (else None: the user's settings count).
    """
    group.add_argument(
        "--localiser",
        choices=("plane", "paper"),
        default="plane" if defaults else None,
        help="what boxes are found by: plane (the model's rule of each plane, which may look at "
        "the picture too; default) or paper (the paper's rules)",
    )


_CHOICES = (
    ("--engine", "ENGINES", "auto, torch or openvino"),
    (
        "--precision",
        "PRECISIONS",
        "auto, f32, bf16, f16, int8, f32/int8, f32/bf16 or bf16/int8",
    ),
    ("--device", "DEVICES", "auto, cpu, cuda, mps or gpu"),
)
"""Option, its list in `engines.choose`, and the list in words."""


def _one_of(list_name: str) -> Callable[[str], str]:
    """A type for argparse: one of the names of a list that is looked up when it is needed."""

    def check(text: str) -> str:
        from sonoassist.engines import choose

        known: tuple[str, ...] = getattr(choose, list_name)
        if text not in known:
            raise argparse.ArgumentTypeError(
                f"invalid choice: {text!r} (choose from {', '.join(known)})"
            )
        return text

    return check


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def engine_choice(args: argparse.Namespace) -> EngineChoice:
    """The engine that the options ask for."""
    from sonoassist.engines.choose import EngineChoice

    return EngineChoice(args.engine, args.precision, args.device)


def analyser_options(args: argparse.Namespace) -> AnalyserOptions:
    """The crop and threshold that the options ask for.

    Raises:
        UsageError: The crop is not understood.
    """
    from sonoassist.analysis.analyser import AnalyserOptions
    from sonoassist.core.paths import settings_file
    from sonoassist.core.settings import load_settings
    from sonoassist.localise.choice import Localiser
    from sonoassist.preprocess.crop import parse_crop

    presets = load_settings(settings_file())[0].own_crops
    return AnalyserOptions(
        crop=parse_crop(args.crop, presets),
        threshold=args.threshold,
        carry_boxes=args.carry_boxes,
        localiser=Localiser(args.localiser),
    )


def exam_spec(name: str) -> str:
    """What the window opens for a recorded exam: a file or folder as it is, else a kept exam.

    What is no recorded exam at all is refused by whoever opens it.

    Raises:
        SourceError, UsageError: There is neither a file nor an exam of this name.
    """
    from sonoassist.exam.store import ExamStore
    from sonoassist.recordings.spec import EXAM
    from sonoassist.retrieval.exams import record_named
    from sonoassist.sources.kinds import kind_of

    known = name.startswith(EXAM) or kind_of(name).live
    if known or Path(name).expanduser().exists():
        return name
    return f"{EXAM}{record_named(name, ExamStore.default())}"


def model_line(card: Card) -> str:
    """Which model runs; says so when it is not the default network."""
    from sonoassist.model.architecture import ARCHITECTURES
    from sonoassist.model.card import DEFAULT_ARCHITECTURE

    line = f"{card.title} ({card.domain})"
    if card.architecture != DEFAULT_ARCHITECTURE:
        line += f", not the default network {ARCHITECTURES[DEFAULT_ARCHITECTURE].title}"
    return line


def say_engine(engine: Engine) -> None:
    """What runs the model."""
    say(f"engine: {engine.name} {engine.precision} on {engine.device}")


def models_line(real: Card, synthetic: Card) -> str:
    """Which models run where each exam gets the one that was made for its kind."""
    if real.name == synthetic.name:
        return model_line(real)
    return f"for real exams {model_line(real)}; for synthetic ones {model_line(synthetic)}"


def refuse_to_replace(folder: Path, names: Iterable[str]) -> None:
    """Refuse to write over what is there; for commands with `--force`.

    Raises:
        UsageError: One of these files is in the folder.
    """
    for name in names:
        if (folder / name).exists():
            article = "an" if name[0] in "aeiou" else "a"
            raise UsageError(
                f"{folder} holds {article} {name} already",
                "Choose another folder, or add --force to write over it",
            )


def say_replaced(folder: Path, names: Iterable[str]) -> None:
    """Say what is about to be written over; for commands that are run again and again."""
    there = [name for name in names if (folder / name).exists()]
    if there:
        say(f"written over in {folder}: {', '.join(there)}")


def say(text: str) -> None:
    """Write a line for the user; results go to stdout, this goes to stderr."""
    sys.stderr.write(f"{text}\n")


def say_json(data: object) -> None:
    """Write a result as JSON to stdout."""
    sys.stdout.write(json_text(data) + "\n")


class ProgressBar:
    """A bar with rate and time left on a terminal, a plain line now and then elsewhere.

    Args:
        total: Number of steps, or the weight of all of them; None when unknown.
        unit: What is counted; "" where steps differ in weight and only their share is told.
        quiet: Say nothing.
    """

    def __init__(self, total: float | None, unit: str, *, quiet: bool = False) -> None:
        self._total, self._unit, self._quiet = total, unit, quiet
        self._done = 0.0
        self._started_s = self._said_s = time.monotonic()
        from tqdm import tqdm

        terminal = sys.stderr.isatty() and not quiet
        form = None if unit else "{percentage:3.0f} %|{bar}| {elapsed}, {remaining} left"
        self._bar = (
            tqdm(total=total, unit=f" {unit}", dynamic_ncols=True, bar_format=form)
            if terminal
            else None
        )

    def step(self, weight: float = 1) -> None:
        """One more is done.

        Args:
            weight: Its share of the total.
        """
        self._done += weight
        if self._bar is not None:
            self._bar.update(weight)
        elif not self._quiet and time.monotonic() - self._said_s > PLAIN_EVERY_S:
            self._said_s = time.monotonic()
            say(self._line())

    def _line(self) -> str:
        rate_hz = self._done / max(time.monotonic() - self._started_s, 1e-9)
        if self._unit:
            total = "?" if self._total is None else f"{self._total:.0f}"
            line = f"{self._done:.0f} of {total} {self._unit}s, {rate_hz:.1f} a second"
        else:
            line = f"{percent(self._done / (self._total or math.inf))} done"
        if self._total:
            left_s = max(self._total - self._done, 0.0) / max(rate_hz, 1e-9)
            line += f", {left_s:.0f} s left"
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()


class ShownMeter:
    """A meter on stderr: a line that is written over on a terminal, else a line now and then.

    Args:
        unit: What a step is, see `HowFar`.
    """

    def __init__(self, unit: str) -> None:
        from sonoassist.core.progress import Meter

        self.meter = Meter(self._told, unit)
        self._terminal = sys.stderr.isatty()
        self._shown = ""
        self._said_s = time.monotonic()

    def _told(self, how_far: HowFar) -> None:
        every_s = LINE_EVERY_S if self._terminal else PLAIN_EVERY_S
        if time.monotonic() - self._said_s < every_s or not how_far.text:
            return
        self._said_s = time.monotonic()
        if self._terminal:
            self._write_over(how_far.text)
        else:
            say(how_far.text)

    def _write_over(self, text: str) -> None:
        sys.stderr.write(f"\r{text.ljust(len(self._shown))}{'' if text else chr(13)}")
        sys.stderr.flush()
        self._shown = text

    def say(self, text: str) -> None:
        """Write a line; how far the work is stays below it."""
        if self._shown:
            self._write_over("")
        say(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._write_over("")


class StepsBar:
    """The progress of work whose length is told with its first step.

    Args:
        unit: What is counted.
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._stack = ExitStack()
        self._progress: ProgressBar | None = None

    def at(self, _done: int, total: int | None) -> None:
        """One more is done."""
        if self._progress is None:
            progress = ProgressBar(total, self._unit)
            self._progress = self._stack.enter_context(progress)
        self._progress.step()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
