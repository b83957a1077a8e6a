"""The commands, thin: each is imported only when it is asked for."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from sonoassist import __version__
from sonoassist.commands.console import take_any_text
from sonoassist.core.errors import SonoAssistError, UsageError
from sonoassist.core.processors import thread_limit

STOPPED = 130
"""Exit status after Ctrl-C, as shells count it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its module in `sonoassist.commands` has `register` and `run`.

    Attributes:
        name: On the command line.
        about: In the list of commands; also of its own help, where its module says no more.
    """

    name: str
    about: str


COMMANDS = (
    Command("window", "open the window on a video, picture, folder, device or stream"),
    Command("demo", "the window on the bundled synthetic exam"),
    Command("practice", "the window in practice mode: a recorded exam asks you"),
    Command("analyse", "analyse every frame of a source into a table and a video"),
    Command("review", "judge and correct the best frames of a recorded exam"),
    Command("retrieve", "find the best frame of each plane in recorded exams"),
    Command("exam", "list, show, export, report, send and delete exam records"),
    Command("train", "train a network on labelled exams"),
    Command("train-screens", "train the network that reads scanner screens"),
    Command("evaluate", "measure how good a model is on labelled data"),
    Command("benchmark", "measure how fast this computer is"),
    Command("models", "list, add, install and remove network weights"),
    Command("devices", "list the capture devices by name"),
    Command("phantom", "make a synthetic exam with its truth"),
)

_ABOUT = "Live detection and localisation of fetal standard scan planes (SonoNet)."
_NOTE = (
    "`sonoassist SOURCE` is short for `sonoassist window SOURCE`. "
    "Research and training only. Not for diagnosis."
)


ALIKE = 0.7
"""So alike, of 1, must a mistyped word be to one that is known for that to be suggested."""


class Parser(argparse.ArgumentParser):
    """Reports bad use in one line, with the word that was most likely meant."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in argparse, but an unknown option is told with the nearest one there is."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            raise UsageError(f"unrecognized arguments: {' '.join(unknown)}", self._meant(unknown))
        return parsed

    def _meant(self, unknown: Sequence[str]) -> str:
        known = sorted(_options(self))
        for text in unknown:
            option = text.partition("=")[0]
            near = _nearest(option, known) if option.startswith("--") else ""
            if near:
                return f"Did you mean {near}?"
        return f"See: {self.prog} --help"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        near = _nearest(str(value), [str(one) for one in action.choices or ()])
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            if near:
                error.message += f"; did you mean {near}?"
            raise

    def error(self, message: str) -> NoReturn:
        """Leave through the same door as every other error."""
        raise UsageError(f"{message.replace(chr(10), ' ')}", f"See: {self.prog} --help")


def _options(parser: argparse.ArgumentParser) -> set[str]:
    """All long options of a parser and of the commands in it."""
    found: set[str] = set()
    for action in parser._actions:
        found |= {name for name in action.option_strings if name.startswith("--")}
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                found |= _options(inner)
    return found


def _nearest(text: str, known: Sequence[str]) -> str:
    """The one of `known` that was most likely meant, or ""."""
    near = difflib.get_close_matches(text.casefold(), known, 1, ALIKE)
    return near[0] if near else ""


def run(arguments: Sequence[str]) -> int:
    """Run a command line; returns the exit status (0 done, 2 bad use or input)."""
    take_any_text()
    try:
        return _run(list(arguments))
    except SonoAssistError as error:
        sys.stderr.write(f"sonoassist: error: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("sonoassist: stopped\n")
        return STOPPED
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not complain of it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: list[str]) -> int:
    names = [command.name for command in COMMANDS]
    first = arguments[0] if arguments else ""
    if first not in names and first not in ("-h", "--help", "--version"):
        _refuse_mistyped(first, names)
        arguments = ["window", *arguments]
    thread_limit()  # before a window is opened or any work goes in
    chosen = arguments[0] if arguments[0] in names else ""
    parsed = _parser(chosen).parse_args(arguments)
    from sonoassist.core.files import no_empty_folder_left

    out = getattr(parsed, "out", None)
    with no_empty_folder_left(out if isinstance(out, Path) else None):
        result: int = parsed.run(parsed)
    return result


def _refuse_mistyped(first: str, names: Sequence[str]) -> None:
    """A word that is nearly a command is none of a source, unless there is a file of that name.

    Raises:
        UsageError: Names the command that was most likely meant.
    """
    near = (
        _nearest(first, names) if first[:1].isalpha() and first.replace("-", "").isalpha() else ""
    )
    if near and not Path(first).exists():
        raise UsageError(
            f"there is no command or file called {first}",
            f"Did you mean {near}? See: sonoassist --help",
        )


def _parser(chosen: str) -> Parser:
    """The parser; only the chosen command's module is imported, so that --help is quick."""
    parser = Parser(prog="sonoassist", description=_ABOUT, epilog=_NOTE)
    parser.add_argument("--version", action="version", version=f"SonoAssist {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        if command.name == chosen:
            module = f"sonoassist.commands.{chosen.replace('-', '_')}"
            importlib.import_module(module).register(commands)
            own = commands.choices[chosen]
            own.description = own.description or f"{command.about[0].upper()}{command.about[1:]}."
        else:
            commands.add_parser(command.name, help=command.about)
    return parser
