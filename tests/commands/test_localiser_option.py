"""One option of one meaning on every command that makes boxes."""

from __future__ import annotations

import argparse

import pytest

from sonoassist.cli import COMMANDS, _parser
from sonoassist.commands.window import chosen_settings
from sonoassist.core.errors import UsageError
from sonoassist.core.settings import Settings

BOXED = {
    "analyse": ["x", "--out", "y"],
    "retrieve": ["x", "--out", "y"],
    "evaluate": ["localisation", "x"],
    "benchmark": [],
}
"""Commands with what they cannot be called without; they know nothing of the settings."""
WINDOWS = {"window": [], "review": [], "practice": ["x"], "demo": []}
"""Commands that open the window, where what is left out is as the settings have it."""


def parsed(command: str, *words: str) -> argparse.Namespace:
    return _parser(command).parse_args([command, *{**BOXED, **WINDOWS}[command], *words])


@pytest.mark.parametrize("command", [*BOXED, *WINDOWS])
def test_it_is_taken_and_nothing_else_is(
    command: str,
) -> None:
    for name in ("plane", "paper"):
        assert parsed(command, "--localiser", name).localiser == name
    with pytest.raises(UsageError, match="choose from"):
        parsed(command, "--localiser", "mine")


@pytest.mark.parametrize("command", BOXED)
def test_plane_is_the_default(command: str) -> None:
    assert parsed(command).localiser == "plane"


@pytest.mark.parametrize("command", WINDOWS)
def test_a_window_takes_it_from_the_settings(command: str) -> None:
    assert parsed(command).localiser is None
    assert Settings().localiser == "plane"
    assert "localiser" not in chosen_settings(parsed(command))
    assert chosen_settings(parsed(command, "--localiser", "paper"))["localiser"] == "paper"


def test_no_other_command_has_it() -> None:
    """A new command that makes boxes belongs in the lists above."""
    found = set()
    for one in COMMANDS:
        if "--localiser" in _parser(one.name).format_help() or _in_help(one.name):
            found.add(one.name)
    assert found == {*BOXED, *WINDOWS}


def _in_help(command: str) -> bool:
    actions = _parser(command)._actions
    inner = [one for one in actions if isinstance(one, argparse._SubParsersAction)]
    return any("--localiser" in p.format_help() for one in inner for p in one.choices.values())
