"""Where an option takes one of a few words, its help names every one of them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from sonoassist.benchmark import candidates
from sonoassist.cli import COMMANDS, _parser
from sonoassist.engines import choose

LISTS = {
    "--engine": choose.ENGINES,
    "--precision": choose.PRECISIONS,
    "--device": choose.DEVICES,
    "--engines": candidates.ENGINES,
    "--precisions": candidates.PRECISIONS,
}
"""Options whose words are looked up when they are used."""


def actions(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from actions(inner)
        else:
            yield parser.format_help(), action


@pytest.mark.parametrize("command", [one.name for one in COMMANDS])
def test_help_names_every_choice(command: str) -> None:
    for text, action in actions(_parser(command)):
        name = (action.option_strings or [action.dest])[-1]
        known = action.choices or LISTS.get(name, ())
        about = action.help or ""
        shown = about if action.metavar else f"{about} {text}"
        missing = [one for one in known if not re.search(rf"\b{re.escape(str(one))}\b", shown)]
        assert not missing, f"{command} {name}"
