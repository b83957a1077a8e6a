"""The README's table of keys, made from the table of actions: `python -m tests.gui.readme_keys`."""

from __future__ import annotations

from pathlib import Path

from sonoassist.gui.actions import ACTIONS, BY_ACT, CHOICE_ACTS, PLANE_ACTS
from sonoassist.gui.acts import Action, Group
from sonoassist.gui.keymap import key_sign

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- keys -->\n", "<!-- end of keys -->\n"


def one(row: Action) -> str:
    """A key and what it does."""
    text = row.text.rstrip("…")
    return f"`{key_sign(row.keys[0])}` {text[0].lower()}{text[1:]}"


def cells(group: Group) -> str:
    """What stands beside the name of a group."""
    if group is Group.PLANES:
        return " · ".join(
            f"`{key_sign(BY_ACT[act].keys[0])}` {BY_ACT[act].text}" for act in PLANE_ACTS.values()
        )
    if group is Group.CHOICES:
        first, last = (BY_ACT[act].keys[0] for act in (CHOICE_ACTS[0], CHOICE_ACTS[-1]))
        return f"`{first}` to `{last}` take the first, second … of what is offered"
    return " · ".join(one(row) for row in ACTIONS if row.group is group)


def table() -> str:
    """The table."""
    rows = [f"| {group.value} | {cells(group)} |\n" for group in Group]
    return "".join(["| | keys |\n|---|---|\n", *rows])


def written() -> str:
    """The table as it stands in the README."""
    return README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.split(END)[1], encoding="utf-8")
