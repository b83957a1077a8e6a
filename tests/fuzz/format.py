"""What one format of the net is: its seeds, and what the program does with a file of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fuzz.structures import mutated
from sonoassist.core.errors import SonoAssistError


@dataclass(frozen=True, slots=True)
class Seed:
    """A whole input.

    Attributes:
        name: The file or folder that is opened, within the folder of the case.
        files: All that is there, by the path within that folder.
        targets: Those of the files that are changed, one at a time.
        refused: The program is right not to take it even as it is: it would run code, say. None
            where that is not known.
    """

    name: str
    files: Mapping[str, bytes]
    targets: tuple[str, ...]
    refused: bool | None = False


Use = Callable[[Path, Seed], str]
"""Does what the program does with an input in a folder, and says in a word what came of it."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format of the net.

    Attributes:
        name: On the command line.
        seeds: Makes the whole inputs, in a folder; the same bytes each time.
        use: What the program does with one of them.
    """

    name: str
    seeds: Callable[[Path], list[Seed]]
    use: Use


@dataclass(frozen=True, slots=True)
class Case:
    """One changed input.

    Attributes:
        seed: What it was made of.
        files: As they are now.
        said: What was done, in words.
    """

    seed: Seed
    files: Mapping[str, bytes]
    said: str

    def write(self, folder: Path) -> None:
        """Put the files into a folder."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def case_of(form: Format, seeds: list[Seed], number: int, start: int) -> Case:
    """The case of a number: the same whenever it is asked for.

    Args:
        form: The format.
        seeds: Its seeds.
        number: Of the case.
        start: What all cases are drawn from.
    """
    chance = Random(f"{start}:{form.name}:{number}")
    seed = chance.choice(seeds)
    target = chance.choice(seed.targets)
    data, said = mutated(target, seed.files[target], chance)
    return Case(seed, {**seed.files, target: data}, f"{target}: {said}")


def each(*steps: Callable[[], object]) -> None:
    """Do all steps, also where one is refused: the next ones must bear the same input.

    Raises:
        SonoAssistError: The first refusal.
    """
    refusals = []
    for step in steps:
        try:
            step()
        except SonoAssistError as error:
            check_line(error)
            refusals.append(error)
    if refusals:
        raise refusals[0]


def check_line(error: SonoAssistError) -> None:
    """A refusal is one line that says something."""
    for text in (str(error), error.in_window()):
        assert len(text.splitlines()) == 1, f"not one line: {text!r}"
        assert error.message.strip(), f"it does not say what is wrong: {text!r}"
