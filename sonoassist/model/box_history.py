"""Rules for boxes that a model had before others were fitted, kept beside its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

from sonoassist.model.box_rule import BoxRule
from sonoassist.model.card_history import CardHistory

FILE = "boxes-before.json"
_HISTORY = CardHistory(FILE, TypeAdapter(list[dict[str, BoxRule]]), "the rules")


def keep_rules(folder: Path, rules: Mapping[str, BoxRule]) -> None:
    """Remember the rules that a model has, the newest last.

    Raises:
        ModelError: What was kept before is damaged.
        OutputError: The operating system refuses.
    """
    _HISTORY.keep(folder, dict(rules))


def forget_newest(folder: Path) -> None:
    """Forget the rules that were kept last, since they are in the card again.

    Raises:
        ModelError: What was kept is damaged.
        OutputError: The operating system refuses.
    """
    _HISTORY.forget_newest(folder)


def kept_rules(folder: Path) -> list[dict[str, BoxRule]]:
    """All rules that were kept, the newest last; none where none were replaced.

    Raises:
        ModelError: They are damaged.
    """
    return _HISTORY.kept(folder)
