"""Which keys stand for which action: the table's own, with what the user has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PyQt6.QtGui import QKeySequence

from sonoassist.core.errors import shown
from sonoassist.gui.actions import ACTIONS, BY_ACT
from sonoassist.gui.acts import Act

Changes = Mapping[str, Sequence[str]]
"""Name of an action -> its keys; as the settings keep them."""

_SIGNS = {
    "Return": "Enter",
    "PgUp": "Page ↑",
    "PgDown": "Page ↓",
    "Up": "↑",
    "Down": "↓",
    "Left": "←",
    "Right": "→",
    "-": "−",
    "Del": "Del",
}


def key_name(key: str) -> str:
    """A key as Qt writes it in files, e.g. "Ctrl+Z"; "" where it is not one single key."""
    sequence = QKeySequence(key)
    name = sequence.toString(QKeySequence.SequenceFormat.PortableText)
    return name if sequence.count() == 1 and _is_key(name) else ""


def _is_key(name: str) -> bool:
    """Whether a name stands for a key that can be pressed; Qt takes much for one."""
    last = name.rsplit("+", 1)[-1] or "+"
    return bool(last.strip()) and last.isprintable()


def key_sign(key: str) -> str:
    """A key as it is shown on buttons, e.g. "Shift ←"."""
    held, _, last = key.rpartition("+") if not key.endswith("+") else (key[:-2], "", "+")
    sign = _SIGNS.get(last, last)
    if not held:
        return sign
    joint = " " if held == "Shift" or sign != last or last == "+" else "+"
    return f"{held}{joint}{sign}"


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys of every action; no key stands for two.

    Attributes:
        keys: Action -> its keys, the first of which is shown.
        problems: A sentence for each change that could not be used.
    """

    keys: Mapping[Act, tuple[str, ...]] = field(
        default_factory=lambda: {row.act: row.keys for row in ACTIONS}
    )
    problems: tuple[str, ...] = ()

    @classmethod
    def made(cls, changes: Changes) -> Keymap:
        """The table's keys with these changes; what is unknown or taken is left out and said."""
        wanted, problems = _usable(changes)
        owner = {
            key_name(key): row.act for row in ACTIONS if row.act not in wanted for key in row.keys
        }
        keys: dict[Act, tuple[str, ...]] = {}
        for row in ACTIONS:
            own = []
            for key in wanted.get(row.act, row.keys):
                taken = owner.setdefault(key_name(key), row.act)
                if taken is row.act:
                    own.append(key)
                else:
                    problems.append(
                        f"The key {key_sign(key)} is left out for {_words(row.act)}: it is for "
                        f"{_words(taken)}"
                    )
            keys[row.act] = tuple(own)
        return cls(keys, tuple(problems))

    def of(self, act: Act) -> tuple[str, ...]:
        """Its keys, as Qt writes them."""
        return self.keys[act]

    def text(self, act: Act) -> str:
        """Its key as it is shown; "" where it has none."""
        keys = self.keys[act]
        return key_sign(keys[0]) if keys else ""

    def owner(self, key: str) -> Act | None:
        """Which action a key stands for."""
        wanted = key_name(key)
        return next(
            (act for act, keys in self.keys.items() if wanted in {key_name(one) for one in keys}),
            None,
        )


def _words(act: Act) -> str:
    return f"“{BY_ACT[act].text.rstrip('…')}”"


def _usable(changes: Changes) -> tuple[dict[Act, tuple[str, ...]], list[str]]:
    """The changes of known actions, and a sentence for each other one."""
    wanted: dict[Act, tuple[str, ...]] = {}
    problems = []
    known = {row.act.value: row for row in ACTIONS}
    for name, keys in changes.items():
        row = known.get(name)
        if row is None or row.fixed:
            why = "its keys cannot be changed" if row else "there is no such action"
            problems.append(f"The keys kept for {shown(repr(name))} are left out: {why}")
            continue
        bad = [key for key in keys if not key_name(key)]
        problems += [
            f"The key {shown(repr(key))} of {_words(row.act)} is left out: it is no key"
            for key in bad
        ]
        good = tuple(dict.fromkeys(key_name(key) for key in keys if key_name(key)))
        if good or not bad:
            wanted[row.act] = good
    return wanted, problems


def changed(changes: Changes, act: Act, keys: Sequence[str]) -> dict[str, list[str]]:
    """The changes with these keys for an action; any other action that had one of them loses it."""
    keymap = Keymap.made(changes)
    names = [key_name(key) for key in keys]
    # As they are in force: a wish that was refused must not come true by another change.
    in_force = {act.value: list(keys) for act, keys in keymap.keys.items()}
    result = {name: in_force.get(name, list(kept)) for name, kept in changes.items()}
    for other, has in keymap.keys.items():
        left = [key for key in has if key_name(key) not in names]
        if other is not act and len(left) != len(has):
            result[other.value] = left
    result[act.value] = list(keys)
    return {name: kept for name, kept in result.items() if not _is_default(name, kept)}


def restored(changes: Changes, act: Act) -> dict[str, list[str]]:
    """The changes without those of one action; its own keys are taken back from any other."""
    return changed(changes, act, BY_ACT[act].keys)


def _is_default(name: str, keys: Sequence[str]) -> bool:
    row = next((row for row in ACTIONS if row.act.value == name), None)
    return row is not None and [key_name(key) for key in keys] == [
        key_name(key) for key in row.keys
    ]
