"""What a part of a model's card was before it was fitted anew, kept beside the card."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from sonoassist.core.errors import ModelError, OutputError
from sonoassist.core.files import output_error, write_bytes

Part = TypeVar("Part")


class CardHistory(Generic[Part]):
    """Earlier values of one part of a card, the newest last, in a file of the model's folder.

    Args:
        file: Name of the file.
        values: Reads and writes a list of them.
        lost: What is lost with the file, for people.
    """

    def __init__(self, file: str, values: TypeAdapter[list[Part]], lost: str) -> None:
        self.file = file
        self._values, self._lost = values, lost

    def keep(self, folder: Path, value: Part) -> None:
        """Remember what a model has.

        Raises:
            ModelError: What was kept before is damaged.
            OutputError: The operating system refuses.
        """
        self._write(folder, [*self.kept(folder), value])

    def forget_newest(self, folder: Path) -> None:
        """Forget what was kept last, since it is in the card again.

        Raises:
            ModelError: What was kept is damaged.
            OutputError: The operating system refuses.
        """
        rest = self.kept(folder)[:-1]
        if rest:
            self._write(folder, rest)
            return
        try:
            (folder / self.file).unlink(missing_ok=True)
        except OSError as error:
            raise output_error(folder / self.file, error) from error

    def kept(self, folder: Path) -> list[Part]:
        """All that was kept, the newest last; none where nothing was replaced.

        Raises:
            ModelError: It is damaged.
        """
        path = folder / self.file
        try:
            return self._values.validate_json(path.read_bytes())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise OutputError(f"{path} cannot be read: {error.strerror or error}") from error
        except ValidationError as error:
            raise ModelError(f"{path} is damaged", f"Remove it: {self._lost} in it are lost") from (
                error
            )

    def _write(self, folder: Path, values: list[Part]) -> None:
        write_bytes(folder / self.file, self._values.dump_json(values, indent=1))
